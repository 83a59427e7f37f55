"""Words of a provider in sentences of ours: short, in one line, without what is known secret."""

from __future__ import annotations

from typing import Final

from umbel.process_secrets import hidden

_LENGTH: Final = 100


def printable(value: object) -> str:
    """A text, the first of several, or what else stands there, for a sentence."""
    texts = value[:3] if isinstance(value, list) else [value]
    text = hidden(" and ".join(str(each)[: 10 * _LENGTH] for each in texts if each is not None))
    return "".join(each for each in text if each.isprintable())[:_LENGTH] or "nothing"
