"""What the cluster is like now: workers, queues and task names, asked when somebody looks."""
