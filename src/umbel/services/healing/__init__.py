"""Healing: what lost events would have told is asked for, of those who know it."""
