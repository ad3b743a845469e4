"""The Secrets and the set that a namespace's tokens become."""

from typing import Any

import pytest

from registry_operator.planning import addresses
from registry_operator.planning.ledger import IssuingContext
from registry_operator.planning.rules import rules, rules_digest
from registry_operator.planning.token_secrets import Grant, access, conflict, differs, token_secrets
from registry_operator.planning.token_set import is_later, left_out, question, token_set
from registry_operator.resources import names
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.resources.token import Credential, CredentialState, RegistryToken
from registry_service.contract import clients, sync, wire
from registry_service.contract.tokens import TokenType
from tests.unit.operator.planning.bodies import (
    BARE_INSTALLATION,
    INGRESS,
    INSTALLATION,
    NOW,
    Spec,
    registry,
    secret,
    token,
    written,
)

GRANT = Grant("team-a", "pyr_p_secret", "CA-PEM")
CONTEXT = IssuingContext(NOW, revoked=frozenset({"revoked"}))
URL = "https://pypi--team-a.pypi.example"


def rendered(wanted: RegistryToken, of: PyPIRegistry, grant: Grant = GRANT) -> tuple[dict[str, Any], dict[str, Any]]:
    return token_secrets(wanted, access(wanted, of, INSTALLATION, grant))  # Any: manifests


@pytest.mark.parametrize(
    ("spec", "of", "url"),
    [
        ({}, registry(INGRESS), URL),
        ({}, registry(), "http://pypi.team-a.svc"),
        ({"endpoint": "Internal"}, registry(INGRESS), "http://pypi.team-a.svc"),
        ({"endpoint": "External"}, registry(INGRESS), URL),
        ({"endpoint": "External"}, registry(), "http://pypi.team-a.svc"),
    ],
)
def test_one_address_for_everybody(spec: Spec, of: PyPIRegistry, url: str) -> None:
    made = access(token(spec), of, INSTALLATION, GRANT)
    assert made.base_url == url
    assert made.ca == ("CA-PEM" if url == URL else None)


@pytest.mark.parametrize(
    ("index", "path"),
    [
        ("Project", "/api/v4/projects/team-a/packages/pypi/simple"),
        ("Group", "/api/v4/groups/pypi/-/packages/pypi/simple"),
    ],
)
def test_the_configuration_names_the_index_that_the_spec_asks_for_and_publishes_to_its_own_project(
    index: str, path: str
) -> None:
    wanted = token({"index": index})
    made = access(wanted, registry(INGRESS), INSTALLATION, GRANT)
    assert made.index_url == URL + path
    assert made.upload_url == f"{URL}/api/v4/projects/team-a/packages/pypi"
    _, env = rendered(wanted, registry(INGRESS))
    assert written(env).data["PIP_INDEX_URL"].decode().endswith(path)


def test_the_client_url_is_none_where_the_spec_asks_for_what_does_not_exist() -> None:
    assert addresses.client_url(token({"endpoint": "External"}), registry(), INSTALLATION) is None


def test_both_secrets_are_rendered_by_the_contract_and_die_with_the_token() -> None:
    wanted = token({"secret": {"labels": {"team": "a"}, "annotations": {"note": "n"}, "mountPath": "/etc/x"}})
    files, env = rendered(wanted, registry(INGRESS))
    made = access(wanted, registry(INGRESS), INSTALLATION, GRANT)
    assert made.mount_path == "/etc/x"
    assert {key: value.decode() for key, value in written(files).data.items()} == clients.files(made)
    assert {key: value.decode() for key, value in written(env).data.items()} == clients.environment(made)
    assert [manifest["metadata"]["name"] for manifest in (files, env)] == ["ci", "ci-env"]
    for manifest in (files, env):
        metadata = manifest["metadata"]
        assert metadata["labels"]["team"] == "a"
        assert metadata["labels"][names.WATCH_LABEL] == "true"
        assert metadata["labels"][names.TOKEN_LABEL] == "ci"
        assert metadata["annotations"] == {"note": "n"}
        assert metadata["ownerReferences"][0]["uid"] == "u-ci"
        assert metadata["ownerReferences"][0]["kind"] == "RegistryToken"


