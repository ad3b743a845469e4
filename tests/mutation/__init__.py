"""Mutation testing of what decides who may what, and what may be published: `make mutants`."""
