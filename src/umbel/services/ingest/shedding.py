"""What is left out first when more comes than can be stored.

Theory of operation. A task whose end is known is worth more than one of which only the beginning
is: an end that was left out is missed by whoever looks for failures, while the beginning can be
asked for (its result backend, its worker) or is told again by what comes later. Of ends, a failure
is worth more than a success, which is the usual. So messages that tell of nothing but sendings,
receipts and starts are left out from half of the buffer on, those that also tell of successes
shortly before it is full, and all others (failures, retries, revocations, what workers say of
themselves, what cannot be told from its bytes) only when it is. A message is kept whole or left out
whole. Its types are found in its bytes, since opening it is what there is no time for.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from umbel.broker.base import Frame
from umbel.broker.compression import JSON

#: What a message tells: beginnings alone; successes, and maybe beginnings; anything else.
ShedKind = Literal["begun", "succeeded", "other"]
#: Up to which part of the buffer messages of each kind are taken.
ROOM: Final[dict[ShedKind, float]] = {"begun": 0.5, "succeeded": 0.9, "other": 1.0}

#: As the serializers of Python write it. Quotes within a text have a backslash before them.
_TYPE: Final = re.compile(rb'(?<!\\)"type": ?"([^"\\]*)"')
_BEGUN: Final = frozenset({b"task-sent", b"task-received", b"task-started"})
_USUAL: Final = _BEGUN | {b"task-succeeded"}


def shed_kind(frame: Frame) -> ShedKind:
    """What the message tells, as far as its bytes show."""
    if frame.content_type != JSON or frame.headers is not None:
        return "other"
    types = set(_TYPE.findall(frame.body))
    if not types or not types <= _USUAL:
        return "other"
    return "begun" if types <= _BEGUN else "succeeded"
