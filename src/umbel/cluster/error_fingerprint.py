"""Error fingerprints: which failures are the same error.

Two failures are the same error when the type of the exception, its message without what varies
(`error_message`) and the application's own frames (`own_frames`) are the same. Lines do not count,
so that a new version of the application does not split a group.

- *Chains.* What was raised `from` another is told apart by its cause; what was raised while another
  was handled is not, since that is a new error by Python's own words. Of a group its first
  sub-exception counts.
- *Retries.* The traceback of a try that is to be repeated ends with Celery's `Retry`; the error is
  what it was retried for, so that it falls together with the failure in the end.
- *Celery's wrappers.* `ExceptionWithTraceback` and `UnpickleableExceptionWrapper` stand for others,
  whose type the traceback has.
- *Interruptions.* A soft time limit strikes anywhere, so of its frames only the first counts: the
  task.
- *Nothing of the application's own* in any frame: the first frame that is not Celery's.

The order of frames does not count, nor how often one comes: recursion has the same frames
however deep it went, and an exception that is raised again names some twice.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from umbel.cluster.error_message import steady_message
from umbel.cluster.own_frames import entry_frame, own_frames
from umbel.cluster.traceback_parts import TracebackPart, split_type, traceback_parts

#: The number of these rules: whenever one changes, so does this, and errors that are stored are
#: worked out anew. An error of which the rules say what they said before keeps its id.
VERSION: Final = 2
#: The first of what an id is made of: a number that never changes, so that ids stay.
_ID_FORM: Final = 1
#: Hex digits of an id.
ID_DIGITS: Final = 12
FRAMES_MAX: Final = 40
_TYPE_MAX: Final = 80
_PARTS_MAX: Final = 20

#: What strikes from outside, wherever the task happens to be.
_INTERRUPTIONS: Final = frozenset(
    {"SoftTimeLimitExceeded", "KeyboardInterrupt", "SystemExit", "Terminated", "GreenletExit"}
)
#: What Celery puts in the place of exceptions that cannot be pickled.
_WRAPPERS: Final = frozenset({"ExceptionWithTraceback", "UnpickleableExceptionWrapper"})
_UNPICKLEABLE: Final = "UnpickleableExceptionWrapper"
_RETRY: Final = "Retry"
_KEY_ERROR: Final = "KeyError"
_NOT_REGISTERED: Final = "NotRegistered"
#: Types in whose messages quoted names tell one error from another.
_NAMING: Final = frozenset(
    {"AttributeError", "NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError",
     "TypeError", _NOT_REGISTERED}
)  # fmt: skip
_TOO_MANY_RETRIES: Final = "MaxRetriesExceededError"
#: Celery's function that raises the exception which a task was retried for, from whatever is being
#: handled (`celery.utils.serialization`).
_RAISING_AGAIN: Final = "raise_with_context"
#: What is left of a message that has nothing but values: `TimeLimitExceeded(300,)`.
_ARGUMENTS_ALONE: Final = "(…)"
#: Of an exception's repr so much is read.
_REPR_MAX: Final = 4_096


class ErrorFingerprint(msgspec.Struct, frozen=True):
    """Which error it is. `id` is the same for the same error: `ID_DIGITS` hex digits. `version` are
    the rules by which it was found. `type` is the exception's class, `message` what is the same in
    every occurrence, `frames` the application's own (`folder/file.py function`), outermost first,
    and `causes` the types it was raised from."""

    version: int
    id: str
    type: str
    message: str
    frames: tuple[str, ...]
    causes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Type and message, for people."""
        if self.type and self.message:
            return f"{self.type}: {self.message}"
        return self.type or self.message or "unknown"

    @property
    def label(self) -> str:
        """Id and title: `3f9c2a1b7d04 ValueError: no stock of <text>`."""
        return f"{self.id} {self.title}"


