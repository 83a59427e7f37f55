"""The check of a span of time that two parameters make."""

from __future__ import annotations

from umbel.web.http.problems import Refusal


def check_span(
    start: float | None,
    end: float | None,
    now: float,
    *,
    names: tuple[str, str] = ("since", "until"),
) -> None:
    """Raises `Refusal` for a span that does not begin before its end. Without an end it ends `now`;
    without a start it begins before that. `names` are those of the parameters."""
    if start is not None and start >= (now if end is None else end):
        first, last = names
        raise Refusal(
            "bad-parameter", f"The parameter {first} must lie before {last}.", parameter=first
        )
