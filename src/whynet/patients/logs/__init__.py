"""A pasted log: text -> `transcript` (series) -> `facts` -> `patterns` (state and causes) -> `log` (the diagnosis)."""
