"""What changed, pushed to everybody who watches: `hub` follows the store, `deltas` gathers,
`streams` sends.
"""
