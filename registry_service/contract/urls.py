"""Where things are in a registry: GitLab's paths (design section 5)."""

from urllib.parse import quote


def upload_path(project: str) -> str:
    """POST a distribution here; clients must not be redirected, so the form without a final slash is the one shown."""
    return f"/api/v4/projects/{project}/packages/pypi"


def index_path(project: str) -> str:
    """The project's Simple index, as a user configures it."""
    return f"{upload_path(project)}/simple"


def group_path(registry: str) -> str:
    """The base of the group index: all projects of a registry that the reader may read, as one index."""
    return f"/api/v4/groups/{registry}/-/packages/pypi"


def package_path(base: str, package: str) -> str:
    """One package's page of the Simple index; `base` is a project's upload path or the group's path."""
    return f"{base}/simple/{package}/"


def file_path(base: str, sha256: str, filename: str) -> str:
    """One file. `+` and `!` of local versions and epochs are escaped: some hops read a bare `+` as a space."""
    return f"{base}/files/{sha256}/{quote(filename, safe='')}"


def provenance_path(base: str, package: str, version: str, filename: str) -> str:
    """Where a file's attestations are (PEP 740), as the public index has it."""
    return f"{base}/integrity/{package}/{quote(version, safe='')}/{quote(filename, safe='')}/provenance"


def package_api_path(project_id: int, package_id: int) -> str:
    """One release in GitLab's packages API, which calls it a package."""
    return f"/api/v4/projects/{project_id}/packages/{package_id}"


def packages_page_path(project: str) -> str:
    """The "Packages & Registries" page of a project."""
    return f"/{project}/-/packages"


def package_page_path(project: str, package_id: int) -> str:
    """The page of one release of a package."""
    return f"{packages_page_path(project)}/{package_id}"


def tokens_page_path(project: str) -> str:
    """The page of a project's tokens."""
    return f"/{project}/-/tokens"
