"""A simulated vendor world, for trying out, for demos and for tests.

`server` serves the sandbox of every installed provider under `/<slug>/` on one port. What a vendor's sandbox is made of stands in
`base` (routes, faults, the control addresses), `exchange` (request and reply), `faults`, `limits`, `oauth`, `chance` and `pages`;
`integrations/providers/<slug>/sandbox` builds the vendor out of these. A sandbox keeps everything in memory.
"""
