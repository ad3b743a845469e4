"""What a request for one of GitLab's lists may say, and the cursors that lead through it."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from registry_service.domain.catalog import Package, Project, Release, Visibility
from registry_service.domain.listing import (
    Cursor,
    Entry,
    InvalidCursorError,
    Listed,
    Order,
    PackageStatus,
    Paging,
    cursor_after,
    part_of_name,
    read_cursor,
    statuses_shown_as,
    write_cursor,
)
from registry_service.domain.status import Status, StatusMarker

_PROJECT = Project(7, "team-a", Visibility.PRIVATE)
_BEGAN = datetime(2026, 11, 24, 10, 30, 0, 123456, tzinfo=UTC)
_RELEASE = Release(3, Package(1, NormalizedName("foo-bar")), "1.0+local", _BEGAN)
_ENTRY = Entry(_PROJECT, _RELEASE)


@pytest.mark.parametrize(
    ("total", "per_page", "pages"), [(0, 20, 1), (20, 20, 1), (21, 20, 2), (5, 1, 5), (None, 20, None)]
)
def test_a_list_of_nothing_has_one_page_and_one_that_is_not_counted_none(
    total: int | None, per_page: int, pages: int | None
) -> None:
    assert Listed((), Paging(1, per_page), has_more=False, total=total).pages == pages


@pytest.mark.parametrize(
    ("spelled", "part"),
    [
        ("", ""),
        ("foo", "foo"),
        ("My_Pack", "my-pack"),
        ("a.-_b", "a-b"),
        ("%", None),
        ("a b", None),
        ("a\0", None),
        ("ä", None),
        ("a" * 300, None),
    ],
)
def test_names_are_found_by_any_part_in_any_spelling(spelled: str, part: str | None) -> None:
    assert part_of_name(spelled) == part


@pytest.mark.parametrize(
    ("order", "value"),
    [
        (Order.CREATED_AT, "2026-11-24T10:30:00.123456+00:00"),
        (Order.NAME, "foo-bar"),
        (Order.VERSION, "1.0+local"),
        (Order.TYPE, "pypi"),
        (Order.PROJECT_PATH, "team-a"),
    ],
)
def test_a_cursor_says_what_a_page_ended_with(order: Order, value: str) -> None:
    cursor = cursor_after(_ENTRY, order)
    assert cursor == Cursor(value, 3)
    assert read_cursor(write_cursor(cursor, order), order) == cursor


@given(st.text(st.characters(exclude_categories=["C", "Z"])), st.integers(1, 2**63 - 1))
def test_a_cursor_comes_back_as_it_was_given(value: str, number: int) -> None:
    assert read_cursor(write_cursor(Cursor(value, number), Order.NAME), Order.NAME) == Cursor(value, number)


@pytest.mark.parametrize(
    ("whole", "own", "shown"),
    [
        (Status.ACTIVE, Status.ACTIVE, PackageStatus.DEFAULT),
        (Status.ACTIVE, Status.DEPRECATED, PackageStatus.DEPRECATED),
        (Status.DEPRECATED, Status.ACTIVE, PackageStatus.DEPRECATED),
        (Status.ARCHIVED, Status.DEPRECATED, PackageStatus.DEFAULT),
        (Status.QUARANTINED, Status.ACTIVE, PackageStatus.ERROR),
    ],
)
def test_a_status_is_shown_in_gitlabs_words(whole: Status, own: Status, shown: PackageStatus) -> None:
    package = Package(1, NormalizedName("foo"), marker=StatusMarker(own))
    entry = Entry(
        Project(7, "team-a", Visibility.PRIVATE, marker=StatusMarker(whole)), replace(_RELEASE, package=package)
    )
    assert entry.status is shown
    assert (whole, own) in statuses_shown_as(shown)


def test_every_pair_of_statuses_is_shown_as_one() -> None:
    pairs = [pair for shown in PackageStatus for pair in statuses_shown_as(shown)]
    assert sorted(pairs) == sorted(itertools.product(Status, repeat=2))


def _written(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "a",
        "é",
        "a" * 5000,
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"[" * 1400).decode(),
        _written("name"),
        _written({"id": 1}),
        _written({"name": "foo", "id": 1, "more": 1}),
        _written({"name": 1, "id": 1}),
        _written({"name": "foo", "id": "1"}),
        _written({"name": "foo", "id": True}),
        _written({"name": "foo", "id": 0}),
        _written({"name": "foo", "id": 2**63}),
        _written({"name": "a\0b", "id": 1}),
        write_cursor(Cursor("1.0", 1), Order.VERSION),
    ],
)
def test_nonsense_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidCursorError, match="not a cursor"):
        read_cursor(text, Order.NAME)


@pytest.mark.parametrize("value", ["yesterday", "2026-11-24T10:30:00", ""])
def test_a_time_must_be_one_with_a_zone(value: str) -> None:
    with pytest.raises(InvalidCursorError, match="not a cursor"):
        read_cursor(_written({"created_at": value, "id": 1}), Order.CREATED_AT)


@given(st.text())
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    try:
        cursor = read_cursor(text, Order.NAME)
    except InvalidCursorError:
        return
    assert cursor.id >= 1
