"""Whether an alert goes on after its rule was changed."""

from __future__ import annotations

import pytest

from umbel.services.alerts.same_condition import is_of
from umbel.store.alerts import Alert


@pytest.mark.parametrize(
    ("before", "after", "subject", "goes_on"),
    [
        ("failures > 3 over 5m", "failures > 9 over 10m", "", True),
        ("failures > 3 over 5m", "failures < 3 over 5m", "", False),
        ("failures > 3 over 5m", "failure rate > 3 % over 5m", "", False),
        ("failures of name:a > 3", "failures of name:b > 3", "", False),
        ("p95 runtime > 3 s", "p99 runtime > 3 s", "", False),
        ("depth of queue mail > 3", "depth of queue m* > 5", "mail", True),
        ("depth of queue * > 3", "depth of queue m* > 3", "sms", False),
        ("depth of queue mail > 3", "consumers of queue mail > 3", "mail", False),
        ("any worker silent for 5m", "worker eu-* silent for 1m", "eu-1", True),
        ("any worker silent for 5m", "worker eu-* silent for 1m", "us-1", False),
        ("online workers eu-* < 3", "online workers us-* < 3", "", False),
        ("no success for 1 h", "no task for 1 h", "", False),
        ("no success for 1 h", "no success for 2 h", "", True),
        ("no success by 06:00", "no success by 07:00 Europe/Berlin", "", True),
        ("any finding", "any critical finding", "f", True),
        ("any finding", "what is this", "f", False),
    ],
)
def test_another_limit_is_the_same_alert_and_another_search_is_not(
    before: str, after: str, subject: str, goes_on: bool
) -> None:
    alert = Alert(
        id="a", rule="r", name="Rule", condition=before, severity="warning", subject=subject,
        phase="firing", since=1.0, fired=1.0, sentence="It is so.",
    )  # fmt: skip

    assert is_of(alert, after) is goes_on
