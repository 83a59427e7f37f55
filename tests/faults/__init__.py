"""Umbel when things break: killed processes, vanishing brokers, full disks, wrong settings."""
