"""Where somebody is led after a login: a page of this server, or nothing (no open redirect).

`next` comes from a link that anybody may have written. A browser reads more as another host than
meets the eye: `//evil.example`, `/\\evil.example`, a tab in between; and `..` leads out of a
proxy's prefix. What could be any of these is no page of ours, and the first page is shown instead.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

_LENGTH_MAX: Final = 2_000
#: How often a path may be quoted; what is quoted more often is nobody's link.
_QUOTED_MAX: Final = 4
#: Control characters of ASCII and beyond, and what breaks lines.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: Pages that would only lead to a login again, and what is no page.
_NO_PAGES: Final = re.compile(r"(?:c/[^/]+/)?(?:login|api)(?:/|\Z)", re.IGNORECASE)
_SAFE_IN_PATH: Final = "/%:@!$&'()*+,;=~-._"
_SAFE_IN_QUERY: Final = _SAFE_IN_PATH + "?"


def own_path(text: str) -> str:
    """The path below the prefix, without a slash at its beginning, with its query; "" for
    whatever is not surely a page of ours."""
    if len(text) > _LENGTH_MAX or _CONTROL.search(text) or not _is_text(text):
        return ""
    text = text.removeprefix("/")
    rest, hash_sign, fragment = text.partition("#")
    path, question, query = rest.partition("?")
    if not _is_own(path):
        return ""
    found = quote(path, safe=_SAFE_IN_PATH)
    found += question + quote(query, safe=_SAFE_IN_QUERY)
    return found + hash_sign + quote(fragment, safe=_SAFE_IN_QUERY)


def _is_text(text: str) -> bool:
    """Whether it can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode() == text


def _is_own(path: str) -> bool:
    """Whether neither the path nor anything that it is quoted from leads elsewhere."""
    if "\\" in path:
        return False
    for _ in range(_QUOTED_MAX):
        parts = path.replace("\\", "/").split("/")
        leads_elsewhere = path.lstrip().startswith(("/", "\\")) or any(
            part.strip() in {".", ".."} for part in parts
        )
        if leads_elsewhere or _CONTROL.search(path) or _NO_PAGES.match(path):
            return False
        unquoted = unquote(path)
        if unquoted == path:
            return True
        path = unquoted
    return False
