"""What became of times at which an entry was due."""

from __future__ import annotations

from typing import Any

import pytest

from umbel.beat.base import Crontab, Entry, Interval, Schedule
from umbel.redact.rules import USUAL
from umbel.services.schedule.judgement import TickJudgement, judged, tolerance_s
from umbel.services.schedule.reasons import Surroundings
from umbel.services.schedule.runs import EntryRun, divided, senders
from umbel.services.schedule.ticks import next_runs

#: 2026-01-05, a Monday, 00:00 UTC.
DAY = 1_767_571_200.0
HOUR = 3_600.0
HOURLY = Crontab("0")


def entry(schedule: Schedule = HOURLY, **more: Any) -> Entry:
    return Entry(name="e", task="t", schedule=schedule, source="application", **more)


def run(at: float, wait_s: float = 0.1, took_s: float = 1.0, **more: Any) -> EntryRun:
    """A task that was sent so many seconds after the day began, and succeeded."""
    begun = DAY + at + wait_s
    given: dict[str, Any] = {
        "state": "SUCCESS", "started": begun, "finished": begun + took_s, "runtime": took_s,
        "queue": "reports", "is_sent": True,
    }  # fmt: skip
    return EntryRun(uuid=f"at {at}", at=DAY + at, **(given | more))


def judge(
    runs: list[EntryRun], until: float, schedule: Schedule = HOURLY, **around: Any
) -> TickJudgement:
    """What became of the times of an hourly entry since the day began, and so many seconds."""
    heard = around.pop("heard", [each.at for each in runs])
    about = Surroundings(since=DAY - 1.0, now=DAY + until, heard=heard, **around)
    every = schedule.every_s if isinstance(schedule, Interval) else HOUR
    return judged(entry(schedule), runs, about, every)


def verdicts(found: TickJudgement) -> list[str]:
    return [tick.verdict for tick in found.ticks]


def test_runs_in_time_are_on_time() -> None:
    found = judge([run(0), run(HOUR, wait_s=3), run(2 * HOUR)], until=2 * HOUR + 10)

    assert verdicts(found) == ["on-time"] * 3
    assert found.ticks[1].late_s == pytest.approx(3.0)
    assert [tick.reason for tick in found.ticks] == [""] * 3


def test_a_time_for_which_nothing_came_was_missed_and_beat_was_silent() -> None:
    found = judge([run(0), run(3 * HOUR)], until=3 * HOUR + 10)

    assert verdicts(found) == ["on-time", "missed", "missed", "on-time"]
    assert found.ticks[1].reason == "Beat sent nothing from 00:00 to 03:00."
    after = judge([run(0)], until=HOUR + 120)
    assert after.ticks[-1].reason == "Beat silent since 00:00."


def test_a_time_that_has_just_come_is_not_missed_yet() -> None:
    assert verdicts(judge([run(0)], until=HOUR + 30)) == ["on-time"]
    assert verdicts(judge([run(0)], until=HOUR + 90)) == ["on-time", "missed"]


def test_what_was_missed_while_nobody_saw_is_not_known() -> None:
    blind = ((DAY + HOUR - 5, DAY + HOUR + 5),)

    found = judge([run(0), run(2 * HOUR)], until=2 * HOUR + 10, gaps=blind)

    assert verdicts(found) == ["on-time", "unknown", "on-time"]
    assert found.ticks[1].reason == "Umbel saw no events from 00:59 to 01:00."


def test_a_beat_that_sent_others_is_not_silent() -> None:
    found = judge([run(0)], until=HOUR + 120, heard=[DAY, DAY + HOUR + 1])

    assert found.ticks[-1].reason == "Beat sent other entries at that time, and not this one."


