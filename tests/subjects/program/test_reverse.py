"""Each rule of reverse mode against differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from whynet.subjects.program.recorder import Recorder
from whynet.subjects.program.reverse import conventions, reverse
from whynet.subjects.program.rules import FLAT
from whynet.subjects.program.sites import Sites
from whynet.subjects.program.tape import TIES, Tape
from whynet.subjects.program.windows import RULES

H = 1e-6
WHOLE = ((2, 3), (3, 2), (4, 1), (1, 4), (5,), (1,))
BROADCAST = (((3, 4), (4,)), ((3, 4), (3, 1)), ((3, 1), (1, 4)), ((2, 3), ()), ((4,), (4,)), ((2, 3, 4), (3, 1)))


def recorder():
    found = Recorder(Sites(), set())
    found.begin(0, 1, None)
    return found


def agrees(call, arrays, **kwargs):
    """The tape's derivative of a weighted sum of what `call` gives, against differences."""
    arrays = [np.array(one, dtype=float) for one in arrays]
    seen = recorder()
    out = call(seen, *arrays)
    assert seen.tape.ops, "nothing was recorded"
    node = len(seen.tape.ops) - 1
    weights = np.cos(np.arange(np.size(out)) + 1.0).reshape(np.shape(out))
    leaves = [seen.ids[id(one)][0] for one in arrays]
    found = reverse(seen.tape, {node: weights})
    assert not found.opaque
    for array, leaf in zip(arrays, leaves, strict=True):
        wanted = np.zeros(array.shape)
        for index in np.ndindex(*array.shape):
            sums = []
            for step in (H, -H):
                moved = [one.copy() for one in arrays]
                moved[next(i for i, one in enumerate(arrays) if one is array)][index] += step
                plain = recorder()
                plain.on = False
                sums.append(float(np.sum(weights * call(plain, *moved))))
            wanted[index] = (sums[0] - sums[1]) / (2 * H)
        ours = found.at(leaf)
        ours = np.zeros(array.shape) if ours is None else ours
        assert ours == pytest.approx(wanted, rel=1e-5, abs=1e-6)


def some(shape, seed=0, low=-1.0, high=1.0):
    """Numbers that lie apart, so that maxima and signs do not change."""
    size = int(np.prod(shape))
    values = np.linspace(low, high, size + 2)[1:-1] + 0.013
    return np.random.default_rng(seed).permutation(values).reshape(shape)


