"""How a process keeps its memory."""

from __future__ import annotations

import gc

from umbel.process_memory import collect_cycles_rarely


def test_cycles_are_looked_for_rarely_and_not_among_what_was_imported() -> None:
    before = gc.get_threshold()
    try:
        collect_cycles_rarely()

        assert gc.get_threshold()[0] > 10 * 700
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
