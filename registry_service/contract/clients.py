"""Ready client configuration: one function per key of a RegistryToken's Secrets.

The mounted Secret (`<name>`) holds files and plain values; `<name>-env` holds environment variables only, for
`envFrom`. `--extra-index-url` appears nowhere: it lets an outsider's package win over a private one.
"""

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
        return None if self.ca is None else f"{self.mount_path}/{CA_KEY}"

    @property
    def plain_http(self) -> bool:
        """Whether clients must be told to accept a connection without TLS."""
        return self.base_url.startswith("http://")


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
    }
    return keys if access.ca is None else {**keys, CA_KEY: access.ca}


def environment(access: Access) -> dict[str, str]:
    """Every key of the Secret for `envFrom`."""
    keys = {
        "PIP_INDEX_URL": access.index_url_with_credential,
        "TWINE_USERNAME": access.username,
        "TWINE_PASSWORD": access.password,
        "TWINE_REPOSITORY_URL": access.upload_url,
        "UV_DEFAULT_INDEX": access.index_url_with_credential,
        "UV_PUBLISH_URL": access.upload_url,
        "UV_PUBLISH_USERNAME": access.username,
        "UV_PUBLISH_PASSWORD": access.password,
    }
    if access.plain_http:
        keys |= {"PIP_TRUSTED_HOST": _netloc(access), "UV_INSECURE_HOST": _netloc(access)}
    if access.ca_file is not None:
        keys |= {"PIP_CERT": access.ca_file, "TWINE_CERT": access.ca_file, "SSL_CERT_FILE": access.ca_file}
    return keys


def pip_conf(access: Access) -> str:
    """pip's configuration file, for PIP_CONFIG_FILE. `%` is doubled: pip reads it with interpolation."""
    lines = ["[global]", f"index-url = {access.index_url_with_credential.replace('%', '%%')}"]
    lines += [f"trusted-host = {_netloc(access)}"] if access.plain_http else []
    lines += [f"cert = {access.ca_file}"] if access.ca_file else []
    return "\n".join(lines) + "\n"


def pypirc(access: Access) -> str:
    """twine's `.pypirc`; the section is called `gitlab`, as in GitLab's documentation."""
    lines = [
        "[distutils]",
        "index-servers =",
        "    gitlab",
        "",
        "[gitlab]",
        f"repository = {access.upload_url}",
        f"username = {access.username}",
        f"password = {access.password}",
    ]
    lines += [f"ca_cert = {access.ca_file}"] if access.ca_file else []
    return "\n".join(lines) + "\n"


def netrc(access: Access) -> str:
    """A `.netrc` for curl, pip and uv, for NETRC."""
    return f"machine {access.host}\nlogin {access.username}\npassword {access.password}\n"


def uv_toml(access: Access) -> str:
    """uv's configuration file, for UV_CONFIG_FILE."""
    lines = [f'publish-url = "{access.upload_url}"']
    lines += [f'allow-insecure-host = ["{_netloc(access)}"]'] if access.plain_http else []
    lines += ["", "[[index]]", f'name = "{access.project}"']
    lines += [f'url = "{access.index_url_with_credential}"', "default = true"]
    return "\n".join(lines) + "\n"


def _netloc(access: Access) -> str:
    return urlsplit(access.base_url).netloc
