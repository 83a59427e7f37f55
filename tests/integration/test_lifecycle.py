"""What Umbel stores of a task equals what the application knows of it, on every broker."""

from __future__ import annotations

from typing import Any

import pytest
from celery.utils.saferepr import saferepr

from tests.integration.conftest import Cluster
from tests.integration.scenarios import ENDS
from tests.support.applications import WORKERAPP
from tests.support.waiting import wait_until

pytestmark = pytest.mark.versions(brief=True)

#: The worker keeps no result of these: ignored, rejected, or never run by name.
WITHOUT_RESULT = {"ignored", "rejected"}
#: Celery cuts reprs of results here (`Task.resultrepr_maxsize`).
RESULT_CUT_AT = 1_024
WITH_RESULT = sorted(ENDS.keys() - WITHOUT_RESULT)


def states(task: dict[str, Any]) -> list[str]:
    return [attempt["state"] for attempt in task["attempts"]]


@pytest.mark.parametrize("scenario", sorted(ENDS))
def test_the_state_is_where_the_task_came_to_rest(cluster: Cluster, scenario: str) -> None:
    assert cluster.task(scenario)["state"] == ENDS[scenario]


@pytest.mark.parametrize("scenario", WITH_RESULT)
def test_state_and_result_are_those_of_the_result_backend(cluster: Cluster, scenario: str) -> None:
    task, known = cluster.task(scenario), cluster.scenarios.known(scenario)

    assert task["state"] == known.state
    if known.state == "SUCCESS":
        assert task["result"] == saferepr(known.result, RESULT_CUT_AT)


@pytest.mark.parametrize("scenario", ["failure", "exhausted", "soft limit"])
def test_the_error_is_that_of_the_result_backend(cluster: Cluster, scenario: str) -> None:
    task, known = cluster.task(scenario), cluster.scenarios.known(scenario)

    assert task["exception"] == repr(known.result)
    assert task["traceback"] == known.traceback


@pytest.mark.parametrize("scenario", ["success", "failure", "retried", "parent", "chord body"])
def test_name_worker_queue_and_retries_are_those_of_the_result_backend(
    cluster: Cluster, scenario: str
) -> None:
    task, known = cluster.task(scenario), cluster.scenarios.known(scenario)

    assert (task["name"], task["worker"], task["queue"], task["retries"]) == (
        known.name,
        known.worker,
        known.queue,
        known.retries,
    )
    assert task["worker"] == cluster.worker.name


def test_a_simple_task_has_all_its_times_in_order(cluster: Cluster) -> None:
    task = cluster.task("success")

    times = [task[moment] for moment in ("received", "started", "succeeded")]
    assert times == sorted(times)
    assert task["finished"] == task["succeeded"]
    assert (task["args"], task["kwargs"], task["result"]) == ("(2, 3)", "{}", "5")
    assert task["flags"] == []
    assert states(task) == ["SUCCESS"]


def test_a_retried_task_has_one_attempt_for_each_try(cluster: Cluster) -> None:
    task = cluster.task("retried")

    assert [attempt["number"] for attempt in task["attempts"]] == [0, 1, 2]
    assert states(task) == ["RETRY", "RETRY", "SUCCESS"]
    assert [attempt["exception"] for attempt in task["attempts"]] == [
        "Declined('try 0')",
        "Declined('try 1')",
        None,
    ]
    assert task["parent_id"] is None
    assert task["flags"] == []


def test_a_task_that_never_succeeds_shows_every_failure(cluster: Cluster) -> None:
    assert states(cluster.task("exhausted")) == ["RETRY", "RETRY", "FAILURE"]


def test_a_task_with_an_eta_does_not_start_before_it(cluster: Cluster) -> None:
    task = cluster.task("eta")

    assert task["eta"] == pytest.approx(cluster.scenarios.eta.timestamp(), abs=1e-3)
    assert task["started"] >= task["eta"]


def test_progress_is_kept_as_notes(cluster: Cluster) -> None:
    notes = cluster.task("progress")["notes"]

    assert [note["type"] for note in notes] == ["task-progress"] * 3
    assert '"note": "50 % · ½ done"' in notes[0]["detail"]


def test_text_of_any_language_comes_through(cluster: Cluster) -> None:
    assert "Grüße, 世界 🌼" in cluster.task("unicode")["args"]


def test_long_arguments_are_as_celery_cut_them(cluster: Cluster) -> None:
    args = cluster.task("long arguments")["args"]

    assert args.startswith("('xxx")
    assert "..." in args
    assert len(args) <= 1_100


def test_the_links_of_a_chain_know_their_root_and_the_one_before(cluster: Cluster) -> None:
    ids = cluster.scenarios.ids
    links = [cluster.task(f"chain {number}") for number in (1, 2, 3)]

    assert {link["root_id"] for link in links} == {ids["chain 1"]}
    assert [link["parent_id"] for link in links] == [None, ids["chain 1"], ids["chain 2"]]
    assert [link["result"] for link in links] == ["2", "4", "7"]


