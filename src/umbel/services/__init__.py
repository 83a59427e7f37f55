"""What Umbel does, over the contracts of store, broker and results: one folder for each family."""
