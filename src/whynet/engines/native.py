"""The compiled engine: the same steps as the readable one, in C++ (`native/`), several times as fast.

It is handed numbers only: this module lowers a `Task` to them, and declines what the compiled loop does not know with a
sentence. Where a number stops being finite, it leaves everything as it was, and the readable engine takes the same
steps again and names the place.
"""

from __future__ import annotations

import atexit
import weakref
from contextlib import nullcontext
from importlib import import_module
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from whynet.engines.base import Task, backpropagate
from whynet.engines.lowering import DENSE, DROPOUT, NOISE, Lowered, layers_of, unknown
from whynet.engines.reference import Reference
from whynet.network.network import Network
from whynet.optimizers.optimizers import SGD, Adam, Nesterov, RMSprop, State
from whynet.types import Array, Inputs, Rows, Scaling, Scores

COSTS = ("quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy", "absolute", "huber")
LARGE, LARGE_BATCH = 128, 16  # from such layers and batches on BLAS is faster, as native/layers/dense.hpp has it
MOST_INK = 0.6  # up to this share of pixels that are not 0, skipping those that are pays

try:
    _native: Any = import_module("whynet._native")
except ImportError:
    _native = None


class Native:
    """C++, one call for many batches, without Python's lock.

    `path` is the instruction set to use, by default the best that the processor has.

    >>> Native().path in (None, "baseline", "avx2", "avx512")
    True
    """

    name = "native"

    def __init__(self, path: str | None = None) -> None:
        self.path: str | None = path or (_native.paths()[0] if _native else None)

    def why_not(self, task: Task) -> str | None:
        if _native is None:
            return (
                "it was not compiled when whynet was installed; with a C++ compiler (g++ or clang) there, "
                "install whynet again"
            )
        declined = unknown(task.network)
        if declined is not None:
            return declined
        if task.network.cost_name not in COSTS:
            return f"it does not know the cost {task.network.cost_name}"
        if task.backward is not backpropagate:
            return "it knows no mistakes in the gradient"
        if type(task.optimizer) not in (SGD, Nesterov, RMSprop, Adam):
            return f"it does not know the optimizer {type(task.optimizer).__name__}"
        return None

    def advance(self, task: Task, state: State, batches: Rows, rates: Array, first_step: int) -> Array:
        vector, examples = task.network.params.vector, task.examples
        dtype = task.network.dtype
        run = _native.advance_f32 if dtype == np.float32 else _native.advance_f64
        layers = layers_of(task.network)
        shown = _shown(examples.inputs, examples.scaling, dtype, sparse=layers[0].kind == DENSE)
        gemm = _gemm(layers, dtype, batches.shape[1], skip=0 if shown["ink"] is None else 1)
        with nullcontext() if gemm is None else threadpool_limits(1, "blas"):  # the threads are ours
            finite, costs = run(
                path=self.path,
                threads=task.threads,
                layers=layers,
                cost=COSTS.index(task.network.cost_name),
                update=_update(task),
                params=vector,
                statistics=task.network.statistics.vector,
                state=_state(task, state),
                **shown,
                labels=np.ascontiguousarray(examples.labels, dtype=np.int64),
                targets=np.ascontiguousarray(examples.targets, dtype=dtype),
                weights=None if examples.weights is None else np.ascontiguousarray(examples.weights, dtype=dtype),
                rows=np.ascontiguousarray(batches, dtype=np.int64),
                rates=np.ascontiguousarray(rates, dtype=np.float64),
                seed=task.seed,
                first_step=first_step,
                steps_before=int(state["steps"][0]) if "steps" in state else 0,
                gemm=gemm,
            )
        if not finite:
            return Reference().advance(task, state, batches, rates, first_step)
        if "steps" in state:
            state["steps"] += len(batches)
        found: Array = costs
        return found

    def scores(self, network: Network, inputs: Inputs) -> Scores:
        scaling, dtype = network.scaling, network.dtype
        unscaled = inputs.dtype == np.uint8 and scaling is None
        if _native is None or unknown(network) is not None or unscaled or not len(inputs):
            return network.scores(inputs)
        if scaling is not None and scaling.of_floats:
            inputs = scaling.apply(inputs, dtype)
        layers = [layer for layer in layers_of(network) if layer.kind not in (DROPOUT, NOISE)]  # nothing left to chance
        run = _native.scores_f32 if dtype == np.float32 else _native.scores_f64
        found: Scores = run(
            path=self.path,
            layers=layers,
            params=network.params.vector,
            statistics=network.statistics.vector,
            **_shown(inputs, scaling, dtype, sparse=layers[0].kind == DENSE),
        )
        return found


