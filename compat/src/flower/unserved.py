"""What of Flower cannot be served here, and what to use in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from umbel.errors import UmbelError


class NotServed(UmbelError, ImportError, NotImplementedError):
    """A name or call of Flower that Umbel does not serve; `remedy` says what to use.

    It is an `ImportError`, so that code which tries an import goes on without it.
    """


def unserved(module: str, names: Mapping[str, str]) -> Callable[[str], object]:
    """A module's `__getattr__`: raises `NotServed` for these names, each with what to use."""

    def missing(name: str) -> object:
        if name in names:
            raise NotServed(f"{module}.{name} is not served by Umbel.", remedy=names[name])
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return missing
