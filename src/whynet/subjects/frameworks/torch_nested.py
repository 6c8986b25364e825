"""Batches of any form: tensors nested in tuples and dicts, taken apart into what a module and what a loss is given."""

from __future__ import annotations

import inspect
import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from whynet.subjects.frameworks.course import chance_kept
from whynet.subjects.inside.probe import ProbeError, first_line
from whynet.subjects.inside.probe import mapped as arrays_mapped
from whynet.types import Array

LABELS = ("labels", "label", "targets", "target", "y")
"""The names under which a batch that is a dict has what is to be learned."""
SEVERAL = 100_000  # weights: from here on a step may be worth more than one thread


@contextmanager
def undisturbed(torch: Any) -> Iterator[None]:
    """Whatever is drawn inside, the states of chance of PyTorch, NumPy and Python are afterwards what they were.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> before = torch.get_rng_state()
    >>> with undisturbed(torch):
    ...     _ = torch.rand(3)
    >>> bool((torch.get_rng_state() == before).all())
    True
    """
    with chance_kept(), torch.random.fork_rng(devices=[]):  # copies are on the CPU
        yield


@contextmanager
def threads_for(torch: Any, model: Any) -> Iterator[None]:
    """One thread for a small module, whose steps are over before a second one has begun; afterwards as many as before.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> before = torch.get_num_threads()
    >>> with threads_for(torch, torch.nn.Linear(2, 1)):
    ...     print(torch.get_num_threads())
    1
    >>> torch.get_num_threads() == before
    True
    """
    before = torch.get_num_threads()
    if sum(one.numel() for one in model.parameters()) < SEVERAL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def seeded(torch: Any, chance: int = 0) -> Iterator[None]:
    """Undisturbed, with chance that is the same every time and nothing said of shapes and overflows.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> def drawn():
    ...     with seeded(torch):
    ...         return float(torch.rand(1))
    >>> drawn() == drawn()
    True
    """
    with undisturbed(torch), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        torch.default_generator.manual_seed(chance)  # that of the CPU, where copies are; others stay as they are
        np.random.seed(chance)  # noqa: NPY002 - it is the one that the user's module draws from
        yield


def mapped(values: Any, f: Callable[[Any], Any], torch: Any) -> Any:
    """`values` with f of every tensor in it, however they are nested.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> mapped({"a": torch.ones(2), "b": (torch.ones(1), "c")}, lambda one: one + 1, torch)
    {'a': tensor([2., 2.]), 'b': (tensor([2.]), 'c')}
    """
    if isinstance(values, torch.Tensor):
        return f(values)
    if isinstance(values, Mapping):
        return {key: mapped(one, f, torch) for key, one in values.items()}
    if isinstance(values, tuple) and hasattr(values, "_fields"):
        return type(values)(*(mapped(one, f, torch) for one in values))
    if isinstance(values, (tuple, list)):
        return type(values)(mapped(one, f, torch) for one in values)
    return values


def tensors_in(values: Any, torch: Any) -> list[Any]:
    """All tensors in it, in order; those of an object that holds some, its attributes.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> len(tensors_in({"a": torch.ones(2), "b": (torch.ones(1), "c")}, torch))
    2
    """
    found: list[Any] = []

    def keep(one: Any) -> Any:
        found.append(one)
        return one

    mapped(values, keep, torch)
    if not found and hasattr(values, "__dict__"):
        mapped(dict(vars(values)), keep, torch)
    return found


def array_of(tensor: Any) -> Array:
    """The numbers of a tensor; those of sixteen bits as float32, which NumPy has.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> array_of(torch.ones(2, dtype=torch.bfloat16)).dtype
    dtype('float32')
    """
    own = tensor.detach()
    own = own.to_dense() if own.is_sparse else own
    short = own.is_floating_point() and own.element_size() < 4
    made: Array = (own.float() if short else own).cpu().resolve_conj().resolve_neg().numpy()
    return made


