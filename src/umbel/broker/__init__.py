"""How Umbel talks to message brokers: one protocol (`base`) and its adapters."""
