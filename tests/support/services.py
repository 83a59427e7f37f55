"""What a test does when a service that it needs is not on this machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def absent(service: str, reason: str) -> NoReturn:
    """Skip the test with a sentence; under `CI=true`, where nothing may be absent, fail."""
    sentence = f"{service} is needed and cannot be used: {reason}"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)