def arrays_of(values: Any, torch: Any) -> Any:
    """`values` with arrays in the place of tensors.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> arrays_of((torch.ones(1), "a"), torch)
    (array([1.], dtype=float32), 'a')
    """
    return mapped(values, array_of, torch)


def tensors_of(values: Any, torch: Any) -> Any:
    """`values` with tensors in the place of arrays.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> tensors_of((np.ones(1, dtype=np.float32), "a"), torch)
    (tensor([1.]), 'a')
    """
    return arrays_mapped(values, lambda one: torch.from_numpy(np.array(one)))


def rows_of(inputs: Any, targets: Any, torch: Any) -> int:
    """How many examples a batch has: the length of most of its tensors.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> rows_of((torch.ones(5, 2), torch.ones(5)), torch.ones(5), torch)
    5
    """
    sizes = [len(one) for one in (*tensors_in(inputs, torch), *tensors_in(targets, torch)) if one.ndim]
    return max(sizes, key=sizes.count) if sizes else 1


def on_cpu(batch: Any, torch: Any) -> Any:
    """A batch of tensors of one's own: arrays made tensors, numbers float32 or int64.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> on_cpu({"x": np.ones(2), "name": "a"}, torch)
    {'x': tensor([1., 1.]), 'name': 'a'}
    """

    def own(values: Any) -> Any:
        if isinstance(values, torch.Tensor):
            return values.detach().to("cpu").clone()
        if isinstance(values, Mapping):
            return {key: own(one) for key, one in values.items()}
        if isinstance(values, tuple) and hasattr(values, "_fields"):
            return tuple(own(one) for one in values)
        if isinstance(values, (tuple, list)) and not (values and isinstance(values[0], (int, float))):
            return type(values)(own(one) for one in values)
        if isinstance(values, (np.ndarray, np.generic, list, tuple)) or hasattr(values, "__array__"):
            array = np.array(values)
            kinds: dict[str, Any] = {"i": np.int64, "u": np.int64, "b": np.int64, "f": np.float32}
            return torch.from_numpy(array.astype(kinds[array.dtype.kind])) if array.dtype.kind in kinds else values
        return values

    return own(batch)


def split_batch(batch: Any) -> tuple[Any, Any]:
    """A batch as `(inputs, targets)`: of a row of things the last is the targets, of a dict what is called labels; one
    thing alone is to be reconstructed.

    >>> split_batch({"input_ids": 1, "labels": 2}), split_batch((1, 2, 3)), split_batch([1, 2])
    (({'input_ids': 1}, 2), ((1, 2), 3), (1, 2))
    """
    if isinstance(batch, Mapping):
        name = next((one for one in LABELS if one in batch), None)
        if name is None:
            return dict(batch), dict(batch)
        return {key: value for key, value in batch.items() if key != name}, batch[name]
    if isinstance(batch, (tuple, list)) and len(batch) > 1:
        return (batch[0] if len(batch) == 2 else tuple(batch[:-1])), batch[-1]
    alone = batch[0] if isinstance(batch, (tuple, list)) else batch
    return alone, alone


def ways(batch: Any, *, given: bool, torch: Any) -> list[tuple[Any, Any]]:
    """How a batch may be handed to a module and a loss, the commonest first; `given`: the loss comes out of the module,
    so that it may be handed everything.

    >>> ways((1, 2, 3), given=False, torch=None)
    [((1, 2), 3), (1, (2, 3)), (1, 2), (1, 3)]
    """
    inputs, targets = split_batch(batch)
    found = [(inputs, targets)]
    if isinstance(batch, Mapping):
        found = [(dict(batch), None), (inputs, None)] if given else found
        found += [((dict(batch),), None if given else targets), ((inputs,), None if given else targets)]
        alone = tensors_in(inputs, torch)
        return [*found, (alone[0], None if given else targets)] if len(alone) == 1 else found
    several = isinstance(batch, (tuple, list)) and len(batch) > 1
    if given:
        whole = [(tuple(batch), None)] if several else []
        return [*whole, (inputs, None), *([(batch[0], None)] if several else [])]
    if isinstance(inputs, Mapping):  # by keyword, or in one place
        found.append(((inputs,), targets))
    if isinstance(inputs, list):  # a row of inputs in one place: at once, or one after the other
        found.append((tuple(inputs), targets))
    if several and len(batch) > 2:
        rest = tuple(batch[1:])
        found += [(batch[0], rest), (batch[0], batch[1]), (batch[0], batch[-1])]
    return found


