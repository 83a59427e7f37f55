"""The search index over texts of tasks, and what it can tell of a query."""