ELEMENTWISE = {
    "exp": (-1, 1), "expm1": (-1, 1), "exp2": (-1, 1), "log": (0.2, 2), "log2": (0.2, 2), "log10": (0.2, 2),
    "log1p": (-0.5, 2), "tanh": (-1, 1), "sinh": (-1, 1), "cosh": (-1, 1), "sin": (-1, 1), "cos": (-1, 1),
    "tan": (-1, 1), "arctan": (-1, 1), "arcsin": (-0.9, 0.9), "arccos": (-0.9, 0.9), "arctanh": (-0.9, 0.9),
    "sqrt": (0.2, 2), "cbrt": (0.2, 2), "square": (-1, 1), "reciprocal": (0.2, 2), "abs": (-1, 1),
    "negative": (-1, 1), "positive": (-1, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", ELEMENTWISE)
@settings(deadline=None, max_examples=4)
@given(shape=st.sampled_from(WHOLE), seed=st.integers(0, 9))
def test_functions_of_each_number(name, shape, seed):
    agrees(lambda r, a: r.call(0, getattr(np, name), a), [some(shape, seed, *ELEMENTWISE[name])])


def test_the_logistic_function_of_scipy():
    special = pytest.importorskip("scipy.special")
    agrees(lambda r, a: r.call(0, special.expit, a), [some((2, 3))])


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow"])
@settings(deadline=None, max_examples=6)
@given(shapes=st.sampled_from(BROADCAST), turned=st.booleans())
def test_operators_and_what_they_broadcast(name, shapes, turned):
    a, b = shapes[::-1] if turned else shapes
    agrees(lambda r, a, b: r.bin(0, name, a, b), [some(a, 1, 0.3, 2), some(b, 2, 0.3, 2)])


@pytest.mark.parametrize("name", ["maximum", "minimum", "hypot", "logaddexp", "fmax", "fmin", "subtract", "power"])
@settings(deadline=None, max_examples=5)
@given(shapes=st.sampled_from(BROADCAST))
def test_functions_of_two(name, shapes):
    a, b = shapes
    agrees(lambda r, a, b: r.call(0, getattr(np, name), a, b), [some(a, 1, 0.3, 2), some(b, 2, 0.31, 2.1)])


PRODUCTS = [
    ("matmul", (2, 3), (3, 4)), ("matmul", (3,), (3, 4)), ("matmul", (2, 3), (3,)), ("matmul", (3,), (3,)),
    ("matmul", (5, 2, 3), (3, 4)), ("matmul", (5, 2, 3), (5, 3, 2)), ("dot", (2, 3), (3, 4)), ("dot", (3,), (3,)),
    ("dot", (2, 3), (3,)), ("dot", (2, 2, 3), (3, 2)), ("dot", (), (2, 3)), ("outer", (2,), (3,)),
    ("outer", (2, 1), (3, 1)), ("inner", (3,), (3,)), ("inner", (2, 3), (4, 3)), ("vdot", (2, 3), (2, 3)),
    ("tensordot", (2, 3, 4), (3, 4, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "a", "b"), PRODUCTS)
def test_products(name, a, b):
    agrees(lambda r, a, b: r.call(0, getattr(np, name), a, b), [some(a, 1), some(b, 2)])


def test_products_along_named_axes():
    agrees(lambda r, a, b: r.call(0, np.tensordot, a, b, axes=([1, 0], [0, 2])), [some((2, 3, 4)), some((3, 5, 2))])


@pytest.mark.parametrize(
    ("how", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]), ("bi,bo->io", [(5, 2), (5, 3)]), ("ij->j", [(2, 3)]), ("ij->", [(2, 3)]),
        ("ij,j", [(2, 3), (3,)]), ("bij,bjk->bik", [(2, 3, 2), (2, 2, 4)]), ("i,i->i", [(3,), (3,)]),
    ],
)  # fmt: skip
def test_einstein_sums(how, shapes):
    agrees(lambda r, *a: r.call(0, np.einsum, how, *a), [some(shape, i) for i, shape in enumerate(shapes)])


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "var", "std", "prod"])
@settings(deadline=None, max_examples=8)
@given(axis=st.sampled_from([None, 0, 1, -1, (0, 1)]), keepdims=st.booleans(), method=st.booleans())
def test_reductions(name, axis, keepdims, method):
    def call(r, a):
        if method:
            return r.call(0, getattr(a, name), axis=axis, keepdims=keepdims)
        return r.call(0, getattr(np, name), a, axis=axis, keepdims=keepdims)

    agrees(call, [some((2, 3), 3, 0.4, 2)])


def test_norms_and_running_sums():
    agrees(lambda r, a: r.call(0, np.linalg.norm, a), [some((2, 3))])
    agrees(lambda r, a: r.call(0, np.linalg.norm, a, axis=1, keepdims=True), [some((2, 3))])
    agrees(lambda r, a: r.call(0, np.cumsum, a, axis=1), [some((2, 3))])
    agrees(lambda r, a: r.call(0, np.trace, a), [some((3, 3))])