def test_a_secret_that_holds_what_it_should_is_not_written() -> None:
    files, env = rendered(token(), registry(INGRESS))
    assert not differs(files, written(files))
    assert not differs(env, written(env))
    assert differs(files, None)


def test_keys_and_labels_that_a_person_added_stay() -> None:
    files, _ = rendered(token(), registry(INGRESS))
    metadata = files["metadata"]
    more = files | {
        "data": files["data"] | {"mine": "eA=="},
        "metadata": metadata | {"labels": metadata["labels"] | {"mine": "x"}, "annotations": {"other": "y"}},
    }
    assert not differs(files, written(more))


@pytest.mark.parametrize("part", ["data", "labels", "annotations"])
def test_what_is_missing_or_other_is_written(part: str) -> None:
    wanted = token({"secret": {"labels": {"team": "a"}, "annotations": {"note": "n"}}})
    files, _ = rendered(wanted, registry(INGRESS))
    metadata = files["metadata"]
    changed = {
        "data": files | {"data": files["data"] | {"password": "eA=="}},
        "labels": files | {"metadata": metadata | {"labels": {}}},
        "annotations": files | {"metadata": metadata | {"annotations": {"note": "other"}}},
    }[part]
    assert differs(files, written(changed))


def test_a_conflict_is_with_others_only() -> None:
    wanted = token()
    assert conflict(wanted, None) is None
    assert conflict(wanted, secret("ci", {}, owner_uid="u-ci", owner_name="ci")) is None
    former = conflict(wanted, secret("ci", {}, owner_uid="u-old", owner_name="ci"))
    assert former is not None
    assert "former RegistryToken" in former.message
    foreign = conflict(wanted, secret("ci", {}))
    assert foreign is not None
    assert "left as it is" in foreign.message
    others = secret("ci", {}, owner_uid="u-b", owner_name="b", labels={names.TOKEN_LABEL: "b"})
    collision = conflict(wanted, others)
    assert collision is not None
    assert "is RegistryToken b's" in collision.message
    # A label is anybody's to write: the owner reference is what counts.
    labelled = conflict(wanted, secret("ci", {}, labels={names.TOKEN_LABEL: "b"}))
    assert labelled is not None
    assert "is not ours" in labelled.message


def test_the_issuer_that_clients_outside_need() -> None:
    own = registry({"exposure": {"type": "Ingress", "hostname": "h.example", "tls": {"secretName": "t"}}})
    assert addresses.external_ca(registry(INGRESS), INSTALLATION, None) == "INSTALLATION-CA"
    assert addresses.external_ca(registry(INGRESS), BARE_INSTALLATION, None) is None
    assert addresses.external_ca(own, INSTALLATION, secret("t", {"ca.crt": "OWN"})) == "OWN"
    assert addresses.external_ca(own, INSTALLATION, secret("t", {"ca.crt": ""})) is None
    assert addresses.external_ca(own, INSTALLATION, None) is None


@pytest.mark.parametrize(
    ("exposure", "name", "host"),
    [
        ({"type": "None"}, "pypi", None),
        ({"type": "Ingress"}, "pypi", "pypi--team-a.pypi.example"),
        ({"type": "Ingress", "hostname": "h.example"}, "pypi", "h.example"),
    ],
)
def test_a_host(exposure: Spec, name: str, host: str | None) -> None:
    assert addresses.hostname(registry({"exposure": exposure}, name=name), INSTALLATION) == host


def test_a_host_that_is_no_dns_label_must_be_given() -> None:
    wanted = registry(INGRESS, name="x" * 40, namespace="y" * 30)
    assert addresses.hostname(wanted, INSTALLATION) is None
    assert addresses.hostname(registry(INGRESS), BARE_INSTALLATION) is None


