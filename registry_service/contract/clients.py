"""Ready client configuration: one function per file of a RegistryToken's Secret, and per client's variables.

The mounted Secret (`<name>`) holds files and plain values, and each file begins with the setting that points its
client to it; `<name>-env` holds environment variables only, for `envFrom`. Where a client has names for indexes, ours
is `gitlab`, as in GitLab's documentation. `--extra-index-url` appears nowhere: it lets an outsider's package win over a
private one. With a private issuer both rely on `ca.crt`, which no client takes but as a file: the Secret must be
mounted for the variables too, at the same folder.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from registry_service.contract import urls

ENV_SUFFIX: Final = "-env"
CA_KEY: Final = "ca.crt"


@dataclass(frozen=True, slots=True)
class Access:
    """One credential for one project of one registry.

    `base_url` has no path and no final slash; `ca` is PEM when the registry's certificate has a private issuer;
    `mount_path` is the folder at which pods mount the Secret; `group` is the registry's name when the index is to be
    that of all projects that the credential may read.
    """

    base_url: str
    project: str
    username: str
    password: str
    mount_path: str
    ca: str | None = None
    group: str | None = None

    @property
    def upload_url(self) -> str:
        """Where twine and its peers publish."""
        return self.base_url + urls.upload_path(self.project)

    @property
    def index_url(self) -> str:
        """The index without a credential in it."""
        if self.group is not None:
            return f"{self.base_url}{urls.group_path(self.group)}/simple"
        return self.base_url + urls.index_path(self.project)

    @property
    def index_url_with_credential(self) -> str:
        """The index with user and password: what pip, uv and their peers take as one value."""
        scheme, rest = self.index_url.split("://", 1)
        return f"{scheme}://{quote(self.username, safe='')}:{quote(self.password, safe='')}@{rest}"

    @property
    def host(self) -> str:
        """The host name without a port."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def ca_file(self) -> str | None:
        """Where a pod finds the private issuer's certificate."""
        return None if self.ca is None else self.mounted(CA_KEY)

    @property
    def plain_http(self) -> bool:
        """Whether clients must be told to accept a connection without TLS."""
        return self.base_url.startswith("http://")

    def mounted(self, key: str) -> str:
        """Where a pod finds a key of the mounted Secret."""
        return f"{self.mount_path}/{key}"


def files(access: Access) -> dict[str, str]:
    """Every key of the Secret that is mounted."""
    keys = {
        "username": access.username,
        "password": access.password,
        "index-url": access.index_url_with_credential,
        "upload-url": access.upload_url,
        "pip.conf": pip_conf(access),
        ".pypirc": pypirc(access),
        ".netrc": netrc(access),
        "uv.toml": uv_toml(access),
        "config.toml": poetry_config(access),
        "auth.toml": poetry_auth(access),
        "pdm.toml": pdm_toml(access),
        "hatch.toml": hatch_toml(access),
    }
    return keys if access.ca is None else {**keys, CA_KEY: access.ca}


def environment(access: Access) -> dict[str, str]:
    """Every key of the Secret for `envFrom`: each is one client's own, but for two that name a private issuer.

    uv knows no other than SSL_CERT_FILE, flit no other than REQUESTS_CA_BUNDLE (pdm reads by either): these replace the
    public authorities for every program of the container.
    """
    return {
        **pip_variables(access),
        **uv_variables(access),
        **twine_variables(access),
        **poetry_variables(access),
        **pdm_variables(access),
        **hatch_variables(access),
        **flit_variables(access),
    }


def pip_conf(access: Access) -> str:
    """pip's configuration file (pip, "Configuration"), read without interpolation: `%` stands for itself.

    hatch and flit install by pip, and so by this file.
    """
    lines = [f"# PIP_CONFIG_FILE={access.mounted('pip.conf')}", "[global]"]
    lines += [f"index-url = {access.index_url_with_credential}"]
    lines += [f"trusted-host = {_netloc(access)}"] if access.plain_http else []
    lines += [f"cert = {access.ca_file}"] if access.ca_file else []
    return "\n".join(lines) + "\n"