def error_fingerprint(exception: str | None, traceback: str | None) -> ErrorFingerprint | None:
    """The fingerprint of an error by the texts that an event has of it: the exception's repr and
    its traceback. None if there is neither. Never raises, and takes time by the texts' length at
    most."""
    if not exception and not traceback:
        return None
    parts = traceback_parts(traceback) if traceback else []
    chain, frames_of = _chain(parts, exception or "")
    name, message = _last(chain, exception or "")
    name = _short(name)
    frames = _frames(frames_of, chain, parts, name)
    causes = _causes(chain)
    steady = _message(name, message)
    identity = (_ID_FORM, name, steady, sorted(frames), [list(each) for each in causes])
    digest = hashlib.blake2b(repr(identity).encode("utf-8", "replace"), digest_size=ID_DIGITS // 2)
    return ErrorFingerprint(
        VERSION, digest.hexdigest(), name, steady, tuple(frames), tuple(each[0] for each in causes)
    )


def _last(chain: list[TracebackPart], exception: str) -> tuple[str, str]:
    """Type and message of the error itself."""
    last = chain[-1] if chain else None
    if last is None or last.type is None:
        return _type_and_message(exception)
    short = _short(last.type)
    if short == _RETRY:
        repeated = _type_and_message(exception)
        return repeated if repeated[0] else (last.type, last.message)
    if short in _WRAPPERS:
        return _type_and_message(last.message)
    return last.type, last.message


def _type_and_message(exception: str) -> tuple[str, str]:
    """Type and message by a repr: `ValueError('no stock')`."""
    text = exception[:_REPR_MAX].strip()
    if text == "None":  # of `self.retry()`
        return "", ""
    name, bracket, arguments = text.partition("(")
    named = split_type(name)
    if not bracket or named is None or named[1]:
        # Not a repr: a text such as "reject requeue=False: no thanks", or a line of a traceback.
        return split_type(text.partition("\n")[0]) or ("", text)
    if _short(name) == _RETRY:
        # Retry(Retry(...), KeyError('x'), 1), where tasks run in threads of the worker.
        inner = arguments.partition(", ")[2].rpartition("), ")[0]
        is_of_another = inner and not inner.startswith(("None", _RETRY))
        return _type_and_message(f"{inner})") if is_of_another else (name, "")
    if _short(name) == _UNPICKLEABLE:
        pieces = arguments.split("'", 4)
        return (pieces[3], pieces[4].partition('"')[2]) if len(pieces) > 4 else (name, "")
    if _short(name) == _KEY_ERROR:  # which says the repr of its key
        return name, arguments.removesuffix(")")
    return name, _argument(arguments)


def _argument(arguments: str) -> str:
    """What a repr has in its brackets: a text alone without its quotes."""
    inner = arguments[:-1] if arguments.endswith(")") else arguments
    quote = inner[:1]
    if quote in ("'", '"') and inner.find(quote, 1) == len(inner) - 1:
        return inner[1:-1].replace("\\n", "\n")
    return f"({inner})" if "," in inner else inner


def _short(name: str) -> str:
    return name.rpartition(".")[2][-_TYPE_MAX:]


def _chain(
    parts: list[TracebackPart], exception: str
) -> tuple[list[TracebackPart], TracebackPart | None]:
    """The parts up to that of the error itself, and the part whose frames count."""
    ends = [index for index, part in enumerate(parts) if not part.is_within]
    if not ends:
        return parts, parts[-1] if parts else None
    end = ends[-1]
    last = parts[end]
    if last.type is not None and _short(last.type) == _RETRY:
        repr_type = _type_and_message(exception)[0]
        for index in reversed(ends[:-1]):
            earlier = parts[index].type
            # `self.retry()` alone tells of no exception, and repeats for what is being handled.
            if earlier is not None and _short(repr_type) in ("", _short(earlier)):
                return parts[: index + 1], parts[index]
    return [*parts[:end], *parts[end + 1 :], last], last


def _frames(
    part: TracebackPart | None, chain: list[TracebackPart], parts: list[TracebackPart], name: str
) -> list[str]:
    """The frames that count."""
    if part is None:
        return []
    own = own_frames(part.frames)
    if not own:
        for other in reversed(chain[-_PARTS_MAX:]):
            own = own or own_frames(other.frames)
    if name in _INTERRUPTIONS:
        return own[:1]
    if own:
        return own[:FRAMES_MAX]
    return entry_frame(frame for each in (part, *parts[:_PARTS_MAX]) for frame in each.frames)


def _causes(chain: list[TracebackPart]) -> list[tuple[str, ...]]:
    """Types and own frames of what the last of the chain was raised from, and of its
    sub-exception."""
    if not chain:
        return []
    last = chain[-1]
    if last.frames and last.frames[-1].function == _RAISING_AGAIN:
        return []
    found: list[tuple[str, ...]] = []
    for part in reversed(chain[:-1][-_PARTS_MAX:]):
        if not (part.is_cause or part.is_within):
            break
        found.append((_short(part.type or ""), *sorted(own_frames(part.frames))[:FRAMES_MAX]))
    return found


def _message(name: str, message: str) -> str:
    if name == _TOO_MANY_RETRIES:
        message = message.partition("[")[0]
    if name in _NAMING:
        # What Python guesses from the names that there are, which other releases have not.
        message = message.partition(". Did you ")[0]
    if name == _NOT_REGISTERED:
        message = message.strip("'\"")
    if message.startswith(f"{name}("):
        # An exception that says no more than its repr.
        message = _argument(message[len(name) + 1 :])
    steady = steady_message(message, names=name in _NAMING)
    return "" if steady == _ARGUMENTS_ALONE else steady
