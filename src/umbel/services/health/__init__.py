"""Whether what people see is live and whole, and the sentences that say so: `health` gathers,
`liveness` judges.
"""
