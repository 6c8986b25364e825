"""What a training that goes wrong is stuck at, and why."""
