"""Names are API: a changed one orphans what runs in people's clusters."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_operator.resources import names

NAME = re.compile(r"[a-z]([a-z0-9]|-[a-z0-9])*")
registry_names = st.from_regex(NAME, fullmatch=True).filter(lambda name: len(name) <= 40 and name.isascii())
namespaces = st.from_regex(re.compile(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?"), fullmatch=True)


def test_the_children_of_a_registry_are_frozen() -> None:
    assert {
        "service": names.service("team"),
        "account": names.service_account("team"),
        "sync": names.sync("team"),
        "database": names.database("team"),
        "store": names.object_store("team"),
        "volume": names.blobs("team"),
        "migration": names.migration("team", "0123456789abcdef"),
        "claim": names.claim(names.database("team")),
        "host": names.sync_host("team", "space"),
        "hostname": names.default_hostname("team", "space", "pypi.example"),
    } == {
        "service": "team",
        "account": "team-registry",
        "sync": "team-sync",
        "database": "team-postgresql",
        "store": "team-object-store",
        "volume": "team-blobs",
        "migration": "team-migrate-01234567",
        "claim": "data-team-postgresql-0",
        "host": "team-sync.space.svc",
        "hostname": "team--space.pypi.example",
    }


def test_group_and_marks_are_frozen() -> None:
    assert names.API_VERSION == "pypiregistry.dev/v1alpha1"
    assert (names.REGISTRY_LABEL, names.TOKEN_LABEL) == ("pypiregistry.dev/registry", "pypiregistry.dev/token")
    assert (names.WATCH_LABEL, names.WATCH_VALUE) == ("pypiregistry.dev/watch", "true")
    assert (names.RETAIN_LABEL, names.OWNER_UID_LABEL) == (
        "pypiregistry.dev/retained-for",
        "pypiregistry.dev/owner-uid",
    )


@given(registry_names, namespaces, registry_names, namespaces)
def test_two_registries_never_have_one_host(name: str, space: str, other: str, other_space: str) -> None:
    hosts = (names.default_hostname(name, space, "test"), names.default_hostname(other, other_space, "test"))
    assert ((name, space) == (other, other_space)) == (hosts[0] == hosts[1])


def test_a_hyphen_does_not_move_between_name_and_namespace() -> None:
    assert names.default_hostname("a-b", "c", "test") != names.default_hostname("a", "b-c", "test")


@pytest.mark.parametrize("name", ["a", "x" * 40])
def test_every_name_is_a_dns_label(name: str) -> None:
    made = (
        names.service(name),
        names.service_account(name),
        names.sync(name),
        names.database(name),
        names.object_store(name),
        names.migration(name, "f" * 64),
        # A pod of a StatefulSet: its name is a label's value too.
        f"{names.object_store(name)}-0",
    )
    assert all(len(item) <= names.MAX_DNS_LABEL for item in made)


def test_a_checksum_does_not_depend_on_order() -> None:
    assert names.checksum({"a": 1, "b": [2]}) == names.checksum({"b": [2], "a": 1})
    assert names.checksum({"a": 1}) != names.checksum({"a": 2})
