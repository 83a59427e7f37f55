"""Beat's entries as they stand where schedulers keep them: the protocol and its values in
`base.py`, and an adapter for each store. Nothing is imported, unpickled or evaluated that an
entry names.
"""