def batches_of(data: Any, *, batch_size: int = 32, shuffle: bool = False) -> Iterator[Any]:
    """The batches of an epoch: of a loader, or of `(X, y)` and the like.

    >>> [len(X) for X, y in batches_of((np.zeros((5, 2)), np.zeros(5)), batch_size=3)]
    [3, 2]

    Raises
    ------
    ProbeError
        It is none of them, or cannot be read.
    """
    if isinstance(data, (tuple, Mapping)) or hasattr(data, "shape"):
        alone = hasattr(data, "shape")
        parts = [data] if alone else list(data.values()) if isinstance(data, Mapping) else list(data)
        sizes = {len(one) for one in parts if hasattr(one, "__len__") and len(np.shape(one))}
        if len(sizes) != 1 or not next(iter(sizes)):
            raise ProbeError("these parts do not fit together", expected="as many rows in each", found=str(sizes))
        n = next(iter(sizes))
        order = np.random.permutation(n) if shuffle else np.arange(n)  # noqa: NPY002 - it is put back by whoever asks
        for start in range(0, n, batch_size):
            rows = order[start : start + batch_size]
            cut = [one[rows] if hasattr(one, "shape") else [one[row] for row in rows] for one in parts]
            yield cut[0] if alone else dict(zip(data, cut, strict=True)) if isinstance(data, Mapping) else tuple(cut)
        return
    if not hasattr(data, "__iter__") or isinstance(data, (str, bytes, list)) or iter(data) is data:
        raise ProbeError("these are no data", expected="a DataLoader, or (X, y)", found=type(data).__name__)
    try:
        yield from data
    except Exception as error:
        raise ProbeError(f"the loader cannot be read: {type(error).__name__}: {first_line(error)}") from None


def per_epoch(data: Any, batch_size: int) -> int | None:
    """Batches in an epoch; None where a loader does not say.

    >>> per_epoch((np.ones((5, 2)), np.ones(5)), 2), per_epoch(iter([]), 2)
    (3, None)
    """
    if isinstance(data, (tuple, Mapping)) or hasattr(data, "shape"):
        alone = hasattr(data, "shape")
        rows = len(data) if alone else len(next(iter(data.values() if isinstance(data, Mapping) else data)))
        return -(-rows // batch_size)
    try:
        return max(len(data), 1)
    except TypeError:
        return None


@contextmanager
def as_it_was(data: Any) -> Iterator[None]:
    """A loader's own chance is afterwards what it was.

    >>> with as_it_was(range(3)):
    ...     pass
    """
    generator = getattr(data, "generator", None)
    state = None if generator is None else generator.get_state()
    try:
        yield
    finally:
        if generator is not None:
            generator.set_state(state)


def first_batches(data: Any, count: int = 2, *, batch_size: int = 32) -> list[Any]:
    """The first batches of an epoch, unshuffled where they are cut from `(X, y)`.

    >>> [len(X) for X, y in first_batches((np.zeros((5, 2)), np.zeros(5)), batch_size=3)]
    [3, 2]

    Raises
    ------
    ProbeError
        There are none.
    """
    with as_it_was(data):
        batches = list(itertools.islice(batches_of(data, batch_size=batch_size), count))
    if not batches:
        raise ProbeError("these are no data", expected="batches", found="nothing")
    return batches


def accepted(model: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a dict that a module's `forward` takes by name.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> accepted(torch.nn.ReLU(), {"input": 1, "name": 2})
    {'input': 1}
    """
    known = inspect.signature(model.forward).parameters
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in known.values()):
        return dict(names)
    return {key: value for key, value in names.items() if key in known}
