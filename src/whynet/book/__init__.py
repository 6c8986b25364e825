"""The interface of the tutorial and of the book it follows (Nielsen, Neural Networks and Deep Learning, chapter 1).

    from whynet.book import mnist, network
    train_data, validation_data, test_data = mnist.load_data()
    net = network.Network([784, 15, 10], seed=0)
    net.SGD(train_data, 30, 10, 3.0, test_data)

Examples are columns and data are lists of tuples, as published; underneath, whynet's own network does the work.
"""

from whynet.book import mnist as mnist
from whynet.book import network as network

__all__ = ["mnist", "network"]
