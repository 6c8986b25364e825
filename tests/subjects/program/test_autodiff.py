"""Programs that leave their gradients to JAX: they are right, and what is done with them is judged."""

from __future__ import annotations

import pytest

from whynet.subjects.program.diagnose import diagnose_program
from whynet.subjects.program.edits.patch import mended
from whynet.subjects.program.xray import examine

pytest.importorskip("jax", reason="JAX is not installed")
pytestmark = pytest.mark.slow  # JAX takes seconds to import
STEPS = """
import jax
import jax.numpy as jnp
import numpy as np

rng = np.random.default_rng(0)
X = jnp.array(rng.normal(size=(60, 3)))
y = jnp.sin(X).sum(1, keepdims=True)
params = {{"w1": jnp.array(rng.normal(size=(3, 8))) * 0.5, "w2": jnp.array(rng.normal(size=(8, 1))) * 0.3}}


def loss(p, x, t):
    return jnp.mean((jnp.tanh(x @ p["w1"]) @ p["w2"] - t) ** 2)


@jax.jit
def step(p):
    value, slopes = jax.value_and_grad(loss)(p, X, y)
    return value, jax.tree.map(lambda one, slope: one {sign} {rate} * slope, p, slopes)


for i in range(30):
    value, {kept} = step(params)
    print(i, value)
"""
OPTAX = """
import jax
import jax.numpy as jnp
import optax

params = {{"w": jnp.ones(3)}}
optimizer = optax.adam(0.1)
state = optimizer.init(params)
for i in range(30):
    slopes = jax.grad(lambda p: jnp.sum(p["w"] ** 2))(params)
    updates, state = optimizer.update(slopes, state)
    {kept} = optax.apply_updates(params, updates)
"""


@pytest.fixture
def program(tmp_path):
    def write(text, **said):
        path = tmp_path / "train.py"
        path.write_text(text.format(**said))
        return path

    return write


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ({"sign": "-", "rate": 0.05, "kept": "params"}, None),
        ({"sign": "+", "rate": 0.05, "kept": "params"}, ("sign", 19)),
        ({"sign": "-", "rate": 0.05, "kept": "other"}, ("missing-update", 19)),
    ],
)
def test_steps_within_a_compiled_function(program, said, first):
    seen = examine(program(STEPS, **said), echo=False)
    assert (None if seen.first is None else (seen.first.kind, seen.first.line)) == first
    assert seen.loop_line == 18 and set(seen.parameters) == {"['w1']", "['w2']"}
    assert (seen.right != []) == (first is None)


def test_steps_that_are_too_long(program):
    found = diagnose_program(program(STEPS, sign="-", rate=80.0, kept="params"), echo=False, trials=False)
    assert [(one.cause, one.status) for one in found.verdict] == [("lr-too-high", "suspected")]


def test_optax_whose_updates_are_not_kept(program):
    pytest.importorskip("optax", reason="Optax is not installed")
    path = program(OPTAX, kept="moved")
    seen = examine(path, echo=False)
    assert (seen.first.kind, seen.first.line) == ("missing-update", 12)
    assert "+    params = optax.apply_updates(params, updates)" in mended(path, [], 60, seen).diff
    assert examine(program(OPTAX, kept="params"), echo=False).findings == []
