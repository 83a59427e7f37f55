"""Running tasks through a server that goes away meanwhile."""

from __future__ import annotations

import json

from tests.unit.client.serving import Answer, Asked, serving
from umbel import Events, task_apply


def test_a_result_is_waited_for_while_its_server_starts_again() -> None:
    """The task was sent: an error would make programs send it again."""
    sent = {"task_id": "x", "state": "PENDING", "result": None}
    ended = {"task_id": "x", "state": "SUCCESS", "result": 5}

    def answer(asked: Asked) -> Answer:
        if asked.method == "POST":
            return 200, "application/json", json.dumps(sent).encode()
        if len(server.asked) < 6:
            raise ConnectionError
        return 200, "application/json", json.dumps(ended).encode()

    with serving() as server:
        server.answer = answer
        with Events(server.url) as events:
            assert task_apply(events, "shop.add", (2, 3), timeout=20).result == 5

    assert [asked.method for asked in server.asked].count("POST") == 1
