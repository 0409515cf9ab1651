"""How an integration signs in at its vendor: what a provider declares, and the protocols behind it. No ORM."""
