"""A safe pickle reader: it gives the values in a pickle and imports or calls nothing.

Django's cache pickles whatever it is given, so results that Celery keeps in it (`django-cache`)
are pickles of `{"status": ..., "result": ...}`, with exceptions among them. Theory of operation:
a pickle is a program for a machine with a stack, a memo and some sixty instructions, which
`pickletools` reads without executing them. This machine carries out those that build plain
values; what would import a class gives its name, and what would call one a `Foreign`, which
keeps the name and the arguments. An instruction that reaches elsewhere ends it, as do values
that are nested too deeply or, by sharing parts, are far larger than their bytes.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

from umbel.results.payload import META_MAX, UnreadableResult, pickled_state

#: So many instructions are carried out, and so many values taken out of one pickle.
_STEPS_MAX: Final = 200_000
#: A text counts as one value more for each of these.
_CHARACTERS: Final = 64
#: Of an object's arguments so much is shown, characters: each object around another one quotes
#: the quotes in it again.
_SHOWN_MAX: Final = 4_000
_DEEP: Final = 100
_DAMAGED: Final = "It is a pickle that is damaged, or of a kind that Umbel does not read."


class Foreign:
    """In place of an object: the class that it would be of, and its arguments."""

    def __init__(self, named: str, arguments: Any = ()) -> None:
        self.named = named
        self.arguments = arguments if isinstance(arguments, tuple | list) else ()


def read_pickle(body: bytes) -> object:
    """Its values as JSON knows them; an exception or another object is a text such as
    `ValueError('no')`. Raises `UnreadableResult`."""
    if len(body) > META_MAX:
        raise UnreadableResult(f"It is larger than {META_MAX // 2**20} MB, so it was not opened.")
    try:
        return _ValueBuilder().of(_Machine().run(body), 0)
    except Exception as error:  # a wrong program fails in every way that there is
        why = error.why if isinstance(error, UnreadableResult) else _DAMAGED
        raise UnreadableResult(why, pickled_state(body)) from None


def read_next_pickle(file: IO[bytes]) -> object:
    """The same of a file, which stands behind the pickle then."""
    return _ValueBuilder().of(_Machine().run(file), 0)


class _Machine:
    """Stack and memo while one pickle is read."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self, body: bytes | IO[bytes]) -> Any:
        for step, (opcode, argument, _) in enumerate(pickletools.genops(body)):
            if step > _STEPS_MAX:
                raise UnreadableResult("It is too large to be shown.")
            if opcode.name == "STOP":
                return self.stack.pop()
            if opcode.name in _VALUES:
                self.stack.append(argument)
            else:
                _DO[opcode.name](self, argument)
        raise UnreadableResult(_DAMAGED)

    def to_mark(self) -> list[Any]:
        found, self.stack = self.stack, self.marks.pop()
        return found

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def nothing(self, _: object) -> None:
        """How the bytes are laid out."""

    def dict_of(self, _: object) -> None:
        pairs = self.to_mark()
        self.push({})
        self.items(pairs)

    def mark(self, _: object) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def take(self, count: int) -> tuple[Any, ...]:
        taken = tuple(self.stack[len(self.stack) - count :])
        if len(taken) != count:
            raise UnreadableResult(_DAMAGED)
        del self.stack[len(self.stack) - count :]
        return taken

    def pop(self, _: object) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.to_mark()

    def put(self, at: int) -> None:
        self.memo[at] = self.stack[-1]

    def called(self, _: object) -> None:
        """REDUCE, NEWOBJ: a class and its arguments."""
        of, arguments = self.take(2)
        self.stack.append(Foreign(_name(of), arguments))

    def called_by_name(self, _: object) -> None:
        """NEWOBJ_EX: named arguments as well, which are left out."""
        of, arguments, _named = self.take(3)
        self.stack.append(Foreign(_name(of), arguments))

    def stack_global(self, _: object) -> None:
        module, name = self.take(2)
        self.stack.append(Foreign(f"{module}.{name}"))

    def items(self, pairs: list[Any]) -> None:
        into = self.stack[-1]
        if isinstance(into, dict):
            into.update(zip(map(_key, pairs[::2]), pairs[1::2], strict=True))

    def extend(self, values: list[Any]) -> None:
        into = self.stack[-1]
        if isinstance(into, list):
            into.extend(values)


