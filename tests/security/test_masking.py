"""No secret of an address leaves Umbel, in whatever form somebody writes it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import umbel.process_secrets
from tests.support.examples import examples
from umbel.applications import bare_application
from umbel.broker.cluster_identity import cluster_identity_of
from umbel.broker.errors import translated as explain_broker
from umbel.broker.management import Management
from umbel.composition import broker_link
from umbel.errors import UmbelError
from umbel.logs import JsonLines, TextLines
from umbel.masking import MASK, mask_address
from umbel.process_secrets import hidden, learn, learn_configuration
from umbel.results.errors import translated as explain_results
from umbel.results.opening import open_results
from umbel.secret_scrubbing import scrub, secrets_of
from umbel.services.cluster.configuration_masking import mask_conf, mask_stats
from umbel.settings import load_settings, show

S = "S3CRETpw"
#: Addresses, and what is shown of them.
FORMS: tuple[tuple[str, str], ...] = (
    # Where a password belongs.
    (f"redis://:{S}@h:6379/0", "redis://***@h:6379/0"),
    (f"amqp://user:{S}@h:5672//", "amqp://***@h:5672//"),
    (f"amqps://user:{S}@h/vhost", "amqps://***@h/vhost"),
    (f"AMQP://User:{S}@H/V", "AMQP://***@H/V"),
    (f"pyamqp://user:{S}@h//", "pyamqp://***@h//"),
    # What else may be one.
    (f"redis://{S}@h/0", "redis://***@h/0"),
    (f"amqp://{S}:@h//", "amqp://***@h//"),
    (f"sqs://AKIA{S}:x@", "sqs://***@"),
    (f"sqs://AKIA:{S}@", "sqs://***@"),
    (f"sqs://AKIA:{S}/+x=@", "sqs://***"),
    # Signs that mean something else, unencoded.
    (f"redis://joe@corp:{S}@h/0", "redis://***@h/0"),
    (f"amqp://joe@corp:{S}@h//", "amqp://***@h//"),
    (f"amqp://joe:a@{S}@h//", "amqp://***@h//"),
    (f"amqp://joe:{S}:b@h//", "amqp://***@h//"),
    (f"redis://:a/{S}@h/0", "redis://***"),
    (f"redis://:{S}/a@h/0", "redis://***"),
    (f"redis://u/x:{S}@h/0", "redis://***"),
    (f"redis://:a?{S}@h/0", "redis://***"),
    (f"redis://:a#{S}@h/0", "redis://***"),
    (f"redis://:a;{S}@h/0", "redis://***@h/0"),
    (f"redis://:a;b://{S}@h/0", "redis://***"),
    (f"redis://:a;redis://{S}@h/0", "redis://***;redis://***@h/0"),
    (f"redis://:a,{S}@h/0", "redis://***@h/0"),
    (f"redis://:a {S}@h/0", "redis://***@h/0"),
    (f"redis://:{S} @h/0", "redis://***@h/0"),
    (f"redis://:a\n{S}@h/0", "redis://***@h/0"),
    (f"redis://:a\t{S}\r\n@h/0", "redis://***@h/0"),
    (f"redis://:ä{S}ß@h/0", "redis://***@h/0"),
    (f"redis://:a[{S}]@h/0", "redis://***@h/0"),
    (f"redis://:'{S}'@h/0", "redis://***@h/0"),
    (f"redis://:%40{S}%2F@h/0", "redis://***@h/0"),
    (f"db+postgresql://u:aa;{S}@h/db", "db+postgresql://***@h/db"),
    # An address that nobody can make sense of.
    (f"redis//:{S}@h", MASK),
    (f"redis:{S}@h", MASK),
    (f"redis:/:{S}@h", MASK),
    (f"user:{S}@h:5672", MASK),
    (f"//user:{S}@h", MASK),
    (f" redis://:{S}@h", MASK),
    (S, MASK),
    (f"redis://h:{S}/0", "redis://***"),
    (f"redis://h:6379:{S}", "redis://***"),
    (f"redis://h {S}", "redis://***"),
    (f"amqp://user:{S}", "amqp://***"),
    (f"amqp://user:{S}/vhost", "amqp://***"),
    (f"amqp://user:{S}\N{FULLWIDTH COMMERCIAL AT}h/vhost", "amqp://***"),
    (f"{S}é://h", MASK),
    # Paths.
    (f"redis://h/0@{S}", "redis://***"),
    (f"redis://h/0;{S}", "redis://h/***"),
    (f"redis://h/0 {S}", "redis://h/***"),
    (f"amqp://h/a%40{S}", "amqp://h/***"),
    (f"redis://h/0#{S}", "redis://h/0#***"),
    # Parameters.
    (f"redis+socket:///run/r.sock?virtual_host=1&password={S}",
     "redis+socket:///run/r.sock?virtual_host=1&password=***"),
    (f"redis://h/0?password={S}&db=1", "redis://h/0?password=***&db=1"),
    (f"redis://h/0?password=a;{S}", "redis://h/0?password=***&***"),
    (f"redis://h/0?password=a&{S}", "redis://h/0?password=***&***"),
    (f"redis://h/0?password=a&{S}=b", "redis://h/0?password=***&***=***"),
    (f"redis://h/0?password=a@{S}", "redis://***"),
    (f"redis://h/0?{S}", "redis://h/0?***"),
    (f"redis://h/0?PWD={S}", "redis://h/0?***=***"),
    (f"redis://h/0?pwd={S}", "redis://h/0?pwd=***"),
    (f"redis://h/0?auth={S}&api_key={S}", "redis://h/0?auth=***&api_key=***"),
    (f"redis://h/0?sig={S}&passphrase={S}", "redis://h/0?sig=***&passphrase=***"),
    (f"redis://h/0?heartbeat={S}", "redis://h/0?heartbeat=***"),
    (f"rediss://h/0?ssl_cert_reqs=required&ssl_keyfile=/{S}",
     "rediss://h/0?ssl_cert_reqs=required&ssl_keyfile=***"),
    (f"db+postgresql://u@h/db?sslpassword={S}", "db+postgresql://***@h/db?sslpassword=***"),
    (f"db+mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BX%7D%3BPWD%3D{S}",
     "db+mssql+pyodbc:///?odbc_connect=***"),
    (f"db+mssql+pyodbc:///?odbc_connect=DRIVER={{X}};PWD={S};UID=u",
     "db+mssql+pyodbc:///?odbc_connect=***&***=***&***=***"),
    # Several.
    (f"sentinel://:{S}@a:26379/0;sentinel://:{S}@b:26379/0",
     "sentinel://***@a:26379/0;sentinel://***@b:26379/0"),
    (f"amqp://u:{S}@a//,amqp://u:{S}@b//", "amqp://***@a//;amqp://***@b//"),
    (f"amqp://a//; amqp://u:{S}@b//", "amqp://a//;amqp://***@b//"),
    (f"mongodb://u:{S}@h1:1,h2:2/db?replicaSet={S}", "mongodb://***@h1:1,h2:2/db?replicaSet=***"),
    (f"mongodb+srv://u:{S}@h/db", "mongodb+srv://***@h/db"),
    (f"cache+memcached://u:{S}@h:1;i:2/", "cache+memcached://***@h:1;i:2/"),
    # Options in the place of an address.
    (f"host=h user=u password={S}", MASK),
    (f"host=h user=u password='{S} x'", MASK),
    (f"DRIVER={{X}};SERVER=h;PWD={S}", MASK),
    (f"Endpoint=sb://h/;SharedAccessKey={S}=", MASK),
    (f"azureblockblob://DefaultEndpointsProtocol=https;AccountKey={S}==", "azureblockblob://***"),
    (f"azureservicebus://policy:{S}/x=@ns", "azureservicebus://***"),
    (f"azurestoragequeues://:{S}@account", "azurestoragequeues://***@account"),
    (f"sqla+postgresql://u:{S}@h/db", "sqla+postgresql://***@h/db"),
    (f"db+mysql+pymysql://u:{S}@h:3306/db", "db+mysql+pymysql://***@h:3306/db"),
    (f"s3://AKIA:{S}@bucket/prefix", "s3://***@bucket/prefix"),
    (f"dynamodb://AKIA:{S}@us-east-1/table", "dynamodb://***@us-east-1/table"),
    (f"couchbase://u:{S}@h/bucket", "couchbase://***@h/bucket"),
    (f"http://guest:{S}@h:15672/api/", "http://***@h:15672/api/"),
)  # fmt: skip
SHOWN_SETTINGS = (
    "redis://localhost:6379/0", "rediss://cache.example.com/2", "amqp://rabbit:5672//",
    "amqp://rabbit/%2Fprod", "redis://[::1]:6379/0", "sentinel://a:26379/0;sentinel://b:26379/0",
    "redis+socket:///var/run/redis.sock?virtual_host=1", "db+sqlite:///results.sqlite",
    "file:///var/results", "cache+memcached://10.0.0.1:11211;10.0.0.2:11211/", "rpc://", "rpc",
    "mongodb://h1:1,h2:2/db", "django-db", "memory://", "teapot://kitchen", "",
    "rediss://h/0?ssl_cert_reqs=CERT_NONE", "amqp://h//?heartbeat=10&connect_timeout=2.5",
    "proj.backends:Backend",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test lets be known is not known in the next."""
    monkeypatch.setattr(umbel.process_secrets, "_secrets", frozenset())


