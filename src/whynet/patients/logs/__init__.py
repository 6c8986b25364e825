"""A pasted log: text -> `transcript` (series) -> `course` (`facts`, and the `scales` of the cost) -> its state
(`states`) and which of the `patterns` it follows (`matching`), with the causes that remain -> `log` (the diagnosis).

The transcript puts other `languages` into English and the text through `cleaning`, takes out what is said of single
classes (`answers`), and tells numbers apart by their `words`; `clues` are the settings that a text names.
"""