_Do = Callable[[_Machine, Any], object]

_VALUES: Final = frozenset(
    {
        "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
        "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
        "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    }
)  # fmt: skip
_DO: Final[Mapping[str, _Do]] = {
    "PROTO": _Machine.nothing,
    "FRAME": _Machine.nothing,
    "NONE": lambda on, _: on.push(None),
    "NEWTRUE": lambda on, _: on.push(True),
    "NEWFALSE": lambda on, _: on.push(False),
    "EMPTY_LIST": lambda on, _: on.push([]),
    "EMPTY_SET": lambda on, _: on.push([]),
    "EMPTY_DICT": lambda on, _: on.push({}),
    "EMPTY_TUPLE": lambda on, _: on.push(()),
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": lambda on, _: on.to_mark(),
    "DUP": lambda on, _: on.push(on.stack[-1]),
    "DICT": _Machine.dict_of,
    "LIST": lambda on, _: on.push(on.to_mark()),
    "TUPLE": lambda on, _: on.push(tuple(on.to_mark())),
    "FROZENSET": lambda on, _: on.push(on.to_mark()),
    "TUPLE1": lambda on, _: on.push(on.take(1)),
    "TUPLE2": lambda on, _: on.push(on.take(2)),
    "TUPLE3": lambda on, _: on.push(on.take(3)),
    "APPEND": lambda on, _: on.extend(list(on.take(1))),
    "APPENDS": lambda on, _: on.extend(on.to_mark()),
    "ADDITEMS": lambda on, _: on.extend(on.to_mark()),
    "SETITEM": lambda on, _: on.items(list(on.take(2))),
    "SETITEMS": lambda on, _: on.items(on.to_mark()),
    "PUT": _Machine.put,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": lambda on, _: on.put(len(on.memo)),
    "GET": lambda on, at: on.push(on.memo[at]),
    "BINGET": lambda on, at: on.push(on.memo[at]),
    "LONG_BINGET": lambda on, at: on.push(on.memo[at]),
    "GLOBAL": lambda on, name: on.push(Foreign(name.replace(" ", "."))),
    "STACK_GLOBAL": _Machine.stack_global,
    "REDUCE": _Machine.called,
    "NEWOBJ": _Machine.called,
    "NEWOBJ_EX": _Machine.called_by_name,
    "BUILD": lambda on, _: on.take(1),
}


def _name(of: object) -> str:
    if not isinstance(of, Foreign):
        raise UnreadableResult(_DAMAGED)
    return of.named


def _key(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(type(value))


class _ValueBuilder:
    """Builds JSON values; shared parts count each time that they are met."""

    def __init__(self) -> None:
        self._left = _STEPS_MAX

    def of(self, value: Any, depth: int) -> object:
        self._left -= 1 + (len(value) // _CHARACTERS if isinstance(value, str | bytes) else 0)
        if self._left < 0 or depth > _DEEP:
            raise UnreadableResult("It is too large or nested too deeply to be shown.")
        if isinstance(value, dict):
            return {str(key): self.of(each, depth + 1) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.of(each, depth + 1) for each in value]
        if isinstance(value, Foreign):
            arguments = (repr(self.of(each, depth + 1)) for each in value.arguments)
            shown = ", ".join(arguments)
            shown = shown if len(shown) <= _SHOWN_MAX else shown[:_SHOWN_MAX] + "…"
            self._left -= len(shown) // _CHARACTERS
            return f"{value.named.rpartition('.')[2][:_SHOWN_MAX]}({shown})"
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
