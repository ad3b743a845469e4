"""GitLab's paths."""

from registry_service.contract import urls


def test_paths_are_gitlabs() -> None:
    assert urls.upload_path("team-a") == "/api/v4/projects/team-a/packages/pypi"
    assert urls.index_path("team-a") == "/api/v4/projects/team-a/packages/pypi/simple"
    assert urls.package_path("/base", "foo") == "/base/simple/foo/"
    assert urls.package_page_path("team-a", 7) == "/team-a/-/packages/7"
    assert urls.tokens_page_path("team-a") == "/team-a/-/tokens"


def test_a_file_name_is_escaped_so_that_a_plus_survives() -> None:
    assert urls.file_path("/base", "d", "a-1!2+c.whl") == "/base/files/d/a-1%212%2Bc.whl"


def test_the_group_has_gitlabs_path_and_provenance_the_public_indexs() -> None:
    assert urls.group_path("internal") == "/api/v4/groups/internal/-/packages/pypi"
    expected = "/base/integrity/foo/1%2Bl/foo-1%2Bl.tar.gz/provenance"
    assert urls.provenance_path("/base", "foo", "1+l", "foo-1+l.tar.gz") == expected
