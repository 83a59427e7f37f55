"""How a task that is sent again knows its arguments. Pure.

Theory of operation. Three things may know them, and each is believed only as far as it can
be:

- *The queued message* and *the result* (with `result_extended`) hold the values themselves:
  `exact`. A result is not believed when no worker ran the task (Celery then stores a
  chain's incomplete arguments) or when its name differs (the task was replaced). If it
  contradicts a repr that is whole, neither is believed: tasks may change what they were
  given, and applications may send a repr of their own that hides something.
- *The reprs* of the events were cut by Celery (celery/utils/saferepr.py) to 1,024
  characters and three levels, and they are no real reprs: strings are put between quotes
  without escaping anything but the quote. So a repr counts as whole only if it consists of
  nothing but values, and no text in it ends with the mark `...` (a cut text may be followed
  by more), holds a backslash (which stood for itself) or a sign that Umbel put in place of
  what cannot be stored. Whole reprs are `literal`.
- *A sender may choose the texts* (`argsrepr`, `kwargsrepr`) to hide something. So a repr is
  not literal either if it looks masked (stars, dots, `[hidden]`), or if Celery would have
  written its values otherwise.
- *A person* who edits takes the responsibility: `edited`.

Positional and named arguments are judged each on their own; the worse decides. Whatever
comes out is JSON without change, but for tuples, which Celery's own JSON makes lists.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from umbel.broker.base import QueuedMessage
from umbel.cluster.task import Task
from umbel.results.base import Result
from umbel.services.control.types import Edit, Fidelity

#: Larger or deeper arguments are not sent again without a person's edit.
TEXT_MAX: Final = 65_536
DEPTH_MAX: Final = 100
#: How many characters Celery lets such a text have (celery/app/amqp.py, `argsrepr_maxsize`).
REPR_MAX: Final = 1_024
VALUES_MAX: Final = 1_000_000
#: Brackets in a repr; Celery itself writes three levels.
_NESTED_MAX: Final = 50

Part = Literal["args", "kwargs"]
_WORD: Final[dict[Part, str]] = {
    "args": "The positional arguments",
    "kwargs": "The named arguments",
}

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


class Arguments(msgspec.Struct, frozen=True, kw_only=True):
    """What a task would be sent with. `fidelity` None: with nothing, and `why` is the
    sentence that says why. `args` and `kwargs` are plain JSON values."""

    fidelity: Fidelity | None
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    why: str | None = None


class _Unfit(Exception):
    """Why something does not give arguments, as the end of a sentence."""


class _Disputed(Exception):
    """Two sources say different things, and either may be wrong."""


class _Known(msgspec.Struct, frozen=True):
    """One of the two parts, and how it is known."""

    how: Fidelity
    value: Any


def arguments(
    task: Task,
    *,
    result: Result | None = None,
    queued: QueuedMessage | None = None,
    edit: Edit | None = None,
) -> Arguments:
    """The arguments that `task` can be sent again with, from the best source there is.

    Never raises for anything that a cluster can hold.
    """
    found: dict[Part, _Known] = {}
    whys: list[str] = []
    parts: tuple[Part, Part] = ("args", "kwargs")
    exact: Mapping[Part, Any] | None = None
    literally = True
    try:
        exact = _exact(task, result, queued, whys)
    except _Disputed as disputed:
        whys.append(f"{disputed}.")
        literally = False
    for part in parts:
        try:
            known = _known(part, task, exact, edit, literally)
            if known is not None:
                found[part] = known
        except _Unfit as unfit:
            whys.append(f"{_WORD[part]} {unfit}.")
    if len(found) < len(parts):
        return Arguments(fidelity=None, why=" ".join(whys))
    return Arguments(
        fidelity=_worse(known.how for known in found.values()),
        args=found["args"].value,
        kwargs=found["kwargs"].value,
    )


def _known(
    part: Part, task: Task, exact: Mapping[Part, Any] | None, edit: Edit | None, literally: bool
) -> _Known | None:
    mine = getattr(edit, part) if edit is not None else None
    if mine is not None:
        return _Known("edited", _sendable(mine))
    if exact is not None:
        return _Known("exact", exact[part])
    if not literally:
        return None
    text = task.args if part == "args" else task.kwargs
    return _Known("literal", _fitting(part, _literal(text)))


def _worse(hows: Iterable[Fidelity]) -> Fidelity:
    order: tuple[Fidelity, ...] = ("exact", "literal", "edited")
    return max(hows, key=order.index)


def _exact(
    task: Task, result: Result | None, queued: QueuedMessage | None, whys: list[str]
) -> Mapping[Part, Any] | None:
    """Both parts, from the first source that holds them; `whys` gets why others do not."""
    if queued is not None:
        try:
            return _from_queue(task, queued)
        except _Unfit as unfit:
            whys.append(f"The queued message cannot be used: {unfit}.")
    if result is not None:
        try:
            return _from_result(task, result)
        except _Unfit as unfit:
            whys.append(f"The result backend cannot be used: {unfit}.")
    return None


def _from_queue(task: Task, queued: QueuedMessage) -> Mapping[Part, Any]:
    if queued.task_id != task.uuid:
        raise _Unfit("the message is another task's")
    if queued.unreadable is not None:
        raise _Unfit(_ending(queued.unreadable))
    _same_name(task, queued.name)
    return _both(queued.args, queued.kwargs)


def _from_result(task: Task, result: Result) -> Mapping[Part, Any]:
    if result.task_id != task.uuid:
        raise _Unfit("the result is another task's")
    if result.args is None and result.kwargs is None:
        raise _Unfit("it keeps no arguments (result_extended is off, or the task has not run)")
    if not result.worker:
        raise _Unfit("no worker ran the task, so the arguments there may be incomplete")
    _same_name(task, result.name)
    both = _both(result.args, result.kwargs)
    told = (
        (_literal_or_none(task.args), both["args"]),
        (_literal_or_none(task.kwargs), both["kwargs"]),
    )
    if any(sent is not None and sent != kept for sent, kept in told):
        raise _Disputed(
            "The arguments that the result backend keeps are not those that the events told: "
            "the task may change them while it runs, or the application hides some"
        )
    return both


def _both(args: object, kwargs: object) -> Mapping[Part, Any]:
    return {"args": _fitting("args", args), "kwargs": _fitting("kwargs", kwargs)}


def _same_name(task: Task, name: str | None) -> None:
    if not name:
        raise _Unfit("it does not say which task it was")
    if task.name and name != task.name:
        raise _Unfit(f"it is of {name[:100]}, not {task.name[:100]}")


def _fitting(part: Part, value: object) -> Any:
    wanted: type = list if part == "args" else dict
    if not isinstance(value, wanted):
        raise _Unfit(f"are no {'list' if part == 'args' else 'object'} of values")
    return _sendable(value)


def _literal_or_none(text: str | None) -> object:
    """`_literal`, or None where it raises."""
    try:
        return _literal(text)
    except _Unfit:
        return None


def _literal(text: str | None) -> Any:
    """The value whose repr `text` is, tuples as lists. Raises `_Unfit` unless it is whole."""
    if text is None:
        raise _Unfit("were not seen: no event told them")
    if len(text) > TEXT_MAX:
        raise _Unfit(f"are longer than {TEXT_MAX:,} characters")
    if _REPLACED.search(text):
        raise _Unfit("hold characters that could not be kept")
    _check_whole(text)
    if _MASKED.search(text):
        raise _Unfit(
            "look masked: the sender put another text in the place of a value, and only somebody "
            "who knows the value can give it"
        )
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise _Unfit("are no plain values") from None
    plain = _as_json(value)
    if celerys_repr(value) != text:
        raise _Unfit(
            "are not written as Celery writes them: the sender chose this text, and may have "
            "hidden values in it"
        )
    return plain


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
            raise _Unfit(_odd(text[at : at + 200]))
        kind = str(token.lastgroup)
        if kind == "text" and token[0][1:-1].endswith("..."):
            raise _Unfit("hold a text that ends with ..., where Celery may have cut it")
        if kind in _VALUES and before in _VALUES:
            raise _Unfit("are no plain values")  # Python would join two texts
        depth += (kind == "open") - (kind == "close")
        if depth > _NESTED_MAX:
            raise _Unfit(f"are nested more than {_NESTED_MAX} levels deep")
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


def _as_json(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise _Unfit("hold keys that are no text, which JSON has not")
        return {key: _as_json(each) for key, each in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise _Unfit("hold a number that JSON has not (NaN or infinity)")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise _Unfit(f"hold a {type(value).__name__}, which JSON has not")


def _sendable(value: Any) -> Any:
    """`value` itself, if it is JSON of a size and depth that can be sent."""
    count = 0
    level: list[Any] = [value]
    for _ in range(DEPTH_MAX):
        deeper: list[Any] = []
        for each in level:
            deeper += _within(each)
        count += len(deeper)
        if count > VALUES_MAX:
            raise _Unfit(f"hold more than {VALUES_MAX:,} values")
        if not deeper:
            return value
        level = deeper
    raise _Unfit(f"are nested more than {DEPTH_MAX} levels deep")


def _within(value: object) -> Iterable[Any]:
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, dict):
        _as_json(dict.fromkeys(value))
        return value.values()
    _as_json(value)
    return ()


def _ending(sentence: str) -> str:
    """A whole sentence as the end of another."""
    return sentence.strip().rstrip(".")
