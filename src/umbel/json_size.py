"""How many values a JSON text holds, told before any of them is made.

A few megabytes of `{},` are hundreds of megabytes of objects, so texts that are large enough
for that are counted first: every value but the outermost follows a comma or an opening bracket
outside of strings.
"""

from __future__ import annotations

import re
from typing import Final

#: A string may lack its end, lest each quote in it is tried as the beginning of another.
_marks: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{,]++', re.DOTALL).finditer
_QUOTE: Final = ord('"')


def holds_more(body: bytes, most: int) -> bool:
    """Whether the text holds more than `most` values beside the outermost, or more strings than
    those can have. Linear, and ends as soon as that is known."""
    begun = body.count(b",") + body.count(b"[") + body.count(b"{")
    if begun <= most and body.count(b'"') <= 4 * most:
        return False
    values = strings = 0
    for mark in _marks(body):
        start, end = mark.span()
        if body[start] == _QUOTE:
            strings += 1
        else:
            values += end - start
        if values > most or strings > 2 * most + 1:
            return True
    return False
