"""The demo: two invented organizations with logins, records and unconnected integrations, for trying everything out."""
