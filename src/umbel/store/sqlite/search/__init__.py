"""From a query to its rows, in any number of readers. See `../README.md` for
the ladder.
"""
