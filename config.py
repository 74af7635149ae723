"""Which settings does an installation have? Two frozen values, read from the environment.

The web process gets ``WebConfig``, which holds neither the data store's path nor its key; the
worker gets ``WorkerConfig``. Both refuse to start in production with debug, a default secret, or
demo accounts. ``app.py`` and the worker's entry read them once and hand them down as values.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

from tre.errors import ConfigurationError

PREFIX = "TRE_"
DEFAULT_SECRET = "only-for-development-and-tests"  # noqa: S105 - refused in production
SHORTEST_SECRET = 32
TRUE = {"1", "true", "yes", "on"}
FALSE = {"", "0", "false", "no", "off"}


@dataclass(frozen=True, slots=True)
class WebConfig:
    """What pages and the API need. Each field is read from TRE_ and its name in capitals."""

    environment: str = "production"  # production | demo | development | test
    database_url: str = ""  # sqlite:///path or postgresql+psycopg://user@host/name
    secret_key: str = DEFAULT_SECRET  # signs forms; 32 characters or more in production
    debug: bool = False  # never in production
    demo: bool = False  # shows demo people as buttons on the sign-in page; never in production
    public_url: str = ""  # https://host under which people reach the service; its host is checked
    trusted_proxies: int = 0  # proxies in front that set X-Forwarded-For, -Proto and -Host
    check_hours: int = 48  # within which an output should be checked: later ones are marked
    api_per_minute: int = 600  # requests of one token or address to each web process; 0: no limit

    @property
    def production(self) -> bool:
        return self.environment == "production"


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """What the worker needs. Each field is read from TRE_ and its name in capitals."""

    environment: str = "production"  # production | demo | development | test
    database_url: str = ""  # the same database as the web process
    store_root: str = ""  # folder of the sealed, versioned dataset files
    key_file: str = ""  # file with the store's key: outside the store, readable by the worker only
    slot_scale: float = 1.0  # above 1 gives slow machines longer slots; below 1 in tests only
    poll_seconds: float = 0.2  # how often an idle worker looks for work
    register_seconds: float = 30.0  # that the register has for each exact table
    log_key_file: str = ""  # file with the key that signs the log; made by `log key`
    log_name: str = ""  # of the log in its checkpoints: a host and a path, tre.example.org/log
    log_outside: str = ""  # folders elsewhere (a:b) that each signed checkpoint is put into

    @property
    def production(self) -> bool:
        return self.environment == "production"


@dataclass(frozen=True, slots=True)
class CourierConfig:
    """What the courier needs. Each field is read from TRE_ and its name in capitals."""

    environment: str = "production"  # production | demo | development | test
    database_url: str = ""  # the same database as the web process
    public_url: str = ""  # https://host under which people reach the service; mails name it
    smtp_host: str = ""  # mail server; without one mail waits
    smtp_port: int = 587
    smtp_tls: str = "starttls"  # starttls | tls | none, which only a server on this machine gets
    smtp_from: str = ""  # address that mails come from
    smtp_user: str = ""
    smtp_password_file: str = ""

    @property
    def production(self) -> bool:
        return self.environment == "production"


ENVIRONMENTS = ("production", "demo", "development", "test")


def web(environ: Mapping[str, str] = os.environ) -> WebConfig:
    """Raises ConfigurationError with every fault at once."""
    config = _read(WebConfig, environ)
    _refuse([*_common_faults(config), *_web_faults(config)])
    return config


def worker(environ: Mapping[str, str] = os.environ) -> WorkerConfig:
    """Raises ConfigurationError with every fault at once."""
    config = _read(WorkerConfig, environ)
    _refuse([*_common_faults(config), *_worker_faults(config)])
    return config


def courier(environ: Mapping[str, str] = os.environ) -> CourierConfig:
    """Raises ConfigurationError with every fault at once."""
    config = _read(CourierConfig, environ)
    _refuse([*_common_faults(config), *_courier_faults(config)])
    return config


Config = TypeVar("Config", WebConfig, WorkerConfig, CourierConfig)


def _read(kind: type[Config], environ: Mapping[str, str]) -> Config:
    given: dict[str, object] = {}
    faults: list[str] = []
    for field in fields(kind):
        name = PREFIX + field.name.upper()
        if name not in environ:
            continue
        try:
            given[field.name] = READERS[str(field.type)](environ[name].strip())
        except (KeyError, ValueError):
            faults.append(f"{name} cannot be read as {field.type}")
    _refuse(faults)
    return kind(**given)


def _truth(text: str) -> bool:
    if text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    raise ValueError(text)


READERS = {"str": str, "bool": _truth, "int": int, "float": float}


def _common_faults(config: WebConfig | WorkerConfig | CourierConfig) -> list[str]:
    faults = []
    if config.environment not in ENVIRONMENTS:
        faults.append(f"TRE_ENVIRONMENT is one of {', '.join(ENVIRONMENTS)}")
    if not config.database_url:
        faults.append("TRE_DATABASE_URL is missing")
    return faults


def _web_faults(config: WebConfig) -> list[str]:
    always = (
        (config.api_per_minute < 0, "TRE_API_PER_MINUTE is a number of requests: 0 or more"),
        (config.check_hours < 1, "TRE_CHECK_HOURS is a number of hours: 1 or more"),
    )
    return [fault for broken, fault in always if broken] + _web_faults_in_production(config)


def _web_faults_in_production(config: WebConfig) -> list[str]:
    if not config.production:
        return []
    rules = (
        (config.debug, "TRE_DEBUG must be off in production"),
        (config.demo, "TRE_DEMO must be off in production"),
        (config.secret_key == DEFAULT_SECRET, "TRE_SECRET_KEY still has its default value"),
        (
            len(config.secret_key) < SHORTEST_SECRET,
            f"TRE_SECRET_KEY has fewer than {SHORTEST_SECRET} characters",
        ),
        (
            not config.public_url.startswith("https://"),
            "TRE_PUBLIC_URL must begin with https:// in production",
        ),
    )
    return [fault for broken, fault in rules if broken]


def _worker_faults(config: WorkerConfig) -> list[str]:
    rules = (
        (not config.store_root, "TRE_STORE_ROOT is missing"),
        (not config.key_file, "TRE_KEY_FILE is missing"),
        (
            bool(config.store_root and config.key_file)
            and Path(config.key_file).resolve().is_relative_to(Path(config.store_root).resolve()),
            "TRE_KEY_FILE lies inside TRE_STORE_ROOT: keep the key apart from what it opens",
        ),
        (
            config.production and config.slot_scale < 1,
            "TRE_SLOT_SCALE is at least 1 in production: early answers tell how long they took",
        ),
        (
            not (config.slot_scale >= 0 and config.poll_seconds > 0),  # false for NaN too
            "TRE_SLOT_SCALE and TRE_POLL_SECONDS are times: numbers that are not negative",
        ),
        (
            not config.register_seconds > 0,
            "TRE_REGISTER_SECONDS is a time: a number above 0",
        ),
        (
            config.production and not config.log_key_file,
            "TRE_LOG_KEY_FILE is missing: in production the log is signed; `log key` makes one",
        ),
        (
            bool(config.log_key_file) != bool(config.log_name),
            "TRE_LOG_KEY_FILE and TRE_LOG_NAME are given together",
        ),
        (
            bool(config.log_key_file)
            and Path(config.log_key_file).resolve() == Path(config.key_file).resolve(),
            "TRE_LOG_KEY_FILE is the store's key: the log has a key of its own",
        ),
        (
            bool(config.log_outside and not config.log_key_file),
            "TRE_LOG_OUTSIDE is of no use without TRE_LOG_KEY_FILE",
        ),
        (
            any(character.isspace() or character == "+" for character in config.log_name),
            "TRE_LOG_NAME has neither spaces nor +",
        ),
    )
    return [fault for broken, fault in rules if broken]


def _courier_faults(config: CourierConfig) -> list[str]:
    here = config.smtp_host in ("", "localhost", "127.0.0.1", "::1")
    rules = (
        (not config.public_url, "TRE_PUBLIC_URL is missing: mails name it"),
        (
            bool(config.smtp_host) and "@" not in config.smtp_from,
            "TRE_SMTP_FROM is the address that mails come from",
        ),
        (
            config.smtp_tls not in ("starttls", "tls", "none"),
            "TRE_SMTP_TLS is one of starttls, tls, none",
        ),
        (
            config.smtp_tls == "none" and not here,
            "TRE_SMTP_TLS is none for a mail server on this machine only",
        ),
        (
            bool(config.smtp_user) != bool(config.smtp_password_file),
            "TRE_SMTP_USER and TRE_SMTP_PASSWORD_FILE are given together",
        ),
    )
    return [fault for broken, fault in rules if broken]


def _refuse(faults: list[str]) -> None:
    if faults:
        raise ConfigurationError(tuple(faults))
