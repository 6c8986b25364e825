"""Images -> scores -> gradients: the part to read beside a textbook.

Reading order: activations, costs, dense, network; then initializers, layers, gradcheck, storage.
"""
