"""Which failures a person would call one error: by its name, the calls that fail so."""

from __future__ import annotations

from typing import Any, Final

import msgspec


class Call(msgspec.Struct, frozen=True):
    """One call of a function of the application. `release`: it runs as the next release."""

    module: str
    function: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = {}
    retries: int = 0
    release: int = 0


def _calls(module: str, function: str, *arguments: Any) -> list[Call]:
    """One call for each of these arguments."""
    return [
        Call(module, function, each if isinstance(each, tuple) else (each,)) for each in arguments
    ]


def _celery(function: str, *arguments: Any, **options: Any) -> list[Call]:
    return [Call("celery_own", function, (each,), options) for each in arguments]


_TRIES: Final = [
    Call("celery_own", "retried", (3,)),
    Call("celery_own", "retried", (5,), {}, 3),
]
#: Groups that are split all the same: what varies in their messages looks like words.
SPLIT: Final = frozenset({"no date (dateutil)"})
GROUPS: Final[dict[str, list[Call]]] = {
    # orders
    "order without total": _calls("orders", "charge", {"id": 1}, {"id": 2, "currency": "EUR"}),
    "no rate for currency": _calls(
        "orders", "charge", {"id": 17, "total": 1, "currency": "YEN"},
        {"id": 9, "total": 1, "currency": "XAU"},
    ),
    "no currency": _calls("orders", "charge", {"id": 17, "total": 1}, {"id": 3, "total": 2}),
    "no rate, called alone": _calls("orders", "rate", {"id": 17}, {"id": 1}),
    "key missing": _calls("orders", "by_key", "b", "customer", "ümlaut"),
    "index out of range": _calls("orders", "by_index", 1, 12),
    "division by zero": _calls("orders", "divide", 1, 5),
    "None has no total": _calls("orders", "attribute_of_none", 1, 2),
    "None has no customer": _calls("orders", "other_attribute", 1, 2),
    "name not defined": _calls("orders", "wrong_name", 1, 2),
    "argument missing": _calls("orders", "no_argument", 1, 2),
    "int and str": _calls("orders", "wrong_types", 1, 2),
    "not an int": _calls("orders", "to_int", "x", "12 apples and 'y'", ""),
    "silent error": _calls("orders", "silent", 1, 2),
    "out of stock": _calls("orders", "out_of_stock", ("A-17", 3), ("B-9", 12)),
    "out of stock, no words": _calls("orders", "out_of_stock_without_words", 1, 2),
    "order is wrong, many lines": _calls("orders", "multi_line", 3, 70),
    "order without lines": _calls("orders", "empty_first_line", 3, 70),
    "order below zero": _calls("orders", "check", 3, 70),
    "bare assert": _calls("orders", "bare_assert", 3, 70),
    "date not in format": _calls("orders", "when", "1.2.2026", "yesterday"),
    "date not ISO": _calls("orders", "iso", "1.2.2026", "yesterday"),
    "not a decimal": _calls("orders", "decimal_of", "x", "1,2"),
    "no rate in list": _calls("orders", "in_a_list", 1, 2),
    "lambda on ints": _calls("orders", "in_a_lambda", 1, 2),
    "error with note": _calls("orders", "with_note", 1, 2),
    "ids of all kinds": _calls("orders", "group_of", 11, 70_000),
    "addresses and times": _calls("orders", "at_time", 3, 7),
    "cannot mail": _calls("orders", "mailed", "ann@example.com", "bob.b+x@mail.example.org"),
    "stop iteration": _calls("orders", "stop", 1, 2),
    "too many values": _calls("orders", "unpack", 3, 5),
    "too few values": _calls("orders", "unpack", 1, 0),
    "not in enum": _calls("orders", "enum_of", 7, 8),
    "unhashable": _calls("orders", "unhashable", 7, 8),
    "frozen dataclass": _calls("orders", "from_dataclass", 7, 8),
    "cannot read dictionary": _calls(
        "orders", "dictionary_in_message", {"a": 1}, {"b": [1, {"c": "it's"}], "d": None}, {}
    ),
    "traceback as a message": _calls("orders", "own_message_is_a_traceback", "x", "yy"),
    "out of memory": _calls("orders", "memory", 1, 2),
    "not implemented": _calls("orders", "not_done", 1, 2),
    "math range": _calls("orders", "overflow", 1, 2),
    "German quotes": _calls("orders", "german", 12, 1),
    "no offer": _calls("orders", "no_offer", (403, "EUR"), (404, "EUR"), (5, "EUR")),
    "too many in a basket": _calls(
        "orders", "too_many", (412, "Not So Small Items"), (503, "Not So Small Items")
    ),
    # network
    "connection refused": _calls("network", "refused", 1, 2),
    "host unknown": _calls("network", "unknown_host", "db-1.invalid", "cache.invalid"),
    "socket timed out": _calls("network", "timed_out", 1, 2),
    "httpx refused": _calls("network", "http_refused", 1, 2),
    "requests refused": _calls("network", "requests_refused", 1, 2),
    "urllib refused": _calls("network", "urllib_refused", 1, 2),
    "shop answers 404": _calls("network", "http_status", (404, 1), (404, 22)),
    "shop answers 503": _calls("network", "http_status", (503, 1), (503, 22)),
    "shop answers 404 (requests)": _calls("network", "requests_status", (404, 1), (404, 22)),
    "shop answers 503 (requests)": _calls("network", "requests_status", (503, 1), (503, 22)),
    "warehouse answers 404": _calls("network", "answered", (404, 1), (404, 22)),
    "warehouse answers 503": _calls("network", "answered", (503, 1), (503, 22)),
    "warehouse's gateway": _calls(
        "network", "gateway", ("502 Bad Gateway", 1), ("502 Bad Gateway", 22)
    ),
    "warehouse has it not": _calls(
        "network", "gateway", ("404 Not Found", 404), ("404 Not Found", 3)
    ),
    "warehouse responds 429": _calls("network", "spoken", (429, 500), (429, 22)),
    "warehouse responds 500": _calls("network", "spoken", (500, 429), (500, 22)),
    "redis refused": _calls("network", "redis_refused", 1, 2),
    "redis host unknown": _calls(
        "network", "redis_wrong_host", "redis-1.invalid", "redis-12.invalid"
    ),
    "amqp refused": _calls("network", "kombu_refused", 1, 2),
    "serializer unknown: xml": _calls("network", "kombu_serializer", "xml", "xml"),
    "serializer unknown: csv": _calls("network", "kombu_serializer", "csv", "csv"),
    "not serializable (kombu)": _calls("network", "kombu_unserializable", 1, 2),
    "mysql refused": _calls("network", "pymysql_refused", 1, 2),
    "postgres refused": _calls("network", "psycopg2_refused", 1, 2),
    "postgres refused (sqlalchemy)": _calls("network", "sqlalchemy_refused", 1, 2),
    "not TLS": _calls("network", "tls", 1, 2),
    "url without scheme": _calls("network", "bad_url", 1, 2),
    "memcached refused": _calls("network", "memcached_refused", 1, 2),
    "smtp refused": _calls("network", "smtp_refused", 1, 2),
    "asyncio timeout": _calls("network", "asyncio_timeout", 1, 2),
    "asyncio refused": _calls("network", "asyncio_streams", 1, 2),
    # formats
    "file not there": _calls("formats", "not_there", "/srv/a.csv", "/opt/b c/d.csv"),
    "file is a folder": _calls("formats", "a_folder", "/opt", "/usr"),
    "path not there": _calls("formats", "pathlib_missing", "/srv/a.csv", "rel/b.csv"),
    "not JSON": _calls("formats", "json_of", "", "<html>", "  x"),
    "JSON ends": _calls("formats", "json_of", '{"a": 1', '{"a": 1, "bb": 22'),
    "not JSON serializable": _calls("formats", "json_dumps", 1, 2),
    "wrong type (msgspec)": _calls("formats", "msgspec_of", '{"sku": "x"}', '{"sku": "yy"}'),
    "field missing (msgspec)": _calls("formats", "msgspec_of", "{}", '{"a": 1}'),
    "wrong type (pydantic)": _calls("formats", "pydantic_of", "x", "yy"),
    "not UTF-8": _calls("formats", "utf8", b"abc\xff", b"\xfe\xfe", b"a\xff\xff"),
    "not ASCII": _calls("formats", "ascii_of", "aé", "bbü"),
    "XML mismatch": _calls("formats", "xml", "<a></b>", "<aa>\n <b></c></aa>"),
    "no XML": _calls("formats", "xml", "", "  "),
    "no ZIP": _calls("formats", "zipped", b"x", b"yy"),
    "no GZIP": _calls("formats", "gzipped", b"xx", b"yyy"),
    "no such dialect": _calls("formats", "csv_of", 1, 2),
    "YAML tabs": _calls("formats", "yaml_of", "\ta: b", "a: 1\nb:\n\tc: 2"),
    "syntax error": _calls("formats", "compiled", "a b", "x = 1\ny z"),
    "evaluated name": _calls("formats", "evaluated", "totl"),
    "template undefined": _calls("formats", "template", "{{ a }}", "{{ bb }}"),
    "cannot pickle": _calls("formats", "pickled", 1, 2),
    "pickle ends": _calls("formats", "unpickled", b"", b"\x80\x04"),
    "pickle was cut": _calls("formats", "unpickled", b"\x80\x04\x95", b"X\x05\x00\x00\x00a"),
    "struct too short": _calls("formats", "struct_of", b"a", b"ab"),
    "not base64": _calls("formats", "base64_of", "a!bc", "!!"),
    "not a UUID": _calls("formats", "uuid_of", "x", "1234"),
    "program fails": _calls("formats", "process", 3, 3),
    "program is killed": _calls("formats", "process", 137, 137),
    "no program": _calls("formats", "no_program", "nope", "other-tool"),
    "program too slow": _calls("formats", "slow_program", 1, 2),
    "module not there: shop_x": _calls("formats", "imported", "shop_x", "shop_x"),
    "module not there: shop_y": _calls("formats", "imported", "shop_y", "shop_y"),
    "no such name to import": _calls("formats", "from_import", 1, 2),
    "regular expression open": _calls("formats", "regular", "(a", "b(cc"),
    "TOML": _calls("formats", "toml_of", "a =", "bbb = 1\nc ="),
    "TOML (tomlkit)": _calls("formats", "toml_kit", "a", "bbb"),
    "no date (dateutil)": _calls("formats", "date_util", "soon", "next week"),
    "bad token": _calls("formats", "encrypted", b"x", b"yy"),
    "GraphQL": _calls("formats", "graph", "{", "{ a {"),
    "bad descriptor": _calls("formats", "written", 1, 2),
    "disk full": _calls("formats", "full", 1, 2),
    # databases
    "no table (sqlite)": _calls("databases", "sqlite_missing_table", 1, 2),
    "no table (sqlalchemy)": _calls("databases", "alchemy_missing_table", 1, 2),
    "not unique (sqlalchemy)": _calls("databases", "alchemy_unique", 1, 2),
    "not null (sqlalchemy)": _calls("databases", "alchemy_not_null", 1, 2),
    "no row (sqlalchemy)": _calls("databases", "alchemy_no_result", 1, 2),
    "no column (apsw)": _calls("databases", "apsw_busy", 1, 2),
    "no table (django)": _calls("databases", "django_no_table", 1, 2),
    "no field (django)": _calls("databases", "django_field", 1, 2),
    "not an address (django)": _calls("databases", "django_validation", 1, 2),
    "no urls (django)": _calls("databases", "django_unconfigured", 1, 2),
    "mysql duplicate": _calls(
        "databases", "mysql_error", (1062, "Duplicate entry '1' for key 'orders.id'"),
        (1062, "Duplicate entry 'ann' for key 'orders.id'"),
    ),
    "mysql gone away": _calls(
        "databases", "mysql_error", (2006, "MySQL server has gone away"),
        (2006, "MySQL server has gone away"),
    ),
    "mysql deadlock (sqlalchemy)": _calls(
        "databases", "alchemy_mysql", (1213, "Deadlock found when trying to get lock; try 1"),
        (1213, "Deadlock found when trying to get lock; try 2"),
    ),
    "mysql duplicate (sqlalchemy)": _calls(
        "databases", "alchemy_mysql", (1062, "Duplicate entry '1' for key 'orders.id'"),
        (1062, "Duplicate entry 'ann' for key 'orders.id'"),
    ),
    # chains
    "order from missing key": _calls("chains", "from_key", 1, 2),
    "order not read: key": _calls("chains", "wrapped_key", 1, 2),
    "order not read: number": _calls("chains", "wrapped_number", 1, 2),
    "number while handling": _calls("chains", "while_handling", 1, 2),
    "nothing to do": _calls("chains", "while_handling_either", 1, 2),
    "suppressed": _calls("chains", "suppressed", 1, 2),
    "chain of three": _calls("chains", "three", 1, 2),
    "recursion": _calls("chains", "recursive", 1, 200),
    "mutual recursion": _calls("chains", "mutual", 1, 2),
    "empty leaf": _calls("chains", "nested", 1, 3, 40),
    "recursion while comparing": _calls("chains", "comparing", 1, 2),
    "group of numbers": _calls("chains", "grouped", 1, 3),
    "group of keys": _calls("chains", "grouped_keys", 1, 3),
    "task group": _calls("chains", "task_group", 1, 3),
    "group in a group": _calls("chains", "nested_group", 1, 3),
    "number in a thread": _calls("chains", "in_thread", 1, 2),
    "number in a process": _calls("chains", "in_process", 1, 2),
    "ord in a pool": _calls("chains", "in_other_process", 1, 2),
    "key in a generator": _calls("chains", "in_generator", 1, 2),
    "context does not close": _calls("chains", "in_context", 1, 2),
    "key in a coroutine": _calls("chains", "in_async", 1, 2),
    "cleaning up fails": _calls("chains", "finally_fails", 1, 2),
    # Celery
    "call refused, tried again": _TRIES,
    "not yet": [
        Call("celery_own", "retried_new", (3,)), Call("celery_own", "retried_new", (5,), {}, 3),
    ],
    "autoretried": [
        Call("celery_own", "autoretried", (3,), {"autoretry_for": (Exception,)}),
        Call("celery_own", "autoretried", (4,), {"autoretry_for": (Exception,)}, 3),
    ],
    "retried without an exception": _celery("retried_plain", 3, 4),
    "out of retries": [
        Call("celery_own", "out_of_retries", (3,), {}, 3),
        Call("celery_own", "out_of_retries", (44,), {}, 3),
    ],
    "unpicklable": _celery("unpicklable", 3, 4),
    "two arguments": _celery("two_arguments", 3, 4),
    "soft time limit": _celery("soft_limit", 3, 4),
    "soft time limit elsewhere": _celery("soft_limit_here", 3, 4),
    "terminated": _celery("terminated", 9, 15),
    "chord": _celery("chord_error", 3, 4),
    "no result": _celery("no_such_result", 3, 4),
    "arguments not serializable": _celery("encode_arguments", 3, 4),
    "not registered when called": _celery("not_registered", "shop.nothing", "shop.nothing"),
    "worker killed": [Call("billiard", "lost", (-9, 3)), Call("billiard", "lost", (-9, 44_000))],
    "worker crashed": [Call("billiard", "lost", (-11, 3)), Call("billiard", "lost", (-11, 44))],
    "worker exited": [Call("billiard", "lost", (1, 3)), Call("billiard", "lost", (1, 44))],
    "hard time limit": [Call("billiard", "late", (1, 3)), Call("billiard", "late", (300, 44))],
    "no task shop.mail": [
        Call("given", "", ("NotRegistered('shop.mail')", None)),
        Call("given", "", ('NotRegistered("shop.mail")', "")),
    ],
    "no task shop.sms": [Call("given", "", ("NotRegistered('shop.sms')", None))],
}  # fmt: skip
