"""`make audit`: asks an advisory service about every package that the images, the tests and the demonstration install.

The slower sibling of `make check`: it needs the service. Clients under test are not asked about: they are held at
the versions that people still use.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.supply.locks import ROOT, locks
from tests.support.environments import clean_environment, client

_CLIENTS: Final = ROOT / "tests" / "support" / "clients"
_SECONDS: Final = 900
_ANSWER_SECONDS: Final = 15


def audited() -> list[Path]:
    """The locks that are asked about."""
    return [path for path in locks() if path.parent != _CLIENTS]


def audit(paths: Sequence[Path], *, url: str | None, home: Path) -> int:
    """Print what is known against the pinned versions. The exit code: 0 nothing, 1 something, or no answer.

    `url` is where OSV's query is answered (https://google.github.io/osv.dev/post-v1-query/), the auditor's own
    default when None.
    """
    command = [str(client("pip-audit")), "-m", "pip_audit", "--disable-pip", "--require-hashes"]
    command += ["--vulnerability-service=osv", *([] if url is None else [f"--osv-url={url}"])]
    command += ["--progress-spinner=off", f"--timeout={_ANSWER_SECONDS}", f"--cache-dir={home / 'advisories'}"]
    command += [part for path in paths for part in ("--requirement", str(path))]
    return subprocess.run(command, check=False, timeout=_SECONDS, env=clean_environment(home)).returncode


def main(arguments: Sequence[str]) -> int:
    """Audit all locks that count."""
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__)
    parser.add_argument("--url", help="where an advisory service answers OSV's query")
    return audit(audited(), url=parser.parse_args(arguments).url, home=ROOT / "dist")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
