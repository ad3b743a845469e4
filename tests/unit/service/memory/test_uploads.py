"""Uploads in progress: so many of a token, whatever becomes of them, and nothing is remembered of those that ended."""

import pytest

from registry_service.errors import BusyError
from registry_service.memory.uploads import UploadsInProgress


def test_one_too_many_is_refused_until_another_has_ended() -> None:
    uploads = UploadsInProgress(2)
    with uploads.one_more("a"):
        with uploads.one_more("a"), pytest.raises(BusyError, match="2 uploads of this token"), uploads.one_more("a"):
            pytest.fail("a third upload was let in")
        with uploads.one_more("a"), uploads.one_more("b"):
            pass
    assert not uploads._counts  # noqa: SLF001 - what it holds is the point


def test_an_upload_that_failed_has_ended() -> None:
    uploads = UploadsInProgress(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), uploads.one_more("a"):
            raise ZeroDivisionError
