"""The chart of one registry and its tokens, installed by Helm, and its own test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.cluster.commands import CommandFailedError, run
from tests.support.installation import CHART
from tests.support.kubernetes import REGISTRY, TOKEN

if TYPE_CHECKING:
    from typing import Any

    from tests.support.installation import Installation
    from tests.support.kubernetes import Namespace

pytestmark = pytest.mark.cluster

_CHART = CHART.parent / "pypi-registry"
_SECONDS = 300


def _helm(installation: Installation, namespace: Namespace, *words: str, values: dict[str, Any] | None = None) -> str:
    # Any: values of a chart
    cluster = installation.cluster
    where = ["--kubeconfig", str(cluster.kubeconfig), "--namespace", namespace.name]
    stdin = None if values is None else yaml.safe_dump(values)
    return run([cluster.helm, *where, *words], timeout=_SECONDS + 30, stdin=stdin)


def test_a_registry_and_its_tokens_from_values(installation: Installation, namespace: Namespace) -> None:
    """Installed, ready, and read by `helm test` with a token's Secret; what is wrong with values is said before."""
    tokens = {"developer": {"type": "Personal"}, "ci": {"type": "Deploy", "secret": {"name": "ci-credential"}}}
    values = {
        "registry": {"spec": {"exposure": {"type": "Ingress"}}},
        "tokens": tokens,
        "test": {"image": installation.cluster.images["service"]},
    }
    _helm(installation, namespace, "lint", "--strict", str(_CHART), "--values=-", values=values)
    install = ("install", "pypi", str(_CHART), "--values=-")
    with pytest.raises(CommandFailedError, match=r"test\.token: nobody is not one of tokens"):
        _helm(installation, namespace, *install, "--set=test.token=nobody", values=values)
    said = _helm(installation, namespace, *install, values=values)
    assert f"kubectl get pyreg,pytok --namespace {namespace.name} --watch" in said
    namespace.wait_for_condition(REGISTRY, "pypi", "Ready")
    for token in tokens:
        namespace.wait_for_condition(TOKEN, token, "Ready", seconds=60)
    tested = _helm(installation, namespace, "test", "pypi", "--logs", f"--timeout={_SECONDS}s")
    host = installation.hostname("pypi", namespace.name)
    assert f"https://{host}/api/v4/projects/{namespace.name}/packages/pypi/simple answers 200" in tested
    _helm(installation, namespace, "uninstall", "pypi")
