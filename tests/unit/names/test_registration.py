"""What a worker says behind the name of a task."""

from __future__ import annotations

from umbel.services.names.registration import attributes


def test_options_and_docstring_are_told_apart() -> None:
    said = (
        "shop.pay [rate_limit=5/m time_limit=300 acks_late=True __doc__=Ask the bank.\n\n  Twice.]"
    )

    assert attributes(said) == {
        "rate_limit": "5/m",
        "time_limit": "300",
        "acks_late": "True",
        "__doc__": "Ask the bank.\n\n  Twice.",
    }


def test_a_docstring_may_speak_of_options() -> None:
    said = "shop.pay [queue=money __doc__=Takes queue=mail, or [none] time_limit=5 s.]"

    assert attributes(said) == {
        "queue": "money",
        "__doc__": "Takes queue=mail, or [none] time_limit=5 s.",
    }


def test_a_bare_name_says_nothing() -> None:
    assert attributes("shop.mail") == {}
