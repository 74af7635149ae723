"""The web process that most tests of pages share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tests.web import service as web
from tests.web.service import Service
from tre import people


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Checking a password takes long on purpose; hundreds of sign-ins need not."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_hasher", lambda: quick)
        yield


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return web.make(tmp_path)
