"""A pasted log: text -> `transcript` (series) -> `course` (`facts`, and the `scales` of the cost) -> its state
(`states`) and `features` -> the causes that `evidence` leaves -> `log` (the diagnosis), with `checks` to make next.

The transcript puts other `languages` into English, leaves out `program` text, and takes out what is said of single
classes (`answers`). A `line` is typed `tokens`; lines with their numbers masked are `templates`; numbers of a place, a
name, a list or a head (`tables`) are `columns`. What each column is, its `roles` say, by a table of votes, for all
columns together; those that are costs and accuracies become `series`. `clues` are the settings that a text names,
`kinds` whose labels and how many classes it is about; `seen` is all of it for one training.
"""
