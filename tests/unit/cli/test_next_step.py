"""What a finding offers, as a command that a person may copy."""

from __future__ import annotations

import shlex
from urllib.parse import quote

import pytest

from umbel.cli.next_step import command_of
from umbel.services.control.types import ActionRequest
from umbel.services.health.health_finding import FindingAction


def plan(request: ActionRequest) -> str | None:
    return command_of(FindingAction(label="Do it", kind="plan", request=request))


def link(address: str) -> str | None:
    return command_of(FindingAction(label="Look", kind="link", address=address))


@pytest.mark.parametrize(
    ("request_", "command"),
    [
        (ActionRequest(action="revoke", ids=["u1"]), "umbel revoke -- u1"),
        (
            ActionRequest(action="add_consumer", queue="mail", workers=["w1@h"]),
            "umbel worker add-consumer --queue=mail -- w1@h",
        ),
        (
            ActionRequest(action="add_consumer", queue="mail"),
            "umbel worker add-consumer --queue=mail --all",
        ),
        (ActionRequest(action="resume", queue="mail"), "umbel queue resume -- mail"),
        (
            ActionRequest(action="pool_restart", workers=["w1@h"]),
            "umbel worker pool-restart -- w1@h",
        ),
        (ActionRequest(action="enable_events"), "umbel worker enable-events --all"),
        (ActionRequest(action="shutdown", workers=["w1@h"]), None),
    ],
)
def test_a_plan_is_the_command_that_shows_it(request_: ActionRequest, command: str | None) -> None:
    assert plan(request_) == command


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("tasks?q=" + quote("state:FAILURE name:=a b"), "umbel tasks -- 'state:FAILURE name:=a b'"),
        ("tasks?order=-wait", "umbel tasks --order=-wait"),
        ("queues", "umbel queues"),
        ("queues/to%2Fmail", "umbel queue show -- to/mail"),
        ("workers/w1%40h", "umbel workers"),
        ("schedule/e1", "umbel schedule list"),
        ("docs/troubleshooting", None),
    ],
)
def test_a_list_is_the_command_that_prints_it(address: str, command: str | None) -> None:
    assert link(address) == command


def test_a_name_is_one_word_for_a_shell_whatever_it_holds() -> None:
    evil = "mail'; rm -rf ~; $(reboot)"

    command = plan(ActionRequest(action="resume", queue=evil))

    assert command is not None
    assert shlex.split(command) == ["umbel", "queue", "resume", "--", evil]
