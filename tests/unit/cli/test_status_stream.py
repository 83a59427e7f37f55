"""What `umbel status` says of the stream of events."""

from __future__ import annotations

import pytest

from umbel.cli.status import _stream
from umbel.store.base import StreamStatus


@pytest.mark.parametrize(
    ("behind", "is_whole", "line"),
    [
        (0, True, "stream umbel.events.stream: read to its end"),
        (1_200, True, "stream umbel.events.stream: 1,200 messages to be read"),
        (
            0,
            False,
            "stream umbel.events.stream: read to its end; not everybody who sends events writes it",
        ),
    ],
)
def test_it_says_how_far_the_stream_is_read_and_who_does_not_write_it(
    behind: int, is_whole: bool, line: str
) -> None:
    stream = StreamStatus(key="umbel.events.stream", behind=behind, is_whole=is_whole)

    assert _stream(stream) == [line]


def test_without_a_stream_it_says_nothing() -> None:
    assert _stream(None) == []
