"""Every example is one that the API server accepts: no unknown field, no pod that `restricted` refuses."""

import pytest
import yaml

from tests.demo import examples
from tests.kubernetes.conftest import MakeNamespace
from tests.support.installation import Installation

pytestmark = pytest.mark.cluster
FILES = sorted(str(path.relative_to(examples.FOLDER)) for path in examples.FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("name", FILES)
def test_the_api_server_accepts(installation: Installation, make_fresh_namespace: MakeNamespace, name: str) -> None:
    namespace = make_fresh_namespace("example")
    installation.kubectl("label", "namespace", namespace.name, "pod-security.kubernetes.io/enforce=restricted")
    namespace.wait_for("serviceaccount", "default", lambda _: True, seconds=30, until="made")
    text = yaml.safe_dump_all(examples.documents(name))
    namespace("apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=text)


def test_the_readme_names_every_example() -> None:
    readme = (examples.FOLDER / "README.md").read_text()
    assert [name for name in FILES if f"`{name}`" not in readme] == []