def test_the_workflow_of_a_chain_has_its_links_and_nothing_else(cluster: Cluster) -> None:
    ids = cluster.scenarios.ids

    workflow = cluster.umbel.client.get(f"workflows/{ids['chain 1']}")

    assert [task["uuid"] for task in workflow["tasks"]] == [
        ids[f"chain {number}"] for number in (1, 2, 3)
    ]
    assert workflow["complete"]


def test_a_chord_s_body_gets_what_its_parts_gave(cluster: Cluster) -> None:
    assert cluster.task("chord body")["args"] == "([11, 15],)"
    assert cluster.task("chord body")["result"] == "26"
    start = cluster.scenarios.ids["chord start"]
    for name in ("chord 1", "chord 2", "chord body"):
        assert cluster.task(name)["root_id"] == start


def test_children_name_their_parent(cluster: Cluster) -> None:
    parent = cluster.task("parent")

    for child_id in cluster.scenarios.known("parent").result:
        child = cluster.umbel.client.task(child_id)
        assert child is not None
        assert (child["parent_id"], child["root_id"]) == (parent["uuid"], parent["uuid"])
        assert child["state"] == "SUCCESS"


def test_a_replaced_task_shows_the_replacement_under_its_own_id(cluster: Cluster) -> None:
    task = cluster.task("replaced")

    assert (task["name"], task["args"], task["result"]) == (f"{WORKERAPP}.add", "(4, 5)", "9")
    assert len(task["attempts"]) == 2
    assert task["parent_id"] is None


def test_time_limits_and_lost_workers_are_named_as_errors(cluster: Cluster) -> None:
    assert "SoftTimeLimitExceeded" in cluster.task("soft limit")["exception"]
    assert "TimeLimitExceeded" in cluster.task("hard limit")["exception"]
    assert "WorkerLostError" in cluster.task("worker lost")["exception"]
    assert len(cluster.task("hard limit")["attempts"]) == 1


def test_revoked_tasks_say_how(cluster: Cluster) -> None:
    assert cluster.task("revoked and terminated")["flags"] == ["terminated"]
    assert cluster.task("revoked and terminated")["started"] is not None
    assert cluster.task("revoked before it came")["started"] is None
    assert cluster.task("expired")["flags"] == ["expired"]


def test_an_ignored_task_stays_started_and_a_rejected_one_says_so(cluster: Cluster) -> None:
    assert states(cluster.task("ignored")) == ["STARTED"]
    assert cluster.task("rejected")["rejected"] is not None
    if ENDS["rejected"] == "FAILURE":
        assert "not for me" in cluster.task("rejected")["exception"]


def test_every_task_is_found_by_searching_and_none_is_made_up(cluster: Cluster) -> None:
    known = set(cluster.scenarios.ids.values()) | set(cluster.scenarios.known("parent").result)

    rows = cluster.umbel.client.rows()

    assert {row["uuid"] for row in rows} == known
    assert len(rows) == len(known)


def test_searches_find_what_they_name(cluster: Cluster) -> None:
    ids, rows = cluster.scenarios.ids, cluster.umbel.client.rows

    assert {row["uuid"] for row in rows("exception:Declined state:FAILURE")} == {
        ids["failure"],
        ids["exhausted"],
    }
    assert {row["uuid"] for row in rows('"Grüße, 世界"')} == {ids["unicode"]}
    assert {row["uuid"] for row in rows(f"root:{ids['chain 1']}")} == {
        ids[f"chain {number}"] for number in (1, 2, 3)
    }
    assert {row["uuid"] for row in rows(f"state:REVOKED worker:{cluster.worker.name}")} == {
        ids[name] for name, state in ENDS.items() if state == "REVOKED"
    }


def test_the_worker_is_online_and_its_count_is_what_it_started(cluster: Cluster) -> None:
    started = sum(
        attempt["started"] is not None
        for row in cluster.umbel.client.rows()
        for attempt in (cluster.umbel.client.task(row["uuid"]) or {})["attempts"]
    )

    def the_worker() -> dict[str, Any] | None:
        (worker,) = cluster.umbel.client.get("workers")["items"]
        return worker if worker["processed"] == started else None

    worker = wait_until(the_worker, what=f"a heartbeat that says {started} were started")
    assert (worker["hostname"], worker["status"]) == (cluster.worker.name, "online")


def test_nothing_was_lost_malformed_or_shed(cluster: Cluster) -> None:
    status = cluster.umbel.client.status()
    (collector,) = status["collectors"]

    assert status["live"]["state"] == "live"
    assert (collector["malformed"], collector["shed"], collector["lost"]) == (0, 0, 0)
    assert collector["faults"] == {}
