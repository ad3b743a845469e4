"""The "done" sentences of "From `kubectl apply` to `pip install`, on a real Kubernetes", word for word."""

from typing import Final

DEMONSTRATION: Final = (
    "In a fresh clone `make demo` ends with: chart installed by Helm; a `PyPIRegistry` in `team-a` "
    "`Ready=True`; a `RegistryToken`'s Secrets; the seed's example package (`mypypipackage` 0.0.1, built as in "
    "`reference/gitlab-13.4-pypi.md`) uploaded by twine with the Secret's `.pypirc` through the ingress, and a "
    "second version by a Job inside the cluster with `envFrom` and `gitlab-ci-token`; `pip install … "
    "mypypipackage --no-deps` with credentials in the URL, from outside and in a pod; `SayHello()` printed. It "
    "prints each step, the URLs and what to try next."
)
NAMESPACES: Final = (
    "`team-b` applies only a RegistryToken that refers to `team-a`'s registry: `NamespaceNotAllowed` until "
    "`projects.from: Selector` matches it; then it has its own project on the same host, and `team-a`'s token "
    "gets 404 there. `team-c` has a registry of its own."
)
DELETION: Final = (
    "Deleting a RegistryToken makes its credentials useless within 2 s, also if the operator was down when it "
    "was deleted (then within 2 s of its start); deleting the PyPIRegistry removes its children and keeps the "
    "data, and the same resource applied again serves the old files."
)
HEALING: Final = (
    "`kubectl delete pod` of the service, the operator, PostgreSQL or MinIO during the walk loses nothing and "
    "heals without a hand."
)
WRONG_THINGS: Final = (
    "Wrong things say so: a missing database Secret, a wrong password, an unreachable S3, an unknown registry, "
    "a namespace that is not allowed, an invalid spec (refused by the API server with the CEL rule's sentence), "
    "a 51 MiB file, a broken wheel, the version `1.0_x!`, a name that goes upstream and one that must not."
)
STANDALONE: Final = (
    "Standalone: `registry-service serve --data ./data`, then twine, pip and uv publish and install against it, "
    "with the token that it printed; in headless Chromium the packages page shows what was uploaded, "
    "in the demo's cluster too."
)
OVERVIEW: Final = "`kubectl get pyreg,pytok -A` tells a person the whole story, one line a resource."
