"""The interface of the book (Nielsen, Neural Networks and Deep Learning) and of the tutorial that follows it.

    from whynet.book import mnist_loader, network2
    training_data, validation_data, test_data = mnist_loader.load_data_wrapper()
    net = network2.Network([784, 30, 10])
    net.SGD(training_data, 30, 10, 0.5, lmbda=5.0, evaluation_data=validation_data, monitor_evaluation_accuracy=True)

A program written for the book's `network` and `network2` runs with its imports changed, and nothing else. Examples are
columns and data are lists of tuples, as published; underneath, whynet's own network and engine do the work, and the
doctor's line follows. The tutorial's program takes `mnist` for its loader, and `network.Network(sizes, seed=0)`.
"""

from whynet.book import mnist as mnist
from whynet.book import mnist_loader as mnist_loader
from whynet.book import network as network
from whynet.book import network2 as network2

__all__ = ["mnist", "mnist_loader", "network", "network2"]
