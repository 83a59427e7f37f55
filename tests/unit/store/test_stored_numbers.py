"""What stands in files is never given another meaning."""

from __future__ import annotations

import apsw

from tests.contract.stories import BASE, succeeded, uuid_of
from umbel.cluster.events import CUSTOM_RANK, RECONCILED_RANK, TASK_RANK
from umbel.cluster.facts import pack
from umbel.cluster.task import ENDED, FLAGS, STATES
from umbel.store.sqlite.files import body, stored_numbers
from umbel.store.sqlite.files.bloom_filter import hash_pair
from umbel.store.sqlite.files.id_runs import RUN_BITS
from umbel.store.sqlite.files.latency_histogram import LARGEST_S, RATIO, SMALLEST_S
from umbel.store.sqlite.files.migrations import migrate
from umbel.store.sqlite.files.stored_numbers import FLAG_BITS, STATE_IDS
from umbel.store.sqlite.files.zone_map import ZONE_BITS
from umbel.store.sqlite.search.position import Position
from umbel.store.sqlite.text.text_index import BLOCK_BITS

_COMPRESSED = (
    "0020e1550200540291a9dac0b1a0a867656e3731a46e616d65a973686f702e73656e64a46d61696ca46d61696c0d"
    "0011855218c216084c1431b040840b01d0e0c09bfc00ac1a70445520807b2f08c106"
)


def test_each_flag_has_its_bit() -> None:
    assert FLAG_BITS == {
        "redelivered": 1, "ran-again": 2, "partial": 4, "shortened": 8, "expired": 16,
        "terminated": 32, "args": 64, "kwargs": 128, "result": 256, "exception": 512,
        "traceback": 1024, "client": 2048, "exchange": 4096, "routing_key": 8192,
        "reconciled": 16384,
    }  # fmt: skip


def test_no_flag_of_a_task_is_without_a_bit() -> None:
    assert set(FLAGS) <= FLAG_BITS.keys()


def test_each_state_has_its_id_and_new_files_know_it() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection, "tasks")
    rows = connection.execute("SELECT text, id FROM value WHERE kind = 'state'").fetchall()

    assert STATE_IDS == {
        "PENDING": 1, "RECEIVED": 2, "STARTED": 3, "RETRY": 4, "REJECTED": 5, "REVOKED": 6,
        "FAILURE": 7, "SUCCESS": 8, "UNKNOWN": -1,
    }  # fmt: skip
    # UNKNOWN is added with the first batch: a file may be older than it is.
    assert {str(text): number for text, number in rows} | {"UNKNOWN": -1} == STATE_IDS
    assert set(STATES) == STATE_IDS.keys()


def test_states_that_have_ended_are_those_from_a_number_on() -> None:
    ended = {state for state, number in STATE_IDS.items() if number >= stored_numbers.ENDED_FROM}

    assert ended == set(ENDED)


def test_events_of_one_instant_are_kept_in_the_order_of_their_ranks() -> None:
    assert list(TASK_RANK.items()) == [
        ("task-sent", 0), ("task-received", 1), ("task-started", 2), ("task-retried", 3),
        ("task-rejected", 4), ("task-revoked", 5), ("task-failed", 6), ("task-succeeded", 7),
    ]  # fmt: skip
    assert CUSTOM_RANK == 8


def test_answers_have_one_rank_after_all_events() -> None:
    assert set(RECONCILED_RANK.values()) == {9}
    assert list(RECONCILED_RANK) == [
        "reconciled-received", "reconciled-started", "reconciled-retried", "reconciled-revoked",
        "reconciled-failed", "reconciled-succeeded", "reconciled-unknown",
    ]  # fmt: skip


def test_measures_of_roll_ups_have_their_numbers() -> None:
    numbers = stored_numbers
    assert numbers.MEASURES == {"seen": 0, "finished": 1, "started": 2}
    assert (numbers.ALL_NAMES, numbers.NO_NAME) == (0, -1)
    assert (RATIO, SMALLEST_S, LARGEST_S) == (1.1, 1e-5, 1e9)


def test_ids_are_cut_as_the_files_have_it() -> None:
    assert (RUN_BITS, ZONE_BITS, BLOCK_BITS) == (16, 10, 3)
    assert Position(2, 5).arrival == (2 << 32) + 5


def test_hashes_of_a_bloom_filter_are_those_of_its_file() -> None:
    assert hash_pair(bytes(range(16))) == (3469664904, 3001076083)


def test_a_body_that_was_compressed_once_is_read() -> None:
    sent = succeeded(uuid_of(1), BASE)[0]
    codec = body.BodyCodec()

    assert codec.decompress(bytes.fromhex(_COMPRESSED)) == pack((sent,))
