"""The small functions of Flower: what its versions 2.0.1 and 2.2.0 agree on."""

from __future__ import annotations

import base64
import re
import time
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import flower
from flower.options import Error, Options
from flower.utils import abs_path, bugreport, gen_cookie_secret, prepend_url, strtobool
from flower.utils.search import preprocess_search_value, stringified_dict_contains_value
from flower.utils.template import UUID_REGEX, format_duration, format_time, humanize
from flower.views.auth import authenticate, validate_auth_option

LETTERS = "abcdefghijklmnopqrstuvwxyzabcd"
UUID = "8524ee04-05db-4556-9c4e-bd5ec7c54360"


def test_the_version_is_that_of_the_names() -> None:
    assert (flower.VERSION, flower.__version__) == ((2, 0, 1), "2.0.1")


@pytest.mark.parametrize("word", ["y", "YES", "t", "True", "on", "1"])
def test_words_that_mean_yes(word: str) -> None:
    assert strtobool(word) == 1


@pytest.mark.parametrize("word", ["n", "No", "f", "false", "OFF", "0"])
def test_words_that_mean_no(word: str) -> None:
    assert strtobool(word) == 0


@pytest.mark.parametrize("word", ["", "2", "maybe"])
def test_other_words_mean_nothing(word: str) -> None:
    with pytest.raises(ValueError, match=f"invalid truth value '{word}'"):
        strtobool(word)


@pytest.mark.parametrize(
    ("url", "prefix", "expected"),
    [
        ("/login", "flower", "/flower/login"),
        ("/login", "/flower/", "/flower/login"),
        ("login", "a", "/alogin"),
        ("/x", "", "//x"),
    ],
)
def test_a_prefix_is_put_before_a_url(url: str, prefix: str, expected: str) -> None:
    assert prepend_url(url, prefix) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/k", "/k"), ("k", "/app/k"), ("./k", "/app/./k"), ("", "/app/"), ("~/k", "/home/ann/k")],
)
def test_a_path_is_from_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, path: str, expected: str
) -> None:
    monkeypatch.setenv("PWD", "/app")
    monkeypatch.setenv("HOME", "/home/ann")

    assert abs_path(path) == expected


def test_without_a_variable_it_is_the_real_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PWD")
    monkeypatch.chdir(tmp_path)

    assert abs_path("k") == str(tmp_path / "k")


def test_a_secret_is_of_32_bytes() -> None:
    assert len(gen_cookie_secret()) == 44
    assert len(base64.b64decode(gen_cookie_secret())) == 32
    assert gen_cookie_secret() != gen_cookie_secret()


def test_a_report_begins_with_the_versions() -> None:
    assert bugreport().splitlines()[0].startswith("flower   -> flower:2.0.1 umbel:")
    assert "celery:" in bugreport()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ""),
        ("", ""),
        ("ssl_url", "SSL URL"),
        ("task-id", "Task id"),
        ("hello_world", "Hello world"),
        ("beta", "BETA"),
        ("args", "args"),
        ("kwargs", "kwargs"),
        ("my_args", "My args"),
        ("URI", "URI"),
        ("uri_prefix", "URI prefix"),
        ("max_tasks_per_child", "Max tasks per child"),
        ("max-concurrency", "Max concurrency"),
        ([2, "foo", 1.2], "2, foo, 1.2"),
        ([None, None], [None, None]),
        (UUID, UUID),
        ([1, 2, "a"], "1, 2, a"),
        ([], ""),
        ([1, [2]], [1, [2]]),
        ({"a": 1}, {"a": 1}),
        (4, 4),
        (4.5, 4.5),
        (True, True),
    ],
)
def test_names_and_lists_are_written_for_people(given: Any, expected: Any) -> None:
    assert humanize(given) == expected


@pytest.mark.parametrize(
    ("given", "kind", "expected"),
    [
        (0, "time-UTC", ""),
        ("", "time", ""),
        (1400806241.970742, "time-UTC", "2014-05-23 00:50:41.970742 UTC"),
        ("1400806241.970742", "time-Europe/Paris", "2014-05-23 02:50:41.970742 CEST"),
        ("some_name", "other", "Some name"),
    ],
)
def test_times_are_written_for_people(given: Any, kind: str, expected: str) -> None:
    assert humanize(given, type=kind) == expected


@pytest.mark.parametrize(
    ("ago", "expected"),
    [(5, "5 seconds ago"), (3 * 3600 + 1, "3 hours ago"), (-3_700, "an hour from now"),
     (61, "a minute ago")],
)  # fmt: skip
def test_times_of_a_day_are_told_from_now(ago: float, expected: str) -> None:
    assert humanize(time.time() - ago, type="natural-time") == expected
    assert humanize(time.time() - 1, type="natural-time-utc") == "a second ago"
    assert re.match(r"\d{4}-", humanize(time.time() - 2 * 86_400, type="natural-time-UTC"))


