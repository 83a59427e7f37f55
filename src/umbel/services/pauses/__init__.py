"""Queues that are paused: no worker consumes them until somebody resumes them."""
