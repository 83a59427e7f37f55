"""What a person can get wrong is told in one sentence, by the command as they have it."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.contract.stories import BASE, succeeded, uuid_of
from tests.support.brokers import ValkeyBroker, free_port, valkey_broker
from tests.support.mounts import small_disk
from tests.support.umbels import Client, umbel_command, umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from umbel.store.ledger import SECRET_BYTES
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.ledger import SqliteLedger

BROKER = "redis://127.0.0.1:9/0"
FAILED, MISUSED = 1, 2


def refused(tmp_path: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code and all that an `umbel` says that does not start."""
    environment = {"HOME": str(tmp_path), **environment}
    command = umbel_command(
        *arguments, log=tmp_path / "refused.log", environment=umbel_environment(**environment)
    )
    with command as umbel:
        code = umbel.wait(timeout_s=40)
        said = umbel.output().strip()
    assert "Traceback" not in said
    return code, said


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (("serve",), {}, ("No broker", "-b redis://")),
        (("serv", "-b", BROKER), {}, ("serv", "serve")),
        (("serve", "-b", BROKER, "--prot", "5999"), {}, ("--prot", "--port")),
        (("serve", "-b", BROKER), {"UMBEL_PROT": "5999"}, ("UMBEL_PROT", "UMBEL_PORT")),
        (("serve", "-b", BROKER, "--port", "70000"), {}, ("port", "70000", "65535")),
        (("serve", "-A", "no_such_module:app"), {}, ("no_such_module",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_setting_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], words: tuple[str, ...]
) -> None:
    code, said = refused(tmp_path, *arguments, **environment)

    assert code == MISUSED
    assert len(said.splitlines()) == 1, said
    for word in words:
        assert word in said


def test_a_wrong_name_in_the_file_is_told_with_the_right_one(tmp_path: Path) -> None:
    config = tmp_path / "umbel.toml"
    config.write_text('broker = "redis://127.0.0.1:9/0"\n[retention]\nmax_aeg = "3d"\n')

    code, said = refused(tmp_path, "serve", "--config", str(config))

    assert code == MISUSED
    assert "max_aeg" in said
    assert "max_age" in said


@pytest.mark.parametrize("command", ["serve", "collect"])
@pytest.mark.parametrize(
    ("broker", "words"),
    [
        ("radis://user:s3cret@host/0", ("No such transport: radis", "Did you mean redis? Give")),
        ("redis://user:s3cret@host:port/0", ("its port is no number",)),
        ("user:s3cret@host:6379/0", ("does not begin with", "://")),
        ("redis://user:s3cret[@host/0", ("write %5B for [",)),
        ("redis://user:s3cret@host/shop", ("databases of Redis have numbers",)),
        ("sentinel://user:s3cret@host/0", ("--broker-option master_name=NAME",)),
        ("mongodb://user:s3cret@host/0", ("pip install 'kombu[mongodb]'",)),
        (f"{BROKER};radis://user:s3cret@host/0", ("Did you mean redis?",)),
    ],
    ids=["unknown", "port", "bare", "sign", "database", "sentinel", "library", "second"],
)
def test_a_broker_that_cannot_be_used_stops_the_start_with_one_sentence(
    tmp_path: Path, command: str, broker: str, words: tuple[str, ...]
) -> None:
    data = str(tmp_path / "data")

    code, said = refused(tmp_path, command, "-b", broker, "--data", data)

    assert code == MISUSED
    assert len(said.splitlines()) == 1, said
    assert "s3cret" not in said
    for word in words:
        assert word in said


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        code, said = refused(
            tmp_path, "serve", "-b", BROKER, "--data", str(tmp_path / "data"), "--port", port
        )

    assert code == MISUSED
    assert port in said
    assert "in use" in said


