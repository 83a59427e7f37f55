"""The query language: parsed to a tree of `ast.Node`, matched, printed, described, completed.

`parse` makes the tree from text, `canonical` prints it back, `match` tests a task, `describe`
gives an English sentence, `suggest` completes text. The SQL is in `store/sqlite/search/`.
"""
