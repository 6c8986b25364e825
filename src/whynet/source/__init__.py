"""The text of a program, whole or in pieces, read without running it: `statements` parses what can be parsed,
`settings` says what it settles (start, scaling, loss, output, rate, update lines), each with the line that says so."""
