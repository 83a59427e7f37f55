"""Deploys of the application: announced by people and pipelines, or seen in what workers show."""
