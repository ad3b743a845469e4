"""What a registry knows, without any I/O: catalog, distributions, upload rules, access, the Simple index."""
