"""Queries and tasks: what matches."""

from __future__ import annotations

import msgspec
import pytest

from umbel.cluster.task import Task
from umbel.query.match import match
from umbel.query.parse import parse

NOW = 1_795_344_000.0
TASK = Task(
    uuid="8524ee04-05db-4556-9c4e-bd5ec7c54360",
    state="FAILURE",
    seen=NOW - 600,
    timestamp=NOW - 60,
    name="shop.orders.Charge",
    worker="celery@eu-1",
    queue="money",
    sent=NOW - 600,
    received=NOW - 500,
    started=NOW - 400,
    finished=NOW - 60,
    failed=NOW - 60,
    runtime=340.0,
    wait=200.0,
    retries=2,
    eta=NOW + 60,
    root_id="root-1",
    args="(7, 'EUR', {'lines': [{'sku': 'A-1'}]})",
    kwargs="{'order_id': 4711, 'email': 'Ann@Example.org', 'note': 'it\\'s, so', 'gone': ...}",
    exception="TimeoutError('no answer')",
    traceback="Traceback (most recent call last):\n  pay.py, line 3",
    flags=("redelivered",),
)
BARE = Task(uuid="x", state="PENDING", seen=NOW, timestamp=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "state:failure",
        "state:SUCCESS,FAILURE",
        "-state:SUCCESS",
        "name:shop",
        "name:CHARGE",
        "name:=Shop.Orders.charge",
        "name:shop.*",
        "name:*.orders.*",
        "name:*charge",
        "name:shop.?rders.charge",
        "name:etl,shop",
        "worker:eu",
        "queue:Money",
        "uuid:8524ee04-05db-4556-9c4e-bd5ec7c54360",
        "uuid:8524EE04-05DB-4556-9C4E-BD5EC7C54360",
        "uuid:8524*",
        "root:root-1",
        "args:eur",
        "kwargs:order_id",
        "exception:timeout",
        "exception:TimeoutError*",
        "traceback:pay.py",
        "args.0:7",
        "args.1:eur",
        "args.2.lines.0.sku:A-1",
        "args.order_id:4711",
        "kwargs.order_id:4711",
        "kwargs:order_id=4711",
        "kwargs:ORDER_ID=4711",
        "args.email:ann@example.org",
        "args.email:~example",
        "args.email:*@example.org",
        'args.note:"it\'s, so"',
        "args.order_id:1,4711",
        "runtime:>5m",
        "runtime:..340s",
        "wait:200s..201s",
        "retries:2",
        "retries:>1",
        "retries:1,2",
        "received:-10m..",
        "received:-500s..-499s",
        "finished:-1m..",
        "eta:now..",
        "eta:+60s..+61s",
        "received:2026-11-22",
        "is:redelivered",
        "is:expired,redelivered",
        "has:traceback",
        "-has:result",
        "charge",
        "FAILURE",
        "8524EE",
        "money",
        '"no answer"',
        "pay.py",
        "4711 -nothing",
        "(nothing OR charge) -(nothing)",
    ],
)
def test_these_match(text: str) -> None:
    assert match(parse(text), TASK, NOW)
    assert not match(parse(f"-({text})") if text else parse("-has:uuid"), TASK, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "state:SUCCESS",
        "-state:FAILURE",
        "name:shop?",
        "name:shop",
        "name:=shop.orders",
        "name:orders.*",
        "name:*.orders",
        "worker:~us",
        "queue:mon",
        "uuid:8524",
        "root:ROOT-1",
        "args.0:8",
        "args.3:7",
        "args.order_id:471",
        "args.order:4711",
        "kwargs:order_id=47",
        "args.gone:...",
        "runtime:>340s",
        "runtime:<340s",
        "retries:>2",
        "received:>-1m",
        "started:..-400s",
        "eta:..now",
        "is:expired",
        "has:result",
        "money4711",
        "has:parent",
        "client:web",
    ],
)
def test_these_do_not_match(text: str) -> None:
    task = TASK if text != "name:shop" else BARE
    assert not match(parse(text), task, NOW)


@pytest.mark.parametrize(
    "text",
    ["name:*", "runtime:>0s", "runtime:<=1d", "received:-9d..", "received:..now", "args.0:x",
     "has:name", "worker:~e", "result:None"],
)  # fmt: skip
def test_what_is_not_known_matches_nothing_but_its_negation(text: str) -> None:
    assert not match(parse(text), BARE, NOW)
    assert match(parse(f"-{text}"), BARE, NOW)


def test_a_task_of_no_known_root_is_its_own() -> None:
    assert match(parse("root:x"), BARE, NOW)
    assert not match(parse("root:x"), msgspec.structs.replace(BARE, root_id="y"), NOW)


def test_free_text_is_not_found_across_two_fields() -> None:
    task = msgspec.structs.replace(BARE, name="ab", worker="cd")

    assert match(parse("ab cd"), task, NOW)
    assert not match(parse("abcd"), task, NOW)
    assert not match(parse("bc"), task, NOW)


def test_relative_times_move_with_the_clock() -> None:
    query = parse("received:-10m..")

    assert match(query, TASK, NOW)
    assert not match(query, TASK, NOW + 3_600)


@pytest.mark.parametrize(("one", "other"), [("Straße", "STRASSE"), ("ÉTÉ", "été"), ("ΣΑΣ", "σας")])
def test_case_is_folded_beyond_ascii(one: str, other: str) -> None:
    task = msgspec.structs.replace(BARE, name=f"shop.{one}", kwargs=repr({"ort": one}))

    for text in (other, f"name:{other}", f"name:*{other}", f"args.ort:{other}"):
        assert match(parse(text), task, NOW)


def test_flowers_searches_mean_what_they_meant() -> None:
    """Contained whatever the case, states whole, kwargs pairs equal, AND before OR."""
    flower = {
        "name:orders": True,
        "name:ORDERS.charge": True,
        "state:failure": True,
        "worker:celery@": True,
        "args:\"7, 'EUR'\"": True,
        'args:"eur\',"': True,
        "kwargs:example": True,
        "kwargs:order_id=4711": True,
        "kwargs:order_id=471": False,
        "kwargs:email=ann@example.org": True,
        'kwargs:note="it\'s, so"': True,
        "kwargs:nosuch=1": False,
        "result:x": False,
        "failure": True,
        "celery": True,
        '"order_id\': 4711"': True,
        "unheard:of": False,
        "name:shop state:SUCCESS OR worker:eu": True,
        "name:shop AND (state:SUCCESS OR worker:us)": False,
        "name:shop (state:SUCCESS OR worker:eu)": True,
    }
    for text, expected in flower.items():
        assert match(parse(text), TASK, NOW) is expected, text
