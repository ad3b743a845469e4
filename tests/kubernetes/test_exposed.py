"""A registry behind an Ingress and one below a Gateway, as clients outside the cluster see them: TLS, size, slowness.

The Gateway's registry is the example's; its listener has another issuer than the cluster's Ingresses. A cluster of your
own needs a controller for either, with a Gateway at the same address, that gives a request more than a minute.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.cluster.certificates import Authority
from tests.cluster.commands import CommandFailedError
from tests.demo.outside import Outside
from tests.kubernetes.conftest import MakeNamespace
from tests.outcomes import issue_7
from tests.support import slow_client
from tests.support.gateway import Gateway
from tests.support.installation import Installation
from tests.support.kubernetes import REGISTRY, TOKEN, Namespace
from tests.support.packages import EXAMPLE, MIB, Distribution, wheel, wheel_of_size
from tests.support.resources import registry, token

pytestmark = [pytest.mark.cluster, pytest.mark.outcome(issue_7.EXPOSED)]

NAME: Final = "packages"
WAYS: Final = ("Ingress", "Gateway")
# A local version: its `+` is a space to who decodes an address wrongly.
LOCAL: Final = "1.0+lan.1"
LIMIT: Final = 50 * MIB
# A minute is what many a proxy gives to a request unless it is told otherwise.
UPLOAD_SECONDS: Final = 65
DOWNLOAD_SECONDS: Final = 20
NORMAL_SECONDS: Final = 5
SLOWLY_PUBLISHED: Final = wheel("2.0", padding=2 * MIB)
# More than all buffers on its way can hold: the registry itself has to wait for who reads it.
SLOWLY_FETCHED: Final = wheel("3.0", padding=40 * MIB)
_SLOW_CLIENT: Final = Path(slow_client.__file__)
Printed = dict[str, Any]  # Any: what a slow client printed as JSON


@dataclass(frozen=True, slots=True)
class Exposed:
    """A registry that is exposed in one way, its namespace, and a client outside with a token for it."""

    way: str
    namespace: Namespace
    outside: Outside

    @property
    def secret(self) -> dict[str, str]:
        """The token's Secret."""
        return self.namespace.secret("ci")


@dataclass(frozen=True, slots=True)
class Slowness:
    """What became of the slow clients of a registry, and how many seconds each request of another one took."""

    published: Printed
    fetched: Printed
    answered: tuple[float, ...]


@pytest.fixture(scope="module")
def all_exposed(
    installation: Installation, make_module_namespace: MakeNamespace, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Exposed]:
    """One of each, which become ready side by side."""
    made = {
        way: Exposed(way, make_module_namespace("exposed"), Outside(installation.cluster, tmp_path_factory.mktemp(way)))
        for way in WAYS
    }
    platform = make_module_namespace("gateways")
    # A domain of its own: Traefik shows a listener's certificate for every host that it is for, an Ingress's too.
    domain = f"{platform.name}.{installation.cluster.base_domain}"
    gateway = Gateway(platform, domain, Authority(tmp_path_factory.mktemp("issuer"), datetime.now(UTC)))
    gateway.start()
    made["Ingress"].namespace.apply(registry(NAME), token("ci", NAME))
    made["Gateway"].namespace.apply(*gateway.registry(), token("ci", NAME))
    for one in made.values():
        one.namespace.wait_for_condition(REGISTRY, NAME, "Ready")
        one.namespace.wait_for_condition(TOKEN, "ci", "Ready", seconds=60)
    return made


@pytest.fixture(scope="module", params=WAYS)
def exposed(request: pytest.FixtureRequest, all_exposed: dict[str, Exposed]) -> Exposed:
    """The registry that is exposed in this way."""
    return all_exposed[request.param]


@pytest.fixture(scope="module")
def large(exposed: Exposed) -> Distribution:
    """A wheel of exactly the default limit, published with twine."""
    made = wheel_of_size(LIMIT)
    exposed.outside.upload(exposed.secret, [made.write_to(exposed.outside.home)])
    return made


@pytest.fixture(scope="module")
def slowness(all_exposed: dict[str, Exposed]) -> dict[str, Slowness]:
    """What slow clients and another one see, all ways at once: it takes more than a minute."""
    with ThreadPoolExecutor() as threads:
        seen = {way: threads.submit(watch_slow_clients, exposed) for way, exposed in all_exposed.items()}
    return {way: one.result() for way, one in seen.items()}


