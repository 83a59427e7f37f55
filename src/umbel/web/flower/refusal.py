"""What Flower's API answers to a request that it refuses."""

from __future__ import annotations

from umbel.errors import UmbelError


class FlowerRefusal(UmbelError):
    """A request is answered with this status, and the sentence as plain text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
