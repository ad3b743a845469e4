"""Every key of a RegistryToken's Secrets, against golden files and against the parsers that will read them."""

import configparser
import netrc
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from registry_service.contract import clients
from registry_service.contract.clients import Access

_GOLDEN = Path(__file__).parent / "golden"
_TLS = Access(
    base_url="https://internal--team-a.registry.example",
    project="team-a",
    username="__token__",
    password="pyr_p_0123456789abcdef_secret",
    mount_path="/var/run/secrets/registry",
    ca="-----BEGIN CERTIFICATE-----\n",
)
_PLAIN = Access(
    base_url="http://internal.team-a.svc:8080",
    project="team-a",
    username="ci+bot@example",
    password='p%ss:w/r"\\d',
    mount_path="/mnt",
)


@pytest.mark.parametrize(("access", "folder"), [(_TLS, "tls"), (_PLAIN, "plain")])
def test_each_key_is_as_its_golden_file(access: Access, folder: str) -> None:
    keys = clients.files(access) | {f"env.{name}": value for name, value in clients.environment(access).items()}
    stored = {path.name: path.read_text() for path in (_GOLDEN / folder).iterdir()}
    assert keys == stored


@pytest.mark.parametrize("access", [_TLS, _PLAIN])
def test_configuration_files_are_read_as_they_were_meant(access: Access) -> None:
    pip = configparser.RawConfigParser()
    pip.read_string(clients.pip_conf(access))
    url = urlsplit(pip["global"]["index-url"])
    assert (unquote(url.username or ""), unquote(url.password or "")) == (access.username, access.password)
    twine = configparser.RawConfigParser()
    twine.read_string(clients.pypirc(access))
    assert dict(twine["gitlab"])["password"] == access.password
    assert tomllib.loads(clients.uv_toml(access))["index"][0]["default"] is True
    assert tomllib.loads(clients.poetry_auth(access))["http-basic"]["gitlab"]["password"] == access.password
    assert tomllib.loads(clients.pdm_toml(access))["pypi"]["password"] == access.password
    assert tomllib.loads(clients.pdm_toml(access))["repository"]["gitlab"]["password"] == access.password
    assert tomllib.loads(clients.hatch_toml(access))["publish"]["index"]["repos"]["gitlab"]["auth"] == access.password


def test_netrc_is_read_as_it_was_meant(tmp_path: Path) -> None:
    path = tmp_path / ".netrc"
    path.write_text(clients.netrc(_TLS))
    assert netrc.netrc(str(path)).authenticators("internal--team-a.registry.example") == (
        "__token__",
        "",
        "pyr_p_0123456789abcdef_secret",
    )


def test_nothing_recommends_a_second_index() -> None:
    everything = [*clients.files(_TLS).values(), *clients.environment(_TLS)]
    assert not any("extra-index" in text.lower() or "EXTRA_INDEX" in text for text in everything)


def test_environment_keys_are_names_that_a_shell_takes() -> None:
    assert all(name.isidentifier() and name.isupper() for name in clients.environment(_TLS))


def test_a_base_url_without_a_host_gives_no_host() -> None:
    assert Access("nonsense", "p", "u", "p", "/mnt").host == ""
