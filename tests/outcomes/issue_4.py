"""The "done" sentences of "Every client, every spec: the registry's protocol in full", word for word."""

from typing import Final

CLIENTS: Final = (
    "`tests/conformance/` drives the clients named above, each in its own environment, against a live server on "
    "PostgreSQL + S3 and on SQLite + folder: publish, publish again, publish changed, install, install by hash, "
    "resolve by metadata only (no wheel is downloaded for a discarded candidate), yanked behaviour, "
    "requires-python filtering, `exclude-newer` and `--uploaded-prior-to`, local versions, an interrupted download "
    "that resumes, wrong and missing credentials, group index. What each client prints to its user is asserted, "
    "directly and through Traefik."
)
EDGE_CASES: Final = (
    "Every numbered edge case of `protocol.md` §6 has a test that names it, or a line in the closing note saying "
    "why not."
)
PROPERTIES: Final = (
    "Property tests: names, versions, filenames, JSON and HTML agree with each other and with `packaging` over "
    "generated inputs; the same catalog renders the same bytes."
)
VALID_PAGES: Final = "HTML validates; JSON validates against schemas written from the specifications."
MEMORY: Final = (
    "Memory of the whole pod while a 1 GiB wheel is published and downloaded stays within 64 MiB of idle (limit "
    "raised for the test); shown by `make bench`."
)
