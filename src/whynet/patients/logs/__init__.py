"""A pasted log: text -> `transcript` (series) -> `facts` -> `judging` (state, and which of the
`patterns`, with its causes) -> `log` (the diagnosis).

The transcript puts other `languages` into English and the text through `cleaning`, takes out what is said of single
classes (`answers`), and tells numbers apart by their `words`.
"""
