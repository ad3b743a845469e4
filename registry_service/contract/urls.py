"""Where things are in a registry: GitLab's paths (design section 5)."""

from urllib.parse import quote


def upload_path(project: str) -> str:
    """POST a distribution here; clients must not be redirected, so the form without a final slash is the one shown."""
    return f"/api/v4/projects/{project}/packages/pypi"


def index_path(project: str) -> str:
    """The project's Simple index, as a user configures it."""
    return f"{upload_path(project)}/simple"


def package_path(project: str, package: str) -> str:
    """One package's page of the Simple index."""
    return f"{index_path(project)}/{package}/"


def file_path(project: str, sha256: str, filename: str) -> str:
    """One file. `+` and `!` of local versions and epochs are escaped: some hops read a bare `+` as a space."""
    return f"{upload_path(project)}/files/{sha256}/{quote(filename, safe='')}"


def package_api_path(project_id: int, package_id: int) -> str:
    """One release in GitLab's packages API, which calls it a package."""
    return f"/api/v4/projects/{project_id}/packages/{package_id}"


def packages_page_path(project: str) -> str:
    """The "Packages & Registries" page of a project."""
    return f"/{project}/-/packages"


def package_page_path(project: str, package_id: int) -> str:
    """The page of one release of a package."""
    return f"{packages_page_path(project)}/{package_id}"
