"""GitLab's paths."""

from registry_service.contract import urls


def test_paths_are_gitlabs() -> None:
    assert urls.upload_path("team-a") == "/api/v4/projects/team-a/packages/pypi"
    assert urls.index_path("team-a") == "/api/v4/projects/team-a/packages/pypi/simple"
    assert urls.package_path("team-a", "foo") == "/api/v4/projects/team-a/packages/pypi/simple/foo/"
    assert urls.package_page_path("team-a", 7) == "/team-a/-/packages/7"


def test_a_file_name_is_escaped_so_that_a_plus_survives() -> None:
    assert urls.file_path("p", "d", "a-1!2+c.whl") == "/api/v4/projects/p/packages/pypi/files/d/a-1%212%2Bc.whl"
