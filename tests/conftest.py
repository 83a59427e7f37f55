"""Fixtures for tests of every kind. What each does is told where it stands."""

pytest_plugins = ["tests.support.brokers"]
