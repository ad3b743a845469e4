"""What goes wrong with a RegistryToken is told by the reason that is meant for it, and is over once its cause is gone.

The operator's process, API server and registry are real; only pods are played.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from registry_operator.resources import names
from registry_service.composition import compose
from registry_service.contract import environment
from registry_service.settings import read_settings
from tests.cluster.client import hosts_file
from tests.outcomes import issue_7
from tests.support import api_server
from tests.support.network import own_address
from tests.support.old_sync_port import old_sync_port
from tests.support.operator_stage import HOME, NAME, Stage, registry_path, stage
from tests.support.stage_conditions import Watched, space, until_home_is_ready
from tests.support.stopping_proxy import Peer, Stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.api_server import Object

pytestmark = pytest.mark.outcome(issue_7.CLUSTER)

_MERGE = "application/merge-patch+json"
_AFTER_THE_MINUTE = 120
_LONG_AGO, _PAST = "2024-01-01T00:00:00Z", "2024-04-01T00:00:00Z"
# With so much in each, a registry takes fewer of them than this.
_CROWD = 321
_MUCH = {"projects": [f"p{number:062}" for number in range(64)], "packages": [f"p{n:0127}" for n in range(64)]}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with api_server.running(controllers=True) as server, stage(server, folder) as made:
        made.gate.witness = _nobody
        yield made


def make(here: Stage, namespace: str, **spec: object) -> Watched:
    """A RegistryToken in a new namespace."""
    since = space(here, namespace)
    here.make_token(namespace, "ci", **spec)
    return Watched(here, here.token_path(namespace), since)


def until_ready(token: Watched, seconds: float = 90) -> None:
    Watched(token.here, token.path).until_condition("Ready", status="True", reason="Succeeded", seconds=seconds)


def _nobody(_change: str, _body: bytes) -> None:
    """Look at nothing."""


@pytest.fixture(scope="module")
def contended(here: Stage) -> Watched:
    """A RegistryToken whose Secret somebody alters as soon as it is there."""
    token = make(here, "contended")
    until_ready(token)
    data = {"data": {"password": base64.b64encode(b"theirs").decode()}}
    here.server.call("PATCH", "/api/v1/namespaces/contended/secrets/ci", data, _MERGE)
    token.until_condition("Issued", reason="SecretContended", says="Find who writes it")
    return token


@pytest.fixture(scope="module")
def interrupted(here: Stage) -> Watched:
    """A RegistryToken whose first credential's value died with the operator."""
    since = space(here, "interrupted")
    path = here.token_path("interrupted")
    here.gate.arm(Stop(1, True, (path,)))
    here.make_token("interrupted")
    here.until(here.operators[-1].poll, seconds=20, what=lambda: "the operator still runs")
    assert here.gate.disarm()
    here.start_operator()
    token = Watched(here, path, since)
    token.until_condition("Issued", reason="IssuingInterrupted", says="within a minute")
    return token


@pytest.mark.usefixtures("contended", "interrupted")
@pytest.mark.parametrize(
    ("spec", "reason", "told"),
    [
        pytest.param({}, "NamespaceNameIsNumeric", "Accepted=False Use another", id="2024"),
        pytest.param({"registryRef": {"name": "x"}}, "WaitingForAcceptance", "Synced=Unknown accepted", id="nowhere"),
        pytest.param({"endpoint": "External"}, "RegistryNotExposed", "Accepted=False Expose it", id="outside"),
        pytest.param({"projects": ["else"]}, "ProjectsNotGranted", "Accepted=True adds a grant", id="greedy"),
        pytest.param({}, "NotSynced", "Synced=Unknown acknowledged", id="new"),
    ],
)
def test_what_a_token_waits_for_is_told(
    here: Stage, spec: Object, reason: str, told: str, request: pytest.FixtureRequest
) -> None:
    """In a namespace with the name of the case. What can be accepted is ready without the field in question."""
    token = make(here, request.node.callspec.id, **spec)
    state, says = told.split(" ", 1)
    condition, status = state.split("=")
    token.until_condition(condition, status=status, reason=reason, says=says)
    if request.node.callspec.id not in ("2024", "nowhere"):
        token.change(**dict.fromkeys(spec))
        until_ready(token)


