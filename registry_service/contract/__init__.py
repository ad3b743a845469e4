"""All that operator and service share: pure code, so that both sides of a wire are written once.

`tokens` (format, check, hash), `sync` (bodies of the sync port), `wire` (their JSON), `urls`,
`clients` (one function per key of a RegistryToken's Secrets), `environment` (names of the pods' settings).
"""
