"""Where sets of events meet: two protocols, `base.Store` and
`ledger.Ledger`, and their adapters."""
