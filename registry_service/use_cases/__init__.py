"""The registry's verbs. Each is a frozen dataclass: its fields are its ports; it owns the transaction."""
