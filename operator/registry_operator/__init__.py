"""The registry operator: turns PyPIRegistry and RegistryToken resources into running registries and credentials."""

from typing import Final

VERSION: Final = "0.1.0"
