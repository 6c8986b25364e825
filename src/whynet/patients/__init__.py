"""Other people's networks -> a case: PyTorch, Keras, scikit-learn; none of them is needed to import this."""
