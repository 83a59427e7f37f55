"""What `error:` compares with.

The value of the field is an error's label, `3f9c2a1b7d04 ValueError: no stock of <text>`
(`cluster/error_fingerprint.py`). Who asks for a whole value means the id, the title or both; who
asks for a part of it, or for a pattern, means the title, since pieces of ids say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from umbel.cluster.error_fingerprint import ID_DIGITS
from umbel.query.ast import Comparison
from umbel.query.folding import TextTest, comparison

_ID: Final = re.compile(f"[0-9a-fA-F]{{{ID_DIGITS}}}(?: .*)?", re.DOTALL)


def begins_with_id(text: str) -> bool:
    """Whether the text is an error's id or its label."""
    return _ID.fullmatch(text) is not None


def error_id(label: str) -> str:
    """The id in a label."""
    return label[:ID_DIGITS]


def error_title(label: str) -> str:
    """What stands behind the id in a label."""
    return label[ID_DIGITS + 1 :]


def error_comparison(how: Comparison, values: Sequence[str]) -> TextTest:
    """A test whether a label compares `how` with any one of `values`."""
    test = comparison(how, values)
    if how is not Comparison.EQUALS:
        return lambda label: test(error_title(label))
    return lambda label: test(error_id(label)) or test(error_title(label)) or test(label)
