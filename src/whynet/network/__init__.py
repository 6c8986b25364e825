"""Images -> scores -> gradients: the part to read beside a textbook.

Reading order: activations, initializers, costs, layers, network, gradcheck, storage.
"""
