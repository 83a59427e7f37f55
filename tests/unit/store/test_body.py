"""Bodies come back as they were, whatever dictionary they were written with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.stories import BASE, failed, succeeded, uuid_of
from umbel.cluster.facts import join, pack
from umbel.store.sqlite.files.body import BodyCodec, train


def bodies(count: int) -> list[bytes]:
    return [
        pack(join((), (failed if number % 3 else succeeded)(uuid_of(number), BASE + number)))
        for number in range(count)
    ]


@given(st.binary(min_size=1, max_size=5_000))
def test_any_bytes_come_back(packed: bytes) -> None:
    codec = BodyCodec()

    assert codec.decompress(codec.compress([packed])[0]) == packed


def test_what_an_older_dictionary_wrote_stays_readable() -> None:
    codec = BodyCodec()
    packed = bodies(1)[0]
    before = codec.compress([packed])[0]
    dictionary = train(bodies(500))
    assert dictionary is not None

    codec.add_dictionary(1, dictionary)

    assert codec.decompress(before) == packed
    assert codec.decompress(codec.compress([packed])[0]) == packed


def test_a_trained_dictionary_makes_bodies_smaller() -> None:
    codec = BodyCodec()
    packed = bodies(1_000)[-1]
    before = codec.compress([packed])[0]
    dictionary = train(bodies(500))
    assert dictionary is not None

    codec.add_dictionary(1, dictionary)

    assert len(codec.compress([packed])[0]) < len(before) < len(packed)


def test_bodies_without_anything_in_common_give_no_dictionary() -> None:
    assert train([b"a"]) is None


def test_a_dictionary_that_came_since_is_asked_for_when_a_body_needs_it() -> None:
    dictionary = train(bodies(500))
    assert dictionary is not None
    trained: list[tuple[int, bytes]] = []
    reader, writer = BodyCodec(lambda: trained, lazy=True), BodyCodec()
    writer.add_dictionary(2, dictionary)
    packed = bodies(1)[0]
    body = writer.compress([packed])[0]

    with pytest.raises(KeyError):
        reader.decompress(body)
    trained.append((2, dictionary))

    assert reader.decompress(body) == packed
