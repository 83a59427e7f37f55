"""What a plan is made from: who wants what, what was found of the tasks that were chosen, and
how the cluster is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.services.control.choosing import Target
from umbel.services.control.values import ActionRequest, Fidelity

#: The state of a task of which nothing was ever heard.
UNKNOWN: Final = "unknown"


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What every plan has."""

    id: str
    request: ActionRequest
    actor: str
    made: float


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of the tasks that were chosen. `total` counts all of them, at least so
    many if `capped`. `running_on` counts running tasks by worker, of those looked at;
    `repeated` how many of those were sent again before; `unrepeatable` those that a retry
    leaves out, by why; `queueless` those whose queue is not known."""

    total: int
    capped: bool = False
    by_state: Mapping[str, int] = {}
    sample: tuple[Target, ...] = ()
    looked_at: int = 0
    running_on: Mapping[str, int] = {}
    fidelity: Mapping[Fidelity, int] = {}
    known: Mapping[str, tuple[Fidelity | None, str | None]] = {}
    unrepeatable: Mapping[str, int] = {}
    repeated: int = 0
    queueless: int = 0
    chosen_by: str | None = None
    troubles: tuple[str, ...] = ()


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster as it is: workers that live, and why the action is impossible anyhow."""

    live: tuple[str, ...] = ()
    impossible: str | None = None
