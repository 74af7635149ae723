"""The web process that most tests of pages share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web import service as web
from tests.web.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return web.make(tmp_path)
