"""A result backend that cannot be read: there is none, or only the sender can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NoReturn

from umbel.errors import ResultsUnavailable
from umbel.results.base import Result


class UnusableResults:
    """Answers every call with why."""

    def __init__(self, url: str, why: str, remedy: str) -> None:
        self._url = url
        self._why = why
        self._remedy = remedy

    @property
    def url(self) -> str:
        return self._url

    def expect(self, task_id: str) -> None:  # noqa: ARG002
        self._refuse()

    def get(self, task_id: str) -> Result:  # noqa: ARG002
        self._refuse()

    def get_many(self, task_ids: Sequence[str]) -> Iterator[Result]:  # noqa: ARG002
        self._refuse()

    def wait(self, task_id: str, timeout_s: float) -> Result:  # noqa: ARG002
        self._refuse()

    def abort(self, task_id: str) -> None:  # noqa: ARG002
        self._refuse()

    def close(self) -> None:
        """Nothing is open."""

    def _refuse(self) -> NoReturn:
        error = ResultsUnavailable(self._why, remedy=self._remedy)
        error.retriable = False
        raise error
