"""Fixtures for tests of every kind. What each does is told where it stands."""

from importlib.util import find_spec

pytest_plugins = [
    "tests.support.brokers",
    "tests.support.distinct_ids",
    "tests.support.own_environment",
]
# The environments of `make test-versions` have no Hypothesis.
if find_spec("hypothesis"):
    pytest_plugins.append("tests.support.properties")
