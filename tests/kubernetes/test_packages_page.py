"""The packages page of a registry in the cluster, through the ingress, in a real browser."""

from pathlib import Path

import pytest

from tests.cluster.description import Cluster
from tests.demo import steps
from tests.demo.outside import Outside
from tests.kubernetes.conftest import MakeNamespace
from tests.outcomes import issue_3
from tests.support import browser as browsers
from tests.support import packages
from tests.support.installation import Installation

pytestmark = pytest.mark.cluster


@pytest.mark.outcome(issue_3.STANDALONE)
def test_a_person_sees_what_was_uploaded(
    cluster: Cluster, installation: Installation, make_fresh_namespace: MakeNamespace, tmp_path: Path
) -> None:
    namespace, wheel = make_fresh_namespace("page"), packages.wheel()
    steps.make_registry(namespace)
    steps.make_tokens(namespace, "a-job-token-of-some-ci-system")
    secret = namespace.secret("developer")
    Outside(cluster, tmp_path).upload(secret, [wheel.write_to(tmp_path)])
    host = installation.hostname(steps.NAME, namespace.name)
    # The test cluster's names are known to nobody, and its authority only to the Secrets.
    flags = [f"--host-resolver-rules=MAP {host} {cluster.ingress_address}", "--ignore-certificate-errors"]
    with browsers.running(flags=flags) as page:
        page.open(f"https://{host}/{namespace.name}/-/packages")
        page.submit({"username": secret["username"], "token": secret["password"]})
        page.follow(packages.EXAMPLE)
        shown = page.text()
    assert wheel.filename in shown
    assert wheel.sha256 in shown
    assert f"https://__token__:<your_token>@{host}/api/v4/projects/{namespace.name}/packages/pypi/simple" in shown
