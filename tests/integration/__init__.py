"""Umbel beside real brokers and real workers."""