def test_a_run_that_was_sent_late_is_beats_and_one_that_waited_its_queues() -> None:
    late = judge([run(0), run(HOUR + 600)], until=2 * HOUR - 1)
    waited = judge([run(0), run(HOUR, wait_s=240)], until=2 * HOUR - 1)
    alone = judge([run(0), run(HOUR, wait_s=240)], until=2 * HOUR - 1, unconsumed=lambda *_: True)

    assert verdicts(late) == verdicts(waited) == ["on-time", "late"]
    assert "Beat sent it 10 min late: it sent nothing from 00:00" in late.ticks[1].reason
    assert waited.ticks[1].reason == "Beat sent it in time, and it waited 4 min in reports."
    assert alone.ticks[1].reason.endswith("in reports, which had no consumer.")


def test_a_task_that_nobody_takes_waits_and_one_that_expired_was_missed() -> None:
    nobody: dict[str, Any] = {"started": None, "finished": None, "runtime": None}
    waits = run(HOUR, state="PENDING", **nobody)
    expired = run(HOUR, state="REVOKED", expired=True, **nobody)

    waiting = judge([run(0), waits], until=HOUR + 600, unconsumed=lambda *_: True)
    missed = judge([run(0), expired], until=HOUR + 600)

    by_ann = {"reports": "paused by ann since 28 Nov, 12:03 UTC"}
    paused = judge([run(0), waits], until=HOUR + 600, unconsumed=lambda *_: True, paused=by_ann)
    assert paused.ticks[1].reason == (
        "Beat sent it 10 min ago, and it waits in reports: "
        "reports is paused by ann since 28 Nov, 12:03 UTC."
    )
    assert verdicts(waiting) == ["on-time", "waiting"]
    assert waiting.ticks[1].reason == (
        "Beat sent it 10 min ago, and it waits in reports: reports has no consumer."
    )
    assert verdicts(missed) == ["on-time", "missed"]
    assert "expired or was revoked in reports" in missed.ticks[1].reason


def test_a_run_that_a_worker_has_taken_no_longer_waits_in_its_queue() -> None:
    taken = run(
        HOUR, state="RECEIVED", taken_by="reports-1@shop", started=None, finished=None, runtime=None
    )

    found = judge([run(0), taken], until=HOUR + 600)

    assert verdicts(found) == ["on-time", "waiting"]
    assert found.ticks[1].reason == (
        "Beat sent it 10 min ago, and reports-1@shop has taken it and not begun it: "
        "see what this worker runs."
    )


def test_two_beats_send_each_time_twice() -> None:
    runs = [run(0, client="gen1@a"), run(1, client="gen2@b")]

    found = judge(runs, until=60)

    assert found.ticks[0].doubled == 1
    assert found.ticks[0].reason == "Sent 2 times, by gen1@a and gen2@b: more than one beat runs."


def test_a_run_that_begins_before_the_last_has_ended_overlaps() -> None:
    found = judge([run(0, took_s=HOUR + 30), run(HOUR)], until=HOUR + 10)

    assert [tick.overlaps for tick in found.ticks] == [False, True]


def test_an_interval_is_reckoned_from_run_to_run() -> None:
    every = Interval(600.0)

    found = judge([run(7), run(608), run(2_409)], until=2_500, schedule=every)

    assert [tick.due - DAY for tick in found.ticks] == [7, 607, 1_208, 1_808, 2_408]
    assert verdicts(found) == ["on-time", "on-time", "missed", "missed", "on-time"]
    assert verdicts(judge([run(0)], until=1_300, schedule=every)) == ["on-time", "missed", "missed"]


def test_a_long_silence_of_a_short_interval_is_bounded() -> None:
    found = judge([run(0)], until=30 * 86_400, schedule=Interval(1.0))

    assert len(found.ticks) == 60
    assert set(verdicts(found)) == {"missed"}


def test_a_disabled_entry_misses_nothing() -> None:
    about = Surroundings(since=DAY - 1, now=DAY + 5 * HOUR)

    found = judged(entry(enabled=False), [run(0)], about, HOUR)

    assert verdicts(found) == ["on-time"]


