"""Actions on workers: real ones, over real brokers, which do what they answer."""

from __future__ import annotations

from tests.support.applications import WORKERAPP
from tests.support.operated import ADA, Operated
from tests.support.waiting import wait_until
from umbel.clock import SystemClock
from umbel.services.cluster.inspection import Inspection
from umbel.services.control.types import ActionRequest
from umbel.services.control.worker_actions import LEAVES_SILENTLY

#: Options of a worker that takes no task from the others.
APART = ("-Q", "apart")


def processes(operated: Operated, worker: str | None = None) -> list[int]:
    """The process ids of the worker's pool."""
    found: list[int] = operated.asked("stats", worker)["pool"]["processes"]
    return found


def test_a_worker_answers_a_ping(operated: Operated) -> None:
    answer = operated.command("ping")

    assert (answer.outcome, answer.answer) == ("ok", "pong")


def test_a_pool_grows_and_shrinks(operated: Operated) -> None:
    before = len(processes(operated))

    grown = operated.command("pool_grow", n=2)
    wait_until(lambda: len(processes(operated)) == before + 2, what="a larger pool")
    shrunk = operated.command("pool_shrink", n=2)
    wait_until(lambda: len(processes(operated)) == before, what="the pool as it was")

    assert [(a.outcome, a.answer) for a in (grown, shrunk)] == [
        ("ok", "pool will grow"),
        ("ok", "pool will shrink"),
    ]


def test_a_rate_limit_is_kept_until_it_is_lifted(operated: Operated) -> None:
    name = f"{WORKERAPP}.add"

    limited = operated.command("rate_limit", name=name, rate="1/s")
    listed = operated.asked("registered")
    ids = [operated.send("add", number, 1) for number in range(3)]
    starts = sorted(operated.until(uuid, "SUCCESS").started or 0.0 for uuid in ids)
    lifted = operated.command("rate_limit", name=name, rate="0")

    assert [limited.outcome, lifted.outcome] == ["ok", "ok"]
    assert f"{name} [rate_limit=1/s]" in listed
    assert starts[2] - starts[0] > 1.5
    assert f"{name} [rate_limit=0]" in operated.asked("registered")


def test_a_worker_takes_time_limits_as_they_were_given(operated: Operated) -> None:
    name = f"{WORKERAPP}.oversleep"

    answer = operated.command("time_limit", name=name, soft=1.5, hard=60)

    told = f"New time limits for tasks of type {name}: soft=1.5 hard=60.0"
    assert (answer.outcome, answer.answer) == ("ok", "time limits set successfully")
    assert told in operated.worker.process.output()
    inspection = Inspection(operated.store, operated.cluster, SystemClock())
    names = inspection.registered_at(operated.worker.name).values[operated.worker.name]
    assert isinstance(names, list)
    assert f"{name} [soft_time_limit=1.5 time_limit=60.0]" in names

    operated.command("time_limit", name=name)
    wait_until(
        lambda: (
            f"New time limits for tasks of type {name}: soft=None hard=None"
            in operated.worker.process.output()
        ),
        what="the word of the worker that limits are lifted",
    )


def test_what_a_worker_refuses_is_told_in_its_own_words(operated: Operated) -> None:
    unknown = operated.do(
        "rate_limit", name="nobody.knows", rate="100/s", workers=[operated.worker.name]
    )
    scaled = operated.command("autoscale", min=1, max=2)
    restarted = operated.command("pool_restart")

    assert [(a.outcome, a.answer) for a in unknown.workers] == [("refused", "unknown task")]
    assert unknown.state == "failed"
    assert (scaled.outcome, restarted.outcome) == ("refused", "refused")
    assert "Autoscale not enabled" in (scaled.answer or "")
    assert "Pool restarts not enabled" in (restarted.answer or "")


def test_a_queue_is_consumed_until_it_no_longer_is(operated: Operated) -> None:
    added = operated.command("add_consumer", queue="side")
    uuid = operated.send("add", 1, 2, queue="side")
    operated.until(uuid, "SUCCESS")
    cancelled = operated.command("cancel_consumer", queue="side")

    assert [added.outcome, cancelled.outcome] == ["ok", "ok"]
    assert [queue["name"] for queue in operated.asked("active_queues")] == ["celery"]


