"""Alerts: rules as sentences, what they say of the cluster now, and who is told."""
