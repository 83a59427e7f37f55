"""What must not be seen of arguments, results and errors is replaced before it is stored.

`rules` is the way in: what a person configured under `[redact]`, applied to the texts of events
(`Redactor`) and to values of messages, results and answers. `keys` judges names of keys, `texts`
finds their values in reprs, `positions` splits positional arguments.
"""