LAYOUTS = {
    "reshape": lambda r, a: r.call(0, np.reshape, a, (3, 2)),
    "method reshape": lambda r, a: r.call(0, a.reshape, 3, -1),
    "columns first": lambda r, a: r.call(0, np.reshape, a, (3, 2), order="F"),
    "ravel": lambda r, a: r.call(0, np.ravel, a),
    "flatten": lambda r, a: r.call(0, a.flatten),
    "T": lambda r, a: r.transposed(0, a),
    "transpose": lambda r, a: r.call(0, np.transpose, a),
    "method transpose": lambda r, a: r.call(0, a.transpose, 1, 0),
    "swapaxes": lambda r, a: r.call(0, np.swapaxes, a, 0, 1),
    "moveaxis": lambda r, a: r.call(0, np.moveaxis, a, 0, 1),
    "flip": lambda r, a: r.call(0, np.flip, a, 1),
    "flip all": lambda r, a: r.call(0, np.flip, a),
    "fliplr": lambda r, a: r.call(0, np.fliplr, a),
    "rot90": lambda r, a: r.call(0, np.rot90, a),
    "windows": lambda r, a: r.call(0, sliding_window_view, a, (2, 2)),
    "windows of columns": lambda r, a: r.call(0, sliding_window_view, a, 2, axis=1),
    "strided": lambda r, a: r.call(0, as_strided, a, (2, 2, 2), (a.strides[0], a.strides[1], a.strides[1])),
    "along": lambda r, a: r.call(0, np.take_along_axis, a, np.array([[2, 0], [1, 1]]), axis=1),
    "roll": lambda r, a: r.call(0, np.roll, a, 1, axis=1),
    "expand": lambda r, a: r.call(0, np.expand_dims, a, 0),
    "squeeze": lambda r, a: r.call(0, np.squeeze, r.call(0, np.expand_dims, a, 0)),
    "rows": lambda r, a: r.item(0, a, slice(0, 1)),
    "one": lambda r, a: r.item(0, a, (1, 2)),
    "chosen": lambda r, a: r.item(0, a, (np.array([0, 1, 1]), np.array([2, 0, 0]))),
    "mask": lambda r, a: r.item(0, a, np.array([True, False])),
    "take": lambda r, a: r.call(0, np.take, a, [0, 2, 2], axis=1),
    "clip": lambda r, a: r.call(0, np.clip, a, -0.5, 0.5),
    "repeat": lambda r, a: r.call(0, np.repeat, a, 2, axis=0),
    "tile": lambda r, a: r.call(0, np.tile, a, (2, 1)),
    "pad": lambda r, a: r.call(0, np.pad, a, ((1, 0), (0, 2))),
    "broadcast": lambda r, a: r.call(0, np.broadcast_to, a, (4, 2, 3)),
    "copy": lambda r, a: r.call(0, a.copy),
    "as floats": lambda r, a: r.call(0, a.astype, float),
    "negated": lambda r, a: r.negative(0, a),
    "where": lambda r, a: r.call(0, np.where, a > 0, a, 0.1),
    "python's sum": lambda r, a: r.call(0, sum, list(r.rows(0, a))),
    "diagonal": lambda r, a: r.call(0, np.diag, r.call(0, np.ravel, a)),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_moves_numbers(name):
    agrees(LAYOUTS[name], [some((2, 3))])


@pytest.mark.parametrize("name", ["concatenate", "vstack", "hstack", "column_stack", "stack", "array"])
def test_arrays_that_are_joined(name):
    agrees(lambda r, a, b: r.call(0, getattr(np, name), [a, b]), [some((2, 3)), some((2, 3), 1)])
    agrees(lambda r, a, b: r.call(0, getattr(np, name), [a, b]), [some((3,)), some((3,), 1)])


def test_joined_along_an_axis_and_appended():
    agrees(lambda r, a, b: r.call(0, np.concatenate, (a, b), axis=1), [some((2, 3)), some((2, 1), 1)])
    agrees(lambda r, a, b: r.call(0, np.append, a, b), [some((2, 3)), some((2,), 1)])
    agrees(lambda r, a, b: r.call(0, np.append, a, b, axis=0), [some((2, 3)), some((1, 3), 1)])


CONVOLUTIONS = [
    (module, name, mode, *shapes)
    for module, names, shapes in (
        ("numpy", ("convolve", "correlate"), ((7,), (3,))),
        ("scipy.signal", ("convolve", "correlate", "fftconvolve"), ((2, 5, 4), (1, 3, 2))),
        ("scipy.signal", ("convolve2d", "correlate2d"), ((5, 4), (2, 3))),
    )
    for name in names
    for mode in ("full", "same", "valid")
]


@pytest.mark.parametrize(("module", "name", "mode", "a", "b"), CONVOLUTIONS)
def test_convolutions(module, name, mode, a, b):
    function = getattr(pytest.importorskip(module), name)
    agrees(lambda r, a, b: r.call(0, function, a, b, mode=mode), [some(a, 1), some(b, 2)])


def test_a_convolution_with_another_rim_is_not_known():
    signal = pytest.importorskip("scipy.signal")
    seen, a, b = recorder(), some((5, 5)), some((3, 3), 1)
    seen.call(0, signal.convolve2d, a, b, mode="same", boundary="wrap")
    assert reverse(seen.tape, {0: np.ones((5, 5))}).opaque == {"convolve"}


@pytest.mark.parametrize("ufunc", [np.add, np.subtract])
def test_what_is_added_at_places_that_come_twice(ufunc):
    def call(r, a, b):
        a = r.call(0, a.copy)
        r.call(0, ufunc.at, a, (slice(None), np.array([0, 2, 2])), b)
        return r.call(0, np.exp, a)

    agrees(call, [some((2, 3)), some((2, 3), 1)])


def test_what_is_put_along_an_axis_and_copied():
    def call(r, a, b):
        a = r.call(0, a.copy)
        r.call(0, np.put_along_axis, a, np.array([[2], [0]]), b, axis=1)
        return r.call(0, np.exp, a)

    def copied(r, a, b):
        a = r.call(0, a.copy)
        r.call(0, np.copyto, a, b)
        return r.call(0, np.exp, a)

    agrees(call, [some((2, 3)), some((2, 1), 1)])
    agrees(copied, [some((2, 3)), some((2, 3), 1)])


@pytest.mark.parametrize(
    ("ties", "wanted"),
    [
        ("share", [[0.5, 0, 0.5], [0, 1, 0]]), ("first", [[1, 0, 0], [0, 1, 0]]), ("all", [[1, 0, 1], [0, 1, 0]]),
        ("last", [[0, 0, 1], [0, 1, 0]]),
    ],
)  # fmt: skip
def test_of_several_largest_numbers_a_program_may_take_any(ties, wanted):
    seen, a = recorder(), np.array([[4.0, 1.0, 4.0], [2.0, 3.0, 1.0]])
    seen.call(0, np.max, a, axis=1)
    assert conventions([seen.tape]) == TIES
    seen.tape.ties = ties
    assert reverse(seen.tape, {0: np.ones(2)}).at(seen.ids[id(a)][0]).tolist() == wanted


def test_what_is_written_into_an_array():
    def call(r, a, b):
        a = r.call(0, a.copy)
        r.setitem(0, b, a, (slice(None), 1))
        return a

    agrees(call, [some((2, 3)), some((2,), 1)])


def test_arrays_that_are_changed_in_place():
    def call(r, a, b):
        whole = r.bin(0, "mul", a, 1.0, 2)
        whole = r.augment(0, "sub", whole, b, "whole")
        r.augment_item(0, "mul", whole, 0, 3.0, "whole[0]", 2)
        return r.bin(0, "mul", whole, whole)

    agrees(call, [some((2, 3)), some((3,), 1)])


def test_single_numbers_and_their_larger_one():
    seen = recorder()
    w, z = 0.5, -0.25
    a = seen.call(0, max, 0, seen.bin(0, "mul", w, 3.0, 2))
    b = seen.call(0, max, 0, z)
    out = seen.bin(0, "add", seen.call(0, sum, [a, b]), seen.call(0, __import__("math").exp, w))
    found = reverse(seen.tape, {seen.ids[id(out)][0]: 1.0})
    assert float(found.at(seen.ids[id(w)][0])) == pytest.approx(3 + np.exp(0.5))
    assert found.at(seen.ids[id(z)][0]) is None


def test_there_are_some_eighty_rules_and_the_flat_ones():
    assert len(RULES) > 80
    assert not set(RULES) & FLAT


def test_an_unknown_operation_is_said_to_be_opaque():
    seen = recorder()
    a = np.array([1.0, 2.0])
    out = seen.call(0, np.fft.fft, a).real
    del out
    seen.call(0, np.sinc, a)
    assert reverse(seen.tape, {len(seen.tape.ops) - 1: 1.0}).opaque == {"sinc"}


def test_a_tape_comes_back_from_its_file(tmp_path):
    seen = recorder()
    a = some((2, 3))
    seen.item(0, seen.call(0, np.concatenate, [a, a], axis=1), (slice(0, 2), ..., 1))
    seen.tape.save(tmp_path / "tape.npz")
    back = Tape.read(tmp_path / "tape.npz")
    assert back.signature == seen.tape.signature
    assert [op.args for op in back.ops] == [op.args for op in seen.tape.ops]
    assert np.array_equal(back.value(1), seen.tape.value(1))


def test_a_column_put_in_front_has_its_derivative():
    agrees(lambda seen, a: seen.call(0, np.insert, a, 0, 1.0, axis=1), [some((3, 2))])
    agrees(lambda seen, a, b: seen.call(0, np.insert, a, 1, b, axis=1), [some((3, 2)), some((3,), 1)])


def test_nothing_is_known_of_what_goes_a_second_way_through_something_opaque():
    seen, w = recorder(), np.array([1.0, 2.0])
    twice = seen.bin(0, "mul", w, 2.0)
    odd = seen.call(0, np.vectorize(lambda v: v * v), twice)
    both = seen.bin(0, "add", odd, twice)
    found = reverse(seen.tape, {seen.ids[id(both)][0]: 1.0})
    assert found.opaque and found.at(seen.ids[id(odd)][0]) is not None
    assert found.at(seen.ids[id(twice)][0]) is None and found.at(seen.ids[id(w)][0]) is None