@pytest.mark.parametrize(("address", "shown"), FORMS, ids=[ascii(form) for form, _ in FORMS])
def test_of_an_address_only_harmless_parts_are_shown(address: str, shown: str) -> None:
    assert S not in shown
    assert mask_address(address) == shown


@pytest.mark.parametrize("address", SHOWN_SETTINGS)
def test_an_address_without_secrets_is_shown_whole(address: str) -> None:
    assert mask_address(address) == address


@pytest.mark.parametrize("address", [form for form, _ in FORMS], ids=ascii)
def test_what_is_masked_stays_as_it_is_when_it_is_masked_again(address: str) -> None:
    once = mask_address(address)

    assert mask_address(once) == once
    assert S not in scrub(once)


# -- anywhere ------------------------------------------------------------------------------

#: Addresses in every kind, with places for a secret.
PLACES = (
    "{0}://{1}:<>@{2}/{3}", "{0}://{1}:{4}<>@{2}/{3}", "{0}://{1}:<>{4}@{2}/{3}", "{0}://<>@{2}",
    "{0}://{1}{4}x:<>@{2}/{3}", "{0}://{1}:x{4}<>{4}y@{2}", "{0}://{2}/{3}?password=<>",
    "{0}://{2}/{3}?password=x{4}<>", "{0}://{2}?{1}=<>&db=1", "{0}://{2}?db=1&<>", "{0}://{2}#<>",
    "{0}://{1}:<>@{2},{2}/{3}", "{0}://{1}:x@{2};{0}://{1}:{4}<>@{2}", "{0}//{1}:<>@{2}",
    "{0}:{1}:<>@{2}", "{1}:<>@{2}", "host={2} password={4}<>", "{0}://{1}:<>", "{0}://{1}:x{4}<>@",
    "{0}:///{3}?odbc_connect=PWD%3D<>", "{0}:///?odbc_connect=UID=u;PWD={4}<>",
    "{0}:///run/{3}.sock?password=<>", "{0}://{2}:<>/0", "{0}://AccountName=x;AccountKey=<>",
)  # fmt: skip
secrets = st.text("abcdefghjkmnpqrstuvwxyzABCDEFGHJ23456789", min_size=12, max_size=24).map(
    lambda text: f"Zq9{text}"
)