def _shown(inputs: Inputs, scaling: Scaling | None, dtype: np.dtype[Any], sparse: bool) -> dict[str, Any]:
    """The examples as the compiled loop takes them: bytes with what becomes of each, or features ready to use."""
    if inputs.dtype == np.uint8:
        assert scaling is not None
        ink = _ink(inputs) if sparse else None
        return {"pixels": inputs, "table": scaling.table(dtype), "ink": ink, "features": None}
    return {"pixels": None, "table": None, "ink": None, "features": np.ascontiguousarray(inputs, dtype=dtype)}


def _gemm(layers: list[Lowered], dtype: np.dtype[Any], batch: int, skip: int) -> Any:
    """SciPy's matrix product as a function pointer, if a layer after the first `skip` is large enough for it to pay."""
    dense = [layer for layer in layers[skip:] if layer.kind == DENSE]
    if batch < LARGE_BATCH or not any(min(layer.inputs, layer.outputs) >= LARGE for layer in dense):
        return None
    from scipy.linalg import cython_blas  # imported late: it takes a tenth of a second

    pointer = cython_blas.__pyx_capi__.get("sgemm" if dtype == np.float32 else "dgemm")
    signature = repr(pointer).split('"')[1] if pointer is not None else ""
    return pointer if signature.startswith("void (char *, char *, int *, int *, int *, ") else None


def _update(task: Task) -> tuple[int, list[float]]:
    """The optimizer's number and: momentum or beta1, beta2, decay, epsilon, and what acts beside it."""
    optimizer, constraints = task.optimizer, task.constraints
    beside = [task.penalty.l1, task.penalty.l2, constraints.clip_norm or 0.0, constraints.weight_decay]
    beside += [constraints.max_norm or 0.0, task.average.decay]
    if isinstance(optimizer, Adam):
        return 3, [optimizer.beta1, optimizer.beta2, 0.0, optimizer.epsilon, *beside]
    if isinstance(optimizer, RMSprop):
        return 2, [optimizer.momentum, 0.0, optimizer.decay, optimizer.epsilon, *beside]
    assert isinstance(optimizer, (SGD, Nesterov))
    return int(isinstance(optimizer, Nesterov)), [optimizer.momentum, 0.0, 0.0, 0.0, *beside]


def _state(task: Task, state: State) -> list[Array | None]:
    """The optimizer's vectors in the order of the compiled loop: velocity or mean, squares, the running average."""
    first = state.get("mean") if isinstance(task.optimizer, Adam) else state.get("velocity")
    return [first, state.get("square"), state.get("average")]


_INK: dict[int, tuple[weakref.ref[Array], Any]] = {}
atexit.register(_INK.clear)  # while the compiled module can still let go of them


def _ink(pixels: Array) -> Any:
    """Where the pixels of each image are not 0, and what they are: found once for an array. None if most are not."""
    known = _INK.get(id(pixels))
    if known is not None and known[0]() is pixels:
        return known[1]
    some = pixels[: max(1, 1_000_000 // pixels.shape[1])]
    dense = pixels.shape[1] > 65536 or np.count_nonzero(some) > MOST_INK * some.size
    ink = None if dense else _native.Ink(pixels)
    key = id(pixels)
    _INK[key] = (weakref.ref(pixels, lambda _: _INK.pop(key, None)), ink)
    return ink
