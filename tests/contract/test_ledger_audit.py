"""The audit: who did what, newest first, never changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec

from umbel.store.ledger import AuditEntry, Intent, Ledger, Repeat


def entry(at: float, *, actor: str = "ada", action: str = "revoke", **more: object) -> AuditEntry:
    told = AuditEntry(
        at=at, actor=actor, address="10.0.0.1", via="api", action=action, target="3 tasks"
    )
    return msgspec.structs.replace(told, **more)


def test_an_empty_audit_has_one_empty_page(ledger: Ledger) -> None:
    page = ledger.audit()

    assert (page.items, page.next) == ((), None)


def test_a_line_comes_back_as_it_was_written_with_its_number(ledger: Ledger) -> None:
    line = entry(
        5.25,
        action_id="a1",
        query='name:"ü 日本 \x00"',
        count=3,
        outcome="done",
        answer="3 revoked",
        reason="poison since 14:00",
        tasks=("t1", "t2"),
    )

    number = ledger.record(line)

    assert ledger.audit().items == (msgspec.structs.replace(line, number=number),)


def test_pages_go_back_through_every_line_once(ledger: Ledger) -> None:
    numbers = [ledger.record(entry(float(n))) for n in range(7)]

    seen: list[int] = []
    page = ledger.audit(limit=3)
    while True:
        seen += [line.number for line in page.items]
        if page.next is None:
            break
        ledger.record(entry(100.0))
        page = ledger.audit(limit=3, before=page.next)

    assert seen == numbers[::-1]


def test_a_last_page_that_is_full_has_no_next(ledger: Ledger) -> None:
    for n in range(4):
        ledger.record(entry(float(n)))

    assert ledger.audit(limit=4).next is None
    assert ledger.audit(limit=3).next is not None


def test_lines_are_found_by_who_what_and_which_action(ledger: Ledger) -> None:
    ledger.record(entry(1.0, actor="ada", action="revoke", action_id="x"))
    ledger.record(entry(2.0, actor="bob", action="revoke"))
    ledger.record(entry(3.0, actor="ada", action="purge", action_id="y"))

    def times(**wanted: str) -> list[float]:
        return [line.at for line in ledger.audit(**wanted).items]  # type: ignore[arg-type]

    assert times(actor="ada") == [3.0, 1.0]
    assert times(action="revoke") == [2.0, 1.0]
    assert times(action_id="x") == [1.0]
    assert times(actor="ada", action="purge") == [3.0]
    assert times(actor="carol") == []


def test_lines_about_a_task_are_what_was_asked_of_it_what_repeats_it_and_what_sent_it(
    ledger: Ledger,
) -> None:
    ledger.record(entry(1.0, action="apply", tasks=("old",)))
    ledger.record(entry(2.0, action="retry", action_id="again"))
    ledger.record(entry(3.0, action_id="stop"))
    ledger.record(entry(4.0, action_id="of another"))
    ledger.record(entry(5.0, action="apply", tasks=("older",)))
    ledger.repeat([Repeat("new", "old", 2.0, "ada", "again")])
    ledger.intend([Intent(task_id="old", kind="revoke", at=3.0, actor="ada", action_id="stop")])

    def times(task_id: str) -> list[float]:
        return [line.at for line in ledger.audit(task_id=task_id).items]

    assert times("old") == [3.0, 2.0, 1.0]
    assert times("new") == [2.0]
    assert times('"%') == []
    assert [line.at for line in ledger.audit(task_id="old", limit=1, before=3).items] == [2.0]


def test_lines_written_at_once_by_many_threads_are_all_there(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda n: ledger.record(entry(float(n))), range(80)))

    assert len(set(numbers)) == 80
    assert sorted(line.at for line in ledger.audit(limit=100).items) == [
        float(n) for n in range(80)
    ]


def test_a_trimmed_line_never_gives_its_number_to_another(ledger: Ledger) -> None:
    numbers = [ledger.record(entry(float(n))) for n in range(3)]

    ledger.trim(10.0)

    assert ledger.audit().items == ()
    assert ledger.record(entry(11.0)) > max(numbers)