@st.composite
def planted(draw: st.DrawFn) -> tuple[str, str]:
    """An address with a secret somewhere, and the secret."""
    secret = draw(secrets)
    parts = (
        draw(st.sampled_from(["redis", "rediss", "amqp", "db+postgresql", "sentinel", "sqs", "x"])),
        draw(st.sampled_from(["", "u", "joe@corp", "ä", "a b", "%40", "u;v"])),
        draw(st.sampled_from(["h", "h:1", "", "[::1]:2", "a.b.example", "10.0.0.1:6379"])),
        draw(st.sampled_from(["", "0", "/", "db", "a%2Fb", "x y", "a@b"])),
        draw(st.sampled_from(["@", "/", ":", ";", ",", " ", "#", "?", "&", "=", "[", "]", "\n",
                              "%", "%3B", "'", '"', "\\", "ü", "\N{SNOWMAN}", "://", ";a://"])),
    )  # fmt: skip
    return draw(st.sampled_from(PLACES)).format(*parts).replace("<>", secret), secret


def is_a_host(address: str, secret: str) -> bool:
    """Whether the secret stands where every reader has the name of a host: behind the last `@`
    and before anything else. No password is there."""
    return address.rpartition("@")[2].rpartition("://")[2].split("/")[0].startswith(secret)