@pytest.mark.parametrize(("command", "place"), [("serve", "file"), ("collect", "file/below")])
def test_a_data_directory_that_is_a_file_is_one_sentence(
    tmp_path: Path, command: str, place: str
) -> None:
    (tmp_path / "file").write_text("")

    code, said = refused(tmp_path, command, "-b", BROKER, "--data", str(tmp_path / place))

    assert code == MISUSED
    assert str(tmp_path / "file") in said
    assert "--data" in said


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A directory that nobody, root included, can write to."""
    directory = tmp_path / "read-only"
    if os.geteuid() == 0:
        with small_disk(directory, "ro,size=1m"):
            yield directory
    else:
        directory.mkdir(mode=0o500)
        yield directory


@pytest.mark.parametrize(("command", "place"), [("serve", "below"), ("collect", ".")])
def test_a_data_directory_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, read_only: Path, command: str, place: str
) -> None:
    code, said = refused(tmp_path, command, "-b", BROKER, "--data", str(read_only / place))

    assert code in {FAILED, MISUSED}
    assert str(read_only) in said
    assert "--data" in said


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory that an Umbel has used and left."""
    directory = tmp_path / "data"
    directory.mkdir(mode=0o700)
    store, ledger = SqliteStore(directory, write=True), SqliteLedger(directory)
    store.apply(succeeded(uuid_of(1), BASE))
    store.close()
    ledger.secret("session", b"x" * SECRET_BYTES)
    ledger.close()
    return directory


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("serve", "umbel.db"),
        ("serve", "tasks-000001.db"),
        ("collect", "umbel.db"),
        ("collect", "tasks-000001.db"),
        ("serve", "umbel-ledger.db"),
    ],
)
def test_data_of_a_newer_umbel_is_left_alone(
    tmp_path: Path, data: Path, command: str, name: str
) -> None:
    with contextlib.closing(apsw.Connection(str(data / name))) as database:
        database.pragma("user_version", 999)
    before = (data / name).read_bytes()

    code, said = refused(tmp_path, command, "-b", BROKER, "--data", str(data), "--port", "0")

    assert code != 0
    assert len(said.splitlines()) == 1, said
    assert "newer Umbel" in said
    assert f"{name} " in said
    assert "999" in said
    assert (data / name).read_bytes() == before


def test_a_server_begins_where_umbel_db_was_emptied_by_a_power_loss(data: Path) -> None:
    (data / "umbel.db").write_bytes(b"")

    with umbel_serve(BROKER, data, live=False) as umbel:
        assert [row["uuid"] for row in umbel.client.rows()] == [uuid_of(1)]
        # The collector makes it anew.
        wait_until(lambda: umbel.client.status()["store"]["damaged"] == [], timeout_s=60)
        wait_until(lambda: umbel.client.status()["collectors"], timeout_s=60)


def test_why_a_collector_cannot_begin_is_told_by_its_server(tmp_path: Path) -> None:
    """An application of which only the server's first look was right: what the collector
    meets later, before it collects, is shown where people look."""
    (tmp_path / "shop.py").write_text(
        "import pathlib\nfrom celery import Celery\n"
        "seen = pathlib.Path(__file__).with_name('seen')\n"
        "app = Celery('shop', broker='radis://host' if seen.exists() else "
        f"{BROKER!r})\nseen.touch()\n"
    )
    environment = umbel_environment(HOME=str(tmp_path), PYTHONPATH=str(tmp_path))
    port = free_port()
    arguments = ("-A", "shop:app", "--data", str(tmp_path / "data"), "--port", str(port))
    command = umbel_command(
        "serve", *arguments, log=tmp_path / "serve.log", environment=environment
    )
    client = Client(f"http://127.0.0.1:{port}")
    with command, client.http:
        wait_until(lambda: client.is_up("/livez"), timeout_s=60)

        blind = wait_until(lambda: _blind_because_of(client.live(), "radis"), timeout_s=60)

    assert "Did you mean redis?" in blind


def test_a_directory_that_another_umbel_writes_to_is_told(
    tmp_path: Path, valkey: ValkeyBroker
) -> None:
    directory = tmp_path / "data"
    with umbel_serve(valkey.url, directory) as umbel:
        command = umbel_command(
            *("collect", "-b", valkey.url, "--data", str(directory)), log=tmp_path / "second.log"
        )
        with command as second:
            wait_until(lambda: "Standing by" in second.output(), timeout_s=40)

        assert f"process {umbel.collector_pid()}" in second.output()
        assert str(directory) in second.output()
        assert umbel.is_live()


def test_a_broker_that_comes_later_is_waited_for_and_told(
    tmp_path: Path, valkey: ValkeyBroker
) -> None:
    valkey.stop()

    with umbel_serve(valkey.url, tmp_path / "data", live=False) as umbel:
        blind = wait_until(lambda: _blind_because_of(umbel.client.live(), str(valkey.port)))
        valkey.start()
        wait_until(umbel.is_live, timeout_s=60)

    assert re.search(r"[.!]$", blind)


def _blind_because_of(live: dict[str, str], word: str) -> str | None:
    return live["sentence"] if live["state"] == "blind" and word in live["sentence"] else None


def test_a_refused_password_is_told_and_not_said(tmp_path: Path) -> None:
    with valkey_broker(tmp_path, password="right") as valkey:  # noqa: S106
        url = valkey.url.replace(":right@", ":wr0ng@")
        with umbel_serve(url, tmp_path / "data", live=False) as umbel:
            blind = wait_until(lambda: _blind_because_of(umbel.client.live(), "password"))

    assert "wr0ng" not in blind + umbel.process.output()