def test_task_events_begin_and_end_and_come_again(operated: Operated) -> None:
    def run() -> str:
        uuid = operated.send("add", 1, 2, queue="apart")
        assert operated.results.wait(uuid, 20).state == "SUCCESS"
        return uuid

    with operated.another_worker(*APART, events=False) as worker:
        name = worker.name
        began = operated.command("enable_events", workers=[name])
        first = operated.until(run(), "SUCCESS")
        silenced = operated.command("disable_events", workers=[name])
        unseen = run()
        resumed = operated.command("enable_events", workers=[name])
        # Events come in order: when the last is seen, those before it would have been.
        last = operated.until(run(), "SUCCESS")

    found = operated.store.task(unseen)
    assert [a.answer for a in (began, silenced, resumed)] == [
        "task events enabled",
        "task events disabled",
        "task events enabled",
    ]
    assert (first.worker, last.worker) == (name, name)
    assert found is not None
    assert (found.received, found.started) == (None, None)


def test_a_worker_that_was_started_with_events_keeps_them(operated: Operated) -> None:
    plan = operated.control.plan(
        ActionRequest(action="disable_events", workers=[operated.worker.name]), ADA
    )
    answer = operated.command("disable_events")
    uuid = operated.send("add", 1, 2)

    assert "Celery keeps workers sending" in " ".join(plan.consequences)
    assert answer.answer == "task events already disabled"
    operated.until(uuid, "SUCCESS")


def test_autoscale_takes_new_bounds(operated: Operated) -> None:
    with operated.another_worker(*APART, "--autoscale=2,1") as worker:
        name = worker.name
        before = operated.asked("stats", name)["autoscaler"]
        scaled = operated.command("autoscale", min=3, max=4, workers=[name])
        shrunk = operated.command("pool_shrink", n=1, workers=[name])

        wait_until(lambda: len(processes(operated, name)) == 3, what="three processes")
        after = operated.asked("stats", name)["autoscaler"]

    assert (before["min"], before["max"]) == (1, 2)
    assert (scaled.outcome, scaled.answer) == ("ok", "autoscale now max=4 min=3")
    assert (after["min"], after["max"]) == (3, 4)
    assert shrunk.outcome == "refused"
    assert "not supported with autoscale" in (shrunk.answer or "")


def test_a_restarted_pool_has_new_processes_once_each_has_ended_a_task(
    operated: Operated,
) -> None:
    with operated.another_worker(*APART, "--", "worker.pool_restarts=true") as worker:
        name = worker.name
        before = set(processes(operated, name))
        answer = operated.command("pool_restart", workers=[name])
        # Two at once, for each process one.
        naps = [operated.send("nap", 1, queue="apart") for _ in before]
        for nap in naps:
            operated.until(nap, "SUCCESS")
        wait_until(lambda: not before & set(processes(operated, name)), what="new processes")
        after = operated.send("add", 1, 2, queue="apart")

        assert (answer.outcome, answer.answer) == ("ok", "reload started")
        assert operated.until(after, "SUCCESS").worker == name


def test_a_worker_that_is_shut_down_ends_and_then_nobody_answers(operated: Operated) -> None:
    with operated.another_worker(*APART) as worker:
        name = worker.name
        report = operated.do("shutdown", workers=[name])
        code = worker.process.wait()
        wait_until(lambda: operated.status(name) == "offline", what="the worker to be offline")
        plan = operated.control.plan(ActionRequest(action="ping", workers=[name]), ADA)
        silence = operated.command("ping", workers=[name])

    assert code == 0
    assert report.sentence == "Told 1 worker to shut down."
    assert [(a.outcome, a.answer) for a in report.workers] == [("unknown", LEAVES_SILENTLY)]
    assert f"Nothing is heard of {name} now" in plan.consequences[0]
    assert silence.outcome == "unknown"
    assert "No answer came" in (silence.answer or "")
    assert operated.status(operated.worker.name) == "online"