@settings(max_examples=examples(1_500))
@given(planted())
def test_a_secret_planted_anywhere_is_never_shown(case: tuple[str, str]) -> None:
    address, secret = case
    if is_a_host(address, secret):
        return

    shown = mask_address(address)

    assert secret not in shown
    assert mask_address(shown) == shown


#: What drivers may say of an address, as text formed from it, its password and its parts.
SENTENCES: tuple[Callable[[str, str], str], ...] = (
    lambda address, _: f"cannot connect to {address}: refused",
    lambda _, secret: f"invalid password {secret}.",
    lambda _, secret: f"WRONGPASS for user:{secret}",
    lambda _, secret: f"OperationalError({secret!r}, {{'password': {secret!r}}})",
    lambda _, secret: json.dumps({"password": secret}),
    lambda _, secret: f"GET /?pw={quote(secret, safe='')} HTTP/1.1",
    lambda address, secret: f"{address!r}\n{secret}",
    lambda _, secret: f"[SSL: X] {secret}@h:6379 does not match",
)


@settings(max_examples=examples(400))
@given(planted(), st.sampled_from(SENTENCES))
def test_a_known_secret_is_in_no_sentence(
    case: tuple[str, str], sentence: Callable[[str, str], str]
) -> None:
    _, secret = case
    password = f"{secret}/é@ '{secret[::-1]}"
    known = secrets_of(f"redis://joe:{quote(password, safe='')}@h/0")

    said = scrub(sentence(f"redis://joe:{password}@h/0", password), known)

    assert secret not in said
    assert secret[::-1] not in said


# -- sentences -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"cannot reach amqp://u:{S}@host: refused", "cannot reach amqp://***@host: refused"),
        (f"cannot reach amqp://u:a {S}@host: refused", "cannot reach amqp://*** refused"),
        (f"no 'redis://:{S}@h:6379/0' here", "no 'redis://***@h:6379/0' here"),
        (f"no 'redis://:a'{S}@h:6379/0' here", "no 'redis://***' here"),
        (f"bad u:{S}@h", "bad ***@h"),
        (f"{{'password': '{S}', 'db': 1}}", "{'password': ***, 'db': 1}"),
        (f"dsn: host=h password='{S} x' port=1", "dsn: host=h password=*** port=1"),
        (f"DRIVER%3DX%3BPWD%3D{S}", "DRIVER%3DX%3BPWD%3D***"),
        (f"SharedAccessKey={S}=;x", "SharedAccessKey=***;x"),
        ("Error 111 connecting to localhost:6379. Connection refused.",) * 2,
        ("Access denied for user 'joe'@'h' (using password: YES)",) * 2,
        ("celery@h does not answer at redis://h:6379/0. Is celery@i?",) * 2,
        ("WRONGPASS invalid username-password pair or user is disabled.",) * 2,
    ],
)
def test_a_sentence_is_told_without_what_looks_secret(said: str, shown: str) -> None:
    assert scrub(said) == shown


