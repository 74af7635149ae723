"""A worker that kills itself, with no chance to tidy up, at one named step of one job."""

from __future__ import annotations

import multiprocessing
import os
import signal

from sqlalchemy.orm import sessionmaker

from tests.made_up_engines import SteadyEngine, SteadyRegistrar
from tre import database
from tre.worker.carry import Carrier


def run(url: str, step: str) -> None:
    def die(here: str) -> None:
        if here == step:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = database.connect(url)
    Carrier(
        sessionmaker(engine),
        SteadyEngine(),
        "doomed",
        slot_scale=0,
        registrar=SteadyRegistrar(),
        at_step=die,
    ).next_job()


def killed_at(url: str, step: str) -> bool:
    """Runs one job in a process of its own; whether it died at that step."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.doomed", "opendp.measurements"])
    process = context.Process(target=run, args=(url, step))
    process.start()
    process.join(120)
    code = process.exitcode
    process.close()
    return code == -signal.SIGKILL
