"""Umbel watches and runs Celery clusters."""

__version__ = "0.1.0"
