"""What Python raised inside a worker, as a person reads it."""

from __future__ import annotations

import pytest

from umbel.services.control.refusals import in_words


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (
            "AttributeError(\"'TaskPool' object has no attribute 'grow'\")",
            "Refused by the worker: its pool (threads) cannot grow.",
        ),
        (
            "'TaskPool' object has no attribute 'shrink'",
            "Refused by the worker: its pool (threads) cannot shrink.",
        ),
        (
            "NotImplementedError(\"<class 'celery.concurrency.thread.TaskPool'> does not implement "
            'kill_job")',
            "Refused by the worker: its pool (threads) cannot terminate.",
        ),
        ("ValueError('Autoscale not enabled')", "Autoscale not enabled"),
        ("Autoscale not enabled", "Autoscale not enabled"),
        ("unknown task", "unknown task"),
        (
            "TypeError(\"pool_grow() got an unexpected keyword argument 'x'\")",
            "It failed inside the worker, whose log has more. Python says: pool_grow() got an "
            "unexpected keyword argument 'x'",
        ),
        (
            "KeyError('nope')",
            "It failed inside the worker, whose log has more. Python says: nope",
        ),
    ],
)
def test_an_exception_is_told_in_words(answered: str, said: str) -> None:
    assert in_words(answered, "threads") == said


def test_a_pool_whose_kind_is_not_known_is_not_named() -> None:
    assert in_words("'TaskPool' object has no attribute 'grow'") == (
        "Refused by the worker: its pool cannot grow."
    )
