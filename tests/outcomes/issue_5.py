"""The "done" sentences of "Nothing hostile gets in, nobody sees what is another's", word for word."""

from typing import Final

ATTACKS: Final = (
    "Every row of `reference/security.md` §3 that applies has a test that names its number, on the real service or "
    "cluster, with the four oracles: status; others stay responsive; other projects' rows, blobs and objects "
    "unchanged; no planted secret appears in logs, events, status, annotations, metrics or pages. Rows that do not "
    "apply are listed with the reason."
)
COST: Final = "`pytest -m hostile` prints peak memory and time per attack; none passes 256 MiB or 5 s."
COVERED: Final = (
    "Branch coverage 100 % on access, authentication, upload rules and archive code; mutation testing on access and "
    "upload rules leaves no survivor unexplained."
)
PROCESSES: Final = "An upload costs no new process: shown by `make bench` beside the same upload before this issue."
