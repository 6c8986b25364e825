"""Who takes the steps: the readable engine is the specification, faster ones must agree with it."""
