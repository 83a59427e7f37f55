"""Spans of time in which events may have passed unseen, and why."""

from __future__ import annotations

from typing import Literal

import msgspec

#: Why events may be missing.
#:
#: - `broker-away`: the broker was out of reach, and keeps nothing for who is away.
#: - `broker-restarted`: it came back without what its queue had held.
#: - `broker-cut`: it ended the connection, as one that reads too slowly, or an administrator's
#:   command.
#: - `queue-full`: the queue, or the stream, was full, so its oldest events went.
#: - `queue-expired`: events waited in the queue for longer than it keeps them.
#: - `queue-deleted`: the queue was deleted, or emptied by somebody.
#: - `queue-shared`: somebody else took events out of the queue.
#: - `copy-restored`: the history is a restored copy, and what came after it was made was taken out
#:   of the queue by the one that it is of.
#: - `collector-away`: no collector ran.
#: - `collector-paused`: the collector's process or machine stood still.
#: - `shed`: more came than could be stored, and some was left out.
Cause = Literal[
    "broker-away",
    "broker-restarted",
    "broker-cut",
    "queue-full",
    "queue-expired",
    "queue-deleted",
    "queue-shared",
    "copy-restored",
    "collector-away",
    "collector-paused",
    "shed",
]


class Gap(msgspec.Struct, frozen=True):
    """From `start` to `end` (Unix seconds) events may have passed unseen."""

    start: float
    end: float
    cause: Cause = "broker-away"
