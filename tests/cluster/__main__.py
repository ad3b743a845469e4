"""`python -m tests.cluster up | down | status | images | kubeconfig`: the test cluster, by hand."""

from __future__ import annotations

import argparse
import os
import sys

from tests.cluster import console, description
from tests.cluster.choice import SettingMissingError
from tests.cluster.commands import CommandFailedError
from tests.cluster.connecting import connect, session
from tests.cluster.description import ClusterIsDownError
from tests.cluster.kubectl import NotReadyError
from tests.cluster.lock import LockedError
from tests.cluster.packages import MissingPackagesError
from tests.cluster.places import places

_EXPECTED = (
    ClusterIsDownError, CommandFailedError, LockedError, MissingPackagesError, NotReadyError, SettingMissingError,
)  # fmt: skip


def _up() -> None:
    connect()


def _down() -> None:
    session().down()


def _status() -> None:
    print("\n".join(session().provider.status()))
    print(description.render(description.read(places(os.environ).description)), end="")


def _images() -> None:
    for name, reference in connect().images.items():
        print(f"{name}\t{reference}")


def _kubeconfig() -> None:
    print(description.read(places(os.environ).description).kubeconfig)


_COMMANDS = {
    "up": (_up, "make the cluster, or mend it, and give it the images of this tree"),
    "down": (_down, "remove the cluster; what was built for it stays in the cache"),
    "status": (_status, "show what runs, and the cluster's description"),
    "images": (_images, "the same as up; print the names of the images"),
    "kubeconfig": (_kubeconfig, "print the path of the file for KUBECONFIG"),
}


def main() -> int:
    """Run one command; 1 means that a person has to do something, which was printed."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (command, meaning) in _COMMANDS.items():
        commands.add_parser(name, help=meaning).set_defaults(command=command)
    try:
        parser.parse_args().command()
    except _EXPECTED as failure:
        console.say(str(failure))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
