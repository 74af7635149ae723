"""``python -m tre.demo``: prepares a service, takes one real question through it, then serves it.

``ONCE=1`` stops after the journey. ``PORT`` chooses another port, ``TRE_DEMO_FOLDER`` another
folder than ``var/demo``.
"""

from __future__ import annotations

import datetime
import os
import sys
from contextlib import ExitStack

from sqlalchemy.orm import Session

from tre.demo import cast, places, prepare, serve, story, told, twin
from tre.demo.cast import PARTS, PASSWORD, RESEARCHER, Part
from tre.demo.places import Places
from tre.demo.steps import Stage, Stuck
from tre.errors import ServiceError
from tre.ingest.errors import IngestError
from tre.people import Person
from tre.projects import Project


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def main() -> int:
    here = places.from_environment()
    once = os.environ.get("ONCE", "") not in ("", "0")
    serve.stop_on_signals()
    try:
        if not once:
            serve.check_port(here.port)
        return _run(here, once=once)
    except (serve.PortInUse, Stuck, ServiceError, IngestError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0


def _run(here: Places, *, once: bool) -> int:
    places.make(here)
    sessions = prepare.database(here)
    with ExitStack() as running:
        public = prepare.log_key(here)
        with sessions() as session:
            playing, projects = _prepared(session, here)
            worker = running.enter_context(
                serve.running(serve.worker(here.of_worker()), root=places.ROOT)
            )
            told.heading("The journey of a question")
            stage = Stage(session, playing, projects[story.PROJECT], now)
            story.take_along(stage, story.play(stage), place=here.taken_along, key=public)
            told.heading("A twin for trying questions")
            twin.play(stage, here)
        if once:
            print("\nThe journey is complete.")
            return 0
        web = running.enter_context(
            serve.running(serve.web(here.of_web(), port=here.port), root=places.ROOT)
        )
        if not serve.await_port(here.port):
            raise Stuck("The pages did not start.")
        courier = running.enter_context(
            serve.running(serve.courier(here.of_courier()), root=places.ROOT)
        )
        _invite(here)
        return serve.until_interrupted(web, worker, courier)


def _prepared(session: Session, here: Places) -> tuple[dict[Part, Person], dict[str, Project]]:
    told.heading("Preparing")
    playing = cast.people_of_the_demo(session, now=now())
    for name in prepare.NAMES:
        owner = playing[cast.OWNER]
        told.say(prepare.dataset(session, name, places=here, owner=owner, now=now()))
    projects = cast.projects_of_the_demo(session, playing=playing, now=now())
    token = prepare.token(session, playing[RESEARCHER], path=here.token, now=now())
    places.write_private(here.token, token)
    return playing, projects


def _invite(here: Places) -> None:
    told.heading(f"Ready: {here.address}")
    told.say("Sign in as one of these people; the sign-in page has a button for each.")
    for part in PARTS:
        print(f"     {part.email:<26} {part.name:<20} may {part.may}")
    told.say(f"The password of each is {PASSWORD}, in this demonstration only.")
    told.say(f"A token for the Python client is in {here.token}.")
    told.say("Ctrl-C stops the pages and the worker.")


if __name__ == "__main__":
    sys.exit(main())
