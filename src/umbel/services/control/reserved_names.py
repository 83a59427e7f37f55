"""Names that are Celery's own, kombu's, Umbel's or the broker's, refused wherever a person names a
queue or an exchange (`broker.reserved_names`)."""

from __future__ import annotations

from typing import Final

from umbel.broker.base import Reservation, Reserved
from umbel.errors import ActionRefused
from umbel.services.control.types import ActionRequest

REMEDY: Final = "Name a queue or exchange of your own."
#: Actions that write to their queue, or decide who consumes it. A worker may be told to stop
#: consuming any.
_WRITING: Final = frozenset({"add_consumer", "purge", "pause", "resume"})


def refuse_reserved_queues(request: ActionRequest, reserved: Reserved) -> None:
    """Raise `ActionRefused` if an action is on a queue that is nobody's to act on."""
    if request.queue is not None and request.action in _WRITING:
        refuse_reserved(reserved.of_queue(request.queue))
    if request.edit is not None and request.edit.queue is not None:
        refuse_reserved(reserved.of_queue(request.edit.queue, "edit.queue"))


def refuse_reserved(found: Reservation | None) -> None:
    """Raise `ActionRefused` for a reserved name."""
    if found is not None:
        raise ActionRefused(found.sentence, field=found.field, remedy=REMEDY)