def pypirc(access: Access) -> str:
    """`.pypirc` for twine and flit (PyPA, "The .pypirc file"; flit, "Uploading packages")."""
    path = access.mounted(".pypirc")
    lines = [
        f"# twine upload --config-file {path} --repository gitlab",
        f"# flit publish --pypirc {path} --repository gitlab",
    ]
    lines += [f"# flit: REQUESTS_CA_BUNDLE={access.ca_file}"] if access.ca_file else []
    lines += ["[distutils]", "index-servers =", "    gitlab", "", "[gitlab]"]
    lines += [f"repository = {access.upload_url}", f"username = {access.username}", f"password = {access.password}"]
    lines += [f"ca_cert = {access.ca_file}"] if access.ca_file else []
    return "\n".join(lines) + "\n"


def netrc(access: Access) -> str:
    """A `.netrc` for curl, pip and uv, for NETRC."""
    return f"machine {access.host}\nlogin {access.username}\npassword {access.password}\n"


def uv_toml(access: Access) -> str:
    """uv's configuration file (uv, "Configuration files"), which has no word for an issuer.

    It publishes by the index's name, and looks first whether a file is there. A credential in `publish-url` would be
    sent as it stands, without decoding what a URL must quote; that key is there so that nothing goes elsewhere.
    """
    issuer = f" SSL_CERT_FILE={access.ca_file}" if access.ca_file else ""
    lines = [f"# UV_CONFIG_FILE={access.mounted('uv.toml')}{issuer}", "# uv publish --index gitlab"]
    lines += [f"publish-url = {json.dumps(access.upload_url)}"]
    lines += [f"allow-insecure-host = [{json.dumps(_netloc(access))}]"] if access.plain_http else []
    index = {"name": "gitlab", "url": access.index_url_with_credential, "publish-url": access.upload_url}
    return "\n".join([*lines, "", _toml("[index]", {**index, "default": True})])


def poetry_config(access: Access) -> str:
    """poetry's `config.toml`, to publish (poetry, "Configuration", "Repositories").

    What it reads, it reads from sources of the project; the credential and the issuer of one called `gitlab` are here
    and in `auth.toml`.
    """
    lines = (
        f"# POETRY_CONFIG_DIR={access.mount_path}\n# poetry publish --repository gitlab\n# pyproject.toml, to install: "
    )
    lines += f'[[tool.poetry.source]] name = "gitlab", url = "{access.index_url}/", priority = "primary"\n'
    lines += _toml("repositories.gitlab", {"url": access.upload_url})
    return lines + (_toml("certificates.gitlab", {"cert": access.ca_file}) if access.ca_file else "")


def poetry_auth(access: Access) -> str:
    """poetry's `auth.toml`, beside `config.toml` (poetry, "Repositories": configuring credentials)."""
    return _toml("http-basic.gitlab", {"username": access.username, "password": access.password})


def pdm_toml(access: Access) -> str:
    """pdm's configuration file (pdm, "Configuration"): the default index, and a repository to publish to."""
    who = {"username": access.username, "password": access.password, "ca_certs": access.ca_file}
    lines = f"# PDM_CONFIG_FILE={access.mounted('pdm.toml')}\n# pdm publish --repository gitlab\n"
    lines += _toml("pypi", {"url": access.index_url, "verify_ssl": False if access.plain_http else None, **who})
    return lines + _toml("repository.gitlab", {"url": access.upload_url, **who})


def hatch_toml(access: Access) -> str:
    """hatch's configuration file (hatch, "Publishing"), where its own index is the default one."""
    who = {"user": access.username, "auth": access.password, "ca-cert": access.ca_file}
    lines = f"# HATCH_CONFIG={access.mounted('hatch.toml')}, and pip.conf to install\n" + _toml(
        "publish.index", {"repo": "gitlab"}
    )
    return lines + _toml("publish.index.repos.gitlab", {"url": access.upload_url, **who})


