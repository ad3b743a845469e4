"""Each client that publishes, used as its own documentation says, and what it prints when it is refused.

A client gets a project's folder, with what was built of it in `dist`; an access without a password has no credential.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from registry_service.contract import clients
from tests.conformance.programs import Result, issuer
from tests.support.environments import client

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs, Word

# 2026-01-01: what is built twice from the same sources is the same then.
_SOURCE_DATE_EPOCH: Final = "1767225600"


class Publish(Protocol):
    """Publishes what was built of a project."""

    def __call__(self, programs: Programs, access: Access, project: Path, *options: str) -> Result: ...


@dataclass(frozen=True, slots=True)
class Publisher:
    """A client and its words.

    `taken` is printed when other bytes have the file's name; `taken_directly` too, unless a proxy replaces the reason
    phrase. `wrong` is printed for a token that does not exist, `nobody` where there is no credential at all.
    `passes_over`: it looks into the index first, and takes what it finds there for its own.
    """

    publish: Publish
    taken: str
    wrong: str
    nobody: str
    taken_directly: str = ""
    passes_over: bool = False


def _twine(version: str, programs: Programs, access: Access, project: Path, *options: str) -> Result:
    lines = clients.pypirc(access).splitlines()
    kept = lines if access.password else [line for line in lines if not line.startswith(("username", "password"))]
    programs.write(".pypirc", "\n".join(kept))
    upload = ["upload", "--non-interactive", "--disable-progress-bar", "--repository", "gitlab"]
    return programs.run([client(version), "-m", "twine", *upload, *options, *_built(project)])


def _uv(programs: Programs, access: Access, project: Path, *options: str) -> Result:
    told = clients.environment(access)
    # Without a credential it asks for trusted publishing, by HTTPS in any case: once is enough.
    told["UV_HTTP_RETRIES"] = "0"
    return programs.uv(
        "publish", *options, *_built(project), variables=told if access.password else _without_credential(told)
    )


def _without_credential(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if not name.endswith(("_USERNAME", "_PASSWORD"))}


def _poetry(programs: Programs, access: Access, project: Path, *options: str) -> Result:
    told = {
        "POETRY_REPOSITORIES_GITLAB_URL": access.upload_url,
        **_credential(access, "POETRY_HTTP_BASIC_GITLAB_USERNAME", "POETRY_HTTP_BASIC_GITLAB_PASSWORD"),
        **issuer(access, "POETRY_CERTIFICATES_GITLAB_CERT"),
    }
    return _run(programs, "poetry", ["publish", "--no-interaction", "--repository", "gitlab", *options], told, project)


def _pdm(programs: Programs, access: Access, project: Path, *options: str) -> Result:
    """Publish; what it keeps from the screen stands in a log that it names, and is printed here after the rest."""
    told = {
        # No look for a newer version of itself, and no virtual environment, which publishing does not need.
        "PDM_CHECK_UPDATE": "0",
        "PDM_USE_VENV": "0",
        **_credential(access, "PDM_PUBLISH_USERNAME", "PDM_PUBLISH_PASSWORD"),
        **issuer(access, "PDM_PUBLISH_CA_CERTS"),
    }
    words = ["publish", "--no-build", "--repository", access.upload_url, *options]
    result = _run(programs, "pdm", words, told, project)
    named = re.search(r"^See (.+) for detailed debug log\.$", result.output, re.MULTILINE)
    return Result(result.code, result.output + Path(named[1]).read_text()) if named else result


def _hatch(programs: Programs, access: Access, project: Path, *options: str) -> Result:
    told = {
        **_credential(access, "HATCH_INDEX_USER", "HATCH_INDEX_AUTH"),
        **issuer(access, "HATCH_INDEX_CA_CERT"),
    }
    words: list[Word] = ["publish", "--no-prompt", "--repo", access.upload_url, *options, *_built(project)]
    return _run(programs, "hatch", words, told, project)


def _flit(programs: Programs, access: Access, project: Path, *options: str) -> Result:
    told = {
        "FLIT_INDEX_URL": access.upload_url,
        "SOURCE_DATE_EPOCH": _SOURCE_DATE_EPOCH,
        **_credential(access, "FLIT_USERNAME", "FLIT_PASSWORD"),
        **issuer(access, "REQUESTS_CA_BUNDLE"),
    }
    return _run(programs, "flit", ["publish", *options], told, project)


def _run(programs: Programs, name: str, words: Sequence[Word], variables: Mapping[str, str], project: Path) -> Result:
    return programs.run([client(name), "-m", name, *words], variables=variables, folder=project)


def _built(project: Path) -> list[Path]:
    return sorted((project / "dist").iterdir())


def _credential(access: Access, username: str, password: str) -> dict[str, str]:
    return {username: access.username, password: access.password} if access.password else {}


# The example's words in each client's mouth.
_REASON: Final = "File name has already been taken (mypypipackage-0.0.1-py3-none-any.whl already exists"
_BODY: Final = f"400 Bad request - Validation failed: {_REASON}"

PUBLISHERS: Final[Mapping[str, Publisher]] = {
    **{
        version: Publisher(
            partial(_twine, version),
            taken="400 Bad Request",
            taken_directly=_REASON,
            wrong="401 Unauthorized",
            nobody="Credential not found",
        )
        for version in ("twine-7", "twine-6", "twine-5")
    },
    "uv": Publisher(
        _uv,
        taken=f"Server says: 400 Validation failed: {_REASON}",
        wrong="401 Unauthorized",
        nobody="Missing credentials",
    ),
    "poetry": Publisher(
        _poetry,
        taken=_BODY,
        taken_directly=f"HTTP Error 400: Validation failed: {_REASON}",
        wrong="HTTP Error 401: Unauthorized",
        nobody="HTTP Error 401: Unauthorized",
    ),
    "pdm": Publisher(_pdm, taken=_BODY, wrong="401 Unauthorized", nobody="Username and password are required"),
    "hatch": Publisher(
        _hatch,
        taken="mypypipackage-0.0.1-py3-none-any.whl ... already exists",
        wrong="401 Unauthorized",
        nobody="Missing required option: user",
        passes_over=True,
    ),
    "flit": Publisher(
        _flit,
        taken=_BODY,
        taken_directly=f"400 Client Error: Validation failed: {_REASON}",
        wrong="401 Client Error: Unauthorized",
        nobody="Could not find username for upload",
    ),
}
