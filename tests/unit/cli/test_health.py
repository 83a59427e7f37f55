"""`umbel health`, in sentences for people and by exit codes for scripts."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.api.world import collector
from tests.contract.stories import heartbeat
from umbel.cli.health import code, lines, worst
from umbel.cli.start import run
from umbel.clock import SystemClock
from umbel.services.health.health_finding import FindingAction, HealthFinding, Muted, Weight
from umbel.services.health.health_findings import HealthAnswer
from umbel.store.opening import open_store


def told(
    capsys: pytest.CaptureFixture[str], directory: Path, *options: str, **status: object
) -> tuple[int, str]:
    """What it says of a history whose collector reports so."""
    now = SystemClock().now()
    with closing(open_store(directory, write=True)) as store:
        store.apply([heartbeat("w@h", now, processed=3)])
        store.report(collector(started=now - 60, at=now, connected_since=now - 60, **status))
    code_ = run(["health", "--data", str(directory), "--config", "none", *options])
    return code_, capsys.readouterr().out


def test_a_cluster_that_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended, text = told(capsys, tmp_path)

    assert ended == 0
    assert text.startswith("All well: 1 worker, no tasks now.\nunknown: How full queues are is not")


def test_a_history_that_stands_still(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended, text = told(capsys, tmp_path, trouble="The disk is full.\n\x1b[31mred")

    assert ended == 1
    assert text.startswith("critical: The disk is full.")
    assert "(docs/health.md#not-recording)" in text
    assert "\x1b" not in text


def test_all_of_it_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended, text = told(capsys, tmp_path, "--json", mute={"w@h": SystemClock().now()})

    assert ended == 4
    found = json.loads(text)
    assert [each["rule"] for each in found["findings"]] == ["events-off"]
    assert found["asked_at"] > 0


def two_clusters(tmp_path: Path) -> list[str]:
    """The options that name settings with two clusters: `shop` stands still, `mail` is well."""
    now = SystemClock().now()
    for name, trouble in (("shop", "The disk is full."), ("mail", None)):
        directory = tmp_path / "data" / name
        directory.mkdir(parents=True)
        with closing(open_store(directory, write=True)) as store:
            store.apply([heartbeat("w@h", now, processed=3)])
            store.report(
                collector(started=now - 60, at=now, connected_since=now - 60, trouble=trouble)
            )
    settings = tmp_path / "umbel.toml"
    settings.write_text(
        f'data = "{tmp_path / "data"}"\n'
        '[clusters.shop]\nbroker = "memory://"\n[clusters.mail]\nbroker = "memory://"\n'
    )
    return ["health", "--config", str(settings)]


def test_each_of_several_clusters_is_told_and_the_worst_is_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run(two_clusters(tmp_path))
    text = capsys.readouterr().out

    assert ended == 1
    assert text.startswith("shop:\n  critical: The disk is full.")
    assert "\nmail:\n  All well" in text


def test_several_clusters_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run([*two_clusters(tmp_path), "--json"])
    found = json.loads(capsys.readouterr().out)

    assert list(found["clusters"]) == ["shop", "mail"]
    assert found["clusters"]["shop"]["findings"][0]["severity"] == "critical"
    assert found["errors"] == {}


def test_one_of_several_clusters_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run([*two_clusters(tmp_path), "--cluster", "mail"])

    assert capsys.readouterr().out.startswith("All well")


def test_a_cluster_that_cannot_be_looked_at_leaves_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = two_clusters(tmp_path)
    (tmp_path / "data" / "shop").rename(tmp_path / "elsewhere")

    ended = run(options)
    text = capsys.readouterr().out

    assert ended == 1
    assert text.startswith("shop:\n  error: There is no directory ")
    assert "\nmail:\n  All well" in text


@pytest.mark.parametrize(("codes", "ended"), [([0, 0], 0), ([0, 4], 4), ([4, 1, 0], 1), ([0], 0)])
def test_of_several_exit_codes_the_worst_counts(codes: list[int], ended: int) -> None:
    assert worst(codes) == ended


def finding(severity: Weight, *, muted: bool = False) -> HealthFinding:
    by = Muted(by="ada", until=0.0, reason="known") if muted else None
    return HealthFinding(
        id="a", rule="a", subject="", severity=severity, sentence="It is so.", why="It matters.",
        since=None, evidence=None, action=FindingAction(label="See", kind="link", address="x"),
        docs="docs/health#a", muted=by,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "well", "ended"),
    [
        ((finding("critical"), finding("notice")), None, 1),
        ((finding("warning"),), None, 4),
        ((finding("notice"),), None, 0),
        ((finding("critical", muted=True),), "All well but for 1 muted finding.", 0),
        ((), None, 4),
    ],
)
def test_exit_codes(found: tuple[HealthFinding, ...], well: str | None, ended: int) -> None:
    answer = HealthAnswer(well=well, findings=found, more=0, unknown=("The broker.",), at=0.0)

    assert code(answer) == ended
    assert lines(answer)
