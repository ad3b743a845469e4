"""The sentences of the issues' "done" lists that these tests prove, word for word."""

WRONG_THINGS = (
    "Wrong things say so: a missing database Secret, a wrong password, an unreachable S3, an unknown registry, "
    "a namespace that is not allowed, an invalid spec (refused by the API server with the CEL rule's sentence), "
    "a 51 MiB file, a broken wheel, the version `1.0_x!`, a name that goes upstream and one that must not."
)
STANDALONE = (
    "Standalone: `registry-service serve --data ./data`, then twine, pip and uv publish and install against it, "
    "with the token that it printed; in headless Chromium the packages page shows what was uploaded, "
    "in the demo's cluster too."
)
