"""A run or a reproduction -> one self-contained HTML page: no network, no other file, light and dark."""
