"""Samples of queues and workers: how they were at regular times."""
