"""The "done" sentences of "Tokens: from a resource to every client, rotated and revoked", word for word."""

from typing import Final

CLIENTS: Final = (
    "On the real cluster each kind × each client reads and publishes with nothing but the mounted Secret, and with "  # noqa: RUF001 - the issue's own word
    "nothing but `envFrom`."
)
STOPPED: Final = (
    "A proxy between operator and API server, and one between operator and service, stop the operator at every "
    "mutating request of issuing, rotation and deletion, both before it is forwarded and after it was applied but not "
    "answered; restarted, it ends in the same state, no pod ever saw an unregistered token, and no token lives that "
    "status does not list. Each row of the concurrent changes (Secret deleted, altered; resource deleted, recreated "
    "at once; namespace terminating; registry gone; database restored to yesterday, emptied; status lost; two "
    "operators at once) has a test."
)
LOAD: Final = (
    "Rotation under load: pip and twine in a loop across three rotations, no failed request from a client that "
    "re-reads its Secret within the overlap."
)
SECRECY: Final = (
    "After 1,000 issued tokens no log, event, status, annotation, metric or database dump contains a token or a part "
    "of its secret."
)
LATENCY: Final = (
    "`kubectl apply` of a RegistryToken to the first successful `pip download` with its Secret: measured by `make "
    "bench`, median and p99, alone and with 10,000 others in place; the operator's part ≤ 1 s p99."
)
