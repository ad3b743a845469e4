"""Bodies of the API server become values; what does not fit names its field."""

import re
from typing import Any

import pytest

from registry_operator.resources.backends import DatabaseType, StorageType
from registry_operator.resources.reading import InvalidResourceError
from registry_operator.resources.registry import (
    DeletedFilenames,
    Filenames,
    Limits,
    PyPIRegistry,
    PyPIRegistryStatus,
    SelectorOperator,
)
from registry_operator.resources.token import Credential, CredentialState, RegistryToken
from registry_service.contract.tokens import Scope, TokenType

Body = dict[str, Any]  # Any: a body of the Kubernetes API
METADATA: Body = {"namespace": "team-a", "name": "pypi", "uid": "u-1", "generation": 3, "resourceVersion": "9"}
MANAGED: Body = {"database": {"type": "Managed"}, "storage": {"type": "Managed"}}


def registry(spec: Body, **more: Any) -> PyPIRegistry:  # Any: a body's other parts
    return PyPIRegistry.parse({"metadata": METADATA, "spec": MANAGED | spec, **more})


def token(spec: Body, **more: Any) -> RegistryToken:  # Any: a body's other parts
    metadata = METADATA | {"name": "ci"}
    return RegistryToken.parse({"metadata": metadata, "spec": {"registryRef": {"name": "pypi"}} | spec, **more})


def test_the_smallest_registry_has_the_defaults() -> None:
    parsed = registry({})
    assert parsed.spec.database.type is DatabaseType.MANAGED
    assert parsed.spec.storage.type is StorageType.MANAGED
    assert (parsed.spec.replicas, parsed.spec.limits) == (
        1,
        Limits("50Mi", Filenames.COMPATIBLE, DeletedFilenames.TAKEN),
    )
    assert parsed.status == PyPIRegistryStatus()
    assert (parsed.metadata.generation, parsed.metadata.resource_version) == (3, "9")
    assert not parsed.metadata.terminating


def test_every_part_is_read() -> None:
    selector = {
        "matchLabels": {"packages": "shared"},
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a"]}],
    }
    parsed = registry(
        {
            "database": {"type": "Secret", "secret": {"name": "db", "keys": {"uri": "dsn"}, "sslMode": "Require"}},
            "projects": {"from": "Selector", "selector": selector, "bindings": [{"namespace": "b", "uid": "u-2"}]},
            "upstream": {"type": "Redirect", "url": "https://index.example/simple/", "reservedNames": ["a"]},
        },
        status={"registryID": "r-1", "internalURL": "http://x", "conditions": []},
    )
    assert parsed.spec.database.secret is not None
    assert parsed.spec.database.secret.keys.uri == "dsn"
    assert parsed.spec.database.secret.keys.host == "host"
    assert parsed.spec.projects.selector.match_labels == {"packages": "shared"}
    assert parsed.spec.projects.selector.match_expressions[0].operator is SelectorOperator.IN
    assert parsed.spec.projects.bindings[0].uid == "u-2"
    assert parsed.spec.upstream.reserved_names == ("a",)
    assert (parsed.status.registry_id, parsed.status.internal_url) == ("r-1", "http://x")


def test_a_null_is_as_good_as_nothing_and_a_newer_field_is_ignored() -> None:
    parsed = registry({"image": None, "podTemplate": {"labels": {}}})
    assert parsed.spec.image is None


def test_a_deleted_resource_is_terminating() -> None:
    body = {"metadata": METADATA | {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "spec": MANAGED}
    assert PyPIRegistry.parse(body).metadata.terminating


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"database": {}}, r"PyPIRegistry\.spec\.database\.type is missing"),
        ({"database": {"type": "Oracle"}}, r"'Oracle' is not one of Managed, Secret"),
        ({"replicas": "two"}, r"spec\.replicas must be int, not str"),
        ({"replicas": True}, r"spec\.replicas must be int, not bool"),
        ({"image": 7}, r"spec\.image must be str"),
        ({"imagePullSecrets": {}}, r"spec\.imagePullSecrets must be list"),
        ({"imagePullSecrets": [{}]}, r"spec\.imagePullSecrets\[0\]\.name is missing"),
        ({"projects": {"selector": {"matchLabels": {"a": 1}}}}, r"matchLabels\.a must be str"),
        ({"limits": []}, r"spec\.limits must be dict"),
    ],
)
def test_what_does_not_fit_names_its_field(spec: Body, sentence: str) -> None:
    with pytest.raises(InvalidResourceError, match=sentence):
        registry(spec)


@pytest.mark.parametrize(
    ("spec", "username", "scopes"),
    [
        ({"type": "Personal"}, "__token__", (Scope.API,)),
        ({"type": "Deploy"}, "ci", (Scope.READ_PACKAGE_REGISTRY, Scope.WRITE_PACKAGE_REGISTRY)),
        ({"type": "Deploy", "username": "prod"}, "prod", (Scope.READ_PACKAGE_REGISTRY, Scope.WRITE_PACKAGE_REGISTRY)),
        ({"type": "Job"}, "gitlab-ci-token", ()),
        ({"type": "Personal", "scopes": ["read_api"]}, "__token__", (Scope.READ_API,)),
    ],
)
def test_a_token_has_the_username_and_scopes_of_its_type(spec: Body, username: str, scopes: tuple[Scope, ...]) -> None:
    parsed = token(spec)
    assert (parsed.username, parsed.scopes) == (username, scopes)


