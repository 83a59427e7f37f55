"""Names: what tasks of each name are like in a span of time, and where it is registered."""
