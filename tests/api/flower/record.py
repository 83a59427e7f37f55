"""`python -m tests.api.flower.record` asks a live Flower all steps and writes its answers to
`tests/fixtures/flower/answers.json`, to which the tests hold Umbel where no Flower is."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.flower_env import VERSION, install
from tests.api.flower.said import ask, has_figures, without_times
from tests.api.flower.stage import stage
from tests.api.flower.steps import ON_RABBITMQ, STEPS, Step
from tests.support.waiting import wait_until

ANSWERS: Final = Path(__file__).parents[2] / "fixtures" / "flower" / "answers.json"


def recorded(broker: str = "redis") -> dict[str, Any]:
    """What Flower answered on that broker, by the name of the step."""
    found: dict[str, Any] = json.loads(ANSWERS.read_text())["answers"][broker]
    return found


def main() -> None:
    answers = {
        "redis": _answers(STEPS, rabbitmq=False),
        "rabbitmq": _answers(ON_RABBITMQ, rabbitmq=True),
    }
    ANSWERS.parent.mkdir(exist_ok=True)
    ANSWERS.write_text(json.dumps({"flower": VERSION, "answers": answers}, indent=1) + "\n")


def _answers(steps: Sequence[Step], *, rabbitmq: bool) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as directory,
        stage(Path(directory), install(), rabbitmq=rabbitmq) as on,
    ):
        assert on.flower is not None
        if rabbitmq:
            wait_until(partial(has_figures, on, on.flower), what="the management API's figures")
        return {step.name: without_times(ask(on, on.flower, step).as_recorded()) for step in steps}


if __name__ == "__main__":
    main()
