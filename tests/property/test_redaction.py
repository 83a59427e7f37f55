"""No secret survives in a text, whatever surrounds it and wherever Celery cut it."""

from __future__ import annotations

import json

from celery.utils.saferepr import saferepr
from hypothesis import given
from hypothesis import strategies as st

from umbel.redact.rules import Redactor, RedactRules

MARK = "Zq7"
KEYS = ("password", "api_key", "accessToken", "Set-Cookie", "pin")
QUIET = st.text(alphabet="ab '\"\\,:=[](){}<>&\n;@/é", max_size=12)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    QUIET,
    st.binary(max_size=4),
    QUIET.map(str.encode),
)
SECRETS = st.one_of(
    st.builds(lambda a, b: a + MARK + b, st.text(alphabet="ab ,\"'\\", max_size=3), st.just("")),
    st.just(MARK),
    st.just([MARK, 1]),
    st.just({"a": MARK}),
    st.just((MARK,)),
    st.just(MARK.encode()),
)


def _values() -> st.SearchStrategy[object]:
    return st.recursive(
        PLAIN,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(["a", "b c", "x-y"]), inner, max_size=3),
            st.dictionaries(st.sampled_from(KEYS), SECRETS, max_size=2),
        ),
        max_leaves=8,
    )


@given(st.dictionaries(st.sampled_from(["a", "b", *KEYS]), _values()), st.integers(20, 400))
def test_keyword_arguments_hold_no_secret(kwargs: dict[str, object], cut: int) -> None:
    redactor = Redactor(RedactRules())

    for text in (saferepr(kwargs, 1024), saferepr(kwargs, cut), repr(kwargs), repr(kwargs)[:cut]):
        assert MARK not in redactor.kwargs_text("proj.task", text)
    assert MARK not in repr(redactor.kwargs("proj.task", kwargs))


@given(st.lists(_values(), max_size=4), st.integers(0, 3), st.integers(20, 400))
def test_positional_arguments_hold_no_secret(before: list[object], at: int, cut: int) -> None:
    args = (*before[:at], MARK, 5)
    redactor = Redactor(RedactRules(positions={"proj.task": (len(before[:at]),)}))

    for text in (saferepr(args, 1024), saferepr(args, cut), repr(args), repr(args)[:cut]):
        assert MARK not in redactor.args_text("proj.task", text)


SIGNS = st.sampled_from(
    ["=", ": ", ":  ", " = ", "\t=\t", "=>", " => ", "': '", '":\n  "', '\\": \\"']
)


@given(QUIET, st.sampled_from(list(" \n\t,&?([{'\"")), st.sampled_from(KEYS), SIGNS, QUIET)
def test_texts_of_applications_hold_no_secret(
    before: str, gap: str, key: str, sign: str, after: str
) -> None:
    text = f"{before}{gap}{key}{sign}{MARK}{after}"
    redactor = Redactor(RedactRules())

    for shown in (text, repr(text), saferepr({"a": text}, 1024), json.dumps({"a": [text]})):
        assert MARK not in redactor.result_text("proj.task", shown)
