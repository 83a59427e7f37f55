"""One case for each way in which a message can be odd."""

from __future__ import annotations

import json
from typing import Any

import pytest

from umbel.cluster.decode import FAULTS_MAX, FUTURE_MAX_S, SAMPLE_MAX, SAMPLED_MAX, decode, lenient
from umbel.cluster.events import LABEL_MAX, TEXT_MAX, UUID_MAX, Decoded, Event

NOW = 1_800_000_000.0


def event(**fields: Any) -> dict[str, Any]:
    base = {"type": "task-sent", "uuid": "u1", "hostname": "gen1@h", "timestamp": NOW - 1}
    return {**base, **fields}


def decoded(value: object) -> Decoded:
    return decode(json.dumps(value).encode(), NOW)


def only(value: object) -> Event:
    found = decoded(value)
    assert found.faults == []
    (one,) = found.events
    return one


def reasons(found: Decoded) -> list[str]:
    return [fault.reason for fault in found.faults]


def test_one_event_and_a_list_of_events_are_both_understood() -> None:
    assert only(event()).uuid == "u1"
    assert [e.uuid for e in decoded([event(), event(uuid="u2")]).events] == ["u1", "u2"]
    assert decoded([]).events == []


@pytest.mark.parametrize("body", [b"", b"{", b"not json", b"\x80\x02}q\x00.", b"[" * 50_000])
def test_a_body_that_is_not_json_is_one_fault(body: bytes) -> None:
    found = decode(body, NOW)

    assert found.events == []
    assert reasons(found) == ["not-json"]


@pytest.mark.parametrize("value", ["text", 5, None, True, 1.5])
def test_json_of_another_shape_is_one_fault(value: object) -> None:
    assert reasons(decoded(value)) == ["not-an-event"]


def test_one_bad_event_does_not_take_its_neighbours_along() -> None:
    found = decoded([event(uuid="a"), "bad", event(uuid="b", hostname=None), event(uuid="c")])

    assert [e.uuid for e in found.events] == ["a", "c"]
    assert reasons(found) == ["not-an-event", "no-hostname"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": None}, "no-type"),
        ({"type": 7}, "no-type"),
        ({"hostname": ""}, "no-hostname"),
        ({"uuid": None}, "no-uuid"),
        ({"uuid": ""}, "no-uuid"),
        ({"uuid": 12}, "odd-uuid"),
        ({"uuid": "u" * 10_000}, "odd-uuid"),
    ],
)
def test_what_an_event_must_have(fields: dict[str, Any], reason: str) -> None:
    assert reasons(decoded(event(**fields))) == [reason]


def test_the_longest_uuid_is_kept_whole() -> None:
    assert only(event(uuid="u" * UUID_MAX)).uuid == "u" * UUID_MAX


def test_numbers_as_text_are_numbers() -> None:
    found = only(event(timestamp="1799999999.5", pid="12", retries="3"))

    assert (found.timestamp, found.pid, found.retries) == (1_799_999_999.5, 12, 3)


def test_a_field_that_makes_no_sense_is_left_out() -> None:
    found = only(event(pid="many", retries=[], runtime="NaN", terminated="yes", loadavg="high"))

    assert found == only(event())


@pytest.mark.parametrize(
    "timestamp", [NOW + FUTURE_MAX_S + 1, 0, -1, 1e300, "soon", None, True, float("nan")]
)
def test_a_time_that_no_clock_can_have_meant_becomes_the_time_of_arrival(timestamp: Any) -> None:
    assert only(event(timestamp=timestamp)).timestamp == NOW


def test_a_clock_that_is_an_hour_ahead_is_believed() -> None:
    assert only(event(timestamp=NOW + 3_600)).timestamp == NOW + 3_600


def test_ten_megabytes_of_arguments_are_cut_and_say_so() -> None:
    args = only(event(args="x" * 10_000_000)).args

    assert args is not None
    assert len(args) == TEXT_MAX
    assert args.endswith("xxx… [cut by Umbel, 10,000,000 characters]")


@pytest.mark.parametrize("field", ["hostname", "name", "queue", "routing_key", "root_id"])
def test_an_over_long_name_is_cut(field: str) -> None:
    found = getattr(only(event(**{field: "n" * 10_000})), field)

    assert found == "n" * (LABEL_MAX - 1) + "…"


def test_nul_becomes_its_symbol() -> None:
    found = only(event(name="a\0b", args="('\0',)"))

    assert (found.name, found.args) == ("a␀b", "('␀',)")


def test_invalid_utf8_is_replaced_and_the_event_kept() -> None:
    body = json.dumps(event(name="MARK")).encode().replace(b"MARK", b"a\xffb")

    assert decode(body, NOW).events[0].name == "a�b"


def test_a_lone_surrogate_is_shown_as_its_escape_and_the_event_kept() -> None:
    assert only(event(name="a\ud800b")).name == "a\\ud800b"


def test_arguments_that_are_json_and_not_text_are_kept_as_json() -> None:
    assert only(event(args=[1, {"a": "é"}])).args == '[1, {"a": "é"}]'


