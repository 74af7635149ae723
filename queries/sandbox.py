"""Behind which walls does a query run? A process of its own, that sees one file and no network.

With bubblewrap the child has its own user, process, network and file namespaces: only Python,
the engine's libraries, this project's two libraries and the one sealed file exist, all read-only,
besides an empty folder in memory for encrypted spill. Without it the child still gives up what
the kernel lets any process give up (``confinement``); ``describe`` says which of the two holds.
"""

from __future__ import annotations

import selectors
import shutil
import subprocess  # the child is this project's own
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from queries.confinement import filters_calls
from queries.engines.locked import Resources
from queries.errors import EngineFailed, Fault
from queries.job import READY

LIBRARIES = ("disclosure_control", "queries")
ENGINE = ("duckdb", "_duckdb", "duckdb_extension_httpfs")
NUMBERS = ("numpy", "scipy", "highspy", "numpy.libs", "scipy.libs", "highspy.libs")
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ld.so.cache")

INSIDE = Path("/sealed")
INSIDE_FILE = INSIDE / "data.duckdb"
INSIDE_SPILL = Path("/spill")
INSIDE_LIBRARIES = Path("/libraries")

START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from importlib import import_module; import_module(sys.argv.pop(1)).main(*sys.argv[1:])"
)
COUNTING, REGISTER = "queries.child", "queries.register.child"

WALLS = (
    *("--unshare-all", "--clearenv", "--new-session", "--die-with-parent"),
    *("--cap-drop", "ALL", "--uid", "65534", "--gid", "65534", "--hostname", "sandbox"),
)
EMPTY_ENVIRONMENT = {"LANG": "C.UTF-8"}
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Errand:
    """What a child is, and what it sees.

    ``reads`` and ``writes``: where each lies, by its name inside; without bubblewrap a child is
    told where they lie outside.
    """

    module: str
    words: tuple[str, ...]
    packages: tuple[str, ...]
    reads: Mapping[str, Path]
    writes: Mapping[str, Path] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Child:
    """A process that waits for its one job."""

    process: subprocess.Popen[bytes]
    spill: Path | None = field(default=None)  # a folder of ours to remove afterwards

    def await_ready(self, *, deadline: float) -> None:
        """Raises EngineFailed if the child is not ready by then (of ``time.monotonic``)."""
        if self.read(len(READY), deadline=deadline) != READY:
            raise EngineFailed(Fault.START)

    def send(self, message: bytes) -> None:
        """A child that is gone is noticed when its answer is read."""
        pipe = self.process.stdin
        left = memoryview(message)
        try:
            while pipe is not None and left:
                left = left[pipe.write(left) :]
        except OSError:
            return

    def read(self, length: int, *, deadline: float) -> bytes:
        """At most ``length`` bytes; fewer where the child ended. Raises EngineFailed when late."""
        found = b""
        pipe = self.process.stdout
        if pipe is None:
            return found
        with selectors.DefaultSelector() as waiting:
            waiting.register(pipe, selectors.EVENT_READ)
            while len(found) < length:
                left = deadline - time.monotonic()
                if left <= 0 or not waiting.select(left):
                    raise EngineFailed(Fault.DEADLINE)
                part = pipe.read(length - len(found))
                if not part:
                    break
                found += part
        return found

    def end(self) -> None:
        """Kills it, whatever it is doing, and waits until it is gone."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        if self.spill is not None:
            shutil.rmtree(self.spill, ignore_errors=True)


def start(store_file: Path, *, resources: Resources) -> Child:
    """A new child that counts in this file. Raises EngineFailed where none can be started.

    The thread that calls this must outlive the child, which ends with it.
    """
    return launch(counting(store_file), resources=resources)


def counting(store_file: Path) -> Errand:
    """To answer one question from this file."""
    inside = INSIDE_FILE if bubblewrap() else store_file
    return Errand(COUNTING, (str(inside),), ENGINE, {str(INSIDE_FILE): store_file})


def launch(errand: Errand, *, resources: Resources) -> Child:
    """A new child; its last word is its folder for spill. Raises EngineFailed."""
    spill = None if bubblewrap() else Path(tempfile.mkdtemp(prefix="spill-"))
    command = _walled(errand, resources=resources) if spill is None else _bare(errand, spill=spill)
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            close_fds=True,
            env=EMPTY_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except OSError:
        raise EngineFailed(Fault.START) from None
    return Child(process, spill)


def describe() -> str:
    """One sentence for the operator: which walls hold on this machine."""
    calls = "system calls filtered" if filters_calls() else "system calls not filtered"
    if bubblewrap():
        return f"bubblewrap: own namespaces, one file read-only, no network; {calls}"
    return f"no bubblewrap: resource limits, no new privileges; {calls}"


@cache
def bubblewrap() -> str | None:
    """Its path, where it is present and this system lets it work."""
    found = shutil.which("bwrap")
    if found is None:
        return None
    probe = [found, *WALLS, "--ro-bind", "/", "/", "--remount-ro", "/", "/bin/true"]
    works = subprocess.run(probe, capture_output=True, check=False).returncode == 0  # noqa: S603
    return found if works else None


def _bare(errand: Errand, *, spill: Path) -> list[str]:
    words = (str(_project()), errand.module, *errand.words, str(spill))
    return [sys.executable, "-I", "-c", START, *words]


def _walled(errand: Errand, *, resources: Resources) -> list[str]:
    inside = (str(INSIDE_LIBRARIES), errand.module, *errand.words, str(INSIDE_SPILL))
    return [
        bubblewrap() or "",
        *WALLS,
        *("--dev", "/dev", "--proc", "/proc"),
        *_bound(errand),
        *("--size", str(resources.spill_mb * MEGABYTE), "--tmpfs", str(INSIDE_SPILL)),
        *("--remount-ro", "/", "--chdir", "/"),
        *("--setenv", "LANG", "C.UTF-8", "--setenv", "HOME", str(INSIDE_SPILL)),
        *(_interpreter(), "-I", "-S", "-c", START, *inside),
    ]


def _bound(errand: Errand) -> list[str]:
    """What exists inside, all of it read-only but what the errand writes."""
    words: list[str] = []
    for place in dict.fromkeys((*SYSTEM, sys.base_prefix)):
        words += ["--ro-bind-try", place, place]
    for name in LIBRARIES:
        words += ["--ro-bind", str(_project() / name), str(INSIDE_LIBRARIES / name)]
    for file in _files_of(errand.packages):
        words += ["--ro-bind", str(file), str(INSIDE_LIBRARIES / file.name)]
    for inside, own in errand.reads.items():
        words += ["--ro-bind", str(own), inside]
    for inside, own in errand.writes.items():
        words += ["--bind", str(own), inside]
    return words


def _interpreter() -> str:
    """The program itself, not a virtual environment's link to it."""
    return str(Path(sys.executable).resolve())


def _project() -> Path:
    return Path(__file__).resolve().parent.parent


@cache
def _files_of(packages: tuple[str, ...]) -> tuple[Path, ...]:
    """Packages as folders, extension modules as files, and the version that DuckDB looks up.

    Libraries that a wheel brings lie beside its package.
    """
    found: list[Path] = []
    for name in packages:
        if name.endswith(".libs"):
            found += (one for one in (found[0].parent / name,) if one.is_dir())
            continue
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin)
            found.append(origin.parent if origin.name == "__init__.py" else origin)
    files = metadata.distribution(ENGINE[0]).files or ()
    notes = (Path(str(file.locate())).parent for file in files if file.name == "METADATA")
    return (*found, *notes)
