"""Hand-written networks: `objects` and `code` call them, `anatomy` says which network it is, `mistakes` and `forensics`
what is wrong with its gradient, `audit` what its steps and its own check do, `diagnose` why it does not learn."""
