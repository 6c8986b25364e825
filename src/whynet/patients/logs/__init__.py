"""A pasted log: text -> `transcript` (series of numbers) -> `facts` -> `patterns` (state, causes) -> `log` (diagnosis)."""
