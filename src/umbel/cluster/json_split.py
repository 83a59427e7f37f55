"""The elements of a JSON list that cannot be read as a whole.

One event that no reader takes (nested too deeply, cut off, not JSON at all) must not take its
neighbours along. So the text is cut at the commas between elements, and each is read alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

# A string may lack its end, lest each quote in it is tried as the beginning of another.
_mark: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]++|[\]}]++|,', re.DOTALL).finditer


def json_elements(text: str) -> Iterator[str]:
    """Yields the texts of the elements, in order, and of what stands behind the list. None for what
    is no list."""
    begin = text.find("[") + 1
    if not begin or text[: begin - 1].strip():
        return
    depth = 0
    for mark in _mark(text, begin):
        start, end = mark.span()
        sign = text[start]
        if sign in "[{":
            depth += end - start
        elif sign in "]}":
            if end - start > depth:
                # The list ends with the bracket that is one too many.
                yield text[begin : start + depth]
                begin = start + depth + 1
                break
            depth -= end - start
        elif sign == "," and not depth:
            yield text[begin:start]
            begin = end
    if text[begin:].strip():
        yield text[begin:]
