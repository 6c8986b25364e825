"""The layers, a file each, and the table of them. To add one: write its file, and add a line to `LAYERS`."""

from whynet.network.layers.base import Layer as Layer
from whynet.network.layers.base import Plain as Plain
from whynet.network.layers.base import Shape as Shape
from whynet.network.layers.base import sizes_of as sizes_of
from whynet.network.layers.batch_norm import BatchNorm as BatchNorm
from whynet.network.layers.batch_norm import BatchNormMemo as BatchNormMemo
from whynet.network.layers.conv2d import Conv2D as Conv2D
from whynet.network.layers.conv2d import ConvMemo as ConvMemo
from whynet.network.layers.dense import Dense as Dense
from whynet.network.layers.dense import DenseMemo as DenseMemo
from whynet.network.layers.dropout import Dropout as Dropout
from whynet.network.layers.flatten import Flatten as Flatten
from whynet.network.layers.gaussian_noise import GaussianNoise as GaussianNoise
from whynet.network.layers.pooling import AveragePool2D as AveragePool2D
from whynet.network.layers.pooling import GlobalAveragePool as GlobalAveragePool
from whynet.network.layers.pooling import MaxPool2D as MaxPool2D

LAYERS: dict[str, type[Plain]] = {
    layer.kind: layer
    for layer in (
        AveragePool2D,
        BatchNorm,
        Conv2D,
        Dense,
        Dropout,
        Flatten,
        GaussianNoise,
        GlobalAveragePool,
        MaxPool2D,
    )
}
