"""What plans say before anything is done."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.contract.stories import BASE, begun, failed, succeeded, uuid_of
from tests.support.memory_cluster import MemoryCluster, MemoryResults, MemoryWorker
from tests.unit.control.scene import (
    EU,
    FAILED,
    REVOKED,
    RUNNING,
    SUCCEEDED,
    US,
    WAITING,
    Scene,
    actor,
    history,
    many,
)  # fmt: skip
from umbel.cluster.events import Event
from umbel.errors import ActionRefused, NotPermitted, QueryError
from umbel.results.base import Result
from umbel.services.control import target_summarizer
from umbel.services.control.permissions import REQUIRED_PERMISSION
from umbel.services.control.plan import worker_sentence
from umbel.services.control.types import ActionRequest, Edit

ALL = [WAITING, RUNNING, SUCCEEDED, FAILED, REVOKED]


def test_a_plan_does_nothing() -> None:
    scene = Scene()

    scene.plan("revoke", ids=ALL)

    assert scene.cluster.commands == []
    assert scene.ledger.audit().items == ()
    assert scene.ledger.intents(ALL) == {}


@pytest.mark.parametrize("chosen", [{"ids": ALL}, {"q": ""}])
def test_tasks_that_have_ended_are_left_out_and_counted(chosen: dict[str, Any]) -> None:
    plan = Scene().plan("revoke", **chosen)

    assert plan.count == 2
    assert plan.skipped == {"These have ended already.": 3}
    assert plan.by_state == {
        "RECEIVED": 1, "STARTED": 1, "SUCCESS": 1, "FAILURE": 1, "REVOKED": 1,
    }  # fmt: skip
    assert plan.impossible is None
    assert plan.confirm is None


def test_revoking_says_that_running_tasks_go_on_and_that_workers_forget() -> None:
    plan = Scene().plan("revoke", ids=[RUNNING, WAITING])

    assert plan.sentence == "Revoke 2 tasks: shop.send."
    assert plan.consequences == (
        "1 of these runs now and will go on: revoking keeps tasks from beginning. "
        "Terminate to end what runs.",
        "Revocations live in the workers' memory (50,000 ids, 3 hours) and end with a worker's "
        "restart.",
    )
    assert plan.workers == (EU, US)


def test_tasks_that_were_picked_are_named_with_how_many_of_each_are_meant() -> None:
    pack, *send = (uuid_of(number) for number in (11, 12, 13))
    waiting = [begun(pack, BASE, name="shop.pack"), *(begun(each, BASE) for each in send)]
    ended = succeeded(SUCCEEDED, BASE, name="shop.ship")
    scene = Scene(*(event for events in waiting for event in events[:2]), *ended)

    plan = scene.plan("revoke", ids=[pack, *send, SUCCEEDED])

    assert plan.sentence == "Revoke 3 tasks: 2 × shop.send and 1 × shop.pack."


def test_terminating_says_how_many_run() -> None:
    plan = Scene().plan("terminate", ids=[RUNNING], signal="kill")

    assert plan.request.signal == "SIGKILL"
    assert plan.sentence == "Terminate 1 task with SIGKILL: shop.send."
    assert "1 of these runs now and will be terminated with SIGKILL" in plan.consequences[0]


def test_terminating_with_a_signal_that_prefork_pools_ignore_says_that_tasks_go_on() -> None:
    plan = Scene().plan("terminate", ids=[RUNNING], signal="INT")

    assert "1 of these runs now and will go on in prefork pools" in plan.consequences[0]
    assert "ignore SIGINT" in plan.consequences[0]
    assert not any("will be terminated" in each for each in plan.consequences)


def test_terminating_on_a_worker_that_is_not_heard_of_says_so() -> None:
    scene = Scene()
    scene.workers.names = (EU,)

    plan = scene.plan("terminate", ids=[RUNNING])

    assert f"Nothing is heard of {US}, where some of these began." in plan.consequences


def test_a_search_is_told_in_words() -> None:
    plan = Scene().plan("revoke", q="worker:celery@us-1")

    assert plan.count == 1
    assert plan.sentence.startswith("Revoke 1 task: ")
    assert "celery@us-1" in plan.sentence
    assert [each.uuid for each in plan.sample] == [RUNNING]


def test_an_id_that_nothing_was_heard_of_is_used_as_given() -> None:
    plan = Scene().plan("revoke", ids=["elsewhere"])

    assert plan.count == 1
    assert plan.by_state == {"unknown": 1}
    assert "Nothing was ever heard of 1 of these; its id is used as given." in plan.consequences
    assert plan.sample[0].state is None


def test_a_retry_does_not_say_that_it_uses_an_id_that_it_leaves_out() -> None:
    plan = Scene().plan("retry", ids=[FAILED, "elsewhere"])

    assert sum(plan.skipped.values()) == 1
    assert not any("used as given" in each for each in plan.consequences)


def test_an_id_given_twice_counts_once() -> None:
    assert Scene().plan("revoke", ids=[WAITING, WAITING]).count == 1


def test_the_sample_shows_first_what_the_action_is_for() -> None:
    plan = Scene().plan("revoke", ids=ALL)

    assert {each.uuid for each in plan.sample[:2]} == {RUNNING, WAITING}
    assert {each.why for each in plan.sample[2:]} == {"It has ended already."}


def test_many_tasks_need_their_number_typed_and_show_twenty() -> None:
    plan = Scene(*many(101)).plan("revoke", q="")

    assert plan.count == 101
    assert plan.confirm == 101
    assert len(plan.sample) == 20


def test_a_hundred_tasks_need_no_number() -> None:
    assert Scene(*many(100)).plan("revoke", q="").confirm is None


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"q": "name:nobody"}, "No task matches"),
        ({"ids": [SUCCEEDED]}, "All of these have ended, so there is nothing to revoke."),
    ],
)
def test_a_plan_without_tasks_is_impossible(request_: dict[str, Any], says: str) -> None:
    plan = Scene().plan("revoke", **request_)

    assert plan.count == 0
    assert says in (plan.impossible or "")


def test_a_plan_that_nobody_would_hear_is_impossible() -> None:
    scene = Scene(cluster=MemoryCluster())
    scene.workers.names = ()

    for request in ({"action": "revoke", "ids": [WAITING]}, {"action": "ping"}):
        assert "nobody would hear this" in (scene.plan(**request).impossible or "")


def test_workers_without_heartbeats_are_found_by_asking() -> None:
    scene = Scene()
    scene.workers.names = ()

    plan = scene.plan("enable_events")

    assert plan.workers == (EU, US)
    assert plan.impossible is None


def test_a_broker_that_is_away_is_why_a_plan_is_impossible() -> None:
    scene = Scene()
    scene.workers.names = ()
    scene.cluster.away = 1

    assert "does not answer" in (scene.plan("revoke", ids=[WAITING]).impossible or "")


def test_a_broker_that_cannot_makes_the_plan_impossible() -> None:
    cluster = MemoryCluster(missing={"control": "SQS has no remote control.", "purge": "No."})
    scene = Scene(cluster=cluster)

    assert scene.plan("revoke", ids=[WAITING]).impossible == "SQS has no remote control."
    assert scene.plan("shutdown").impossible == "SQS has no remote control."
    assert scene.plan("purge", queue="mail").impossible == "No."
    assert scene.plan("retry", ids=[FAILED]).impossible is None


def test_aborting_without_a_result_backend_is_impossible() -> None:
    assert "result backend" in (Scene().plan("abort", ids=[RUNNING]).impossible or "")
    assert Scene(results=MemoryResults()).plan("abort", ids=[RUNNING]).impossible is None


# -- retry ---------------------------------------------------------------------------------


CUT = uuid_of(77)


def with_cut() -> list[Event]:
    """The history, and a task whose arguments Celery cut."""
    return [*history(), *failed(CUT, BASE + 9, args="('long te...', 1)")]


def test_a_retry_says_how_it_knows_arguments() -> None:
    exact = Result(
        task_id=SUCCEEDED, state="SUCCESS", name="shop.send", args=[1], kwargs={}, worker=EU
    )
    scene = Scene(*with_cut(), results=MemoryResults(exact))

    plan = scene.plan("retry", ids=[SUCCEEDED, FAILED, CUT])

    assert plan.fidelity == {"exact": 1, "literal": 1}
    assert plan.count == 2
    assert sum(plan.skipped.values()) == 1
    known = {each.uuid: each for each in plan.sample}
    assert known[SUCCEEDED].fidelity == "exact"
    assert known[FAILED].fidelity == "literal"
    assert known[CUT].fidelity is None
    assert "cut" in (known[CUT].why or "")
    assert "1 of these succeeded before." in plan.consequences


def test_an_edit_of_both_parts_makes_every_task_repeatable() -> None:
    scene = Scene(*with_cut())

    plan = scene.plan("retry", ids=[FAILED, CUT], edit=Edit(args=[1], kwargs={}))

    assert plan.fidelity == {"edited": 2}
    assert plan.count == 2


def test_a_cut_task_alone_is_impossible_and_says_what_to_do() -> None:
    plan = Scene(*with_cut()).plan("retry", ids=[CUT])

    assert "Give its arguments" in (plan.impossible or "")


def test_a_retry_of_what_has_not_ended_says_that_it_is_done_twice() -> None:
    plan = Scene().plan("retry", ids=[RUNNING])

    assert "1 of these has not ended: done twice." in plan.consequences


def test_a_retry_of_what_was_sent_again_already_says_so() -> None:
    scene = Scene()
    scene.do("retry", ids=[FAILED])

    assert "1 of these was sent again already." in scene.plan("retry", ids=[FAILED]).consequences


def test_a_result_backend_that_is_away_is_told_and_texts_are_used() -> None:
    scene = Scene(results=MemoryResults())
    assert scene.results is not None
    scene.results.away = 1

    plan = scene.plan("retry", ids=[FAILED])

    assert plan.fidelity == {"literal": 1}
    assert any("does not answer" in each for each in plan.consequences)


def test_an_id_without_a_name_cannot_be_sent_again() -> None:
    plan = Scene().plan("retry", ids=["elsewhere"], edit=Edit(args=[], kwargs={}))

    assert plan.count == 0
    assert plan.skipped == {"Nothing is known of these but their ids.": 1}


def test_of_very_many_tasks_the_first_are_looked_at_and_the_plan_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(target_summarizer, "EXAMINED_S", 60.0)
    plan = Scene(*many(1_200)).plan("retry", q="")

    assert plan.count == 1_200
    assert plan.fidelity == {"literal": 1_000}
    assert any("arguments of 1,000 were looked at" in each for each in plan.consequences)


# -- workers and queues --------------------------------------------------------------------


def test_a_worker_action_names_who_should_answer() -> None:
    plan = Scene().plan("pool_grow", workers=[EU], n=2)

    assert plan.workers == (EU,)
    assert plan.count == 1
    assert plan.sentence == f"Grow the pool of {EU} by 2."


def test_without_names_every_worker_is_meant_and_the_plan_says_so() -> None:
    plan = Scene().plan("shutdown")

    assert plan.workers == (EU, US)
    assert any("every worker that listens" in each for each in plan.consequences)


def test_where_no_worker_is_online_the_plan_does_not_say_the_contrary() -> None:
    request = ActionRequest(action="add_consumer", queue="mail")

    assert worker_sentence(request, ()) == "Let every worker that listens consume the queue mail."


def test_a_worker_that_is_not_heard_of_is_told() -> None:
    plan = Scene().plan("ping", workers=["celery@gone"])

    assert plan.impossible is None
    assert any("Nothing is heard of celery@gone" in each for each in plan.consequences)


def test_there_is_no_remote_log_level() -> None:
    plan = Scene().plan("log_level", level="debug")

    assert "no command that changes the log level" in (plan.impossible or "")


def test_a_missing_time_limit_is_lifted_and_the_plan_says_so() -> None:
    plan = Scene().plan("time_limit", name="shop.send", soft=5.0)
    both = Scene().plan("time_limit", name="shop.send", soft=0.5, hard=60.0)

    none = Scene().plan("time_limit", name="shop.send")
    lifted = "No hard limit is given, so there will be none but the pool's, where it has one."
    assert lifted in plan.consequences
    assert " to 5 s (soft) for shop.send." in plan.sentence
    assert " to 0.5 s (soft) and 60 s (hard) for shop.send." in both.sentence
    assert none.sentence == "Lift the time limits on " + none.sentence.partition(" on ")[2]
    assert none.sentence.endswith(" for shop.send.")
    assert {lifted, lifted.replace("hard", "soft")} <= {*none.consequences}


def test_a_purge_tells_how_many_messages() -> None:
    scene = Scene()
    scene.cluster.queues["mail"] = [None] * 120  # type: ignore[list-item]

    plan = scene.plan("purge", queue="mail")

    assert plan.sentence == "Remove 120 messages from the queue mail."
    assert plan.confirm == 120


def test_a_queue_that_is_not_there_cannot_be_purged() -> None:
    assert Scene().plan("purge", queue="none").impossible == "There is no queue none."


# -- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"action": "revoke"}, "ids"),
        ({"action": "revoke", "ids": ["a"], "q": ""}, "q"),
        ({"action": "revoke", "ids": []}, "ids"),
        ({"action": "revoke", "ids": ["a"], "workers": [EU]}, "workers"),
        ({"action": "revoke", "ids": ["a"], "signal": "SIGKILL"}, "signal"),
        ({"action": "revoke", "ids": ["a"], "edit": Edit()}, "edit"),
        ({"action": "terminate", "ids": ["a"], "signal": "SIGKIL"}, "signal"),
        ({"action": "terminate", "ids": ["a"], "signal": ""}, "signal"),
        ({"action": "terminate", "ids": ["a"], "signal": "999"}, "signal"),
        ({"action": "terminate", "ids": ["a"], "signal": "²"}, "signal"),
        ({"action": "ping", "ids": ["a"]}, "ids"),
        ({"action": "ping", "q": ""}, "q"),
        ({"action": "rate_limit", "rate": "10/m"}, "name"),
        ({"action": "rate_limit", "name": "a"}, "rate"),
        *(
            ({"action": "rate_limit", "name": "a", "rate": rate}, "rate")
            for rate in ("", "x", "10/y", "/m", "-1", "nan", "inf/m", "10/m/s", "10 per minute")
        ),
        ({"action": "time_limit", "soft": 1.0}, "name"),
        ({"action": "time_limit", "name": "a", "soft": 3.0, "hard": 2.0}, "soft"),
        ({"action": "autoscale", "min": 3, "max": 2}, "min"),
        ({"action": "autoscale", "min": 3}, "max"),
        ({"action": "add_consumer"}, "queue"),
        ({"action": "purge"}, "queue"),
        ({"action": "purge", "queue": "a", "workers": [EU]}, "workers"),
        ({"action": "log_level"}, "level"),
        ({"action": "shutdown", "n": 4}, "n"),
        ({"action": "retry", "ids": ["a"], "edit": Edit(countdown=1.0, eta=2.0)}, "edit.countdown"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_by_its_field(
    request_: dict[str, Any], field: str
) -> None:
    with pytest.raises(ActionRefused) as refused:
        Scene().plan(**request_)

    assert refused.value.field == field


@pytest.mark.parametrize("rate", ["10", "10/s", "0.5/m", "100/h", "0"])
def test_every_rate_that_celery_takes_is_taken(rate: str) -> None:
    assert Scene().plan("rate_limit", name="shop.send", rate=rate).impossible is None


@pytest.mark.parametrize("signal", ["SIGKILL", "KILL", "kill", " sigkill ", "9"])
def test_a_signal_may_be_written_in_many_ways(signal: str) -> None:
    assert Scene().plan("terminate", ids=["a"], signal=signal).request.signal == "SIGKILL"


def test_a_near_signal_is_suggested() -> None:
    with pytest.raises(ActionRefused, match="Did you mean SIGKILL"):
        Scene().plan("terminate", ids=["a"], signal="SIGKIL")


@pytest.mark.parametrize("odd", [object(), {1j}, "\ud800"])
def test_arguments_that_are_no_json_are_refused_by_their_field(odd: object) -> None:
    with pytest.raises(ActionRefused, match="JSON") as refused:
        Scene().plan("retry", ids=[FAILED], edit=Edit(args=[odd], kwargs={}))

    assert refused.value.field == "edit"


def test_a_search_that_cannot_be_understood_is_a_query_error() -> None:
    with pytest.raises(QueryError, match="stat"):
        Scene().plan("revoke", q="stat:FAILURE")


def test_every_action_needs_more_than_reading() -> None:
    scene = Scene()
    for action, permission in REQUIRED_PERMISSION.items():
        request = msgspec.convert({"action": action}, ActionRequest)
        for role in ("viewer",) if permission == "operate" else ("viewer", "operator"):
            with pytest.raises(NotPermitted, match="bob may not"):
                scene.control.plan(request, actor("bob", role))  # type: ignore[arg-type]


def test_a_deaf_worker_does_not_hinder_a_plan() -> None:
    deaf = MemoryWorker(EU)
    deaf.is_deaf = True
    scene = Scene(cluster=MemoryCluster(deaf))

    assert scene.plan("ping", workers=[EU]).impossible is None
