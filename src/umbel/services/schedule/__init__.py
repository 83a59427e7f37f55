"""Beat's entries: when they are due, what became of them, and what may be done with them.

When an entry is due (`ticks`, `crontab_ticks`, `solar_events`) and what its runs say (`judgement`)
are pure functions; `schedule.Schedule` asks sources, store and samples.
"""
