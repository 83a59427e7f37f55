"""Which permission each action needs."""

from __future__ import annotations

from typing import Final, get_args

from umbel.auth.base import Actor, Permission
from umbel.errors import NotPermitted
from umbel.services.control.types import ActionKind, ActionRequest

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


def must_be_allowed(actor: Actor, permission: Permission, action_label: str) -> None:
    """Raise `NotPermitted` if the actor lacks the permission that `action_label` (`shutdown`)
    needs."""
    if not actor.may(permission):
        raise NotPermitted(
            f"{actor.name} may not {action_label}: "
            f"that needs the permission to {_WORDS[permission]}.",
            remedy="Log in as somebody who has it, or ask an administrator. "
            "With --read-only nobody has it.",
        )
