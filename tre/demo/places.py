"""Where does the demonstration keep its things, and which settings does each process get?"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENTRIES = Path(__file__).parent / "datasets"
HOST = "127.0.0.1"
LOG_NAME = "demo.tre.example/log"
REGISTER_SECONDS = "10"  # the demonstration's data are small


@dataclass(frozen=True, slots=True)
class Places:
    """Everything lies under one folder that is never committed."""

    folder: Path
    port: int
    slot_scale: float = 1.0  # above 1 where a machine is slow or busy

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.folder / 'service.sqlite3'}"

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def key(self) -> Path:
        """Outside the store: a copy of the store is a copy of nothing."""
        return self.folder / "keys" / "store.key"

    @property
    def log_key(self) -> Path:
        return self.folder / "keys" / "log.key"

    @property
    def outside(self) -> Path:
        """Where checkpoints are put; in earnest a folder on another machine."""
        return self.folder / "checkpoints"

    @property
    def taken_along(self) -> Path:
        """The released table as a reader takes it away, with its proofs."""
        return self.folder / "release.zip"

    @property
    def secret(self) -> Path:
        return self.folder / "keys" / "forms.secret"

    @property
    def token(self) -> Path:
        """A bearer token of the demo's researcher, for the Python client."""
        return self.folder / "researcher.token"

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def of_web(self) -> dict[str, str]:
        """Neither the store's path nor its key."""
        return {
            "TRE_ENVIRONMENT": "demo",
            "TRE_DATABASE_URL": self.database_url,
            "TRE_SECRET_KEY": self.secret.read_text(encoding="ascii"),
            "TRE_DEMO": "1",
            "TRE_PUBLIC_URL": self.address,
        }

    def of_worker(self) -> dict[str, str]:
        return {
            "TRE_ENVIRONMENT": "demo",
            "TRE_DATABASE_URL": self.database_url,
            "TRE_STORE_ROOT": str(self.store),
            "TRE_KEY_FILE": str(self.key),
            "TRE_SLOT_SCALE": str(self.slot_scale),
            "TRE_REGISTER_SECONDS": REGISTER_SECONDS,
            "TRE_LOG_KEY_FILE": str(self.log_key),
            "TRE_LOG_NAME": LOG_NAME,
            "TRE_LOG_OUTSIDE": str(self.outside),
        }

    def of_courier(self) -> dict[str, str]:
        """Neither data nor keys: it talks to the outside."""
        return {
            "TRE_ENVIRONMENT": "demo",
            "TRE_DATABASE_URL": self.database_url,
            "TRE_PUBLIC_URL": self.address,
        }


def from_environment() -> Places:
    """``TRE_DEMO_FOLDER`` and ``PORT`` move it; ``TRE_SLOT_SCALE`` gives it longer slots."""
    scale = float(os.environ.get("TRE_SLOT_SCALE", "1"))
    folder = Path(os.environ.get("TRE_DEMO_FOLDER", ROOT / "var" / "demo"))
    return Places(folder.resolve(), int(os.environ.get("PORT", "8000")), scale)


def make(places: Places) -> None:
    """Folders for their owner only, and a secret of this installation's own."""
    for folder in (places.folder, places.key.parent, places.outside):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not places.secret.exists():
        write_private(places.secret, secrets.token_hex(32))


def write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
