"""What is left out first when more comes than can be stored.

Theory of operation. A task whose end is known is worth more than one of which only the beginning
is: an end that was left out is missed by whoever looks for failures, while the beginning can be
asked for (its result backend, its worker) or is told again by what comes later. Of ends, a failure
is worth more than a success, which is the usual. Lines of logs change no task. So messages of
nothing but these are left out from a quarter of the buffer on, those that tell of nothing but
sendings, receipts and starts from half of it on, those that also tell of successes
shortly before it is full, and all others (failures, retries, revocations, what workers say of
themselves, what cannot be told from its bytes) only when it is. A message is kept whole or left out
whole. Its types are found in its bytes, since opening it is what there is no time for.
"""

from __future__ import annotations

import re
from typing import Final

from umbel.broker.base import Frame, ShedKind
from umbel.broker.compression import JSON

#: Up to which part of the buffer messages of each kind are taken.
ROOM: Final[dict[ShedKind, float]] = {
    "logs": 0.25,
    "begun": 0.5,
    "succeeded": 0.9,
    "other": 1.0,
}

#: As the serializers of Python write it. Within a text there is a backslash before each quote, so
#: none begins right behind the word. (A look behind the first quote costs twelve times as much.)
_TYPE: Final = re.compile(rb'"type": ?"([^"\\]*)"')
_BEGUN: Final = frozenset({b"task-sent", b"task-received", b"task-started"})
_LOGS: Final = {b"log-lines"}
_USUAL: Final = _BEGUN | {b"task-succeeded"}


def shed_kind(frame: Frame) -> ShedKind:
    """What the message tells, as far as its bytes show."""
    if frame.content_type != JSON or frame.headers is not None:
        return "other"
    types = set(_TYPE.findall(frame.body))
    if types == _LOGS:
        return "logs"
    if not types or not types <= _USUAL:
        return "other"
    return "begun" if types <= _BEGUN else "succeeded"
