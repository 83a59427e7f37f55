"""Flower's API: Umbel beside Flower itself, and as it was recorded."""

import pytest

pytest.register_assert_rewrite("tests.api.flower.comparison")
