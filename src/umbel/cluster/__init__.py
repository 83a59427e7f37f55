"""The domain, pure: no clock, no socket, no database.

`decode` turns a message's body into the `events`, `facts` keeps a task's set of them and
joins two sets, `task` reads the row that people see off such a set, `worker` does the
same for workers.
"""