def test_the_sync_address() -> None:
    assert addresses.sync_url(registry()) == "https://pypi-sync.team-a.svc:8081"


def credential(token_id: str, ends: str = "2027-01-01T00:00:00Z") -> Credential:
    return Credential(token_id, f"digest-{token_id}", CredentialState.ACTIVE, ends)


def test_a_set_holds_what_lives_in_a_settled_order() -> None:
    deploy = token({"type": "Deploy", "username": "prod"}, name="z")
    job = token({"type": "Job", "source": {"type": "Secret", "secret": {"name": "s", "key": "k"}}}, name="a")
    gone = token(name="gone", deletionTimestamp="x")
    ledgers = [
        (deploy, (credential("2"), credential("1"), credential("revoked"), credential("9", "2020-01-01T00:00:00Z"))),
        (job, (credential("3"),)),
        (gone, (credential("4"),)),
    ]
    made = token_set("team-a", ledgers, CONTEXT)
    assert made.namespace == "team-a"
    assert [(entry.id, entry.name) for entry in made.tokens] == [("3", "a"), ("1", "z"), ("2", "z")]
    assert (made.tokens[0].type, made.tokens[0].imported, made.tokens[0].username) == (TokenType.JOB, True, None)
    assert (made.tokens[1].username, made.tokens[1].not_after) == ("prod", 1_798_761_600)
    assert made == token_set("team-a", list(reversed(ledgers)), CONTEXT)
    assert wire.decode(sync.TokenSet, wire.encode(made)) == made


def test_a_set_says_what_else_a_token_reaches_and_what_it_may_publish() -> None:
    wanted = token({"projects": ["lib", "team-a", "app"], "packages": ["b-*", "a"]})
    (made,) = token_set("team-a", [(wanted, (credential("1"),))], CONTEXT).tokens
    assert (made.projects, made.packages) == (("app", "lib"), ("a", "b-*"))
    (plain,) = token_set("team-a", [(token({"projects": ["team-a"]}), (credential("1"),))], CONTEXT).tokens
    assert b"projects" not in wire.encode(plain)
    assert b"packages" not in wire.encode(plain)


def test_what_a_registry_of_the_first_contract_cannot_hold() -> None:
    assert not is_later(token())
    assert not is_later(token({"projects": ["team-a"]}))
    limited, reaching = token({"packages": ["b", "a"]}), token({"projects": ["lib", "app"]})
    assert is_later(limited)
    assert is_later(reaching)
    (asked,) = question("team-a", [token(name="x"), limited, reaching]).tokens
    assert (asked.projects, asked.packages) == (("app",), ("a",))
    (asked,) = question("team-a", [limited]).tokens
    assert (asked.projects, asked.packages, asked.digest) == ((), ("a",), "0" * 64)


def test_one_value_in_two_tokens_is_one_credential() -> None:
    made = token_set("team-a", [(token(name="b"), (credential("1"),)), (token(name="a"), (credential("1"),))], CONTEXT)
    assert [(entry.id, entry.name) for entry in made.tokens] == [("1", "a")]


def test_a_value_that_one_token_replaced_lives_on_by_the_other() -> None:
    soon, late = credential("1", "2026-12-01T00:00:00Z"), credential("1")
    for ledgers in (
        [(token(name="a"), (soon,)), (token(name="b"), (late,))],
        [(token(name="a"), (late,)), (token(name="b"), (soon,))],
    ):
        (made,) = token_set("team-a", ledgers, CONTEXT).tokens
        assert made.not_after == 1_798_761_600


def test_what_does_not_fit_is_named() -> None:
    many = [(token(name="a"), tuple(credential(f"{number:04}") for number in range(sync.MAX_TOKENS)))]
    assert left_out(many, CONTEXT) == frozenset()
    more = [*many, (token(name="b"), (credential("x"),))]
    assert len(token_set("team-a", more, CONTEXT).tokens) == sync.MAX_TOKENS
    assert left_out(more, CONTEXT) == {"b"}


