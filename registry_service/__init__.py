"""The registry service: a private Python package registry at GitLab's URLs."""
