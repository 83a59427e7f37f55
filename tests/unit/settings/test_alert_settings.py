"""Notifiers and rules of alerts in the settings file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from umbel.errors import SettingsError
from umbel.settings import LoadedSettings, check_serving, load_settings
from umbel.settings.alert_kinds import notifiers, rules
from umbel.settings.show import as_text

TOML = """
[alerts.notifiers.oncall]
kind = "webhook"
url = "https://hooks.example.com/T0/s3cret"
secret = "s3cret"
[alerts.notifiers.email]
url = "smtp://umbel:s3cret@mail.example.com:587"
from = "umbel@example.com"
to = "ops@example.com"
[alerts.rules.billing]
rule = "failure rate of name:billing.* > 5 % over 10 min"
severity = "critical"
for = "2min"
notify = "oncall"
escalate = "15min"
escalate_to = ["email"]
"""


def loaded(folder: Path, toml: str) -> LoadedSettings:
    file = folder / "umbel.toml"
    file.write_text(toml)
    file.chmod(0o600)
    given = {"broker": "redis://localhost/0", "data": str(folder / "data")}
    return load_settings(given, {"HOME": str(folder)}, folder)


def test_notifiers_and_rules_are_read(tmp_path: Path) -> None:
    alerts = loaded(tmp_path, TOML).settings.alerts
    oncall, email = alerts.notifiers
    (rule,) = alerts.rules

    assert (oncall.name, oncall.kind, oncall.secret) == ("oncall", "webhook", "s3cret")
    assert (email.kind, email.sender, email.to) == (
        "email", "umbel@example.com", ("ops@example.com",),
    )  # fmt: skip
    assert (rule.id, rule.in_settings) == ("settings-billing", True)
    assert rule.condition == "failure rate of name:billing.* > 5 % over 10m"
    assert (rule.pending_s, rule.clear_s, rule.escalate_s) == (120.0, 60.0, 900.0)
    assert (rule.notify, rule.escalate_to) == (("oncall",), ("email",))


def test_no_secret_of_a_notifier_is_shown(tmp_path: Path) -> None:
    shown = as_text(loaded(tmp_path, TOML))

    assert "oncall" in shown
    assert "s3cret" not in shown


def test_what_is_shown_is_read_again(tmp_path: Path) -> None:
    alerts = loaded(tmp_path, TOML).settings.alerts
    for kind, value in ((notifiers(), alerts.notifiers), (rules(), alerts.rules)):
        assert kind.parse(kind.show(value)) == value
        assert json.loads(kind.show(value))


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        ('[alerts.notifiers.a]\nkind = "pager"\nurl = "https://a"', "none of webhook, slack"),
        ('[alerts.notifiers.a]\nkind = "webhook"\nurl = "ftp://a"', "no address such as http"),
        ('[alerts.notifiers.a]\nkind = "slack"\nurl = "https://a/b c"', "no address such as http"),
        ('[alerts.notifiers.a]\nkind = "email"\nurl = "smtp://a"', "needs from and to"),
        ('[alerts.notifiers.a]\nkind = "webhook"\nurl = "https://a"\nurls = 1', "mean url"),
        (
            '[alerts.notifiers.a]\nkind = "webhook"\nurl = "https://a"\ntitle = "$who"',
            r"has \$who",
        ),
        ('[alerts.rules.a]\nrule = "failre rate > 5 %"', "Did you mean failure rate"),
        ('[alerts.rules.a]\nrule = "any finding"\nfor = "5"', "is a duration such as"),
        ('[alerts.rules.a]\nrule = "any finding"\nseverity = "bad"', "none of critical"),
        (
            '[alerts.rules.a]\nrule = "any finding"\nescalate_to = ["a"]',
            "not after how long: escalate",
        ),
        ('[alerts.rules.A]\nrule = "any finding"', "is no name"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(tmp_path: Path, toml: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        loaded(tmp_path, toml)


def test_a_rule_that_names_nobody_known_is_refused_before_anything_starts(tmp_path: Path) -> None:
    found = loaded(tmp_path, TOML.replace('notify = "oncall"', 'notify = "oncal"'))

    with pytest.raises(SettingsError, match="Did you mean oncall"):
        check_serving(found)
