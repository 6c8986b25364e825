"""The training pictures that are most like a drawing, and how soon a stroke and a job are served."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whynet.data.dataset import Dataset
from whynet.interfaces.web import child, server
from whynet.interfaces.web.nearest import Neighbours


def plain(images, picture):
    """All distances, one after the other."""
    return sorted(float(np.sqrt((((one - picture.astype(float)) / 255) ** 2).sum())) for one in images.astype(float))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(3, 9), columns=st.integers(3, 9), dark=st.floats(0.05, 1))
def test_the_nearest_are_those_that_comparing_with_all_finds(seed, rows, columns, dark):
    rng = np.random.default_rng(seed)
    images = (rng.integers(0, 256, (700, rows, columns)) * (rng.random((700, rows, columns)) < dark)).astype(np.uint8)
    picture = images[int(rng.integers(700))] if seed % 2 else rng.integers(0, 256, (rows, columns)).astype(np.uint8)
    near = Neighbours(Dataset(images, rng.integers(0, 2, 700)))
    found, squares = near.nearest(picture, 6)
    assert len(set(found.tolist())) == 6
    assert np.sqrt(squares) == pytest.approx(plain(images, picture)[:6], abs=2e-3)
    assert np.sqrt(squares) == pytest.approx([plain(images[[row]], picture)[0] for row in found], abs=2e-3)


def test_parts_of_an_answer_do_not_wait_for_each_other():
    with server._listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP  # what asyncio asks before it turns Nagle's algorithm off


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="processors are not shared out by sessions here")
def test_a_job_steps_back_with_its_whole_session(monkeypatch, tmp_path):
    given_up = []
    monkeypatch.setattr(os, "nice", given_up.append)
    monkeypatch.setattr(child, "GROUP", tmp_path / "autogroup")
    child.step_back()
    assert given_up == [child.POLITE] and int(child.GROUP.read_text()) == child.POLITE