def test_a_set_is_no_longer_than_a_registry_takes_and_what_does_not_fit_is_named() -> None:
    spec = {
        "projects": [f"{number:02}{'p' * 61}" for number in range(64)],
        "packages": [f"{number:02}{'q' * 126}" for number in range(64)],
        "type": "Deploy",
        "username": "u" * 63,
    }
    many = [
        (token(spec, name=f"{name}-{'n' * 58}"), tuple(credential(f"{name}{number:06}") for number in range(100)))
        for name in "abcd"
    ]
    made = token_set("team-a", many, CONTEXT)
    assert 300 < len(made.tokens) < 400
    assert sync.MAX_BODY_BYTES * 0.95 < len(wire.encode(made)) <= sync.MAX_BODY_BYTES
    assert left_out(many, CONTEXT) == {f"d-{'n' * 58}"}


def test_the_rules_are_what_the_spec_means() -> None:
    upstream = {"type": "Redirect", "url": "https://index.example/simple/", "reservedNames": ["My.Pkg", "a", "my_pkg"]}
    bindings = [{"namespace": "b", "uid": "2"}, {"namespace": "a", "uid": "1"}]
    limits = {"maxUploadSize": "1Gi", "filenames": "Strict", "deletedFilenames": "Reusable"}
    overrides = [{"namespace": "b", "visibility": "Private"}, {"namespace": "a", "visibility": "Public"}]
    overrides += [{"namespace": "c", "visibility": "Internal"}, {"namespace": "d"}, {"namespace": "e", "quota": "1k"}]
    projects = {"bindings": bindings, "defaults": {"visibility": "Internal", "quota": "1Ki"}, "overrides": overrides}
    wanted = registry({"limits": limits, "upstream": upstream, "projects": projects, "readOnly": True})
    assert rules(wanted) == sync.Rules(
        max_upload_size=2**30,
        upstream=sync.Upstream("https://index.example/simple", ("a", "my-pkg")),
        bindings=(sync.Binding("a", "1"), sync.Binding("b", "2")),
        visibility=sync.ProjectVisibility.INTERNAL,
        quota=1024,
        projects=(
            sync.ProjectSettings("a", sync.ProjectVisibility.PUBLIC, 1024),
            sync.ProjectSettings("b", quota=1024),
            sync.ProjectSettings("e", sync.ProjectVisibility.INTERNAL, 1000),
        ),
        strict_filenames=True,
        read_only=True,
        reuse_deleted_filenames=True,
    )
    assert rules(registry()) == sync.Rules()
    assert b"access" not in wire.encode(rules(registry()))
    assert rules(registry({"limits": {"filenames": "Compatible", "deletedFilenames": "Taken"}})) == sync.Rules()
    shown = {"defaults": {"visibility": "Private"}, "overrides": [{"namespace": "a", "visibility": "Private"}]}
    assert rules(registry({"projects": shown})) == sync.Rules()
    assert rules_digest(wanted) == sync.body_digest(wire.encode(rules(wanted)))
    assert rules_digest(wanted) != rules_digest(registry())


def test_grants_keep_their_order_which_is_their_precedence() -> None:
    second = {"name": "a", "namespaces": ["y", "x"], "projects": ["q", "p"], "permissions": ["Read", "Publish"]}
    first = {"name": "b", "namespaces": ["x"], "projects": ["r"], "permissions": ["Read"]}
    read, publish = sync.GrantedPermission.READ, sync.GrantedPermission.PUBLISH
    assert rules(registry({"access": [first, second]})).access == (
        sync.Grant("b", ("x",), ("r",), (read,)),
        sync.Grant("a", ("x", "y"), ("p", "q"), (publish, read)),
    )
