"""Which cluster: the user's own first, then kind, then the single node."""

from pathlib import Path

import pytest

from tests.cluster.choice import Existing, Kind, SettingMissingError, SingleNode, choose

OWN = Path("/cache/cluster/admin.kubeconfig")
USERS = {"KUBECONFIG": "/home/me/.kube/config", "IMAGE_REPOSITORY": "registry.example/me", "BASE_DOMAIN": "dev.example"}


def test_the_users_cluster_comes_first() -> None:
    expected = Existing(Path("/home/me/.kube/config"), "registry.example/me", "dev.example")
    assert choose(USERS, OWN, docker_answers=lambda: True) == expected


@pytest.mark.parametrize("name", ["IMAGE_REPOSITORY", "BASE_DOMAIN"])
def test_what_only_the_user_knows_is_asked_for(name: str) -> None:
    with pytest.raises(SettingMissingError, match=name):
        choose({**USERS, name: ""}, OWN, docker_answers=lambda: True)


def test_kind_where_docker_answers_else_the_single_node() -> None:
    assert choose({}, OWN, docker_answers=lambda: True) == Kind()
    assert choose({"KUBECONFIG": ""}, OWN, docker_answers=lambda: False) == SingleNode()


def test_our_own_kubeconfig_names_no_cluster_of_the_user() -> None:
    assert choose({"KUBECONFIG": str(OWN)}, OWN, docker_answers=lambda: False) == SingleNode()
