"""How do the processes of the service run side by side on one machine, and stop cleanly?

The web process gets neither the path nor the key of the store; the worker gets both and listens
on nothing. Each has an environment of its own: nothing of this process's is inherited but what a
program needs to start.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"
PATIENCE = 10.0  # seconds between asking a process to stop and ending it
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "HOME", "PYTHONWARNINGS")


class PortInUse(Exception):
    """Something else listens where the pages should be."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process to run: what it is called here, its command, and its own settings."""

    name: str
    command: tuple[str, ...]
    settings: Mapping[str, str]


def web(settings: Mapping[str, str], *, port: int) -> Program:
    """The pages and the API, by gunicorn with threads."""
    command = (
        *(sys.executable, "-m", "gunicorn", "app:create_app()"),
        *("--bind", f"{HOST}:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
        *("--log-level", "warning", "--no-control-socket"),
    )
    return Program("web", command, settings)


def worker(settings: Mapping[str, str]) -> Program:
    return Program("worker", (sys.executable, "-m", "tre.worker"), settings)


def courier(settings: Mapping[str, str]) -> Program:
    """Webhooks on this machine; mail waits, since no mail server is named."""
    return Program("courier", (sys.executable, "-m", "tre.courier"), settings)


def check_port(port: int) -> None:
    """Raises PortInUse with a sentence that says what to do."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortInUse(
                f"Port {port} is in use on this machine. Stop what listens there, "
                f"or choose another one: PORT={port + 1} make run"
            ) from error


def await_port(port: int, *, patience: float = 20) -> bool:
    """Whether something listens within the patience."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return True
        time.sleep(0.05)
    return False


@contextmanager
def running(program: Program, *, root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process while the block lasts; asked to stop at its end, then ended."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    process = subprocess.Popen(  # noqa: S603 - fixed commands only
        program.command,
        cwd=root,
        env={**inherited, **program.settings},
        start_new_session=True,  # Ctrl-C reaches this process, which stops the others in order
    )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def stop_on_signals() -> None:
    """A polite end (SIGTERM) stops like Ctrl-C."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def until_interrupted(*processes: subprocess.Popen[bytes]) -> int:
    """Waits for Ctrl-C; 0 then, 1 where a process ended by itself."""
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
    except KeyboardInterrupt:
        return 0
    return 1
