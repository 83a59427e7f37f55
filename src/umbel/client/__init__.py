"""A client of Umbel's own HTTP API, over the standard library."""

from umbel.client.client import Client

__all__ = ["Client"]
