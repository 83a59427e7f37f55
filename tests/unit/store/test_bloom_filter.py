"""A Bloom filter never denies an id that was added."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.stories import uuid_of
from umbel.store.sqlite.files.bloom_filter import BloomFilter, BloomFilterFile, hash_pair, load
from umbel.store.sqlite.files.row import id_text, id_value

ids = st.one_of(st.uuids().map(str), st.text(min_size=1, max_size=20).filter(str.isprintable))


@given(st.lists(ids, max_size=50))
def test_every_id_that_was_added_passes(added: list[str]) -> None:
    bloom_filter = BloomFilter(100)
    for uuid in added:
        bloom_filter.add(hash_pair(id_value(uuid)))

    assert all(bloom_filter.may_hold(hash_pair(id_value(uuid))) for uuid in added)


@given(ids)
def test_an_id_comes_back_from_its_stored_form(uuid: str) -> None:
    assert id_text(id_value(uuid)) == uuid


def test_few_ids_slip_through() -> None:
    bloom_filter = BloomFilter(2_000)
    for number in range(2_000):
        bloom_filter.add(hash_pair(id_value(uuid_of(number))))

    slipped = sum(
        bloom_filter.may_hold(hash_pair(id_value(uuid_of(n)))) for n in range(10_000, 20_000)
    )

    assert slipped < 200


def test_a_file_gives_the_bloom_filter_again(tmp_path: Path) -> None:
    bloom_filter = BloomFilter(1_000)
    bloom_filter.add(hash_pair(b"x" * 16))
    bloom_filter.upto = 7
    bloom_filter.save(tmp_path / "sieve")

    loaded = load(tmp_path / "sieve", 1_000)

    assert (loaded.bits, loaded.upto) == (bloom_filter.bits, 7)


def test_a_missing_damaged_or_other_file_gives_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "sieve"
    bloom_filter = BloomFilter(1_000)
    bloom_filter.upto = 7
    bloom_filter.save(path)

    assert load(tmp_path / "none", 1_000).upto == 0
    assert load(path, 100).upto == 0
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    assert load(path, 1_000).upto == 0
    path.write_bytes(b"short")
    assert load(path, 1_000).upto == 0


def test_a_file_answers_as_the_bloom_filter_does(tmp_path: Path) -> None:
    bloom_filter = BloomFilter(2_000)
    for number in range(1_000):
        bloom_filter.add(hash_pair(id_value(uuid_of(number))))
    bloom_filter.upto = 1_000
    bloom_filter.save(tmp_path / "sieve")

    read = BloomFilterFile(tmp_path / "sieve")

    assert read.upto == 1_000
    for number in range(3_000):
        hashes = hash_pair(id_value(uuid_of(number)))
        assert read.may_hold(hashes) == bloom_filter.may_hold(hashes)


@pytest.mark.parametrize("damage", ["cut", "empty", "changed", "gone"])
def test_a_damaged_file_is_not_asked(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "sieve"
    BloomFilter(1_000).save(path)
    content = path.read_bytes()
    path.write_bytes(
        {"cut": content[:-1], "empty": b"", "changed": content[:-1] + b"x"}.get(damage, b"")
    )
    if damage == "gone":
        path.unlink()

    with pytest.raises((OSError, ValueError)):
        BloomFilterFile(path)
