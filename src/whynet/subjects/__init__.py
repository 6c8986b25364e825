"""Other people's networks: a pasted log, a description, hand-written code, PyTorch, Keras, scikit-learn."""
