"""The prefilter of bodies: whether packed facts pass a text filter, read off their bytes.

Most candidates of a text search do not match, and most of those can be told by looking for
bytes: texts stand in MessagePack as UTF-8, so ASCII is found as it is, in lower case. What
bytes cannot tell (other letters, and the few characters that fold to ASCII letters) is
looked for in the folded texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from umbel.query.folding import fold
from umbel.store.sqlite.text.text_filter import (
    AFTER,
    BEFORE,
    ESCAPED,
    AllOf,
    Edge,
    InState,
    Literal,
    TextFilter,
    document_text,
)
from umbel.store.sqlite.text.texts import texts

#: Given packed facts and the task's state, None for any: whether the text filter lets them pass.
BodyPrefilter = Callable[[bytes, str | None], bool]
#: All characters outside ASCII that fold to something with an ASCII letter in it: sharp s,
#: dotted I, long s, the Kelvin sign, ligatures and such.
FOLDING_TO_ASCII: Final = (
    "\xdf\u0130\u0149\u017f\u01f0\u1e96\u1e97\u1e98\u1e99\u1e9a\u1e9e\u212a"
    "\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
)
_BACKSLASH: Final = ord("\\")
_escape_in: Final = re.compile(rb"\\[xXuU]").search
#: Outside ASCII are blanks, and what MessagePack writes behind a text.
_BEYOND: Final = b"\x80-\xff"


def body_prefilter(text_filter: TextFilter) -> BodyPrefilter:
    """A test for `text_filter`: never False for a task that matches its query."""
    if isinstance(text_filter, Literal):
        return _escaped if text_filter.text == ESCAPED else _literals([text_filter.text])
    if isinstance(text_filter, Edge):
        return _edge(text_filter)
    if isinstance(text_filter, InState):
        states = text_filter.states
        return lambda _packed, state: state is None or state in states
    if isinstance(text_filter, AllOf):
        return _every(_tests_of_all(text_filter.parts))
    tests = [body_prefilter(each) for each in text_filter.parts]
    return tests[0] if len(tests) == 1 else _some(tests)


def _tests_of_all(parts: Sequence[TextFilter]) -> list[BodyPrefilter]:
    """Texts together, since bytes need be lowered but once."""
    literals = [each.text for each in parts if isinstance(each, Literal) and each.text != ESCAPED]
    others = [body_prefilter(each) for each in parts if not isinstance(each, Literal)]
    others += [_escaped for each in parts if each == Literal(ESCAPED)]
    return [*others, _literals(literals)] if literals else others


def _every(tests: list[BodyPrefilter]) -> BodyPrefilter:
    if len(tests) == 1:
        return tests[0]

    def test(packed: bytes, state: str | None) -> bool:
        for each in tests:  # noqa: SIM110  a third of the time of all()
            if not each(packed, state):
                return False
        return True

    return test


def _some(tests: list[BodyPrefilter]) -> BodyPrefilter:
    def test(packed: bytes, state: str | None) -> bool:
        for each in tests:  # noqa: SIM110
            if each(packed, state):
                return True
        return False

    return test


def _literals(wanted: list[str]) -> BodyPrefilter:
    """Whether all of these texts are there."""
    # In the index a line break ends every text; here nothing does.
    stripped = [text.rstrip("\n") for text in wanted]
    other = [text for text in stripped if not text.isascii()]
    ascii_texts = [(text.encode(), text, disguises(text)) for text in stripped if text.isascii()]
    lowers = any(text.upper() != text for _, text, _ in ascii_texts)

    def test(packed: bytes, _state: str | None) -> bool:
        lowered = packed.lower() if lowers else packed
        folded = None
        for written, text, disguised in ascii_texts:
            if written in lowered:
                continue
            for each in disguised:
                if each in lowered:
                    break
            else:
                return False
            folded = folded or document_text(texts(packed))
            if text not in folded:
                return False
        if not other:
            return True
        folded = folded or document_text(texts(packed))
        return all(text in folded for text in other)

    return test


def disguises(text: str) -> tuple[bytes, ...]:
    """The characters outside ASCII, as UTF-8, that may stand for a part of an ASCII text."""
    return tuple(
        character.encode() for character in FOLDING_TO_ASCII if _overlaps(fold(character), text)
    )


def _overlaps(part: str, text: str) -> bool:
    """Whether `part` may lie over `text`, or over an end of it, and agree with it."""
    for shift in range(1 - len(part), len(text)):
        start, end = max(0, shift), min(len(text), shift + len(part))
        if text[start:end] == part[start - shift : end - shift]:
            return True
    return False


def _edge(edge: Edge) -> BodyPrefilter:
    before, after = (
        b"[" + re.escape("".join(filter(str.isascii, edges)).encode()) + _BEYOND + b"]"
        for edges in (BEFORE, AFTER)
    )
    written = edge.text.encode()
    expression = re.escape(written)
    if edge.first:
        expression = before + expression
    if edge.last:
        expression += b"(?:" + after + rb"|\Z)"
    finds = re.compile(expression).search
    disguised = disguises(edge.text)
    lowers = edge.text.upper() != edge.text

    def test(packed: bytes, _state: str | None) -> bool:
        lowered = packed.lower() if lowers else packed
        if written in lowered and finds(lowered):
            return True
        # Then it is left to `match`.
        return bool(disguised) and any(each in lowered for each in disguised)

    return test


def _escaped(packed: bytes, _state: str | None) -> bool:
    return _BACKSLASH in packed and _escape_in(packed) is not None
