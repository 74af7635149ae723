"""How does a database get the tables of this version of the code?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Brings the database to this revision and lays the guards again, in one transaction."""
    _run(engine, lambda config: command.upgrade(config, revision))


def check(engine: Engine) -> None:
    """Raises alembic.util.CommandError if the migrations do not lead to the tables of the code."""
    _run(engine, command.check)


def _run(engine: Engine, act: Callable[[Config], object]) -> None:
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection.execution_options(writing=True)
        act(config)
