"""Python processes that find this in `PYTHONPATH` have a clock that is off by as many seconds as
the file `TEST_CLOCK_OFFSET` says now; what measures durations goes on as it was."""

from __future__ import annotations

import os
import time
from pathlib import Path

_right = time.time
_offset = Path(os.environ["TEST_CLOCK_OFFSET"])


def _set() -> float:
    return _right() + float(_offset.read_text())


time.time = _set
