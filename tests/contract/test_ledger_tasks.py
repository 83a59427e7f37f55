"""What was asked of single tasks, and which task repeats which."""

from __future__ import annotations

import msgspec
import pytest

from umbel.store.ledger import INTENDED_MAX, Intent, Ledger, Repeat


def intent(task_id: str, kind: str = "revoke", at: float = 1.0) -> Intent:
    return Intent(task_id=task_id, kind=kind, at=at, actor="ada", action_id="a1")


def test_what_was_asked_of_a_task_is_remembered(ledger: Ledger) -> None:
    ledger.intend([intent("t1"), intent("t2", "abort")])

    assert ledger.intents(["t1", "t2", "t3", "t1"]) == {
        "t1": intent("t1"),
        "t2": intent("t2", "abort"),
    }


def test_a_newer_word_replaces_an_older_one(ledger: Ledger) -> None:
    ledger.intend([intent("t1"), intent("t1", "terminate", at=2.0)])
    ledger.intend([intent("t1", "abort", at=3.0)])

    assert ledger.intents(["t1"])["t1"].kind == "abort"


def test_nothing_asked_is_no_work(ledger: Ledger) -> None:
    ledger.intend([])
    ledger.repeat([])

    assert ledger.intents([]) == {}
    assert ledger.repeats([]) == ()


def test_intents_of_thousands_of_tasks_are_found_at_once(ledger: Ledger) -> None:
    ids = [f"t{n}" for n in range(10_000)]
    ledger.intend(intent(each) for each in ids)

    assert set(ledger.intents(ids)) == set(ids)


def test_following_begins_at_the_present_even_when_nothing_was_ever_asked(ledger: Ledger) -> None:
    nothing, mark = ledger.intended_since(0)
    ledger.intend([intent("t1"), intent("t2")])

    ids, later = ledger.intended_since(mark)

    assert nothing == ()
    assert set(ids) == {"t1", "t2"}
    assert ledger.intended_since(later) == ((), later)
    assert ledger.intended_since(0) == ((), later)


def test_a_task_of_which_something_is_asked_again_is_told_again(ledger: Ledger) -> None:
    ledger.intend([intent("t1"), intent("t2")])
    _, mark = ledger.intended_since(0)

    ledger.intend([intent("t1", "terminate", at=2.0)])

    assert ledger.intended_since(mark)[0] == ("t1",)


def test_of_a_flood_of_intents_the_newest_are_told_and_the_mark_passes_all(ledger: Ledger) -> None:
    _, mark = ledger.intended_since(0)
    ledger.intend(intent(f"t{n}") for n in range(INTENDED_MAX + 500))

    ids, later = ledger.intended_since(mark)

    assert set(ids) == {f"t{n}" for n in range(500, INTENDED_MAX + 500)}
    assert ledger.intended_since(later) == ((), later)


def test_a_mark_from_the_future_is_answered_with_the_present_one(ledger: Ledger) -> None:
    ledger.intend([intent("t1")])
    _, present = ledger.intended_since(0)

    assert ledger.intended_since(present + 1_000) == ((), present)


def test_a_repetition_is_found_from_either_side(ledger: Ledger) -> None:
    first, second = Repeat("new1", "old", 1.0, "ada"), Repeat("new2", "new1", 2.0, "bob")
    ledger.repeat([second, first])

    assert ledger.repeats(["old"]) == (first,)
    assert ledger.repeats(["new1"]) == (first, second)
    assert ledger.repeats(["new1", "new2", "old"]) == (first, second)
    assert ledger.repeats(["other"]) == ()


def test_repetitions_are_listed_newest_first_and_by_their_action(ledger: Ledger) -> None:
    first, second = Repeat("n1", "a", 1.0, "ada", "x"), Repeat("n2", "b", 2.0, "bob", "y")
    before = Repeat("n0", "c", 0.5, "ada")
    ledger.repeat([second, first, before])

    assert ledger.repetitions(limit=10) == (second, first, before)
    assert ledger.repetitions(limit=1) == (second,)
    assert ledger.repetitions(action_id="x", limit=10) == (first,)
    assert ledger.repetitions(action_id="z", limit=10) == ()


def test_what_may_have_been_sent_is_settled_when_that_is_known(ledger: Ledger) -> None:
    sent, unsent, doubtful = (
        Repeat(f"new{old}", old, 1.0, "ada", "x", maybe=True) for old in ("a", "b", "c")
    )
    ledger.repeat([sent, unsent, doubtful])
    assert all(each.maybe is True for each in ledger.repeats(["a", "b", "c"]))

    ledger.repeat([Repeat("newa", "a", 2.0, "ada", "x")])
    ledger.unrepeat(["newb", "newz"])
    ledger.unrepeat([])

    assert ledger.repetitions(limit=10) == (Repeat("newa", "a", 2.0, "ada", "x"), doubtful)
    assert ledger.repeats(["b"]) == ()


def test_of_two_actions_one_gets_each_task(ledger: Ledger) -> None:
    """Of several tasks those that nobody sent again yet; with `since` those that no other action
    sent again after it."""
    ours, theirs = (
        [Repeat(f"{by}-{old}", old, 5.0, by, by, maybe=True) for old in olds]
        for by, olds in (("ada", ("a", "b")), ("bob", ("b", "c")))
    )

    assert ledger.claim([], since=None) == frozenset()
    assert ledger.claim(ours, since=None) == frozenset()
    assert ledger.claim(theirs, since=None) == {"b"}
    assert ledger.claim(theirs, since=4.0) == {"b"}
    assert ledger.claim([Repeat("ada-again", "a", 6.0, "ada", "ada")], since=4.0) == frozenset()
    assert ledger.claim(theirs[:1], since=5.0) == frozenset()
    assert {each.task_id for each in ledger.repetitions(limit=10)} == {
        *("ada-a", "ada-b", "bob-b", "bob-c", "ada-again")
    }


@pytest.mark.parametrize("strange", ["", "\x00", "'; DROP TABLE intent; --", "日本" * 200])
def test_any_text_is_an_id(ledger: Ledger, strange: str) -> None:
    ledger.intend([intent(strange)])
    ledger.repeat([Repeat(strange, "old", 1.0, "ada")])

    assert list(ledger.intents([strange])) == [strange]
    assert ledger.repeats(["old"])[0].task_id == strange


def test_trimming_forgets_what_is_old_and_keeps_the_rest(ledger: Ledger) -> None:
    ledger.intend(intent(f"old{n}", at=1.0) for n in range(12_000))
    ledger.intend([intent("young", at=50.0)])
    ledger.repeat([Repeat("a", "b", 1.0, "ada"), Repeat("c", "b", 50.0, "ada")])
    _, mark = ledger.intended_since(0)

    ledger.trim(10.0)

    assert set(ledger.intents(["old0", "old11999", "young"])) == {"young"}
    assert [each.task_id for each in ledger.repeats(["b"])] == ["c"]
    assert ledger.intended_since(mark) == ((), mark)
    ledger.intend([msgspec.structs.replace(intent("young"), at=60.0)])
    assert ledger.intended_since(mark)[0] == ("young",)