def test_a_token_that_somebodys_finalizer_holds_is_told_to_go(here: Stage) -> None:
    token = make(here, "held")
    until_ready(token)
    token.patch({"metadata": {"finalizers": ["example.org/hold"]}})
    token.delete()
    token.until_condition("Accepted", reason="Terminating")
    token.patch({"metadata": {"finalizers": None}})
    here.until_gone(token.path, seconds=20)


def test_an_imported_credential_says_what_its_source_lacks(here: Stage) -> None:
    """From a Secret that is not there to a value that works; then to one that is revoked, and to a new one."""
    token = make(here, "imported", type="Job", source={"type": "Secret", "secret": {"name": "source", "key": "token"}})
    token.until_condition("Issued", reason="CredentialSourceMissing", says="Create it")
    _put_source(here, "short")
    token.until_condition("Issued", reason="CredentialRefused", says="Key token of Secret source")
    _put_source(here, "a-value-of-a-ci-system-0123456789")
    until_ready(token)
    entry = (here.get(token.path) or {})["status"]["credentials"][0]
    asyncio.run(_revoke(here, entry["tokenID"]))
    token.annotate("revoked")
    token.until_condition("Issued", reason="CredentialRevoked", says="Put a new one there")
    _put_source(here, "another-value-of-a-ci-system-0123")
    until_ready(token)


def _put_source(here: Stage, value: str) -> None:
    metadata = {"name": "source", "namespace": "imported", "labels": {names.WATCH_LABEL: names.WATCH_VALUE}}
    here.server.kubectl.apply(
        [{"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": value}}]
    )


async def _revoke(here: Stage, token_id: str) -> None:
    """As `registry-service token revoke` does, beside the running service."""
    beside = compose(read_settings({}, here.folder / "data"))
    try:
        await beside.minting.revoke_token(token_id)
    finally:
        await beside.database.close()


def test_a_credential_past_its_end_is_told_and_made_anew_by_a_trigger(here: Stage) -> None:
    """The API server's data come from a backup that is older than the credential was to live."""
    token = make(here, "expired", rotation={"mode": "Disabled"})
    until_ready(token)
    entry = (here.get(token.path) or {})["status"]["credentials"][0]
    old = {"issueTime": _LONG_AGO, "credentials": [entry | {"notAfter": _PAST}]}
    token.patch({"status": old}, part="/status")
    token.until_condition("Issued", reason="CredentialExpired", says="spec.rotation.trigger")
    token.change(rotation={"trigger": "now"})
    until_ready(token)


def test_a_status_that_somebody_else_changes_meanwhile_is_read_again(here: Stage) -> None:
    since = space(here, "meanwhile")
    token = Watched(here, here.token_path("meanwhile"), since)

    def witness(change: str, body: bytes) -> None:
        if change.startswith(f"PATCH {token.path}/status") and b'"Pending"' in body:
            here.gate.witness = _nobody
            token.annotate("changed")

    here.gate.witness = witness
    here.make_token("meanwhile")
    token.until_condition("Issued", reason="ChangedMeanwhile", says="starts over")
    until_ready(token)


def test_a_registry_that_does_not_serve_is_told_from_one_that_does_not_answer(here: Stage) -> None:
    token, home = make(here, "served"), Watched(here, registry_path(HOME))
    until_ready(token)
    home.change(replicas=0)
    token.until_condition("Synced", reason="RegistryNotReady", says="ScaledToZero")
    home.change(replicas=1)
    until_home_is_ready(here)
    until_ready(token)
    with _led_to(here, own_address()):
        token.annotate("unreachable")
        token.until_condition("Synced", reason="RegistryUnreachable", says="tries again")
        home.annotate("unreachable")
        home.until_condition("Available", reason="RulesNotAcknowledged", says="does not obey the current rules")
    until_home_is_ready(here)
    until_ready(token)


