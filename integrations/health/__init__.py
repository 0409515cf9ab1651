"""How the installation does: for load balancers, for whoever gathers metrics, and for the operator who asks what is wrong."""
