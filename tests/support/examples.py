"""How many examples a property is tried with: a third, unless there is time for all of them."""

from __future__ import annotations

import os


def examples(thorough: int) -> int:
    """For `max_examples`: so many with `make test-thorough`, and else a third of them."""
    return thorough if os.environ.get("UMBEL_TEST_THOROUGH") else max(10, thorough // 3)
