"""The group of a task, and the task that its chord runs in the end, for its event.

Celery has both in the message and in no event. The chord's body is a signature with the id under
which it will be sent.
"""

from __future__ import annotations

from typing import Any


def group_and_chord(request: Any) -> dict[str, str]:
    """`group_id` and `chord_id` of the worker's request of a task, as far as it has them. Raises
    whatever a request can raise."""
    found: dict[str, str] = {}
    if isinstance(request.group, str):
        found["group_id"] = request.group
    chord = request.chord
    options = chord.get("options") if isinstance(chord, dict) else None
    body_id = options.get("task_id") if isinstance(options, dict) else None
    return {**found, "chord_id": body_id} if isinstance(body_id, str) else found
