"""Laws of plans, whatever was found, and of rates, which are Celery's."""

from __future__ import annotations

import math
import re

import msgspec
from celery.utils.time import rate as celery_rate
from hypothesis import given
from hypothesis import strategies as st

from umbel.cluster.task import ENDED, STATES
from umbel.errors import ActionRefused
from umbel.services.control.plan import plan_purge, plan_tasks, plan_workers
from umbel.services.control.plan_inputs import UNKNOWN, ClusterFacts, PlanHeader, TargetSummary
from umbel.services.control.request_checks import checked
from umbel.services.control.types import CONFIRM_OVER, ActionPlan, ActionRequest

WORKERS = st.lists(st.sampled_from(["celery@a", "celery@b", "celery@c"]), unique=True).map(tuple)
AROUND = st.builds(ClusterFacts, live=WORKERS)
COUNTS = st.dictionaries(st.sampled_from([*STATES, UNKNOWN]), st.integers(1, 200))


def frame(**request: object) -> PlanHeader:
    return PlanHeader(
        id="x", request=msgspec.convert(request, ActionRequest), actor="ada", made=1_000.0
    )


def assert_readable(plan: ActionPlan) -> None:
    """Every word of it is a sentence, and it comes back from the ledger as it was."""
    for sentence in (plan.sentence, *plan.consequences, *plan.skipped, plan.impossible or "."):
        assert sentence.endswith(".")
        assert sentence[0] == sentence[0].upper()
        assert not re.search(r"\bNone[.,)]| None\b", sentence)
    assert msgspec.json.decode(msgspec.json.encode(plan), type=ActionPlan) == plan


@given(
    st.sampled_from(["revoke", "terminate", "abort", "retry"]),
    COUNTS,
    st.data(),
    AROUND,
    st.booleans(),
    st.booleans(),
)
def test_every_chosen_task_is_either_done_or_left_out(
    action: str,
    by_state: dict[str, int],
    data: st.DataObject,
    around: ClusterFacts,
    capped: bool,
    complete: bool,
) -> None:
    total = sum(by_state.values())
    repeatable = data.draw(st.integers(0, total))
    retry = action == "retry"
    found = TargetSummary(
        total=total,
        capped=capped and total > 0,
        complete=complete,
        by_state=by_state,
        looked_at=total,
        fidelity={"literal": repeatable} if retry and repeatable else {},
        unrepeatable={"They were cut.": total - repeatable} if retry and repeatable < total else {},
    )

    plan = plan_tasks(frame(action=action, q=""), found, around)

    ended = sum(number for state, number in by_state.items() if state in ENDED)
    assert plan.count == (repeatable if retry else total - ended)
    assert plan.count + sum(plan.skipped.values()) == total
    asks = plan.impossible is None and (plan.count > CONFIRM_OVER or not complete)
    assert plan.confirm == (plan.count if asks else None)
    assert "more than 0" not in plan.sentence
    assert "at least 0" not in plan.sentence
    assert (plan.impossible is None) == (plan.count > 0)
    assert_readable(plan)


@given(
    st.sampled_from(
        [
            {"action": "shutdown"}, {"action": "pool_restart"}, {"action": "pool_grow", "n": 2},
            {"action": "autoscale", "min": 1, "max": 3}, {"action": "ping"},
            {"action": "add_consumer", "queue": "mail"}, {"action": "enable_events"},
            {"action": "cancel_consumer", "queue": "mail"}, {"action": "disable_events"},
            {"action": "rate_limit", "name": "a", "rate": "1/s"},
            {"action": "time_limit", "name": "a", "soft": 1.0},
        ]
    ),
    WORKERS,
    AROUND,
)  # fmt: skip
def test_a_worker_action_counts_those_who_should_answer(
    request: dict[str, object], named: tuple[str, ...], around: ClusterFacts
) -> None:
    plan = plan_workers(frame(**request, workers=list(named)), around)

    assert plan.workers == (named or tuple(sorted((*around.live, *around.silent))))
    assert plan.count == len(plan.workers)
    assert (plan.impossible is None) == bool(plan.workers)
    assert_readable(plan)


@given(st.none() | st.integers(0, 10**6))
def test_a_purge_counts_messages(ready: int | None) -> None:
    plan = plan_purge(frame(action="purge", queue="mail"), ready, None)

    assert plan.count == (ready or 0)
    assert_readable(plan)


def is_taken(text: str) -> bool:
    try:
        checked(ActionRequest(action="rate_limit", name="a", rate=text))
    except ActionRefused:
        return False
    return True


@given(st.text("0123456789./smhx-+e nainfd", max_size=8) | st.from_regex(r"\d{1,3}/[smh]"))
def test_a_rate_is_taken_if_celery_takes_it_and_it_can_be_kept(text: str) -> None:
    try:
        number = float(text.partition("/")[0])
        celery_rate(text)
        sensible = math.isfinite(number) and number >= 0
    except (KeyError, ValueError):
        sensible = False

    assert is_taken(text) == sensible
