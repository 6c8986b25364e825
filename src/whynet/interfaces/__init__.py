"""The front doors: each parses what people ask, makes one library call, and prints its report. Nobody imports these."""
