"""What simple expressions of Python are worth, read off their syntax tree; nothing is run.

A configuration is full of `int(os.getenv("PORT", 5555))` and `f"redis://{HOST}/0"`. Constants,
names that the file gave before, the environment by `os`, formatting, arithmetic of numbers,
comparisons, `and`, `or`, `if`/`else`, a few types and methods of texts are understood. Sizes are
bounded, so that no file can take memory or time.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

#: A longer text or list, or a larger number, is no setting.
_LONG: Final = 4_000
_LARGE: Final = 10**18
#: So deep may one expression be.
_DEEP: Final = 50
#: Widths in `%` and format specifications would make long texts of short ones.
_WIDE: Final = re.compile(r"\d{3,}|[*{]")
_WIDE_PERCENT: Final = re.compile(r"%(\([^)]*\))?[^a-zA-Z%]*?(\d{3,}|\*)")
_ENVIRON: Final = "os.environ"
_GETENV: Final = ("os.getenv", "os.environ.get")

_ARITHMETIC: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.eq,
    ast.IsNot: operator.ne,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_UNARY: Final[Mapping[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_TYPES: Final[Mapping[str, Callable[..., Any]]] = {
    "int": int, "float": float, "str": str, "bool": bool, "len": len, "list": list, "tuple": tuple,
}  # fmt: skip
_CONVERSIONS: Final[Mapping[str, Callable[[Any], str]]] = {"s": str, "r": repr, "a": ascii}
_METHODS: Final = frozenset(
    {
        "strip", "lstrip", "rstrip", "lower", "upper", "title", "split", "join", "format",
        "startswith", "endswith", "removeprefix", "removesuffix", "replace",
    }
)  # fmt: skip


class Unreadable(Exception):
    """The expression cannot be read. `missing` names an environment variable that it needs and
    that is not set."""

    def __init__(self, missing: str | None = None) -> None:
        super().__init__(missing)
        self.missing = missing


class Scope:
    """What names mean while a file is read from the top: values, and modules of the standard
    library by the names under which the file imported them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._values: dict[str, Any] = {}
        self._modules: dict[str, str] = {}
        self._unknown: set[str] = set()

    def give(self, name: str, value: Any) -> None:
        """The name has this value from here on."""
        self.forget(name)
        self._unknown.discard(name)
        self._values[name] = value

    def forget(self, name: str) -> None:
        """The name means something that cannot be known from here on."""
        self._values.pop(name, None)
        self._modules.pop(name, None)
        self._unknown.add(name)

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        """`import os`, `from os import environ as env`, ..."""
        inside = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for each in node.names:
            name = each.asname or each.name.partition(".")[0]
            self.forget(name)
            self._modules[name] = inside + (each.name if each.asname or inside else name)

    def value(self, node: ast.AST) -> Any:
        """What the expression is worth: a text, number, bool, None, or a list or tuple of
        them. Raises `Unreadable`, as for what is no expression."""
        if not isinstance(node, ast.expr):
            raise Unreadable
        with suppress(ValueError, TypeError, RecursionError, MemoryError):
            return ast.literal_eval(node)
        try:
            return self._value(node, 0)
        except Unreadable:
            raise
        except Exception as error:  # what Python itself would raise there
            raise Unreadable from error

    def _value(self, node: ast.expr, depth: int) -> Any:
        if depth > _DEEP:
            raise Unreadable
        return _bounded(self._of(node, depth + 1))

    def _of(self, node: ast.expr, depth: int) -> Any:
        match node:
            case ast.Constant(value=str() | int() | float() | None as constant):
                return constant
            case ast.Name(id=name) if name in self._values:
                return self._values[name]
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return [self._value(part, depth) for part in parts]
            case ast.JoinedStr(values=parts):
                return "".join(str(self._value(part, depth)) for part in parts)
            case ast.FormattedValue():
                return self._formatted(node, depth)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _arithmetic(op, self._value(left, depth), self._value(right, depth))
            case ast.UnaryOp(op=sign, operand=operand) if type(sign) in _UNARY:
                return _UNARY[type(sign)](self._value(operand, depth))
            case ast.BoolOp(op=junction, values=parts):
                return self._junction(parts, isinstance(junction, ast.Or), depth)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._value(body if self._value(test, depth) else orelse, depth)
            case ast.Compare(left=left, ops=[comparison], comparators=[right]):
                compare = _COMPARISONS[type(comparison)]
                return compare(self._value(left, depth), self._value(right, depth))
            case ast.Subscript(value=ast.expr() as of, slice=index):
                return self._item(of, index, depth)
            case ast.Call(func=function, args=arguments, keywords=keywords):
                given = [self._value(each, depth) for each in arguments]
                named = {str(each.arg): self._value(each.value, depth) for each in keywords}
                return self._called(function, given, named, depth)
        raise Unreadable

    def _junction(self, parts: list[ast.expr], is_or: bool, depth: int) -> Any:
        value = None
        for part in parts:
            value = self._value(part, depth)
            if bool(value) is is_or:
                break
        return value

    def _formatted(self, node: ast.FormattedValue, depth: int) -> str:
        value = self._value(node.value, depth)
        if node.conversion != -1:
            value = _CONVERSIONS[chr(node.conversion)](value)
        spec = "" if node.format_spec is None else str(self._value(node.format_spec, depth))
        if _WIDE.search(spec):
            raise Unreadable
        return format(value, spec)

    def _item(self, of: ast.expr, index: ast.expr, depth: int) -> Any:
        key = self._value(index, depth)
        if self._path(of) != _ENVIRON:
            return self._value(of, depth)[key]
        if key not in self._environ:
            raise Unreadable(missing=str(key))
        return self._environ[key]

    def _called(
        self, function: ast.expr, given: list[Any], named: dict[str, Any], depth: int
    ) -> Any:
        if self._path(function) in _GETENV:
            return self._getenv(*given, **named)
        if isinstance(function, ast.Name):
            if function.id in self._unknown:
                raise Unreadable
            return _TYPES[function.id](*given, **named)
        if isinstance(function, ast.Attribute) and function.attr in _METHODS:
            text = self._value(function.value, depth)
            if not isinstance(text, str):
                raise Unreadable
            if function.attr == "format":
                _plain_fields(text)
            return getattr(text, function.attr)(*given, **named)
        raise Unreadable

    def _getenv(self, key: str, default: Any = None) -> Any:
        return self._environ.get(key, default)

    def _path(self, node: ast.expr) -> str:
        """`os.environ.get` of what the file imported, whatever it is called there."""
        if isinstance(node, ast.Name):
            return self._modules.get(node.id, "")
        if isinstance(node, ast.Attribute):
            return f"{self._path(node.value)}.{node.attr}"
        return ""


def _arithmetic(op: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(op, ast.Mod):
        if _WIDE_PERCENT.search(left):
            raise Unreadable
        # Python takes several values as a tuple alone.
        return left % (tuple(right) if isinstance(right, list) else right)
    if isinstance(op, ast.Mult | ast.Mod) and not _numbers(left, right):
        raise Unreadable
    return _ARITHMETIC[type(op)](left, right)


def _numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) for value in values)


def _plain_fields(text: str) -> None:
    """Raises `Unreadable` for a format that looks into values (`{0.name}`) or is wide."""
    for field in re.findall(r"\{([^}]*)\}", text):
        name, _, spec = field.partition(":")
        if _WIDE.search(spec) or "." in name or "[" in name:
            raise Unreadable


def _bounded(value: Any) -> Any:
    if isinstance(value, str | list | tuple) and len(value) > _LONG:
        raise Unreadable
    if _numbers(value) and abs(value) > _LARGE:
        raise Unreadable
    return value
