"""Healing: what lost events would have told is asked for."""
