"""A page with a small network on its desk."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

import whynet
from web_support import HOST, TOKEN
from whynet.interfaces.web.app import Page


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A trained run on the embedded digits, in a folder of runs."""
    folder = tmp_path_factory.mktemp("page") / "runs" / "small"
    whynet.fit(whynet.Recipe(data="digits", epochs=6, learning_rate=0.5), out=folder)
    return folder


@pytest.fixture
def page(small_run, tmp_path):
    made = Page(tmp_path / "runs", tmp_path)
    made.desk.open(small_run)
    return made


@pytest.fixture
def client(page):
    """The page's own requests: from its Host, with its token."""
    headers = {"x-whynet-token": TOKEN}
    return TestClient(page.app(TOKEN, 8377), base_url=f"http://{HOST}", headers=headers, raise_server_exceptions=False)