@pytest.mark.parametrize("text", ["a:" * 40_000, "pwd=\"" * 20_000, "x://" * 20_000,
                                  "." * 80_000, "k" * 80_000, "://:" * 20_000 + "@"])  # fmt: skip
def test_a_long_sentence_is_told_as_well(text: str) -> None:
    assert len(scrub(text)) <= 2 * len(text)


def test_words_that_everybody_uses_as_passwords_do_not_make_sentences_unreadable() -> None:
    learn("amqp://celery:celery@h//")

    assert hidden("Worker celery@eu-1 left the queue celery.") == (
        "Worker celery@eu-1 left the queue celery."
    )
    assert "celery:celery" not in hidden("refused celery:celery")


def test_every_secret_of_a_configuration_is_known() -> None:
    app = bare_application(f"redis://:{S}1@h/0;redis://:{S}2@i/0", f"db+mysql://u:{S}3@h/d")
    app.conf.update(
        redis_password=f"{S}4",
        broker_transport_options={
            "sentinel_kwargs": {"password": f"{S}5"}, "global_keyprefix": "shop:",
            "predefined_queues": {"q": {"secret_access_key": f"{S}6"}},
        },
        broker_failover=[f"amqp://u:{S}7@h//"],
        database_engine_options={"connect_args": {"password": f"{S}8".encode()}},
    )  # fmt: skip
    learn_configuration(app.conf)

    said = hidden("; ".join(f"{S}{number}" for number in range(1, 9)) + " shop: celery")

    assert said == "; ".join([MASK] * 8) + " shop: celery"


# -- every way out -------------------------------------------------------------------------

ADDRESSES = [f"redis://joe@corp:{S}@h:6379/0", f"amqp://joe@corp:{S}@h//", f"redis://{S}@h:6379/0"]


def spoken_of(error: UmbelError) -> str:
    return f"{error} {error!r} {error.remedy} {vars(error)}"


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("kind", [OSError, ValueError, TypeError, RuntimeError])
def test_what_a_brokers_driver_says_is_told_without_secrets(
    address: str, kind: type[Exception], tmp_path: Path
) -> None:
    loaded = load_settings({"broker": address}, {"HOME": str(tmp_path)}, tmp_path)
    link = broker_link(loaded.settings)

    told = explain_broker(kind(f"{S} refused at {address}"), link)

    assert S not in link.url
    assert S not in spoken_of(told)
    assert S not in str(link.cluster_identity)


@pytest.mark.parametrize(
    "address",
    [f"redis://joe@corp:{S}@h/0", f"db+postgresql://u:aa;{S}@h/db", f"mongodb://u:{S}@h/d",
     f"cache+memcached://u:{S}@h/", f"redis//:{S}@h", f"x://{S}:@h"],
)  # fmt: skip
def test_what_a_backends_driver_says_is_told_without_secrets(address: str) -> None:
    results = open_results(bare_application("memory://", address))

    told = explain_results(OSError(f"{S} at {address} timed out"), results.url)

    assert S not in results.url
    assert S not in spoken_of(told)
    with pytest.raises(UmbelError) as raised:
        results.get("x")
    assert S not in spoken_of(raised.value)
    results.close()


