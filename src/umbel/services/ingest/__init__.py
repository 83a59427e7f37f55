"""What happens to events between the broker and the store: decoded, batched, counted, and judged
for loss. `ingest` has the loop; the others each do one part of it.
"""
