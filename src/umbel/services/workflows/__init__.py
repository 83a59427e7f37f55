"""Workflows: which there are, how far each is, what failed in it and what that blocks."""
