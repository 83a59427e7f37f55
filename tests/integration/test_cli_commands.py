"""The commands as people and scripts use them, against a data directory and a server."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pty
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.applications import WORKERAPP
from tests.support.brokers import redis_database, valkey_broker
from tests.support.umbels import UMBEL, umbel_command, umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker
from umbel.cli.start import run

pytestmark = pytest.mark.redis

Ended = subprocess.CompletedProcess[str]


class Shell(NamedTuple):
    """Runs `umbel` with an environment that says where the cluster is."""

    environment: dict[str, str]
    worker: str

    def run(self, *arguments: str, given: str = "") -> Ended:
        """`umbel ARGUMENTS`, ended, with pipes for everything."""
        return subprocess.run(
            [UMBEL, *arguments],
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def out(self, *arguments: str) -> str:
        """What it printed, having succeeded."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def until(self, query: str) -> str:
        """The id of the first task that matches, once one does."""
        arguments = ("tasks", query, "--json", "-c", "uuid")
        line = wait_until(lambda: self.out(*arguments), timeout_s=60, what=query).splitlines()[0]
        uuid: str = json.loads(line)["uuid"]
        return uuid


@pytest.fixture(scope="module", params=["directory", "server"])
def shell(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    directory = tmp_path_factory.mktemp("cli")
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        broker, backend = enter(redis_database()), enter(valkey_broker(directory)).url
        data = directory / "umbel"
        if request.param == "directory":
            environment = umbel_environment(
                UMBEL_BROKER=broker, UMBEL_RESULT_BACKEND=backend, UMBEL_DATA=str(data)
            )
            enter(umbel_command("collect", log=directory / "c.log", environment=environment))
            wait_until(lambda: (data / "umbel-ledger.db").parent.exists(), what="the collector")
        else:
            serving = umbel_serve(
                broker, data, environment=umbel_environment(UMBEL_RESULT_BACKEND=backend)
            )
            environment = umbel_environment(UMBEL_SERVER=enter(serving).client.url)
        worker = enter(
            celery_worker(
                WORKERAPP,
                {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend},
                directory / "worker.log",
            )
        )
        found = Shell(environment, worker.name)
        wait_until(lambda: worker.name in found.run("workers").stdout, timeout_s=60)
        yield found


def named(name: str) -> str:
    return f"{WORKERAPP}.{name}"


@pytest.mark.versions(brief=True)
def test_a_task_is_run_and_its_result_printed_as_json(shell: Shell) -> None:
    assert shell.out("apply", named("echo"), "--args", '["é"]', "--kwargs", '{"a": 1}') == (
        '["é", {"a": 1}]\n'
    )


def test_a_program_is_told_how_a_task_failed(shell: Shell) -> None:
    ended = shell.run("apply", named("decline"), "--args", "[7]", "--json")
    told = json.loads(ended.stdout)

    assert ended.returncode == 1
    assert (told["state"], told["success"]) == ("FAILURE", False)
    assert "order 7 was declined" in told["exception"]
    assert "Traceback" in told["traceback"]


def test_the_status_says_whether_what_is_seen_is_live(shell: Shell) -> None:
    wait_until(lambda: shell.run("status").returncode == 0, timeout_s=30, what="a live history")
    text = shell.out("status")
    found = json.loads(shell.out("status", "--json"))

    assert text.startswith("live: What you see is live.\n")
    assert "collector " in text
    assert (found["live"]["state"], found["live"]["troubles"]) == ("live", [])
    assert len(found["collectors"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("apply", named("decline"), "--args", "[7]"), 1, "order 7 was declined"),
        (("apply", named("nap"), "--args", "[2]", "--timeout", "0.2"), 4, "had not ended when"),
        (("apply", named("nope")), 3, "No live worker knows"),
        (("apply", named("add"), "--args", "{"), 2, "no JSON"),
        (("apply", named("add"), "--args", "{}"), 2, "JSON array"),
        (("tasks", "stat:x"), 2, "Did you mean state?"),
        (("tasks", "-o", "size"), 2, "--order"),
        (("tasks", "-c", "sate"), 2, "Did you mean state?"),
        (("task", "nobody"), 1, "Nothing is known of a task"),
        (("queue", "peek", "mial"), 1, "Nobody tells of a queue mial"),
        (("revoke",), 2, "--query"),
        (("time-limit", "x"), 2, "--none to lift both limits"),
        (("time-limit", "x", "--none", "--soft", "1"), 2, "--none to lift both limits"),
        (("revoke", "x"), 2, "nobody to ask"),
        (("revoke", "-q", "name:nothing-at-all", "-y"), 3, "No task matches"),
        (("terminate", "x", "--signal", "SIGTREM", "-y"), 3, "Did you mean SIGTERM?"),
        (("rate-limit", named("add"), "often", "-y"), 3, "not a rate"),
        (("rate-limit", named("nope"), "1/s", "-y"), 3, ""),
        (("time-limit", named("add"), "--soft", "3", "-w", "no@where", "-y"), 4, ""),
        (("worker", "ping"), 2, "--all"),
        (
            ("queue", "purge", "umbel-no-such-queue", "-y"),
            3,
            "No queue umbel-no-such-queue is known",
        ),
        (("queue", "show", "umbel-no-such-queue"), 1, "Nobody tells of a queue"),
        (("tasks", "-s", "http://127.0.0.1:1"), 1, "cannot be reached"),
    ],
)
def test_what_goes_wrong_is_a_code_and_a_sentence(
    shell: Shell,
    arguments: tuple[str, ...],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # The command within this process: 46 more that are started would show nothing more.
    for name in ("UMBEL_BROKER", "UMBEL_RESULT_BACKEND", "UMBEL_DATA", "UMBEL_SERVER"):
        if name in shell.environment:
            monkeypatch.setenv(name, shell.environment[name])

    ended = run(arguments)

    printed = capfd.readouterr().err
    assert ended == code, printed
    assert said in printed
    assert "Traceback" not in printed


def test_the_audit_tells_why_a_task_was_sent(shell: Shell) -> None:
    uuid = shell.out("send", named("echo"), "--args", "[1]", "--reason", "a try").strip()

    (line, *_) = shell.out("audit", "--json").splitlines()
    assert json.loads(line)["reason"] == "a try"
    assert json.loads(line)["tasks"] == [uuid]


@pytest.mark.versions(brief=True)
def test_tasks_are_listed_for_people_and_programs(shell: Shell) -> None:
    shell.out("send", named("echo"), "--args", '["listed\\u001b[31m\\u009b"]')
    uuid = shell.until("state:SUCCESS args:listed")

    table = shell.out("tasks", "args:listed", "-c", "uuid,state,args")
    line = json.loads(shell.out("tasks", f"uuid:{uuid}", "--json"))
    sheet = shell.out("tasks", f"uuid:{uuid}", "--csv", "-c", "uuid,state")
    whole = shell.out("task", uuid)

    assert f"{uuid}\tSUCCESS" in table
    assert "\x1b" not in table + sheet + whole
    assert "\x9b" not in table + sheet + whole
    assert line["name"] == named("echo")
    assert sheet == f'"uuid","state"\n"{uuid}","SUCCESS"\n'
    assert "attempt 0" in whole
    assert shell.out("task", f"{uuid[:23]}…") == whole
    assert json.loads(shell.out("task", uuid, "--json"))["attempts"][0]["state"] == "SUCCESS"


def test_lists_are_written_for_spreadsheets(shell: Shell) -> None:
    uuid = shell.until("state:SUCCESS")

    [task] = csv.DictReader(shell.out("tasks", f"uuid:{uuid}", "--csv").splitlines())
    sheet = shell.out("workers", "--csv", "-c", "hostname,heartbeat").splitlines()
    workers = {each["hostname"]: each for each in csv.DictReader(sheet)}
    [everything, _] = csv.reader(
        shell.out("tasks", f"uuid:{uuid}", "--csv", "-c", "all").splitlines()
    )

    assert task["received"].startswith("20")
    assert task["received"].endswith("Z")
    assert task["args"]
    assert workers[shell.worker]["heartbeat"].endswith("Z")
    assert {"kwargs", "result", "exception", "started"} <= set(everything)
    assert shell.out("queues", "--csv").startswith('"name","ready"')
    assert shell.out("audit", "--csv").startswith('"at","actor"')


def test_the_beginning_of_several_ids_names_none_of_them(shell: Shell) -> None:
    for number in (1, 2):
        shell.out("send", named("echo"), "--id", f"umbel-alike-{number}")
    shell.until("id:umbel-alike-1 state:SUCCESS")
    shell.until("id:umbel-alike-2 state:SUCCESS")

    several, none = shell.run("task", "umbel-alike"), shell.run("task", "umbel-unlike")

    assert (several.returncode, none.returncode) == (1, 1)
    assert several.stderr.startswith("umbel: The ids of several tasks begin with umbel-alike.")
    assert none.stderr == "umbel: Nothing is known of a task with the id umbel-unlike.\n"


@pytest.mark.versions
def test_a_task_is_terminated_by_a_query_after_a_look(shell: Shell) -> None:
    uuid = shell.out("send", named("nap"), "--args", "[60]").strip()
    shell.until(f"uuid:{uuid} state:STARTED")

    plan = shell.out("terminate", "-q", f"uuid:{uuid}", "--dry-run")
    assert "1 of these runs now" in plan
    done = shell.run("terminate", "-q", f"uuid:{uuid}", "--yes", "--reason", "too long")

    assert done.returncode == 0
    assert f"{shell.worker} ok" in done.stdout
    shell.until(f"uuid:{uuid} state:REVOKED")
    audit = shell.out("audit", "--action", "terminate", "--json").splitlines()
    assert json.loads(audit[0])["outcome"] == "done"


def test_ids_come_from_a_pipe(shell: Shell) -> None:
    ids = [
        shell.out("send", named("add"), "--args", "[1, 1]", "--countdown", "60").strip()
        for _ in range(2)
    ]

    done = shell.run("revoke", "-", "--yes", "--json", given="\n".join(ids) + "\n")

    assert done.returncode in (0, 4)
    assert json.loads(done.stdout)["done"] == 2


@pytest.mark.versions
def test_a_failed_task_is_sent_again_with_other_arguments(shell: Shell) -> None:
    shell.run("apply", named("decline"), "--args", "[5]")
    uuid = shell.until("state:FAILURE name:decline")

    told = shell.out("retry", uuid, "--args", "[6]", "--yes")

    assert f"{uuid} -> " in told
    again = told.split(" -> ")[1].split()[0]
    shell.until(f"uuid:{again} args:6 state:FAILURE")
    assert again in shell.out("task", uuid)


@pytest.mark.versions
def test_workers_and_queues_are_listed_and_acted_on(shell: Shell) -> None:
    assert f"{shell.worker}\tonline" in shell.out("workers")
    assert "pong" in shell.out("worker", "ping", shell.worker)
    assert "ok" in shell.out("worker", "grow", shell.worker, "--n", "1", "--yes")
    assert "celery\t" in shell.out("queues")
    shell.out("send", "no.such", "--queue", "umbel-cli-test")
    waiting = shell.out("queue", "peek", "umbel-cli-test", "--json")
    assert json.loads(waiting)["name"] == "no.such"
    assert "age_s" in shell.out("queue", "peek", "umbel-cli-test").splitlines()[0]
    celery = json.loads(shell.out("queue", "show", "celery", "--json"))
    assert [each["worker"] for each in celery["consuming"]] == [shell.worker]
    lonely = shell.out("queue", "show", "umbel-cli-test")
    assert "waiting         1" in lonely
    assert "consumed by     nobody" in lonely
    assert "1" in shell.out("queue", "purge", "umbel-cli-test", "--yes")
    assert shell.out("queue", "peek", "umbel-cli-test") == ""


def test_following_shows_what_changes(shell: Shell, tmp_path: Path) -> None:
    log = tmp_path / "follow.log"
    command = umbel_command(
        *("tasks", "args:followed", "--follow", "-c", "state,args"),
        log=log,
        environment=shell.environment,
    )
    with command as following:

        def seen() -> bool:
            shell.run("send", named("echo"), "--args", '["followed"]')
            following.must_run()
            return "SUCCESS\t('followed',)" in following.output()

        wait_until(seen, timeout_s=60)


@pytest.mark.parametrize("deed", ["worker", "send"])
def test_what_cannot_be_told_is_told_as_done(shell: Shell, deed: str) -> None:
    """Whoever meets a full disk must not take what was done for not done."""
    arguments = {
        "worker": ("worker", "ping", shell.worker, "--yes"),
        "send": ("send", named("add"), "--args", "[1, 1]", "--id", "umbel-untold"),
    }
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [UMBEL, *arguments[deed]],
            env=shell.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    told = {"worker": "(ping) was begun", "send": "sent; its id is umbel-untold"}
    assert done.returncode == 4
    assert told[deed] in done.stderr
    assert "No space left on device" in done.stderr


def test_a_reader_that_has_enough_is_no_error(shell: Shell) -> None:
    done = subprocess.run(
        ["/bin/bash", "-c", f"{UMBEL} tasks --json -n 0 | true; echo ${{PIPESTATUS[0]}}"],
        env=shell.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"


def at_terminal(shell: Shell, answer: str, *arguments: str) -> tuple[int, str]:
    """`umbel` at a terminal where somebody types `answer` when asked; code and screen."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(UMBEL, [UMBEL, *arguments], shell.environment)  # noqa: S606
    screen, told = b"", False
    while True:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, screen
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # how Linux tells that the other side closed
            break
        if not piece:
            break
        screen += piece
        if not told and (b"[y/N]" in screen or b"to do it" in screen):
            os.write(terminal, f"{answer}\n".encode())
            told = True
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), screen.decode()


@pytest.mark.versions
@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 3)])
def test_a_person_is_asked(shell: Shell, answer: str, code: int) -> None:
    found, screen = at_terminal(shell, answer, "worker", "enable-events", shell.worker)

    assert found == code
    assert "Do it?" in screen
    assert ("1 of 1 worker confirmed it." in screen) is (code == 0)
    assert ("Nothing was done." in screen) is (code == 3)


@pytest.mark.parametrize(("answer", "code"), [("y", 3), ("101", 0)])
def test_over_a_hundred_tasks_their_number_is_typed(
    shell: Shell, answer: str, code: int, tmp_path: Path
) -> None:
    ids = tmp_path / "ids"
    ids.write_text("\n".join(f"umbel-cli-{number}" for number in range(101)))

    found, screen = at_terminal(shell, answer, "revoke", *ids.read_text().split(), "--json")

    assert "Type 101 to do it" in screen
    assert found in ((code, 4) if code == 0 else (code,))
