"""How long live views wait before they ask the store again."""

from __future__ import annotations

from umbel.services.live.hub import IDLE_AFTER_S, IDLE_POLL_S, POLL_S, REST, pause_s


def test_an_idle_cluster_is_asked_half_as_often() -> None:
    assert pause_s(0.001, idle_s=0.0) == POLL_S
    assert pause_s(0.001, idle_s=IDLE_AFTER_S + 1) == IDLE_POLL_S == 2 * POLL_S


def test_much_work_is_followed_by_a_longer_rest() -> None:
    assert pause_s(1.0, idle_s=0.0) == REST
