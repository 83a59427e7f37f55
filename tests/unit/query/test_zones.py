"""Times in the zone in which people see them: days, and hours that come twice or never."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from umbel.query.ast import During
from umbel.query.canonical import canonical
from umbel.query.describe import describe
from umbel.query.parse import parse

BERLIN = ZoneInfo("Europe/Berlin")


def span(text: str) -> tuple[str | None, str | None]:
    """The ends in UTC."""
    node = parse(f"received:{text}", BERLIN)
    assert isinstance(node, During)
    ends = [None if end is None else end.absolute for end in (node.low, node.high)]
    low, high = [
        None if at is None else f"{datetime.fromtimestamp(at, UTC):%dT%H:%M:%S}" for at in ends
    ]
    return low, high


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-28", ("27T23:00:00", "28T23:00:00")),
        ("2026-11-28T10:30..", ("28T09:30:00", None)),
        ("2026-11-28T10:30", ("28T09:30:00", "28T09:31:00")),
        ("2026-11-27..2026-11-28", ("26T23:00:00", "28T23:00:00")),
        ("<=2026-11-28", (None, "28T23:00:00")),
    ],
)
def test_a_time_without_an_offset_is_in_the_zone(
    text: str, expected: tuple[str | None, str | None]
) -> None:
    assert span(text) == expected


def test_a_time_with_an_offset_is_where_it_says() -> None:
    assert span("2026-11-28T10:30Z..") == ("28T10:30:00", None)
    assert span("2026-11-28T10:30-05:00..") == ("28T15:30:00", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # 25 October: from 03:00 the clocks go back to 02:00.
        ("2026-10-25", ("24T22:00:00", "25T23:00:00")),
        ("2026-10-25T02:30..", ("25T00:30:00", None)),
        ("..2026-10-25T02:30", (None, "25T01:30:00")),
        ("2026-10-25T02:30", ("25T00:30:00", "25T01:31:00")),
        # 29 March: from 02:00 they go forward to 03:00.
        ("2026-03-29", ("28T23:00:00", "29T22:00:00")),
        ("2026-03-29T02:30", ("29T00:30:00", "29T01:31:00")),
    ],
)
def test_what_clocks_show_twice_or_never_begins_with_the_first_and_ends_with_the_last(
    text: str, expected: tuple[str | None, str | None]
) -> None:
    assert span(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("received:2026-11-28", "Tasks received on 2026-11-28 CET"),
        ("received:2026-10-25", "Tasks received on 2026-10-25 CEST"),
        (
            "received:2026-10-25T02:30",
            "Tasks received from 2026-10-25 02:30 CEST to 2026-10-25 02:31 CET",
        ),
    ],
)
def test_the_sentence_says_the_zone(text: str, sentence: str) -> None:
    assert describe(parse(text, BERLIN), BERLIN) == sentence


def test_a_zone_without_letters_is_told_by_its_offset() -> None:
    zone = ZoneInfo("America/Sao_Paulo")

    sentence = describe(parse("received:2026-11-28", zone), zone)

    assert sentence == "Tasks received on 2026-11-28 UTC-03"


def test_the_canonical_text_means_the_same_in_every_zone() -> None:
    node = parse("received:2026-11-28", BERLIN)

    assert parse(canonical(node), ZoneInfo("Asia/Tokyo")) == node
