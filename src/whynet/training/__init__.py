"""The loop: a recipe and data in, a trained network and its history out."""
