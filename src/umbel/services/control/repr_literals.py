"""Reading the texts of arguments that events carry (`argsrepr`, `kwargsrepr`) as values.

Celery cuts them and does not escape them (celery/utils/saferepr.py), and a sender may choose them
to hide something. `literal` reads only what is certainly whole; the rules stand in `fidelity`.
Other readers of Celery's reprs, for search and for display, which may guess, are
`query/arguments.py` and `ui/src/values/repr.ts`.
"""

from __future__ import annotations

import ast
import re
from typing import Any, Final

from umbel.redact.texts import HIDDEN
from umbel.services.control.json_arguments import TEXT_MAX, UnsendableArguments, as_json

#: How many characters Celery lets such a text have (celery/app/amqp.py, `argsrepr_maxsize`).
REPR_MAX: Final = 1_024
#: Brackets in a repr; Celery itself writes three levels.
_NESTED_MAX: Final = 50

_TOKEN: Final = re.compile(
    r"""
      (?P<text> ' (?: [^'\\\n\r] | \\' )* ' | " [^"\\\n\r]* " )
    | (?P<number> -? \d{1,4000} (?: \.\d{1,400} )? (?: e[+-]?\d{1,4} )? (?![\w.]) )
    | (?P<word> (?: True | False | None ) \b )
    | (?P<open> [\[({] )
    | (?P<close> [\])}] )
    | (?P<mark> [,:] \x20? )
    """,
    re.VERBOSE,
)
_VALUES: Final = frozenset({"text", "number", "word"})
#: Celery's mark, which may stand behind the beginning of a number or a word.
_CUT: Final = re.compile(r"-?\w*\.?\.\.\.")
#: What people write in the place of what nobody is to see.
_MASKED: Final = re.compile(
    r"\*{2,}|\.{3}|\N{HORIZONTAL ELLIPSIS}|[\N{BULLET}\N{BLACK CIRCLE}\N{FULL BLOCK}]{2,}"
    r"|\b[xX]{4,}|\b(?:REDACTED|MASKED|FILTERED|HIDDEN)\b"
    r"|(?i:[\[<(](?:redacted|masked|hidden|filtered|removed|omitted|secret|sensitive)\b)"
)
#: What stands where Umbel could not keep what came (`cluster/decode.py`).
_REPLACED: Final = re.compile("[\N{SYMBOL FOR NULL}\N{REPLACEMENT CHARACTER}\0]")


def literal_or_none(text: str | None) -> object:
    """`literal`, or None where it raises."""
    try:
        return literal(text)
    except UnsendableArguments:
        return None


def literal(text: str | None) -> Any:
    """The value whose repr `text` is, tuples as lists. Raises `UnsendableArguments` unless it is
    whole."""
    if text is None:
        raise UnsendableArguments("were not seen: no event told them")
    if len(text) > TEXT_MAX:
        raise UnsendableArguments(f"are longer than {TEXT_MAX:,} characters")
    if _REPLACED.search(text):
        raise UnsendableArguments("hold characters that could not be kept")
    if HIDDEN in text:
        raise UnsendableArguments(
            "are hidden ([redact]), and only somebody who knows them can give them"
        )
    _check_whole(text)
    if _MASKED.search(text):
        raise UnsendableArguments(
            "look masked: the sender put another text in the place of a value, and only somebody "
            "who knows the value can give it"
        )
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise UnsendableArguments("are no plain values") from None
    converted = as_json(value)
    if celerys_repr(value) != text:
        raise UnsendableArguments(
            "are not written as Celery writes them: the sender chose this text, and may have "
            "hidden values in it"
        )
    return converted


def celerys_repr(value: object, most: int | None = None) -> str:
    """The text that events carry of `value`, unless the sender chose another; cut at `most`
    characters."""
    from celery.utils.saferepr import saferepr  # Celery is twenty megabytes

    text: str = saferepr(value, most)
    return text


def _check_whole(text: str) -> None:
    """Nothing but values, none of them cut."""
    at = depth = 0
    before = ""
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise UnsendableArguments(_odd(text[at : at + 200]))
        kind = str(token.lastgroup)
        if kind == "text" and token[0][1:-1].endswith("..."):
            raise UnsendableArguments(
                "hold a text that ends with ..., where Celery may have cut it"
            )
        if kind in _VALUES and before in _VALUES:
            raise UnsendableArguments("are no plain values")  # Python would join two texts
        depth += (kind == "open") - (kind == "close")
        if depth > _NESTED_MAX:
            raise UnsendableArguments(f"are nested more than {_NESTED_MAX} levels deep")
        before, at = kind, token.end()


def _odd(rest: str) -> str:
    if _CUT.match(rest):
        return "were cut by Celery (...)"
    if rest.startswith("<"):
        return f"hold an object that only the application knows: {rest[:60]}"
    if rest.startswith(("'", '"')):
        return "hold a text with a backslash or line break, or were cut within a text"
    if rest.startswith(("nan", "inf", "-inf")):
        return "hold a number that JSON has not (NaN or infinity)"
    return f"hold what is no plain value: {rest[:60]}"
