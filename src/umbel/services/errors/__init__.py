"""Errors: failures that are the same error, as groups that people look at, resolve and ignore."""
