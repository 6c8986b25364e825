"""What the filters of a convolutional network look for, and what they say of one picture."""

from __future__ import annotations

import numpy as np

from whynet.network.network import Network
from whynet.network.patches import Patches, cut, strongest
from whynet.network.stages import Stage, maps, stages
from whynet.report import pictures
from whynet.report.page import text
from whynet.types import Array, Features, Images

PATCHES = 9
FILTERS = 24
"""So many of a layer's are shown; and so many of its maps."""
SIDE = 96
"""Pixels on the screen of a map."""
LINE = 214
"""The grey between pictures."""


def filters_html(network: Network, images: Images, X: Features, example: int) -> str:
    """The filters stage by stage, and their maps of one of the pictures: `X (n, features)` are the pictures, scaled.

    >>> filters_html(Network([4, 2]), np.zeros((1, 2, 2), np.uint8), np.zeros((1, 4)), 0)
    ''
    """
    found = stages(network)
    if not found:
        return ""
    parts = [
        "<h2>What the filters look for</h2><p>A filter says the same of a place wherever it is. These are the parts of "
        "pictures that excite each most, a picture only once: what they have in common is what it looks for.</p>"
    ]
    for number, stage in enumerate(found):
        parts.append(_stage(network, images, X, stage, number))
    parts.append(_maps(network, images[example], X[example : example + 1], found))
    return "".join(parts)


def _stage(network: Network, images: Images, X: Features, stage: Stage, number: int) -> str:
    seen = strongest(network, X, stage, PATCHES)
    filters = stage.shape[2]
    chosen = pictures.strongest(seen.values[:, :1].T, FILTERS)
    cuts = cut(images, seen, stage.window)
    kernels = _kernels(network, stage) if number == 0 else None
    cards = []
    for one in chosen.tolist():
        shown = pictures.image(
            pictures.sheet(pictures.on_paper(cuts[one]), 3, gap=1, paper=LINE), f"what excites filter {one + 1}"
        )
        if kernels is not None:
            shown = f"{pictures.image(kernels[one], f'weights of filter {one + 1}')}{shown}"
        cards.append(f"<figure>{shown}<figcaption>{_said(seen, one)}</figcaption></figure>")
    which = f"The {len(chosen)} of {filters} filters that are excited most. " if len(chosen) < filters else ""
    (rows, columns), (down, across) = stage.window.size, images.shape[1:3]
    weights = "On the left its weights: ink on red excites it, ink on blue inhibits it. " if kernels is not None else ""
    if kernels is not None and images.ndim == 4:
        weights = "On the left its weights: where a pixel is grey they are 0. "
    part = f"Each looks at {min(rows, down)} by {min(columns, across)} pixels of the picture."
    kind = " pairs" if kernels is not None else ""
    return (
        f"<h3>Stage {number + 1}: {text(stage.text)}</h3><p>{which}{weights}{part}</p>"
        f'<div class="filters{kind}">{"".join(cards)}</div>'
    )


def _said(seen: Patches, one: int) -> str:
    return f"filter {one + 1}{': never excited' if seen.dead[one] else ''}"


def _kernels(network: Network, stage: Stage) -> Array | None:
    """The weights of the filters that lie on the picture itself, as pictures; None if something lies in between."""
    layer = network.layers[stage.first]
    window, channels = layer.window, layer.in_shape[-1]
    (name,) = layer.weight_names
    W = network.arrays(stage.first)[name]
    if window != stage.window or window is None or len(W) != window.size[0] * window.size[1] * channels:
        return None
    return pictures.masks(W, *window.size, channels) if channels in (1, 3) else None


def _maps(network: Network, image: Array, x: Features, found: list[Stage]) -> str:
    """One picture, and where in it each filter is excited."""
    parts = [
        "<h3>One picture, seen by the filters</h3><p>Dark is where a filter is excited; the maps are in the order of "
        "the filters. What comes after has only the last of them to go by.</p>"
        f'<div class="maps"><figure>{pictures.image(pictures.on_paper(image[np.newaxis])[0], "the picture")}'
        "<figcaption>the picture</figcaption></figure>"
    ]
    for stage in found:
        seen = np.maximum(maps(network, x, stage)[0].transpose(2, 0, 1)[:FILTERS], 0)
        top = float(seen.max()) or 1.0
        grey: Array = np.round(255 - 255 * seen / top).astype(np.uint8)
        large = max(1, round(SIDE / max(stage.shape[:2])))
        grey = grey.repeat(large, axis=1).repeat(large, axis=2)
        sheet = pictures.sheet(grey, min(8, len(grey)), gap=2, paper=LINE)
        size = " by ".join(map(str, stage.shape[:2]))
        size += f", the first {FILTERS} of {stage.shape[2]}" if stage.shape[2] > FILTERS else ""
        parts.append(
            f"<figure>{pictures.image(sheet, f'maps of {stage.text}')}<figcaption>{text(stage.text)}: maps of {size}"
            "</figcaption></figure>"
        )
    return f"{''.join(parts)}</div>"
