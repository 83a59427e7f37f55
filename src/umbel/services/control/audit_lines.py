"""The lines that actions leave in the audit."""

from __future__ import annotations

from itertools import islice

from umbel.services.control.action_records import Executor
from umbel.services.control.phrases import cut
from umbel.services.control.types import ActionPlan, ActionReport
from umbel.store.ledger import TASKS_MAX, AuditEntry

#: The longest answer or target of a line, in characters.
_LINE_MAX = 1_000


def before(plan: ActionPlan, by: Executor, at: float) -> AuditEntry:
    """What somebody is about to do."""
    return _entry(plan, by, at, count=plan.count)


def after(plan: ActionPlan, report: ActionReport, by: Executor, at: float) -> AuditEntry:
    """How it ended, and for how many."""
    return _entry(
        plan,
        by,
        at,
        count=None if report.is_unsure and not report.done else report.done,
        outcome="unknown" if report.is_unconfirmed else report.state,
        answer=cut(_answer(report), _LINE_MAX),
        tasks=tuple(islice(report.sent.values(), TASKS_MAX)),
    )


def cancelled(plan: ActionPlan, by: Executor, at: float) -> AuditEntry:
    """Somebody, maybe another, wants it to stop."""
    return _entry(plan, by, at, count=None, action="cancel", outcome="asked")


def _entry(
    plan: ActionPlan,
    by: Executor,
    at: float,
    *,
    count: int | None,
    action: str | None = None,
    outcome: str | None = None,
    answer: str | None = None,
    tasks: tuple[str, ...] = (),
) -> AuditEntry:
    return AuditEntry(
        at=at,
        actor=by.name,
        address=by.address,
        via=by.via,
        action=action or plan.request.action,
        target=cut(_target(plan), _LINE_MAX),
        action_id=plan.id,
        query=plan.request.q,
        count=count,
        outcome=outcome,
        answer=answer,
        reason=plan.request.reason,
        tasks=tasks,
    )


def _target(plan: ActionPlan) -> str:
    ids = plan.request.ids
    if ids is not None and len(ids) <= 3:
        return f"{plan.sentence} {', '.join(ids)}."
    return plan.sentence


def _answer(report: ActionReport) -> str:
    refused = [f"{each.worker}: {each.answer}" for each in report.workers if each.answer]
    whys = [*report.failures.items(), *report.left_out.items()]
    reasons = [f"{number:,} × {why}" for why, number in whys]
    notes = [note for note in report.notes if note not in report.sentence]
    return " ".join([report.sentence, *reasons, *notes, *refused])
