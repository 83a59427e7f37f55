"""`python -m tests.api.flower.record` asks a live Flower all steps and writes its answers to
`tests/fixtures/flower/answers.json`, to which the tests hold Umbel where no Flower is."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from bench.flower_env import VERSION, install
from tests.api.flower.said import ask, without_times
from tests.api.flower.stage import stage
from tests.api.flower.steps import STEPS

ANSWERS: Final = Path(__file__).parents[2] / "fixtures" / "flower" / "answers.json"


def recorded() -> dict[str, Any]:
    """What Flower answered, by the name of the step."""
    found: dict[str, Any] = json.loads(ANSWERS.read_text())["answers"]
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, stage(Path(directory), install()) as on:
        assert on.flower is not None
        answers = {
            step.name: without_times(ask(on, on.flower, step).as_recorded()) for step in STEPS
        }
    ANSWERS.parent.mkdir(exist_ok=True)
    ANSWERS.write_text(json.dumps({"flower": VERSION, "answers": answers}, indent=1) + "\n")


if __name__ == "__main__":
    main()
