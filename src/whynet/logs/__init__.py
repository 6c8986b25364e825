"""A pasted log: text -> `transcript` (series) -> `course` (`facts`, and the `scales` of the cost) -> its state
(`states`) and `features` -> the causes that `evidence` leaves -> `log` (the diagnosis), with `checks` to make next.

The transcript puts other `languages` into English and the text through `cleaning`, leaves out `program` text, takes out
what is said of single classes (`answers`), finds numbers in `tables` and lines (`figures`), tells them apart by their
`words` and `captions`, and puts those of a kind into `columns`. `clues` are the settings that a text names, `kinds`
whose labels and how many classes it is about; `seen` is all of it for one training.
"""