def test_a_key_that_the_registry_does_not_know_is_refused(here: Stage) -> None:
    """Somebody changed the sync Secret."""
    token, path = make(here, "keyed"), f"/api/v1/namespaces/{HOME}/secrets/{NAME}-sync"
    until_ready(token)
    key = (here.get(path) or {})["data"]["key"]
    here.server.call("PATCH", path, {"data": {"key": base64.b64encode(b"0" * 64).decode()}}, _MERGE)
    token.annotate("refused")
    token.until_condition("Synced", reason="RegistryRefused", says="restart the registry's Deployment")
    here.server.call("PATCH", path, {"data": {"key": key}}, _MERGE)
    until_ready(token)


def test_an_image_without_words_for_a_limit_is_told_to_be_too_old(here: Stage) -> None:
    assert here.service is not None
    folder = here.folder / "sync"
    trust = ssl.create_default_context(cafile=folder / "ca.crt")
    trust.check_hostname = False  # its certificate bears the Service's name
    peer = Peer(here.service.host, environment.SYNC_PORT, trust)
    with old_sync_port(peer, folder) as address, _led_to(here, address):
        token = make(here, "limited", packages=["team-*"])
        token.until_condition("Synced", reason="RegistryTooOld", says="Set a newer spec.image")
    token.annotate("newer")
    until_ready(token)


@contextmanager
def _led_to(here: Stage, address: str) -> Iterator[None]:
    """The name of the registry's sync port leads elsewhere for the length of the block."""
    _lead(here, address)
    try:
        yield
    finally:
        _lead(here, here.sync_address)


def _lead(here: Stage, address: str) -> None:
    # In place: the operator's own mount is of this very file.
    hosts = hosts_file(Path("/etc/hosts").read_text(), address, [f"{NAME}-sync.{HOME}.svc"])
    (here.folder / "hosts").write_text(hosts)


def test_a_namespace_that_was_made_again_is_not_trusted_by_itself(here: Stage) -> None:
    space(here, "replaced")
    here.make_registry("replaced")
    reference = {"name": NAME, "namespace": "replaced"}
    token = make(here, "trusting", registryRef=reference)
    token.until_condition("Synced", reason="RegistryNotReady")
    path = "/api/v1/namespaces/replaced"
    here.server.call("DELETE", path)
    here.until_gone(path, seconds=60)
    space(here, "replaced")
    here.make_registry("replaced")
    token.until_condition("Accepted", reason="RegistryNamespaceReplaced", says="delete this RegistryToken")
    token.delete()
    here.make_token("trusting", registryRef=reference)
    Watched(here, token.path).until_condition("Synced", reason="RegistryNotReady")


def test_a_token_beyond_what_a_registry_takes_is_told_until_another_goes(here: Stage) -> None:
    """They are there when the operator starts, so that all of them are one set; nothing slows it down."""
    assert here.service is not None
    space(here, "crowd")
    here.end_operators()
    for number in range(_CROWD):
        here.make_token("crowd", _in_crowd(number), **_MUCH)
    last = Watched(here, here.token_path("crowd", _in_crowd(_CROWD - 1)))
    direct = here.folder / "direct.kubeconfig"
    here.server.write_kubeconfig(direct, api_server.ADMIN, server=here.server.url)
    with _led_to(here, here.service.host):
        here.start_operator(KUBECONFIG=str(direct))
        last.until_condition("Synced", reason="TooManyTokens", says="Delete RegistryTokens", seconds=180)
        for number in range(3):
            here.server.call("DELETE", here.token_path("crowd", _in_crowd(number)))
        last.until_condition("Synced", status="True", reason="Succeeded", seconds=180)


def _in_crowd(number: int) -> str:
    return f"ci-{number:03}"


def test_a_new_credential_comes_after_the_minute(contended: Watched, interrupted: Watched) -> None:
    """The last test, because a minute is a long time."""
    for token in (contended, interrupted):
        until_ready(token, seconds=_AFTER_THE_MINUTE)
