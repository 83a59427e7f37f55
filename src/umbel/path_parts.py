"""Names of the cluster as one part of an address's path.

A task may have any text as its id, a queue and a task any text as its name. Some of those cannot
stand in a path as they are: `.` and `..` mean a folder to whatever reads an address (RFC 3986,
5.2.4), also as `%2e`, and `tasks/count` is a route of its own. So an equals sign stands before
such a text, and before one that begins with an equals sign: `tasks/=..`, `tasks/=count`,
`tasks/==x`. The browser's part has the same rule (`ui/src/format/path_part.ts`).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

_MARK: Final = "="
#: What means something else in the place of an id or name; a test holds the routes to it.
TAKEN: Final = frozenset({".", "..", "count", "export", "diff"})


def path_part(text: str) -> str:
    """The text as one part of a path, quoted."""
    marked = _MARK + text if text in TAKEN or text.startswith(_MARK) else text
    return quote(marked, safe="")


def text_of_part(part: str) -> str:
    """The text of a part of a path that is unquoted."""
    return part.removeprefix(_MARK)