def test_what_is_no_time_is_a_value_error() -> None:
    for kind in ("time", "natural-time"):
        with pytest.raises(ValueError, match="could not convert"):
            humanize("abc", type=kind)
    with pytest.raises(ValueError, match="could not convert"):
        humanize("", type="natural-time")
    with pytest.raises(KeyError):
        humanize(5, type="time-Nowhere/Land")


def test_long_texts_are_cut() -> None:
    assert humanize(LETTERS, length=10) == "Abcdef ..."
    assert humanize(LETTERS, length=30) == LETTERS.capitalize()
    assert humanize("1234567", length=6) == "12 ..."
    assert humanize([1, 2, 3, 4], length=8) == "1, 2 ..."


def test_a_time_has_its_zone() -> None:
    assert format_time(0, UTC) == "1970-01-01 00:00:00.000000 UTC"
    assert format_time(1400806241.970742, ZoneInfo("Europe/Paris")).endswith("02:50:41.970742 CEST")
    with pytest.raises(TypeError):
        format_time(0, "UTC")  # type: ignore[arg-type]
    assert UUID_REGEX.match(UUID)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0012, "1.20 ms"), (12.345, "12.35 s"), (61.4, "1m 01s"), (3600, "1h 00m 00s")],
)
def test_durations_have_the_unit_that_suits_them(seconds: float, expected: str) -> None:
    assert format_duration(seconds) == expected


@pytest.mark.parametrize(
    ("pattern", "email", "allowed"),
    [
        ("me@x.com", "me@x.com", True),
        ("me@x.com", "Me@x.com", False),
        ("a@x.com|b@x.com", "b@x.com", True),
        (".*@x.com", "any@x.com", True),
        (".*@x.com", "any@xacom", False),
        (".*@x.com", "a@b@x.com", False),
        ("*@x.com", "any@x.com", False),
        ("one.*@x.com", "one.two@x.com", True),
        (".*@x.com", "any@x.com.others.com", False),
        (r".*@corp\.x\.com", "any@corpZx.com", False),
        ("me@x.com", "long.me@x.com", False),
        ("me@x.com", "*", False),
        ("a@x.com|b@x.net", "b@x.com", False),
        ("a@x.com|b@x.net", "", False),
        ("a@x.com,b@x.com", "a@x.com", False),
    ],
)
def test_who_may_log_in(pattern: str, email: str, allowed: bool) -> None:
    assert bool(authenticate(pattern, email)) is allowed


@pytest.mark.parametrize("pattern", [".*@x.com", "one.*two@x.com", "a|b", "me@x.com", ""])
def test_patterns_that_are_right(pattern: str) -> None:
    assert validate_auth_option(pattern)


@pytest.mark.parametrize("pattern", [".*@.*", ".*@x.com|b", "*", "a@*", "a@.*x.com", ".*x.com"])
def test_patterns_that_are_wrong(pattern: str) -> None:
    assert not validate_auth_option(pattern)


def test_searches_look_into_reprs() -> None:
    assert stringified_dict_contains_value("x", "5", "{'x': 5}")
    assert stringified_dict_contains_value("who", "bob", "{'who': 'bob'}")
    assert not stringified_dict_contains_value("x", "5", None)
    assert preprocess_search_value(' "a b" ') == "a b"
    assert preprocess_search_value(None) == ""


def test_options_have_flowers_types_and_defaults() -> None:
    options = Options()

    assert (options.port, options["inspect-timeout"], options.basic_auth) == (5555, 1000.0, [])
    assert "unix-socket" in options
    assert "nothing" not in options
    options.port = 80
    assert options.given() == {"port": 80}
    with pytest.raises(AttributeError, match="Unrecognized option"):
        options.prot = 1
    for name, wrong in (("port", "80"), ("inspect_timeout", 5), ("address", ["a"]), ("debug", 1)):
        with pytest.raises(Error):
            setattr(options, name, wrong)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("port", "7777", 7777),
        ("inspect_timeout", "2500", 2500.0),
        ("debug", "on", True),
        ("basic_auth", "a:b,c:d", ["a:b", "c:d"]),
        ("task_runtime_metric_buckets", "1,2.5,inf", [1.0, 2.5, float("inf")]),
    ],
)
def test_options_are_read_from_texts(name: str, text: str, value: object) -> None:
    options = Options()

    options.parse(name, text)

    assert options[name] == value


@pytest.mark.parametrize(("name", "text"), [("port", "abc"), ("debug", "maybe")])
def test_texts_of_a_wrong_type_are_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Options().parse(name, text)
