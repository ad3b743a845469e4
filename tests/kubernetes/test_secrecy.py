"""A thousand tokens issued by the real operator, used and misused: nothing but their Secrets holds a part of one."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import environment
from tests.outcomes import issue_6
from tests.support import api_server
from tests.support.operator_stage import HOME, Stage, stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NAMESPACES, TOKENS = 10, 100
# Of the secret's 43 characters so many say nothing that a guesser could use; hex digests have no upper case.
WINDOW = 12
_SECONDS = 240.0
_RUN = re.compile(rf"[0-9A-Za-z]{{{WINDOW},}}")
# Everything but Secrets.
_KINDS = (
    *(f"/apis/pypiregistry.dev/v1alpha1/{kind}" for kind in ("registrytokens", "pypiregistries")),
    *(f"/api/v1/{kind}" for kind in ("events", "configmaps", "services", "serviceaccounts", "pods", "namespaces")),
    *(f"/apis/apps/v1/{kind}" for kind in ("deployments", "statefulsets")),
    "/apis/events.k8s.io/v1/events",
    "/apis/batch/v1/jobs",
    "/apis/networking.k8s.io/v1/networkpolicies",
)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Stage]:
    """The stage, on an API server of its own."""
    with api_server.running() as server, stage(server, tmp_path, proxied=False) as made:
        yield made


@pytest.mark.outcome(issue_6.SECRECY)
def test_after_a_thousand_tokens_nothing_but_their_secrets_holds_a_part_of_one(here: Stage) -> None:
    passwords = _issued(here)
    assert len(set(passwords)) == NAMESPACES * TOKENS
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda password: _used(here, password), passwords)) == [200] * len(passwords)
    parts = {secret[at : at + WINDOW] for secret in map(_secret, passwords) for at in range(len(secret) - WINDOW + 1)}
    assert all(_found(f"x={password};", parts) for password in passwords)
    told = _told(here)
    assert min(len(text) for text in told.values()) > 0
    assert {where: found for where, text in told.items() if (found := _found(text, parts))} == {}


def _issued(here: Stage) -> list[str]:
    """Have all tokens issued; what their Secrets hold."""
    names = [f"crowd-{number}" for number in range(NAMESPACES)]
    for namespace in names:
        here.make_namespace(namespace)
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda number: here.make_token(namespace, f"t{number}"), range(TOKENS)))  # noqa: B023 - ended within the turn

    def look() -> list[str] | None:
        found = [here.server.call("GET", f"/api/v1/namespaces/{namespace}/secrets") or {} for namespace in names]
        held = [secret["data"] for one in found for secret in one["items"] if "password" in secret["data"]]
        done = [base64.b64decode(data["password"]).decode() for data in held]
        return done if len(done) == NAMESPACES * TOKENS else None

    return here.until(look, seconds=_SECONDS, what=lambda: "every token has its Secret")


def _used(here: Stage, password: str) -> int:
    """Read with a token; also where it must not stand, and with a slip in it. What the read was answered with."""
    assert here.service is not None
    index = f"{here.service.url}/api/v4/groups/demo/-/packages/pypi/simple/"
    wrong = password[:-1] + ("0" if password[-1] != "0" else "1")
    answers = [
        _status(f"{index}?private_token={password}", wrong),
        _status(f"{here.service.url}/api/v4/projects/{password}/packages/pypi/simple/", password),
        _status(index, password),
    ]
    assert answers[:2] == [401, 404]
    return answers[2]


def _status(url: str, password: str) -> int:
    basic = base64.b64encode(f"ci:{password}".encode()).decode()
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {basic}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


def _told(here: Stage) -> Mapping[str, str]:
    """What anybody but a reader of Secrets could come to see, by where."""
    assert here.service is not None
    metrics = f"http://{here.service.host}:{environment.METRICS_PORT}/metrics"
    with urllib.request.urlopen(metrics, timeout=30) as answer:
        told = {"metrics": answer.read().decode()}
    told |= {path: json.dumps(here.server.call("GET", path)) for path in _KINDS}
    for log in ("operator.log", here.service.output.name):
        told[log] = (here.folder / log).read_text()
    told["database"] = here.rows.dump()
    told["annotations of Secrets"] = json.dumps(
        [one["metadata"] for one in (here.server.call("GET", "/api/v1/secrets") or {})["items"]]
    )
    assert told["database"].count("crowd-") >= NAMESPACES
    assert HOME in told["/apis/pypiregistry.dev/v1alpha1/pypiregistries"]
    return told


def _secret(password: str) -> str:
    """The part of a token that must not be known."""
    return password.split("_")[3]


def _found(text: str, parts: set[str]) -> list[str]:
    runs = (match[0] for match in _RUN.finditer(text))
    return [run for run in runs if any(run[at : at + WINDOW] in parts for at in range(len(run) - WINDOW + 1))][:3]