def test_what_the_management_api_says_is_told_without_secrets() -> None:
    with pytest.raises(UmbelError) as raised:
        Management(f"ftp://u:{S}@h/", None, None)
    assert S not in spoken_of(raised.value)

    asked = Management(f"http://u:{S}@127.0.0.1:1/x;{S}", None, None)
    asked.queues("/", ["mail"])

    assert asked.trouble is not None
    assert S not in asked.trouble


def test_of_which_cluster_a_history_is_names_no_secret() -> None:
    for address in ADDRESSES:
        assert S not in str(cluster_identity_of(address))


@pytest.mark.parametrize(
    "line",
    [
        {"broker": f"redis//:{S}@h"}, {"broker": f"{S}@h"}, {"broker_api": f"{S}:x@h"},
        {"result_backend": S}, {"port": f"redis://:{S}@h"}, {"basic_auth": f"{S}"},
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told_without_what_may_be_secret(
    line: dict[str, object], tmp_path: Path
) -> None:
    with pytest.raises(UmbelError) as raised:
        load_settings(line, {"HOME": str(tmp_path)}, tmp_path)

    assert S not in spoken_of(raised.value)


@pytest.mark.parametrize("address", [form for form, _ in FORMS if ":" in form], ids=ascii)
def test_settings_are_printed_without_secrets(address: str, tmp_path: Path) -> None:
    line = {"broker": address, "result_backend": address, "data": str(tmp_path)}
    try:
        loaded = load_settings(line, {"HOME": str(tmp_path)}, tmp_path)
    except UmbelError as error:
        said = spoken_of(error)
    else:
        said = show.as_text(loaded) + show.as_json(loaded)

    assert S not in said


@pytest.mark.parametrize("address", [form for form, _ in FORMS if form != S], ids=ascii)
def test_what_workers_tell_of_their_configuration_has_no_secrets(address: str) -> None:
    conf = mask_conf({"broker_url": address, "result_backend": [address], "timezone": "UTC"})
    stats = mask_stats({"broker": {"hostname": address, "alternates": [address], "userid": S}})

    assert S not in json.dumps([conf, stats])


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()])
def test_lines_of_the_log_have_no_secrets(formatter: logging.Formatter) -> None:
    learn(f"amqp://joe:{S}@h//")
    record = logging.makeLogRecord(
        {"msg": "Cannot connect to %s: %s", "args": (f"redis://:{S}@h", S), "extra_one": S}
    )
    try:
        raise OSError(f"{S} refused")
    except OSError:
        record.exc_info = sys.exc_info()

    line = formatter.format(record)

    assert S not in line
    assert "redis://***@h" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "-b", f"redis//:{S}@h"],
        ["serve", "-b", f"redis://joe@corp:x?{S}@h/0"],
        ["serve", "--broker-api", f"{S}:x@h"],
        ["serve", "-b", "redis://h", f"redis//:{S}@h"],
        ["tasks", "--server", f"http//u:{S}@h"],
        ["tasks", "--server", f"http://u:{S}@127.0.0.1:1/a;{S}"],
        ["settings", "-b", f"amqp://joe@corp:{S}@h//"],
    ],
)
def test_commands_print_no_secret(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "umbel", *arguments],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60,
        env={"HOME": str(tmp_path), "PATH": "/bin"},
    )  # fmt: skip

    assert done.stdout + done.stderr
    assert S not in done.stdout + done.stderr


def test_nothing_of_ours_says_a_secret_of_a_link_in_its_own_words(tmp_path: Path) -> None:
    def links() -> Iterator[str]:
        for address in ADDRESSES:
            loaded = load_settings({"broker": address}, {"HOME": str(tmp_path)}, tmp_path)
            for code in (403, 402, 404, 406):
                error = type("AccessRefused", (Exception,), {"__module__": "amqp.exceptions"})()
                error.reply_code, error.reply_text = code, f"refused login {S}"
                yield spoken_of(explain_broker(error, broker_link(loaded.settings)))

    assert not [said for said in links() if S in said]
