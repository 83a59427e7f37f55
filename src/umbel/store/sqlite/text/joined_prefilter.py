"""The prefilter of many bodies at once: whether any of them may pass a text filter.

It is less exact than `body_prefilter`: what one body has at its end and the next at its beginning
is taken for a text, and what only a folded text tells is left to that.
"""

from __future__ import annotations

from collections.abc import Callable

from umbel.store.sqlite.text.body_prefilter import body_prefilter, disguises
from umbel.store.sqlite.text.joined_bodies_cache import JoinedBodies
from umbel.store.sqlite.text.text_filter import (
    ESCAPED,
    AllOf,
    Edge,
    InState,
    Literal,
    TextFilter,
)

#: Whether one of the tasks may pass.
JoinedPrefilter = Callable[[JoinedBodies], bool]


def joined_prefilter(text_filter: TextFilter) -> JoinedPrefilter | None:
    """A test for `text_filter`: never False where one of the tasks matches its query. None where it
    would say nothing."""
    match text_filter:
        case Literal(text) if text != ESCAPED:
            return _literal(text.rstrip("\n"))
        case Literal() | Edge():
            of_one = body_prefilter(text_filter)
            return lambda joined: of_one(joined.lowered, None)
        case InState():
            return None
        case AllOf(parts):
            tests = [test for each in parts if (test := joined_prefilter(each)) is not None]
            return (lambda joined: all(test(joined) for test in tests)) if tests else None
    some = [joined_prefilter(each) for each in text_filter.parts]
    present = [test for test in some if test is not None]
    if len(present) < len(some):
        return None
    return lambda joined: any(test(joined) for test in present)


def _literal(text: str) -> JoinedPrefilter | None:
    if not text or not text.isascii():
        return None
    written, disguised = text.encode(), disguises(text)

    def test(joined: JoinedBodies) -> bool:
        if written in joined.lowered:
            return True
        return bool(disguised) and any(each in joined.beyond_ascii for each in disguised)

    return test
