"""Settings are read strictly, and production refuses what only suits a demonstration."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

import config
from config import WebConfig, WorkerConfig
from tre.errors import ConfigurationError

WEB = {
    "TRE_DATABASE_URL": "sqlite:///x.db",
    "TRE_SECRET_KEY": "k" * 32,
    "TRE_PUBLIC_URL": "https://tre.example.org",
}
WORKER = {
    "TRE_DATABASE_URL": "sqlite:///x.db",
    "TRE_STORE_ROOT": "/srv/store",
    "TRE_KEY_FILE": "/srv/keys/store.key",
    "TRE_LOG_KEY_FILE": "/srv/keys/log.key",
    "TRE_LOG_NAME": "tre.example.org/log",
}


def faults_of(read, environ) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        read(environ)
    return caught.value.faults


def test_the_environment_is_production_unless_it_says_otherwise():
    assert config.web(WEB).production
    assert config.worker(WORKER).production


def test_the_web_process_can_hold_neither_the_path_nor_the_key_of_the_store():
    names = {field.name for field in fields(WebConfig)}
    assert names.isdisjoint({"store_root", "key_file"})
    settings = config.web({**WEB, **WORKER})
    assert "/srv" not in repr(settings)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"TRE_DEBUG": "1"}, "TRE_DEBUG"),
        ({"TRE_DEMO": "yes"}, "TRE_DEMO"),
        ({"TRE_SECRET_KEY": config.DEFAULT_SECRET}, "TRE_SECRET_KEY"),
        ({"TRE_SECRET_KEY": "short"}, "TRE_SECRET_KEY"),
        ({"TRE_PUBLIC_URL": "http://tre.example.org"}, "TRE_PUBLIC_URL"),
        ({"TRE_DATABASE_URL": ""}, "TRE_DATABASE_URL"),
        ({"TRE_ENVIRONMENT": "prod"}, "TRE_ENVIRONMENT"),
        ({"TRE_DEBUG": "perhaps"}, "TRE_DEBUG"),
        ({"TRE_TRUSTED_PROXIES": "one"}, "TRE_TRUSTED_PROXIES"),
    ],
)
def test_an_unsafe_web_setting_is_named_and_refused(changed, named):
    assert any(named in fault for fault in faults_of(config.web, {**WEB, **changed}))


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"TRE_STORE_ROOT": ""}, "TRE_STORE_ROOT"),
        ({"TRE_KEY_FILE": ""}, "TRE_KEY_FILE"),
        ({"TRE_LOG_KEY_FILE": "", "TRE_LOG_NAME": ""}, "in production the log is signed"),
        ({"TRE_KEY_FILE": "/srv/store/deep/../store.key"}, "apart"),
        ({"TRE_SLOT_SCALE": "0.5"}, "TRE_SLOT_SCALE"),
        ({"TRE_POLL_SECONDS": "0", "TRE_ENVIRONMENT": "test"}, "times"),
        ({"TRE_POLL_SECONDS": "nan", "TRE_ENVIRONMENT": "test"}, "times"),
    ],
)
def test_an_unsafe_worker_setting_is_named_and_refused(changed, named):
    assert any(named in fault for fault in faults_of(config.worker, {**WORKER, **changed}))


def test_all_faults_are_told_at_once_and_no_secret_is():
    environ = {"TRE_SECRET_KEY": "hunter2", "TRE_DEBUG": "1"}
    faults = faults_of(config.web, environ)
    assert len(faults) == 4
    assert "hunter2" not in str(ConfigurationError(faults))


def test_a_demonstration_may_do_what_production_may_not():
    settings = config.web({**WEB, "TRE_ENVIRONMENT": "demo", "TRE_DEMO": "on", "TRE_DEBUG": "0"})
    assert settings.demo
    assert not settings.debug


def test_every_field_is_documented_beside_itself():
    source = Path(config.__file__).read_text(encoding="utf-8")
    for kind in (WebConfig, WorkerConfig):
        for field in fields(kind):
            line = next(one for one in source.splitlines() if one.startswith(f"    {field.name}:"))
            assert "  # " in line
