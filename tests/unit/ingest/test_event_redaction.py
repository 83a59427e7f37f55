"""What `[redact]` hides is gone from events before they reach the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from umbel.cluster.decode import sample
from umbel.cluster.events import Decoded, Event, Fault, LogLine, LogLines
from umbel.cluster.task import Task
from umbel.redact.rules import Redactor, RedactRules
from umbel.services.ingest.event_redaction import EventRedactor
from umbel.store.memory import MemoryStore

NOW = 1_790_000_000.0


def event(kind: str, uuid: str = "u1", **fields: Any) -> Event:
    return Event(type=kind, timestamp=NOW, hostname="celery@a", uuid=uuid, **fields)


def none_stored(_: Iterable[str]) -> Mapping[str, Task]:
    return {}


def redacted(rules: RedactRules, *events: Event, find: Any = none_stored) -> list[Event]:
    return EventRedactor(Redactor(rules), find).redacted(Decoded([*events], [])).events


def test_secrets_are_hidden_in_each_text_of_an_event() -> None:
    text = "{'password': 'hunter2'}"
    events = redacted(
        RedactRules(),
        event("task-sent", name="proj.a", args=f"({text},)", kwargs=text),
        event("task-succeeded", result=text),
        event("task-failed", exception=f"ValueError({text})", traceback=f"Error: {text}"),
        event("task-progress", detail='{"token": "hunter2"}'),
        event("task-started"),
    )

    assert "hunter2" not in repr(events)
    assert repr(events).count("<hidden>") == 6


def test_a_text_without_a_secret_says_nothing_of_the_same_text_as_json() -> None:
    text = '{"p\\u0061ssword": "hunter2"}'
    _, found = redacted(
        RedactRules(),
        event("task-sent", name="a", result=text),
        event("task-received", name="a", kwargs_json=text),
    )

    assert "hunter2" not in str(found.kwargs_json)


def test_complete_arguments_are_hidden_by_key_position_and_name_as_the_others_are() -> None:
    secret = {"args_json": '["a", "hunter2"]', "kwargs_json": '{"deep": [{"k": "hunter2"}]}'}
    by_key = redacted(
        RedactRules(),
        event("task-received", name="a", args_json='["a", {"password": "hunter2\\"3"}]'),
        event("task-received", name="a", kwargs_json='{"api_key": "hunter2", "n": 1}'),
    )
    by_position = redacted(
        RedactRules(positions={"proj.pay": (1,)}),
        event("task-received", name="proj.pay", args_json=secret["args_json"]),
    )
    by_name = redacted(
        RedactRules(arguments=("proj.login",)), event("task-received", name="proj.login", **secret)
    )

    assert "hunter2" not in repr([by_key, by_position, by_name])
    assert by_key[1].kwargs_json == '{"api_key": "<hidden>", "n": 1}'
    assert by_position[0].args_json == '["a", "<hidden>"]'


def test_complete_arguments_that_are_no_json_are_hidden_as_a_whole() -> None:
    (found,) = redacted(RedactRules(), event("task-received", name="a", args_json='["hunter2'))

    assert found.args_json == "<hidden>"


def test_complete_arguments_without_a_secret_stay_as_they_were_sent() -> None:
    text = '[1,   "\\u00e9", 1.50]'
    (found,) = redacted(RedactRules(), event("task-received", name="a", args_json=text))

    assert found.args_json == text


def test_ends_are_hidden_by_the_name_under_which_the_task_was_sent() -> None:
    rules = RedactRules(results=("proj.export",), exceptions=("proj.login",))
    events = redacted(
        rules,
        event("task-sent", "a", name="proj.export"),
        event("task-received", "b", name="proj.login"),
        event("task-received", "c", name="proj.other"),
        event("task-succeeded", "a", result="1"),
        event("task-failed", "b", exception="E(1)", traceback="t"),
        event("task-succeeded", "c", result="3"),
    )

    assert [each.result for each in events if each.result] == ["<hidden>", "3"]
    assert (events[4].exception, events[4].traceback) == ("<hidden>", "<hidden>")


def test_a_task_that_a_worker_knows_by_another_name_is_hidden_by_both() -> None:
    events = redacted(
        RedactRules(arguments=("proj.export",), results=("proj.export",)),
        event("task-sent", name="proj.export", args="(1,)"),
        event("task-received", name="a shadow", args="(1,)"),
        event("task-succeeded", result="1"),
    )

    assert [each.args or each.result for each in events] == ["<hidden>"] * 3


def test_names_of_older_tasks_are_found_in_the_store() -> None:
    store = MemoryStore()
    store.apply([event("task-sent", "a", name="proj.export"), event("task-sent", "b", name="p.b")])
    events = redacted(
        RedactRules(results=("proj.export",)),
        event("task-succeeded", "a", result="1"),
        event("task-succeeded", "b", result="2"),
        find=store.tasks,
    )

    assert [each.result for each in events] == ["<hidden>", "2"]


def test_a_name_by_which_a_task_was_sent_is_found_when_it_is_received_after_a_restart() -> None:
    store = MemoryStore()
    store.apply([event("task-sent", name="proj.export")])
    events = redacted(
        RedactRules(arguments=("proj.export",), results=("proj.export",)),
        event("task-received", name="a shadow", args="(1,)"),
        event("task-succeeded", result="1"),
        find=store.tasks,
    )

    assert [each.args or each.result for each in events] == ["<hidden>"] * 2


def test_where_senders_tell_nothing_tasks_are_not_looked_up_for_ever() -> None:
    found: list[str] = []

    def find(ids: Iterable[str]) -> Mapping[str, Task]:
        found.extend(ids)
        return {}

    redactor = EventRedactor(Redactor(RedactRules(results=("proj.a",))), find)
    received = [event("task-received", str(number), name="proj.b") for number in range(5_000)]
    redactor.redacted(Decoded([*received], []))
    assert len(found) == 2_000

    redactor.redacted(Decoded([event("task-sent", "s", name="proj.b")], []))
    redactor.redacted(Decoded([event("task-received", "t", name="proj.b")], []))
    assert found[-1] == "t"


def test_errors_are_hidden_by_what_they_repeat_of_other_tasks() -> None:
    events = redacted(
        RedactRules(exceptions=("proj.login",), arguments=("proj.pay",)),
        event("task-received", "a", name="proj.body"),
        event("task-received", "b", name="proj.pay"),
        event("task-failed", "a", exception="ChordError('Dependency x raised E(1)')"),
        event("task-failed", "b", exception='E("Can\'t retry proj.pay[b] args:(7,) kwargs:{}")'),
    )

    assert events[2].exception == "<hidden>"
    assert events[3].exception == "E(\"Can't retry proj.pay[b] args:<hidden>"


def test_an_end_whose_task_nobody_knows_is_hidden_if_any_may_be() -> None:
    end = event("task-succeeded", "unknown", result="1")

    assert redacted(RedactRules(results=("proj.export",)), end)[0].result == "<hidden>"
    assert redacted(RedactRules(), end)[0].result == "1"


def test_samples_of_what_cannot_be_read_hold_no_secret() -> None:
    fault = Fault("not-json", "It is not JSON: {'token': 'hunter2'}.", '{"token": "hunter2"')
    for rules in (RedactRules(), RedactRules(arguments=("proj.a",))):
        found = EventRedactor(Redactor(rules), none_stored).redacted(Decoded([], [fault])).faults

        assert "hunter2" not in repr(found)


def test_nothing_is_changed_where_nothing_is_to_be_hidden() -> None:
    sent = event("task-sent", name="proj.a", kwargs="{'password': 'x'}")

    assert redacted(RedactRules(keys=()), sent) == [sent]


def test_samples_of_binary_bodies_are_hidden() -> None:
    bodies = (b"\x82\xa8password\xa7hunter2", b"\x00password\x00hunter2")
    faults = [Fault("not-msgpack", "It is cut off.", sample(body)) for body in bodies]
    redactor = EventRedactor(Redactor(RedactRules()), none_stored)

    assert "hunter2" not in repr(redactor.redacted(Decoded([], faults)).faults)


def logged(*texts: str, uuid: str = "u1") -> Event:
    lines = tuple(LogLine(NOW, 20, "shop", text) for text in texts)
    return event("log-lines", uuid, log_lines=LogLines(NOW, 1, len(texts), 0, lines))


def log_texts(events: list[Event]) -> list[str]:
    return [line.text for each in events if each.log_lines for line in each.log_lines.lines]


def test_lines_of_a_log_have_no_secrets_and_no_commands_for_terminals() -> None:
    coloured = logged("password=\x1b[31mhunter2\x1b[0m", "\x1b]0;title\x07plain \x9b1mbold\x07")

    assert log_texts(redacted(RedactRules(), coloured)) == [
        "password=<hidden>",
        "plain bold\N{SYMBOL FOR BELL}",
    ]
    assert log_texts(redacted(RedactRules(keys=()), coloured))[0] == "password=hunter2"


def test_lines_of_a_log_that_come_with_arguments_have_no_secrets_either() -> None:
    line = LogLine(NOW, 20, "proj", "password: hunter2")
    both = event("log-lines", args="(1,)", log_lines=LogLines(NOW, 1, 1, 0, (line,)))

    (found,) = redacted(RedactRules(), both)

    assert found.args == "(1,)"
    assert found.log_lines is not None
    assert found.log_lines.lines[0].text == "password: <hidden>"


def test_lines_of_a_task_of_which_something_is_hidden_by_name_are_hidden() -> None:
    events = redacted(
        RedactRules(arguments=("proj.login",)),
        event("task-received", "a", name="proj.login"),
        event("task-received", "b", name="proj.other"),
        logged("for ann", uuid="a"),
        logged("order 7", uuid="b"),
        logged("of a task that nobody knows", uuid="c"),
    )

    assert log_texts(events) == ["<hidden>", "order 7", "<hidden>"]
