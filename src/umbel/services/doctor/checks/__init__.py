"""The checks, one file a subject: pure functions from facts to an answer."""
