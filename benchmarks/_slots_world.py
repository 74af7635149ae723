"""What do slots need to be measured? The demonstration's data sealed, its people, 70 questions.

``python -m benchmarks._slots_world FOLDER`` in a process of its own: what reads and checks data
must not count as a worker's memory. Leaves a store, a key, a database and ``questions.json``.
"""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path

from tests.questions import firms, nafld_persons, nafld_rows, stops
from tre.demo import cast, places, prepare
from tre.demo.cast import Purse
from tre.demo.places import Places

RICH = 10**12  # budget enough for every question of a round


def main(folder: Path) -> None:
    here = Places(folder, port=0)
    places.make(here)
    now = datetime.datetime.now(datetime.UTC)
    cast.PURSES["nafld"] = Purse(pool=RICH, project=RICH, researcher=RICH)
    with prepare.database(here)() as session:
        playing = cast.people_of_the_demo(session, now=now)
        for name in prepare.NAMES:
            prepare.dataset(session, name, places=here, owner=playing[cast.OWNER], now=now)
        cast.projects_of_the_demo(session, playing=playing, now=now)
    asked = [one for part in (nafld_persons, nafld_rows, stops, firms) for one in part.ask.asked]
    told = [{"name": one.name, "dataset": one.dataset, "sql": one.sql} for one in asked]
    (folder / "questions.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
