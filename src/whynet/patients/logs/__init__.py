"""A pasted log: text -> `transcript` (series of numbers) -> `facts` -> `patterns` (states, causes) -> `log` (diagnosis)."""
