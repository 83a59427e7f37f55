"""Characters that act instead of being seen, and those that no encoding takes.

A text from a cluster may hold escape sequences of terminals, marks that turn the direction of
what stands beside them, characters without width, and halves of surrogate pairs, which Python
reads from JSON (`"\\ud800"`) and no strict writer takes. The browser's part has the same rule
(`ui/src/format/visible.ts`).
"""

from __future__ import annotations

import re
from typing import Final

#: Printable by Python's rule, and still nothing to see: a joiner, fillers of Hangul, vowels of
#: Khmer that have no sign, marks of Mongolian, Braille's blank. Variation selectors, which are
#: part of many an emoji, stay.
_UNSEEN: Final = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0"
_find_unseen: Final = re.compile(f"[{_UNSEEN}]").search
_find_surrogate: Final = re.compile("[\ud800-\udfff]").search
_HALVES: Final = re.compile("[\ud800-\udfff]")


def is_seen(character: str) -> bool:
    """Whether a person sees the character as what it is, and nothing else on account of it."""
    return character.isprintable() and _find_unseen(character) is None


def visible(text: str, keep: str = "") -> str:
    r"""The text with what cannot be seen as its escape (`\x1b`, `\u202e`), but for `keep`."""
    if text.isprintable() and (text.isascii() or _find_unseen(text) is None):
        return text
    return "".join(c if c in keep or is_seen(c) else escape(c) for c in text)


def escape(character: str) -> str:
    r"""As Python writes it: `\n`, `\x1b`, `\u202e`, `\U000e0041`."""
    return character.encode("unicode_escape").decode("ascii")


def is_encodable(text: str) -> bool:
    """Whether every encoding of Unicode takes it: not with halves of surrogate pairs."""
    return text.isascii() or _find_surrogate(text) is None


def encodable(text: str) -> str:
    r"""The text with each half of a surrogate pair as its escape (`\ud800`), so that everything
    encodes it."""
    if is_encodable(text):
        return text
    return _HALVES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
