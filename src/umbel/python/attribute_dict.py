"""A dictionary for code that reads attributes as well."""

from __future__ import annotations

from typing import Any


class AttributeDict(dict[str, Any]):
    """A dictionary whose keys are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None
