"""Mistakes planted in PyTorch and Keras networks, and sound networks: how often the doctor is right about them."""
