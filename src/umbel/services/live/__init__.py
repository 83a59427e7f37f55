"""What changed, pushed to everybody who watches: `hub` follows the store, `channels` decides for
each distinct query, `deltas` gathers, `streams` sends.
"""
