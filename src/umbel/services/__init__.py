"""What Umbel does, over the contracts of store, broker and results: one folder for each family.

Here stand what families share (`fair_shares`, `fair_lock`, `jsonable`, `phrases`, `time_zones`)
and what makes a whole of them (`cluster_services`, `clusters`, `collectors`).
"""
