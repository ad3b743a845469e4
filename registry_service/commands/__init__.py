"""The command line: serve, migrate, preflight, project, token."""
