"""Notifiers: how people outside hear of alerts. `base` is the protocol, the rest are adapters."""
