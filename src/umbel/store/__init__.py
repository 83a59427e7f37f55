"""Where sets of events meet: one protocol (`base`) and its adapters."""
