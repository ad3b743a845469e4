"""One warm reader: a line with path and name in, a line with the facts out, until its input ends."""

import base64
import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from registry_service.archives.reading import read_archive

MEMORY_LIMIT: Final = 1024 * 1024 * 1024


def main() -> None:
    """Serve requests from standard input under a limit of memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    for line in sys.stdin:
        request = json.loads(line)
        facts = asdict(read_archive(Path(request["path"]), request["filename"]))
        if facts["metadata"] is not None:
            facts["metadata"] = base64.b64encode(facts["metadata"]).decode()
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
