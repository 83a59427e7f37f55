"""How Umbel talks to message brokers: two protocols, `EventSource` and `Cluster` (`base`).

Events come in by `reconnect` over a session for each kind of broker (`amqp`, `redis`, `generic`);
`event_sources` chooses it. Commands, tasks and queues go out by `cluster`, over a pool of
connections (`connection_pool`). Both reach the broker by one `Link` (`link`).
"""
