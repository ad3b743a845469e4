"""A namespace that is made again under an old name is another namespace: it gets nothing of its namesake's."""

import json
from pathlib import Path

import pytest

from tests.cluster.description import Cluster
from tests.demo.outside import Outside
from tests.kubernetes.conftest import fresh_name, until_the_end
from tests.support.kubernetes import REGISTRY, TOKEN, Namespace, condition_of, make_namespace
from tests.support.packages import wheel
from tests.support.resources import token

pytestmark = [pytest.mark.cluster, pytest.mark.hostile]

LABELS = {"guest-of": "walled"}
SOON = 30.0


def admit(walled: Namespace, *bindings: dict[str, str]) -> None:
    """Let the registry have projects of other namespaces, and hand over those that `bindings` name."""
    projects = {"from": "Selector", "selector": {"matchLabels": LABELS}, "bindings": list(bindings)}
    change = json.dumps({"spec": {"projects": projects}})
    walled("patch", f"{REGISTRY}/base", "--type=merge", "-p", change)


def test_a_namesake_inherits_nothing_until_the_owner_says_so(
    cluster: Cluster, walled: Namespace, tmp_path: Path
) -> None:
    """3.6/122: neither files nor tokens; the project waits for its registry's owner, who is told what to write."""
    outside = Outside(cluster, tmp_path)
    name = fresh_name("namesake")
    wanted = token("ci", "base", registryRef={"name": "base", "namespace": walled.name})
    admit(walled)
    former = make_namespace(walled.kubectl, name, LABELS)
    with until_the_end(former):
        former.apply(wanted)
        former.wait_for_condition(TOKEN, "ci", "Ready", seconds=SOON)
        old = former.secret("ci")
        outside.upload(old, [wheel("7.0").write_to(tmp_path)])
        assert outside.status(old, "mypypipackage/") == 200
        walled.kubectl("delete", "namespace", name, "--wait=true", timeout=120)
        former = make_namespace(walled.kubectl, name, LABELS)
        walled.eventually(lambda: {} if outside.status(old) == 401 else None, seconds=SOON, until="the token is dead")
        former.apply(wanted)
        body = former.wait_for_condition(
            TOKEN, "ci", "Synced", status="False", reason="ProjectOwnedByFormerNamespace", seconds=SOON
        )
        uid = json.loads(walled.kubectl("get", "namespace", name, "-o", "json"))["metadata"]["uid"]
        assert uid in condition_of(body, "Synced")["message"]
        assert former.find("secrets") == []
        assert outside.status(old, "mypypipackage/") == 401
        admit(walled, {"namespace": name, "uid": uid})
        former.wait_for_condition(TOKEN, "ci", "Ready", seconds=60)
        assert outside.status(former.secret("ci"), "mypypipackage/") == 200
        assert outside.status(old, "mypypipackage/") == 401
