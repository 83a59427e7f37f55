"""Which permission each action needs."""

from __future__ import annotations

from typing import Final, get_args

from umbel.auth.base import Actor, Permission
from umbel.errors import NotPermitted
from umbel.services.control.values import ActionKind

#: What cannot be undone by a worker's next start, or a command.
_ADMINISTER: Final = frozenset({"shutdown", "purge"})
NEEDS: Final[dict[str, Permission]] = {
    kind: "administer" if kind in _ADMINISTER else "operate"
    for group in get_args(ActionKind)
    for kind in (get_args(group) or (group,))
}
NEEDS_APPLY: Final[Permission] = "operate"

_WORDS: Final[dict[Permission, str]] = {
    "read": "see what there is", "operate": "operate", "administer": "administer",
}  # fmt: skip


def must_be_allowed(actor: Actor, permission: Permission, thing: str) -> None:
    """Raise `NotPermitted` if the actor lacks the permission for `thing` (`shutdown`)."""
    if not actor.may(permission):
        raise NotPermitted(
            f"{actor.name} may not {thing}: that needs the permission to {_WORDS[permission]}.",
            remedy="Log in as somebody who has it, or ask an administrator. "
            "With --read-only nobody has it.",
        )
