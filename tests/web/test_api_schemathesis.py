"""Does the API do what its description says, for requests that nobody thought of?

All checks of schemathesis, with its own defaults for which answers are right.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.engine import events, from_schema
from werkzeug.serving import make_server

import tre.api
from tests.web import api_world

EXAMPLES = 12  # a phase and an operation; the coverage phase adds every boundary of the contract


def _named(world: api_world.World) -> dict[str, str]:
    question = {"dataset": "clinic", "query": api_world.COUNT_BY_SEX, "purpose": "To be found."}
    asked, answered = (
        world.post("/projects/liver/submissions", json=question).json["id"] for _ in range(2)
    )
    return {
        "path.project": "liver",
        "path.dataset": "clinic",
        "path.code": "fault",
        "path.submission": asked,
        "path.release": api_world.release(world, answered),
    }


def _about_the_clinic(world: api_world.World) -> dict[str, Any]:
    """The description as served, where every question names the dataset that is there."""
    described = world.client().get(tre.api.SPEC_PATH).json
    for question in ("PricedQuestion", "AskedQuestion", "Wanted"):
        described["components"]["schemas"][question]["properties"]["dataset"] = {"enum": ["clinic"]}
    return described


@contextmanager
def served(world: api_world.World) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def described(tmp_path: Path) -> Iterator[schemathesis.BaseSchema]:
    """Everything that an address can name is there, so that requests reach what they are for."""
    world = api_world.make(tmp_path)
    bearer = {"Authorization": f"Bearer {world.token}"}
    with served(world) as address:
        schema = schemathesis.openapi.from_dict(_about_the_clinic(world))
        schema.config.update(base_url=address, headers=bearer, parameters=_named(world))
        schema.config.generation.deterministic = True
        schema.config.generation.max_examples = EXAMPLES
        yield schema


def _faults(schema: schemathesis.BaseSchema, tested: set[str]) -> Iterator[str]:
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            yield f"{event}"
        if isinstance(event, events.ScenarioFinished):
            tested.update(event.recorder.interactions and [event.label or ""])
            yield from _failed(event)


def _failed(event: events.ScenarioFinished) -> Iterator[str]:
    for case, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                sent = event.recorder.cases[case].value.as_curl_command()
                yield f"{event.label}: {check.name}: {check.failure_info.failure}\n{sent}"


@pytest.mark.slow
def test_every_operation_answers_as_described(described: schemathesis.BaseSchema) -> None:
    tested: set[str] = set()
    faults = list(_faults(described, tested))
    assert not faults, "\n\n".join(faults)
    described_operations = {one.ok().label for one in described.get_all_operations()}
    assert described_operations <= tested


def test_a_view_that_does_not_answer_as_described_is_found(tmp_path: Path) -> None:
    world = api_world.make(tmp_path)
    world.client().get(tre.api.SPEC_PATH)  # described once, before anything changes
    world.app.view_functions["api.problem"] = lambda code: {"told": "otherwise"}
    with served(world) as address:
        schema = schemathesis.openapi.from_url(address + tre.api.SPEC_PATH)
        schema.config.generation.max_examples = 2
        only = schema.include(path="/api/v1/problems/{code}")
        faults = list(_faults(only, set()))
        assert any("response_schema_conformance" in fault for fault in faults)
