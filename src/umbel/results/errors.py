"""Errors of result backends, translated to sentences for people."""

from __future__ import annotations

from typing import Final

from umbel.errors import ResultsUnavailable
from umbel.process_secrets import hidden

_REFUSED: Final = (
    "wrongpass", "noauth", "noperm", "password", "authentication", "access denied", "no such user",
    "invalid username", "unauthorized", "forbidden",
)  # fmt: skip
_MISSING: Final = ("no such table", "does not exist", "doesn't exist")
#: The command of a Django project that makes what is missing.
_DJANGO: Final = {"django-db": "migrate", "django-cache": "createcachetable"}
_NETWORK: Final = ("connection", "timeout", "refused", "unreachable", "resolve", "name or service")


#: A secret that is cut in two is no longer known, so more is looked at than is told.
_WORDS_MAX: Final = 20_000


def silent(url: str, limit_s: float) -> ResultsUnavailable:
    """Nothing came in time."""
    return ResultsUnavailable(
        f"The result backend at {url} does not answer within {limit_s:g} s.",
        remedy="Check that it runs and that this machine can reach it.",
    )


def closed(url: str) -> ResultsUnavailable:
    """It was closed on our side."""
    return ResultsUnavailable(
        f"The result backend at {url} is no longer read: Umbel is leaving.",
        remedy="Ask again when Umbel runs.",
    )


def is_lost_connection(error: BaseException) -> bool:
    """Whether a connection ended that may be there again when it is made anew: servers are
    restarted, and end connections that were idle for long."""
    if isinstance(error, ImportError | FileNotFoundError | PermissionError):
        return False
    return _is_of_network(error, _words(error).lower())


def _is_of_network(error: BaseException, lower: str) -> bool:
    return isinstance(error, OSError) or any(sign in lower for sign in _NETWORK)


def translated(error: BaseException, url: str) -> ResultsUnavailable:
    """The error that Celery or a driver raised, in our words."""
    words = _words(error)
    lower = words.lower()
    if isinstance(error, ImportError) or type(error).__name__ == "ImproperlyConfigured":
        return ResultsUnavailable(
            f"The result backend at {url} cannot be used: {words}.",
            remedy="Install the library that Celery needs for it beside Umbel, "
            "and check its settings.",
        )
    if type(error).__name__ == "AppRegistryNotReady":
        return ResultsUnavailable(
            f"The result backend at {url} cannot be used: Django is not set up in this process.",
            remedy="Call django.setup() before results are asked for.",
        )
    if isinstance(error, FileNotFoundError | PermissionError | NotADirectoryError):
        return ResultsUnavailable(
            f"The result backend at {url} cannot be read: {words}.",
            remedy="Check its path, and that Umbel may read and write there.",
        )
    if any(sign in lower for sign in _MISSING):
        of_django = _DJANGO.get(url)
        return ResultsUnavailable(
            f"The result backend at {url} has nothing of Celery's: {words}.",
            remedy=f"Run `python manage.py {of_django}` in the project, and look at its database."
            if of_django
            else "Workers make their table when they start; check that the URL is theirs.",
        )
    if any(sign in lower for sign in _REFUSED):
        return ResultsUnavailable(
            f"The result backend at {url} refused Umbel: {words}.",
            remedy="Check the user and the password in its URL.",
        )
    if _is_of_network(error, lower):
        return ResultsUnavailable(
            f"The result backend at {url} does not answer: {words}.",
            remedy="Check that it runs and that this machine can reach it.",
        )
    return ResultsUnavailable(
        f"The result backend at {url} failed: {words}.", remedy="Check its own log."
    )


def _words(error: BaseException) -> str:
    # SQLAlchemy wraps the driver's error in one that repeats the whole query.
    error = getattr(error, "orig", None) or error
    # PostgreSQL points into the query, which is Celery's or Django's.
    told, _, _ = str(error).partition("\nLINE 1:")
    text = " ".join(told.split()).rstrip(".") or type(error).__name__
    return hidden(text[:_WORDS_MAX])[:1_000]
