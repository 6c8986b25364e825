"""Derivatives on whichever backend Keras runs, of a function of tensors, computed as it is called."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from whynet.subjects.frameworks.keras_arrays import array_of
from whynet.subjects.inside.probe import ProbeError

ROUNDED = ("round", "floor", "ceil", "sign", "trunc", "rint")
"""The steps of a computation that have a derivative of 0 everywhere."""
SAME = (
    "pjit",
    "jit",
    "closed_call",
    "custom_jvp_call",
    "custom_vjp_call",
    "custom_vjp_call_jaxpr",
    "remat",
    "checkpoint",
)


def differentiate(
    keras: Any, f: Callable[[list[Any]], tuple[Any, Any]], arrays: Sequence[Any]
) -> tuple[Any, Any, list[Any]]:
    """What f makes of these tensors, `(value, more)`, and the gradient of the value, one number, by each of them; None
    for those on which it does not hang.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> a, b = keras.ops.ones(2), keras.ops.ones(2)
    >>> value, more, (by_a, by_b) = differentiate(keras, lambda given: (keras.ops.sum(3 * given[0]), "more"), [a, b])
    >>> float(value), more, float(by_a[1]), by_b is None
    (6.0, 'more', 3.0, True)
    """
    backend = keras.backend.backend()
    if backend == "jax":
        return _jax(keras, f, list(arrays))
    if backend == "torch":
        return _torch(f, list(arrays))
    if backend == "tensorflow":
        return _tensorflow(f, list(arrays))
    raise ProbeError(f"no gradients come from Keras on {backend}", do="Run it with KERAS_BACKEND=jax")


def _one(value: Any) -> Any:
    """It as one number, or why it is none."""
    shape = tuple(getattr(value, "shape", ()))
    if any(size != 1 for size in shape):
        raise ProbeError("the loss is no single number", expected="one number for a batch", found=str(shape))
    return value.reshape(()) if shape and hasattr(value, "reshape") else value


def _jax(keras: Any, f: Callable[[list[Any]], tuple[Any, Any]], arrays: list[Any]) -> tuple[Any, Any, list[Any]]:
    import jax

    def single(given: list[Any]) -> tuple[Any, Any]:
        value, more = f(given)
        return _one(value), more

    (value, more), gradients = jax.value_and_grad(single, has_aux=True)(arrays)
    found: list[Any] = list(gradients)
    if any(not array_of(keras, one).any() for one in found):  # 0 everywhere, or nothing to do with it
        hangs = _hangs(jax, lambda given: single(given)[0], arrays)
        found = [one if by else None for one, by in zip(found, hangs, strict=True)]
    return value, more, found


def _torch(f: Callable[[list[Any]], tuple[Any, Any]], arrays: list[Any]) -> tuple[Any, Any, list[Any]]:
    import torch

    with torch.enable_grad():
        given = [one.detach().clone().requires_grad_() for one in arrays]
        value, more = f(given)
        value = _one(value)
        if not value.requires_grad:
            return value.detach(), more, [None] * len(arrays)
        found = torch.autograd.grad(value, given, allow_unused=True)
    return value.detach(), more, list(found)


def _tensorflow(f: Callable[[list[Any]], tuple[Any, Any]], arrays: list[Any]) -> tuple[Any, Any, list[Any]]:
    tf: Any = importlib.import_module("tensorflow")  # which has no types

    given = [tf.identity(one) for one in arrays]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(given)
        value, more = f(given)
        value = tf.reshape(value, ()) if _one(value) is not None else value
    return value, more, list(tape.gradient(value, given))  # by an embedding, of the rows that were looked up alone


def rounds(keras: Any, f: Callable[[list[Any]], Any], arrays: Sequence[Any]) -> bool:
    """Whether f, one number of these tensors, is computed by way of a rounding.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> one = [keras.ops.ones(2)]
    >>> rounds(keras, lambda given: keras.ops.sum(keras.ops.round(given[0])), one)
    True
    >>> rounds(keras, lambda given: keras.ops.sum(given[0]), one)
    False
    """
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return _rounds_in_jax(jax, f, list(arrays))
    if backend == "torch":
        return _rounds_in_torch(f, list(arrays))
    return backend == "tensorflow" and _rounds_in_tensorflow(f, list(arrays))


# ---- JAX: what a computation is made of


def _traced(jax: Any, f: Callable[[list[Any]], Any], arrays: list[Any]) -> Any:
    return jax.make_jaxpr(lambda *given: f(list(given)))(*arrays).jaxpr


def _hangs(jax: Any, f: Callable[[list[Any]], Any], arrays: list[Any]) -> list[bool]:
    """On which of these the value hangs, by steps that have a derivative."""
    jaxpr = _traced(jax, f, arrays)
    needed, _ = _back(jaxpr, [True] * len(jaxpr.outvars), [True] * len(jaxpr.invars))
    return needed


def _rounds_in_jax(jax: Any, f: Callable[[list[Any]], Any], arrays: list[Any]) -> bool:
    jaxpr = _traced(jax, f, arrays)
    return _back(jaxpr, [True] * len(jaxpr.outvars), [True] * len(jaxpr.invars))[1]


def _back(jaxpr: Any, wanted: list[bool], moving: list[bool]) -> tuple[list[bool], bool]:
    """Which inputs lead to the wanted outputs, of those that move; and whether one leads there through a rounding."""
    moves = {id(var) for var, one in zip(jaxpr.invars, moving, strict=True) if one}
    for step in jaxpr.eqns:  # what hangs on an input at all
        if step.primitive.name != "stop_gradient" and any(id(var) in moves for var in step.invars):
            moves |= {id(var) for var in step.outvars if _is_real(var)}
    needed = {id(var) for var, one in zip(jaxpr.outvars, wanted, strict=True) if one and id(var) in moves}
    rounded = False
    for step in reversed(jaxpr.eqns):
        out = [id(var) in needed for var in step.outvars]
        if not any(out):
            continue
        given = [id(var) in moves for var in step.invars]
        inner = _inner(step)
        if inner is not None and len(inner.invars) == len(given) and len(inner.outvars) == len(out):
            given, below = _back(inner, out, given)
            rounded = rounded or below
        elif step.primitive.name in ROUNDED:
            rounded = True
        needed |= {id(var) for var, one in zip(step.invars, given, strict=True) if one}
    return [id(var) in needed for var in jaxpr.invars], rounded


def _is_real(var: Any) -> bool:
    return "float" in str(getattr(var.aval, "dtype", ""))


def _inner(step: Any) -> Any:
    """The steps inside of one that only calls them."""
    if step.primitive.name not in SAME:
        return None
    found = next((step.params[name] for name in ("jaxpr", "call_jaxpr", "fun_jaxpr") if name in step.params), None)
    return getattr(found, "jaxpr", found)


# ---- the others


def _rounds_in_torch(f: Callable[[list[Any]], Any], arrays: list[Any]) -> bool:
    import torch

    with torch.enable_grad():
        value = f([one.detach().clone().requires_grad_() for one in arrays])
    seen, todo = set(), [value.grad_fn]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if type(node).__name__.lower().startswith(ROUNDED):
            return True
        todo += [following for following, _ in node.next_functions]
    return False


def _rounds_in_tensorflow(f: Callable[[list[Any]], Any], arrays: list[Any]) -> bool:
    tf: Any = importlib.import_module("tensorflow")  # which has no types

    graph = tf.function(lambda *given: f(list(given)), autograph=False).get_concrete_function(*arrays).graph
    inputs = {one.op.name for one in graph.inputs[: len(arrays)]}

    def before(operation: Any) -> list[Any]:
        return [] if operation.type == "StopGradient" else [one.op for one in operation.inputs]

    def reached(start: Any) -> dict[str, Any]:
        found, todo = {}, [start]
        while todo:
            one = todo.pop()
            if one.name not in found:
                found[one.name] = one
                todo += before(one)
        return found

    steps = reached(graph.outputs[0].op).values()
    rounding = [one for one in steps if one.type.lower() in ROUNDED]
    return any(inputs & set(reached(one)) for one in rounding)
