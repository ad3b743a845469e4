"""If-None-Match, Range and If-Range."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_service.rendering.conditional import ByteRange, UnsatisfiableRangeError, is_unchanged, select_range

_ETAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [
        (None, False),
        (_ETAG, True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        ("*", True),
        ('"x"', False),
        ("abc", False),
    ],
)
def test_a_client_that_has_the_page_is_told_so(header: str | None, unchanged: bool) -> None:
    assert is_unchanged(header, _ETAG) is unchanged


@pytest.mark.parametrize(
    ("header", "if_range", "selected"),
    [
        (None, None, None),
        ("bytes=0-3", None, ByteRange(0, 4)),
        ("bytes=4-", None, ByteRange(4, 10)),
        ("bytes=0-99", None, ByteRange(0, 10)),
        ("bytes=-4", None, ByteRange(6, 10)),
        ("bytes=-99", None, ByteRange(0, 10)),
        ("bytes=0-3", _ETAG, ByteRange(0, 4)),
        ("bytes=0-3", '"old"', None),
        ("bytes=0-3", 'W/"abc"', None),
        ("bytes=5-3", None, None),
        ("bytes=-", None, None),
        ("bytes=0-1,3-4", None, None),
        ("lines=0-3", None, None),
        ("bytes=x-y", None, None),
        ("bytes=-" + "9" * 19, None, None),
    ],
)
def test_one_range_is_served_and_anything_odd_is_the_whole(
    header: str | None, if_range: str | None, selected: ByteRange | None
) -> None:
    assert select_range(header, if_range, etag=_ETAG, size=10) == selected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_beyond_the_end_is_unsatisfiable(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        select_range(header, None, etag=_ETAG, size=10)


@given(st.text(), st.integers(min_value=1, max_value=1000))
def test_a_selected_range_lies_inside(header: str, size: int) -> None:
    try:
        selected = select_range(f"bytes={header}", None, etag=_ETAG, size=size)
    except UnsatisfiableRangeError:
        return
    assert selected is None or 0 <= selected.start < selected.stop <= size