def test_a_token_is_of_its_own_namespace_and_name_unless_it_says_otherwise() -> None:
    plain = token({"type": "Job"})
    assert (plain.registry_namespace, plain.secret_name, plain.spec.type) == ("team-a", "ci", TokenType.JOB)
    other = token({"type": "Job", "registryRef": {"name": "r", "namespace": "b"}, "secret": {"name": "s"}})
    assert (other.registry_namespace, other.secret_name) == ("b", "s")


def test_the_ledger_is_read() -> None:
    entry = {"tokenID": "t", "digest": "d", "state": "Active", "notAfter": "2026-01-01T00:00:00Z"}
    status = {"credentials": [entry], "registryNamespaceUID": "n", "projectID": 4, "issueTime": "2026-01-01T00:00:00Z"}
    parsed = token({"type": "Job"}, status=status).status
    assert parsed.credentials == (Credential("t", "d", CredentialState.ACTIVE, "2026-01-01T00:00:00Z"),)
    assert (parsed.registry_namespace_uid, parsed.project_id) == ("n", 4)


def test_what_a_token_may_do_is_read_where_the_rest_is_of_another_version() -> None:
    entry = {"tokenID": "t", "digest": "d", "state": "Active", "notAfter": "2026-01-01T00:00:00Z"}
    newer = {"type": "Blessed", "status": "True", "reason": "R", "message": ""}
    body = {
        "metadata": METADATA,
        "spec": {"registryRef": {"name": "pypi"}, "type": "Job", "endpoint": "Gateway", "packages": ["a-*"]},
        "status": {"credentials": [entry], "conditions": [newer], "issueTime": "2026-01-01T00:00:00Z"},
    }
    with pytest.raises(InvalidResourceError):
        RegistryToken.parse(body)
    rights = RegistryToken.parse_rights(body)
    assert (rights.spec.type, rights.spec.packages, rights.spec.endpoint) == (TokenType.JOB, ("a-*",), None)
    assert [item.token_id for item in rights.status.credentials] == ["t"]
    robot: Body = {"spec": {"registryRef": {"name": "pypi"}, "type": "Robot"}}
    unled: Body = {"status": {"credentials": [{}]}}
    for broken in (robot, unled):
        with pytest.raises(InvalidResourceError):
            RegistryToken.parse_rights(body | broken)
    assert RegistryToken.parse_rights({key: body[key] for key in ("metadata", "spec")}).status.credentials == ()


_KEYS: Body = {"secret": {"name": "s3"}}
_ENTRY: Body = {"tokenID": "t", "digest": "d", "state": "Active", "notAfter": "2027-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ({"limits": {"maxUploadSize": "many"}}, "spec.limits: 'many' is not a number of bytes"),
        ({"projects": {"defaults": {"quota": "none"}}}, "defaults: 'none' is not a number of bytes"),
        ({"projects": {"overrides": [{"namespace": "a", "quota": "x"}]}}, "'x' is not a number of bytes"),
        (
            {"podTemplate": {"resources": {"limits": {"memory": "lots"}}}},
            "spec.podTemplate.resources.limits: 'lots' is not a number of bytes",
        ),
        (
            {"podTemplate": {"resources": {"limits": {"cpu": "half"}}}},
            "spec.podTemplate.resources.limits: 'half' is not a share of CPUs",
        ),
        (
            {"podTemplate": {"resources": {"requests": {"cpu": "half"}}}},
            "spec.podTemplate.resources.requests: 'half' is not a share of CPUs",
        ),
        ({"database": {"type": "Managed", "managed": {"size": "1e3"}}}, "spec.database.managed: '1e3' is not"),
        ({"storage": {"type": "Managed", "managed": {"size": "-1Gi"}}}, "spec.storage.managed: '-1Gi' is not"),
        (
            {"storage": {"type": "PersistentVolumeClaim", "persistentVolumeClaim": {"size": "big"}}},
            "spec.storage.persistentVolumeClaim: 'big' is not",
        ),
        (
            {"storage": {"type": "S3", "s3": {"endpoint": "http://[", "bucket": "b", "credentials": _KEYS}}},
            "spec.storage.s3: Invalid IPv6 URL",
        ),
    ],
)
def test_text_that_is_no_quantity_or_url_is_found_before_anything_is_planned(spec: Body, named: str) -> None:
    with pytest.raises(InvalidResourceError, match=re.escape(named)):
        registry(spec)


@pytest.mark.parametrize(
    ("spec", "status", "named"),
    [
        ({"expirationSeconds": 10**12}, {}, "spec: 1000000000000 seconds are no time"),
        ({"expirationSeconds": -1}, {}, "spec: -1 seconds are no time"),
        ({"rotation": {"beforeExpirySeconds": 10**12}}, {}, "spec.rotation: 1000000000000 seconds"),
        ({"rotation": {"overlapSeconds": -1}}, {}, "spec.rotation: -1 seconds"),
        ({}, {"issueTime": "now"}, "status: Invalid isoformat string: 'now'"),
        (
            {},
            {"credentials": [_ENTRY | {"notAfter": "2027-01-01"}]},
            "status.credentials[0]: '2027-01-01' is not",
        ),
    ],
)
def test_a_time_that_no_calendar_holds_is_found_before_the_set_of_all_tokens_is_made(
    spec: Body, status: Body, named: str
) -> None:
    with pytest.raises(InvalidResourceError, match=re.escape(named)):
        token({"type": "Personal"} | spec, status=status)
