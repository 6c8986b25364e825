"""Gradients -> new parameters: besides the engines, the only code that writes into a parameter array."""
