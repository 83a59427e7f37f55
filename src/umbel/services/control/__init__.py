"""Acting on a cluster: a plan, an execution, a report."""
