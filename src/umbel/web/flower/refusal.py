"""`Refused`: the exception that a handler of Flower's API ends a request with."""

from __future__ import annotations

from umbel.errors import UmbelError


class FlowerRefusal(UmbelError):
    """A request is answered with this status, and the sentence as plain text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