def test_an_entry_misses_nothing_before_it_was_made_or_changed() -> None:
    made = judge([], until=5 * HOUR + 120, changed=DAY + 4 * HOUR + 60)
    moved = judge([run(HOUR / 2), run(1.5 * HOUR), run(4 * HOUR)], until=4 * HOUR + 60,
                  changed=DAY + 3.5 * HOUR)  # fmt: skip

    assert [(tick.due, tick.verdict) for tick in made.ticks] == [(DAY + 5 * HOUR, "missed")]
    assert [(tick.due - DAY, tick.verdict) for tick in moved.ticks] == [
        (HOUR / 2, "on-time"), (1.5 * HOUR, "on-time"), (4 * HOUR, "on-time"),
    ]  # fmt: skip


def test_another_interval_makes_no_holes_and_no_doubles_of_the_runs_before() -> None:
    hourly = [run(hour * HOUR) for hour in range(3)]
    shorter = judge([*hourly, run(2.1 * HOUR)], until=2.1 * HOUR + 200, schedule=Interval(600.0),
                    changed=DAY + 2.05 * HOUR)  # fmt: skip
    often = [run(each * 10) for each in range(6)]
    longer = judge(often, until=HOUR, schedule=Interval(7_200.0), changed=DAY + 55)

    assert verdicts(shorter) == ["on-time"] * 4
    assert (verdicts(longer), [tick.doubled for tick in longer.ticks]) == (["on-time"] * 6, [0] * 6)


def test_an_interval_that_never_ran_is_due_so_long_after_it_was_made() -> None:
    found = judge([], until=1_300, schedule=Interval(600.0), changed=DAY)

    assert [tick.due - DAY for tick in found.ticks] == [600.0, 1_200.0]
    made = entry(Interval(600.0), since=1_000.0)
    assert [each.at for each in next_runs(made, 1_100.0, None, 1)] == [1_600.0]
    starts = entry(Interval(600.0), since=1_000.0, starts=5_000.0, ends=5_700.0)
    assert [each.at for each in next_runs(starts, 1_100.0, None, 9)] == [5_000.0, 5_600.0]
    assert next_runs(starts, 9_000.0, 5_600.0, 9) == ()


def test_without_sent_events_nobody_says_that_beat_was_silent() -> None:
    found = judge([run(0, is_sent=False)], until=HOUR + 120, tells_sent=False)

    assert "sent events are off" in found.ticks[-1].reason


def test_how_late_is_late_goes_with_the_period() -> None:
    assert (tolerance_s(10.0), tolerance_s(120.0), tolerance_s(86_400.0)) == (5.0, 12.0, 60.0)


def test_entries_of_one_task_are_told_apart_by_arguments_and_queue() -> None:
    one = entry(args=(1,))
    two = Entry(name="two", task="t", schedule=HOURLY, source="application", args=(2,))
    same = Entry(name="same", task="t", schedule=HOURLY, source="application", args=(2,))
    runs = [run(0, args="[1]", kwargs="{}"), run(1, args="(2,)", kwargs="{}"), run(2)]

    found, alike = divided([one, two, same], runs, USUAL)

    assert [each.uuid for each in found["e"]] == ["at 0", "at 2"]
    assert [each.uuid for each in found["two"]] == ["at 1", "at 2"]
    assert alike == {"two", "same"}


def test_tasks_with_other_arguments_are_not_of_the_only_entry_that_sends_them() -> None:
    mine, others = run(0, args="[1]", kwargs="{}"), run(1, args="(9,)", kwargs="{}")

    found, _ = divided([entry(args=(1,))], [mine, others], USUAL)
    untold, _ = divided([entry(args=(3,))], [others], USUAL)

    assert found["e"] == [mine]
    assert untold["e"] == [others]


def test_clients_that_send_at_other_times_are_no_beats() -> None:
    due = [DAY + hour * HOUR for hour in range(6)]
    runs = [run(hour * HOUR, client="gen1@beat") for hour in range(5)]
    runs += [run(600 + 100 * each, client="gen2@web") for each in range(5)]

    assert senders([(due, runs, 60.0)]) == {"gen2@web"}