def test_the_registry_says_that_it_is_exposed(exposed: Exposed) -> None:
    body = exposed.namespace.wait_for_condition(REGISTRY, NAME, "Exposed", seconds=30)
    assert body["status"]["url"] == f"https://{urlsplit(exposed.secret['index-url']).hostname}"
    (route,) = exposed.namespace.find("ingresses,httproutes")
    said = [one for parent in route["status"].get("parents", []) for one in parent["conditions"]]
    accepted = [one["status"] for one in said if one["type"] == "Accepted"]
    assert (route["kind"], accepted) == {"Ingress": ("Ingress", []), "Gateway": ("HTTPRoute", ["True"])}[exposed.way]


def test_twine_publishes_and_pip_installs(exposed: Exposed) -> None:
    exposed.outside.upload(exposed.secret, [wheel(LOCAL).write_to(exposed.outside.home)])
    assert f"{EXAMPLE}-{LOCAL}" in exposed.outside.install(exposed.secret, f"{EXAMPLE}=={LOCAL}")
    assert exposed.outside.say_hello() == "Hello from MyPyPiPackage\n"


def test_another_issuer_is_not_trusted(exposed: Exposed, all_exposed: dict[str, Exposed]) -> None:
    (other,) = (one for one in all_exposed.values() if one is not exposed)
    wrong = exposed.secret | {"ca.crt": other.secret["ca.crt"]}
    with pytest.raises(CommandFailedError, match="CERTIFICATE_VERIFY_FAILED"):
        exposed.outside.status(wrong)


def test_a_file_of_the_limit_comes_back_as_it_went(exposed: Exposed, large: Distribution) -> None:
    folder = exposed.outside.download(exposed.secret, f"{EXAMPLE}==0.0.1")
    fetched = (folder / large.filename).read_bytes()
    assert len(fetched) == LIMIT
    assert hashlib.sha256(fetched).hexdigest() == large.sha256


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT + 10 * MIB])
def test_a_larger_file_is_refused_in_gitlabs_words(exposed: Exposed, size: int) -> None:
    file = wheel_of_size(size).write_to(exposed.outside.home)
    with pytest.raises(CommandFailedError, match="400 Bad request - File is too large"):
        exposed.outside.upload(exposed.secret, [file], "--verbose")


def test_slow_clients_succeed_and_hold_up_nobody(exposed: Exposed, slowness: dict[str, Slowness]) -> None:
    seen = slowness[exposed.way]
    assert seen.published["status"] == 201, seen.published
    assert seen.published["seconds"] >= UPLOAD_SECONDS
    assert seen.fetched["sha256"] == SLOWLY_FETCHED.sha256
    assert seen.fetched["seconds"] >= DOWNLOAD_SECONDS
    assert len(seen.answered) >= UPLOAD_SECONDS / NORMAL_SECONDS
    assert max(seen.answered) < NORMAL_SECONDS
    assert f"{EXAMPLE}-2.0" in exposed.outside.install(exposed.secret, f"{EXAMPLE}==2.0")


def watch_slow_clients(exposed: Exposed) -> Slowness:
    """Run a client that publishes slowly, one that fetches slowly, and one that asks again and again meanwhile."""
    secret, home = exposed.secret, exposed.outside.home
    exposed.outside.upload(secret, [SLOWLY_FETCHED.write_to(home)])
    credential = urlsplit(secret["index-url"]).netloc
    upload_url = urlsplit(secret["upload-url"])._replace(netloc=credential).geturl()
    page, path = f"{secret['index-url']}/{EXAMPLE}/", str(SLOWLY_PUBLISHED.write_to(home))
    with ThreadPoolExecutor() as threads:
        publishing = threads.submit(run_slowly, exposed, "publish", UPLOAD_SECONDS, upload_url, path)
        fetching = threads.submit(run_slowly, exposed, "fetch", DOWNLOAD_SECONDS, page, SLOWLY_FETCHED.filename)
        answered = tuple(seconds_of_requests(exposed, publishing, fetching))
    return Slowness(publishing.result(), fetching.result(), answered)


def run_slowly(exposed: Exposed, verb: str, seconds: int, url: str, file: str) -> Printed:
    return dict(json.loads(exposed.outside.script(exposed.secret, _SLOW_CLIENT, verb, str(seconds), url, file)))


def seconds_of_requests(exposed: Exposed, *slow: Future[Printed]) -> Iterator[float]:
    """How long each request of another client takes, its program's start included, while a slow one is under way."""
    secret = exposed.secret
    while not all(one.done() for one in slow):
        start = time.monotonic()
        assert exposed.outside.status(secret) == 200
        yield time.monotonic() - start
