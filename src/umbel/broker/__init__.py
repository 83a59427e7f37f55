"""How Umbel talks to message brokers: two protocols, `EventSource`
and `Cluster` (`base`), and their adapters."""
