"""Status markers (PEP 792)."""

import pytest

from registry_service.domain.status import ACTIVE, Status, StatusMarker, strictest


@pytest.mark.parametrize(
    ("status", "accepts_uploads", "offers_files"),
    [
        (Status.ACTIVE, True, True),
        (Status.DEPRECATED, True, True),
        (Status.ARCHIVED, False, True),
        (Status.QUARANTINED, False, False),
    ],
)
def test_a_status_means_what_the_specification_says(status: Status, accepts_uploads: bool, offers_files: bool) -> None:
    marker = StatusMarker(status)
    assert (marker.accepts_uploads, marker.offers_files) == (accepts_uploads, offers_files)


def test_the_stricter_of_project_and_package_counts_and_the_package_explains_itself() -> None:
    archived, quarantined = StatusMarker(Status.ARCHIVED, "old"), StatusMarker(Status.QUARANTINED, "bad")
    assert strictest(ACTIVE, archived) is archived
    assert strictest(quarantined, archived) is quarantined
    assert strictest(StatusMarker(Status.ARCHIVED, "whole project"), archived) is archived
