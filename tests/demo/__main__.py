"""`python -m tests.demo`: the README's five-minute walk on a real Kubernetes, which it leaves running."""

import sys
import tempfile
import time
from pathlib import Path

from tests.cluster.choice import SettingMissingError
from tests.cluster.commands import CommandFailedError
from tests.cluster.connecting import connect
from tests.cluster.kubectl import NotReadyError
from tests.cluster.lock import LockedError
from tests.cluster.packages import MissingPackagesError
from tests.demo.walk import DemonstrationError, walk
from tests.support.kubernetes import WaitFailedError

_EXPECTED = (
    *(CommandFailedError, LockedError, MissingPackagesError, NotReadyError, SettingMissingError),
    *(DemonstrationError, WaitFailedError),
)


def main() -> int:
    """Walk through; the exit code."""
    start = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="pypi-registry-demonstration-") as home:
            walk(connect(), Path(home))
    except _EXPECTED as failed:
        print(f"\nThe demonstration failed:\n{failed}", file=sys.stderr)
        return 1
    print(f"\nDone in {time.monotonic() - start:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
