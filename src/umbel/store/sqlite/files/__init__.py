"""The files of a data directory: which there are, how they are opened, locked, migrated, and set
aside when they are damaged.
"""
