"""One warm reader: a line with path and name in, a line with the facts out, until its input ends."""

import base64
import json
import math
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from registry_service.archives.reading import read_archive

MEMORY_BYTES: Final = 256 * 1024 * 1024
# Beyond the service's own deadline, which tells people more than a process that was killed.
_SPARE_SECONDS: Final = 1


def main() -> None:
    """Serve requests from standard input under limits of memory and processor time, writing no file."""
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    for line in sys.stdin:
        request = json.loads(line)
        _allow(request["seconds"])
        facts = asdict(read_archive(Path(request["path"]), request["filename"]))
        if facts["metadata"] is not None:
            facts["metadata"] = base64.b64encode(facts["metadata"]).decode()
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


def _allow(seconds: float) -> None:
    """So much more processor time than until now: the kernel counts it from the start of the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(usage.ru_utime + usage.ru_stime + seconds + _SPARE_SECONDS)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (until if most == resource.RLIM_INFINITY else min(until, most), most))


if __name__ == "__main__":
    main()
