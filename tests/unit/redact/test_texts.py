"""Values of secret keys are hidden in the texts of arguments, results and errors."""

from __future__ import annotations

import json
import time

import pytest

from umbel.redact.keys import KeyPatterns
from umbel.redact.texts import redact_text

USUAL = KeyPatterns(["default"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{'user': 'bob', 'password': 'hunter2'}", "{'user': 'bob', 'password': <hidden>}"),
        ("{'password': 'it\\'s, me', 'b': 2}", "{'password': <hidden>, 'b': 2}"),
        ("{'api-key': {'a': [1, 2], 'b': '}'}, 'c': 3}", "{'api-key': <hidden>, 'c': 3}"),
        ("{'auth': ('u', 'p'), 'pin': 1234, 'x': 1}",
         "{'auth': <hidden>, 'pin': <hidden>, 'x': 1}"),
        ("{b'password': b'abc', 'd': 1}", "{b'password': <hidden>, 'd': 1}"),
        ("{'secret': Decimal('1.0'), 'e': 5}", "{'secret': <hidden>, 'e': 5}"),
        ("{'secret': <Vault 7>, 'e': 5}", "{'secret': <hidden>, 'e': 5}"),
        ("User(name='x', password='y', pin=1)", "User(name='x', password=<hidden>, pin=<hidden>)"),
        ("[('Authorization', 'Bearer x'), ('Accept', '*')]",
         "[('Authorization', <hidden>), ('Accept', '*')]"),
        ("('{\"token\": \"x y\", \"a\": 1}', 2)", "('{\"token\": <hidden>, \"a\": 1}', 2)"),
        ("{'h': 'Authorization: Bearer abc.def'}", "{'h': 'Authorization: <hidden>'}"),
        ("{'q': 'a=1&access_token=abc&b=2'}", "{'q': 'a=1&access_token=<hidden>&b=2'}"),
        ("OperationalError('password=foo host=db')",
         "OperationalError('password=<hidden> host=db')"),
        ("{'broker': 'amqp://bob:pw@host//'}", "{'broker': 'amqp://<hidden>@host//'}"),
        ('{"a": "{\\"token\\": \\"abc\\", \\"b\\": 1}"}',
         '{"a": "{\\"token\\": <hidden>, \\"b\\": 1}"}'),
        ("{'card number': '4111', 'cvv': 123}", "{'card number': <hidden>, 'cvv': <hidden>}"),
        ("password:  x y", "password:  <hidden> y"),
        ("password\t=\tx", "password\t=\t<hidden>"),
        ("'password:\\tx'", "'password:\\t<hidden>'"),
        ('{"password":\n    "x",\n "b": 1}', '{"password":\n    <hidden>,\n "b": 1}'),
        ("'{\"password\":\\n  \"x\"}'", "'{\"password\":\\n  <hidden>}'"),
        ("{:password => 'x', 'pin' => 1}", "{:password => <hidden>, 'pin' => <hidden>}"),
        ("{'user[password]': 'x', 'password*': 'y'}",
         "{'user[password]': <hidden>, 'password*': <hidden>}"),
        ("Cookie: a=1; sid=x y", "Cookie: <hidden>"),
        ("{'h': 'Set-Cookie: a=1; Path=/; sid=x', 'b': 1}",
         "{'h': 'Set-Cookie: <hidden>', 'b': 1}"),
        ('Authorization: Digest username="bob", response="x"', "Authorization: <hidden>"),
        ("'Authorization: ApiKey id:x'", "'Authorization: <hidden>'"),
        ("card number: 4111 1111 1111 1234, ok", "card number: <hidden>, ok"),
        ("IBAN: DE89 3704 0044 0532 0130 00.", "IBAN: <hidden>."),
        ("password=None-of-yours", "password=<hidden>"),
        ("private_key=-----BEGIN KEY-----\nx\n-----END KEY----- b", "private_key=<hidden> b"),
        ("private_key: |\n  -----BEGIN KEY-----\nx", "private_key: <hidden>"),
        ("DETAIL: Key (email, api_key)=(a, x) exists.",
         "DETAIL: Key (email, api_key)=<hidden> exists."),
        ("def f(password: str = 'x', n: int = 1)", "def f(password: <hidden>, n: int = 1)"),
        ("password=DOMAIN\\x", "password=<hidden>"),
        ("[{'name': 'DB_PASSWORD', 'value': 'x'}, {'name': 'HOST', 'value': 'y'}]",
         "[{'name': 'DB_PASSWORD', 'value': <hidden>}, {'name': 'HOST', 'value': 'y'}]"),
        ("(['mysql', '--password', 'x', '-h', 'db'], 5)",
         "(['mysql', '--password', <hidden>, '-h', 'db'], 5)"),
        ("    token = decode('x')\n", "    token = <hidden>\n"),
        ("error: token = Token(x)", "error: token = <hidden>"),
        ("Setting('password', value='x')", "Setting('password', <hidden>)"),
        ("{'" + "a" * 80 + "_password': 'x'}", "{'" + "a" * 80 + "_password': <hidden>}"),
    ],
)  # fmt: skip
def test_the_value_behind_a_secret_name_is_hidden(text: str, shown: str) -> None:
    assert redact_text(text, USUAL) == shown