def test_deep_nesting_inside_a_field_is_one_fault_and_keeps_the_neighbours() -> None:
    deep = "[" * 5_000 + "]" * 5_000
    good = json.dumps(event(uuid="good"))
    bad = json.dumps(event(args="MARK")).replace('"MARK"', deep)

    found = decode(f"[{good}, {bad}]".encode(), NOW)

    assert len(found.events) + len(found.faults) >= 1


def test_an_application_s_own_event_keeps_its_fields_as_detail() -> None:
    found = only(event(type="task-progress", step=3, note="½", utcoffset=0, pid=9))

    assert (found.type, found.pid) == ("task-progress", 9)
    assert json.loads(found.detail or "") == {"step": 3, "note": "½"}


def test_an_unknown_worker_event_needs_no_uuid() -> None:
    assert only({"type": "worker-custom", "hostname": "w@h", "timestamp": NOW}).uuid == ""


def test_unknown_fields_are_ignored() -> None:
    assert only(event(utcoffset=-5, novelty={"a": 1})) == only(event())


def test_a_value_decoded_by_another_serializer_is_judged_the_same() -> None:
    assert lenient([event()], NOW) == decoded([event()])
    assert reasons(lenient({1, 2}, NOW)) == ["not-an-event"]
    assert reasons(lenient(b"bytes", NOW)) == ["not-an-event"]


def test_a_sample_shows_the_beginning_of_what_came() -> None:
    (fault,) = decode(b"oops \xff \x00" + b"x" * 10_000, NOW).faults

    assert fault.sample.startswith("oops � ␀xxx")
    assert len(fault.sample) == SAMPLE_MAX + 1


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_a_number_of_sixty_four_bits_is_kept(number: int) -> None:
    assert only(event(clock=number)).clock == number


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 10**300])
def test_a_number_that_no_store_can_hold_is_left_out_and_the_event_kept(number: int) -> None:
    found = only(event(clock=number, pid=7))

    assert (found.clock, found.pid) == (None, 7)


@pytest.mark.parametrize("runtime", [1e300, -1e300, float("inf")])
def test_a_runtime_that_no_task_can_have_is_left_out(runtime: float) -> None:
    assert only(event(runtime=runtime)).runtime is None


def test_minus_nothing_is_nothing() -> None:
    assert str(only(event(runtime=-0.0)).runtime) == "0.0"


def test_a_load_average_of_many_numbers_keeps_the_first_three() -> None:
    found = only({**event(loadavg=[1.0] * 90_000), "type": "worker-heartbeat"})

    assert found.loadavg == (1.0, 1.0, 1.0)


GOOD = json.dumps(event(uuid="a")), json.dumps(event(uuid="c"))


@pytest.mark.parametrize(
    "bad",
    [
        '{"type": "task-sent", "args": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"type": "task-sent", "args": [1, 2}]',
        "{nonsense: [1, 2], 'x'}",
        '"\\u12"',
        "",
    ],
    ids=["deep", "brackets", "nonsense", "escape", "nothing"],
)
def test_an_event_that_no_reader_takes_does_not_take_its_neighbours_along(bad: str) -> None:
    found = decode(f"[{GOOD[0]}, {bad}, {GOOD[1]}]".encode(), NOW)

    assert [e.uuid for e in found.events] == ["a", "c"]
    assert reasons(found) == ["not-json"]


def test_of_a_list_that_is_cut_off_what_came_is_kept() -> None:
    found = decode(f'[{GOOD[0]}, {GOOD[1]}, {{"type": "task-s'.encode(), NOW)

    assert [e.uuid for e in found.events] == ["a", "c"]
    assert reasons(found) == ["not-json"]


def test_what_stands_behind_a_list_is_a_fault_and_the_list_is_kept() -> None:
    found = decode(f"[{GOOD[0]}, {GOOD[1]}]]] and more".encode(), NOW)

    assert [e.uuid for e in found.events] == ["a", "c"]
    assert reasons(found) == ["not-json"]


@pytest.mark.parametrize(
    "field", ['"pid": ' + "9" * 6_000, '"args": "\x01\x00"', '"args": NaN'], ids=repr
)
def test_what_only_a_strict_reader_refuses_is_kept(field: str) -> None:
    found = decode(f"[{GOOD[0]}, {GOOD[1][:-1]}, {field}}}]".encode(), NOW)

    assert [e.uuid for e in found.events] == ["a", "c"]
    assert found.faults == []


def test_a_byte_order_mark_is_no_fault() -> None:
    assert [e.uuid for e in decode(b"\xef\xbb\xbf" + GOOD[0].encode(), NOW).events] == ["a"]


def test_a_fault_can_be_stored_whatever_the_event_calls_itself() -> None:
    (fault,) = decode(b'{"type": "\\ud800\\u0000", "uuid": "u"}', NOW).faults

    assert fault.reason == "no-hostname"
    fault.message.encode()
    assert "\0" not in fault.message


def test_of_thousands_of_faults_in_one_message_few_are_kept_and_the_rest_is_given_up() -> None:
    found = decode(f"[{GOOD[0]},{'0,' * 50_000}{{}}]".encode(), NOW)

    assert [e.uuid for e in found.events] == ["a"]
    assert len(found.faults) == FAULTS_MAX + 1
    assert len({id(fault) for fault in found.faults}) == SAMPLED_MAX + 1
    assert found.faults[-1].reason == "too-much"
