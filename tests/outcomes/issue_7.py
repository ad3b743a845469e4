"""The "done" sentences of "An operator that Kubernetes people trust", word for word."""

from typing import Final

CLUSTER: Final = (
    "On the real cluster: a table test of the CRDs (every CEL rule accepted and refused with its sentence, defaults, "
    "immutability also by remove-and-add, pruning, `kubectl explain`); ownership kept against a second field manager; "
    "drift of every child kind repaired within 2 s; rotation of database and store credentials under load without a "
    "failed request; rolling upgrade between two image versions with a migration under load without a failed request; "
    "scale 1→3→1; a person's HPA object; PDB; pause; takeover; every condition reason provoked."
)
EXPOSED: Final = (
    "Ingress and Gateway both carry twine and pip through Traefik, with TLS, a 50 MiB upload and a slow client."
)
ACCOUNT: Final = (
    "The operator runs in the tests **as its own ServiceAccount from the chart**; a recorded list of the verbs it "
    "used equals the chart's RBAC, nothing more; the namespaced mode passes the thread of `make demo` with Roles "
    "only."
)
STOPPED: Final = (
    "Stopped at every mutating request of a registry's create, update and delete (before and after it is applied) and "
    "restarted, it ends in the same state. Namespace deletion always ends. A registry deleted with its database "
    "unreachable ends."
)
CROWD: Final = (
    "1,000 PyPIRegistries and 10,000 RegistryTokens against the real API server (pods not started; the registry side "
    "a small real HTTP peer): restart to settled, memory, requests per minute when idle, latency of one change in the "
    "crowd, printed by `make bench`. Goals: settled ≤ 45 s, ≤ 300 MB, 0 writes per minute idle, one change ≤ 1 s p99. "
    "(A probe with 10,000 tokens and a work queue: settled after 12 s, 177 MB; with a Kopf daemon per resource 20 s "
    "and 364 MB.)"
)
PLANS: Final = (
    "In unit tests over generated resources: planning is deterministic, `plan(apply(plan)) = ∅`, every object's "
    "namespace is the resource's, every pod passes the `restricted` profile."
)
MOVED: Final = (
    "Backup, restore into another cluster and the move from Managed to external database and store are documented as "
    "commands and run by a test."
)