@pytest.mark.parametrize(
    "text",
    [
        "{'user': 'bob', 'max_tokens': 512, 'author': 'x', 'shipping': 'y', 'keyboard': 'z'}",
        "{'password': None, 'token': True, 'secret': ''}",
        "ValueError('the password must be longer')",
        "(1, 'a', [2.5], {'b': datetime.datetime(2026, 1, 1)})",
        "{'password': <hidden>, 'x': 1}",
        'File "a.py", line 1, in f\n    session = requests.Session()\nError: x',
        'File "a.py", line 1, in f\n    auth = await HTTPBasicAuth(user, pw)\nError: x',
        "secret",
        "",
    ],
)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert redact_text(text, USUAL) == text


@pytest.mark.parametrize("cut", range(17, 45))
def test_of_a_text_that_was_cut_nothing_secret_is_left(cut: int) -> None:
    whole = "{'a': 1, 'password': 'hunter2', 'c': [1]}"

    assert not any(part in redact_text(whole[:cut], USUAL) for part in ("hunter", "'hun", "'h"))


@pytest.mark.parametrize(
    "text",
    [
        "{'password': <O'Brien's, 'x': 'hunter2'",
        "{'secret': {'a': 'b', 'c': hunter2",
        "{'token': Vault('x', hunter2",
        "{'pwd': 'hunter2",
        "{'pwd': ['(', hunter2",
        "{'pwd': Vault of hunter2, 'x': 1}",
        "{'pwd': Vault: hunter2}",
        "{'pwd': Vault<int>(hunter2)}",
    ],
)
def test_where_the_end_of_a_secret_cannot_be_told_all_that_follows_is_hidden(text: str) -> None:
    assert redact_text(text, USUAL).endswith("<hidden>")
    assert "hunter2" not in redact_text(text, USUAL)


@pytest.mark.parametrize("name", ["api_key", "apiKey", "API-KEY", "x.api.key", "My Api Key"])
def test_case_and_separators_of_a_name_do_not_count(name: str) -> None:
    assert "abc" not in redact_text(json.dumps({name: "abc"}), USUAL)


def test_patterns_of_ones_own_stand_beside_the_usual_ones_or_in_their_place() -> None:
    text = "{'password': 'a', 'customer_email': 'b'}"

    both = KeyPatterns(["default", "*email"])
    assert redact_text(text, both) == "{'password': <hidden>, 'customer_email': <hidden>}"
    assert redact_text(text, KeyPatterns(["*email"])) == (
        "{'password': 'a', 'customer_email': <hidden>}"
    )
    assert redact_text(text, KeyPatterns(["*"])) == (
        "{'password': <hidden>, 'customer_email': <hidden>}"
    )
    assert redact_text(text, KeyPatterns([])) == text


@pytest.mark.parametrize(
    "text",
    [
        "password: " * 6_000, "{'password': '" + "x'" * 30_000, "a:" * 30_000, "a b c d " * 8_000,
        "(((" * 20_000, "'password': " + "(<" * 20_000, "token=(" * 9_000,
        "\\" * 60_000 + "'pin':1",
        "{'secret': " * 6_000, "://" * 20_000 + "@", "x" * 65_000 + ":",
        "authorization: digest " + "a=b=c" * 10_000, "cookie: a; " * 6_000, "cookie=','" * 7_000,
        "password=-----BEGIN" * 3_000, "token: " + "\\n" * 30_000, "pin=11" + " 22" * 20_000 + "x:",
        "'name': 'pin', 'value': " * 2_700, "password: a = " * 5_000, 'pwd=a="x' * 8_000,
        "password=\\a" * 6_000, "password" + "!" * 60_000 + "':1", "'password': a b " * 4_000,
        "\\u0070" * 10_000 + ":", "pin:" + "\\\\u00" * 9_000,
        "'--pin', " * 7_000, "'" + "-" * 60_000, "'--" + "pin" * 20_000 + "', ",
    ],
)  # fmt: skip
def test_texts_made_to_take_long_do_not(text: str) -> None:
    begun = time.process_time()
    redact_text(text, USUAL)

    assert time.process_time() - begun < 1


@pytest.mark.parametrize("name", ["пароль", "Пароль", "db_Пароль", "größe", "GRÖSSE"])
def test_names_need_not_be_english(name: str) -> None:
    keys = KeyPatterns(["*пароль", "größe", "grösse"])

    assert "abc" not in redact_text(f"{{'{name}': 'abc'}}", keys)
    body = json.dumps({"a": 1, name: "abc"})
    assert "abc" not in redact_text(repr({"body": body}), keys)
    assert "abc" not in redact_text(json.dumps({"body": body}), keys)


def test_a_text_that_no_broker_could_send_is_looked_at_all_the_same() -> None:
    assert redact_text("{'\ud800': 1, 'pin': 2}", USUAL) == "{'\ud800': 1, 'pin': <hidden>}"
