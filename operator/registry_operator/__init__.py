"""The registry operator: turns PyPIRegistry and RegistryToken resources into running registries and credentials."""
