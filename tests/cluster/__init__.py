"""Makes a real Kubernetes for tests and demonstration: the user's own, kind's, or a single node of this machine.

`connecting.connect()` is the way in, `client.run_as_client()` the way to be a client outside of it, and
`python -m tests.cluster` the same by hand.
"""