def pip_variables(access: Access) -> dict[str, str]:
    """pip's options (pip, "Configuration": environment variables); hatch and flit install by pip."""
    keys = {"PIP_INDEX_URL": access.index_url_with_credential}
    keys |= {"PIP_TRUSTED_HOST": _netloc(access)} if access.plain_http else {}
    return _with_issuer(access, keys, "PIP_CERT")


def uv_variables(access: Access) -> dict[str, str]:
    """uv's settings (uv, "Environment variables"); the issuer's name is OpenSSL's."""
    keys = {
        "UV_DEFAULT_INDEX": access.index_url_with_credential,
        "UV_PUBLISH_URL": access.upload_url,
        "UV_PUBLISH_USERNAME": access.username,
        "UV_PUBLISH_PASSWORD": access.password,
    }
    keys |= {"UV_INSECURE_HOST": _netloc(access)} if access.plain_http else {}
    return _with_issuer(access, keys, "SSL_CERT_FILE")


def twine_variables(access: Access) -> dict[str, str]:
    """twine's settings (twine, "Environment variables")."""
    keys = {
        "TWINE_REPOSITORY_URL": access.upload_url,
        "TWINE_USERNAME": access.username,
        "TWINE_PASSWORD": access.password,
    }
    return _with_issuer(access, keys, "TWINE_CERT")


def poetry_variables(access: Access) -> dict[str, str]:
    """poetry's settings (poetry, "Configuration": environment variables), as in `config.toml` and `auth.toml`."""
    keys = {
        "POETRY_REPOSITORIES_GITLAB_URL": access.upload_url,
        "POETRY_HTTP_BASIC_GITLAB_USERNAME": access.username,
        "POETRY_HTTP_BASIC_GITLAB_PASSWORD": access.password,
    }
    return _with_issuer(access, keys, "POETRY_CERTIFICATES_GITLAB_CERT")


def pdm_variables(access: Access) -> dict[str, str]:
    """pdm's settings (pdm, "Configuration", "publish"); plain HTTP is refused unless nothing is to be verified."""
    keys = {
        "PDM_PYPI_URL": access.index_url,
        "PDM_PYPI_USERNAME": access.username,
        "PDM_PYPI_PASSWORD": access.password,
        "PDM_PUBLISH_REPO": access.upload_url,
        "PDM_PUBLISH_USERNAME": access.username,
        "PDM_PUBLISH_PASSWORD": access.password,
    }
    keys |= {"PDM_PYPI_VERIFY_SSL": "false"} if access.plain_http else {}
    return _with_issuer(access, keys, "PDM_PUBLISH_CA_CERTS")


def hatch_variables(access: Access) -> dict[str, str]:
    """hatch's settings for publishing (hatch, "Publishing")."""
    keys = {
        "HATCH_INDEX_REPO": access.upload_url,
        "HATCH_INDEX_USER": access.username,
        "HATCH_INDEX_AUTH": access.password,
    }
    return _with_issuer(access, keys, "HATCH_INDEX_CA_CERT")


def flit_variables(access: Access) -> dict[str, str]:
    """flit's settings (flit, "Environment variables"); the issuer is that of its HTTP library, requests."""
    keys = {
        "FLIT_INDEX_URL": access.upload_url,
        "FLIT_USERNAME": access.username,
        "FLIT_PASSWORD": access.password,
    }
    return _with_issuer(access, keys, "REQUESTS_CA_BUNDLE")


def _with_issuer(access: Access, keys: dict[str, str], name: str) -> dict[str, str]:
    return {**keys, name: access.ca_file} if access.ca_file else keys


def _toml(table: str, values: Mapping[str, str | bool | None]) -> str:
    """A table; what is None is left out. JSON writes the strings that TOML reads, for they are printable ASCII."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
    return "\n".join([f"[{table}]", *lines]) + "\n"


def _netloc(access: Access) -> str:
    return urlsplit(access.base_url).netloc
