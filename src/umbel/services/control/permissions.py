"""Which permission each action needs, and who has it for what the action is about."""

from __future__ import annotations

from typing import Final, get_args

from umbel.auth.base import Actor, Permission
from umbel.auth.grants import of_some
from umbel.errors import NotPermitted
from umbel.services.control.bounds import TaskBounds, scope_of
from umbel.services.control.request_checks import NAME_ACTIONS, TASK_ACTIONS
from umbel.services.control.types import ActionKind, ActionPlan, ActionRequest

#: What cannot be undone by a worker's next start, or a command.
_ADMINISTER: Final = frozenset({"shutdown", "purge"})
REQUIRED_PERMISSION: Final[dict[str, Permission]] = {
    kind: "administer" if kind in _ADMINISTER else "operate"
    for group in get_args(ActionKind)
    for kind in (get_args(group) or (group,))
}
#: So many processes fit a machine beside others; thousands of them end it.
POOL_MAX: Final = 100
REQUIRED_TO_APPLY: Final[Permission] = "operate"

_WORDS: Final[dict[Permission, str]] = {
    "read": "see what there is", "operate": "operate", "administer": "administer",
}  # fmt: skip
_REMEDY: Final = (
    "Log in as somebody who has it, or ask an administrator. With --read-only nobody has it."
)


def permission_for(request: ActionRequest) -> Permission:
    """The permission that this very action needs."""
    return "administer" if _is_huge(request) else REQUIRED_PERMISSION[request.action]


def action_label(request: ActionRequest) -> str:
    """What somebody without the permission may not do."""
    return (
        f"{request.action} by or to more than {POOL_MAX}" if _is_huge(request) else request.action
    )


def _is_huge(request: ActionRequest) -> bool:
    grown = {"pool_grow": request.n, "autoscale": request.max}.get(request.action)
    return (grown or 0) > POOL_MAX


def is_allowed(actor: Actor, request: ActionRequest) -> bool:
    """Whether this person may do it, as far as that can be said without the tasks that it is
    about: of an action on tasks, whether they may act on any. A limit is for all tasks of a name,
    a purge for all of a queue, everything else for workers."""
    permission = permission_for(request)
    if request.action in TASK_ACTIONS:
        return actor.may_for_some(permission)
    if request.action in NAME_ACTIONS:
        return actor.may_touch(permission, request.name, None)
    if request.action == "purge":
        return actor.may_touch(permission, None, request.queue)
    return actor.may(permission)


def must_be_allowed(actor: Actor, request: ActionRequest) -> None:
    """Raise `NotPermitted` if the actor may not do it (`is_allowed`)."""
    if not is_allowed(actor, request):
        raise refusal(actor, permission_for(request), action_label(request), _extent(request))


def must_contain(actor: Actor, plan: ActionPlan) -> tuple[TaskBounds, ...]:
    """The bounds within which this person carries the plan out: those of the plan, and their own.
    Raises `NotPermitted` if they may not do all that it may."""
    request = plan.request
    must_be_allowed(actor, request)
    if request.action not in TASK_ACTIONS:
        return ()
    own = TaskBounds.of(actor, permission_for(request))
    planned = None if plan.bounds is None else TaskBounds(plan.actor, plan.bounds)
    if own is not None and (planned is None or not own.contain(planned)):
        where = "everything" if planned is None else planned.scope
        raise NotPermitted(
            f"{actor.name} may not execute this plan: {plan.actor} made it for {where}, and "
            f"{actor.name} may act on {own.scope} alone.",
            remedy="Plan it yourself: what you may not act on is left out then.",
        )
    return tuple(each for each in (planned, own) if each is not None)


def must_be_cancellable(actor: Actor, plan: ActionPlan, executor: str | None) -> None:
    """Raise `NotPermitted` if this person neither may do it to everything, nor planned or
    executes it and still may act on something."""
    permission = permission_for(plan.request)
    is_own = actor.name in (plan.actor, executor)
    if not (actor.may(permission) or (is_own and actor.may_for_some(permission))):
        raise refusal(actor, permission, "cancel this", "an action of somebody else")


def refusal(actor: Actor, permission: Permission, label: str, extent: str) -> NotPermitted:
    """The error for what somebody may not do; `extent` is what it is about, of which those hear
    who may do it to some tasks."""
    scope = scope_of(of_some(actor.bounded, permission))
    if scope == "nothing":
        return NotPermitted(
            f"{actor.name} may not {label}: that needs the permission to {_WORDS[permission]}.",
            remedy=_REMEDY,
        )
    return NotPermitted(
        f"{actor.name} may not {label}: that is about {extent}, and {actor.name} may act on "
        f"{scope} alone.",
        remedy=_REMEDY,
    )


def _extent(request: ActionRequest) -> str:
    if request.action in NAME_ACTIONS:
        return f"all tasks {request.name}, in every queue"
    if request.action == "purge":
        return f"all tasks in the queue {request.queue}, of every name"
    return "workers, which run tasks of every name"
