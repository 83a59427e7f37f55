"""The page on which a person logs in at a server of tests."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping


def buttons(query: Mapping[str, str], subjects: Iterable[str]) -> str:
    """A form that sends the query back, with a button for each person (`button[value=SUBJECT]`) and
    one to deny."""
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in query.items()
    )
    people = "".join(
        f'<button name="subject" value="{html.escape(each)}">Log in as {html.escape(each)}</button>'
        for each in subjects
    )
    return (
        "<!doctype html><html lang=en><title>Provider</title>"
        f'<form method="post">{hidden}{people}<button name="deny" value="1">Deny</button></form>'
    )
