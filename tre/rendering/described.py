"""How does a release describe itself to a reader and to a program, far from this service?

A text, and an RO-Crate (1.1) that says in the words of the Five Safes profile who checked what.
Both are of public facts and of the table that was approved; people are not named in them.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from disclosure_control import present
from disclosure_control.policy import Track
from tre.outputs import Format
from tre.releases import Release

README = "README.md"
CRATE = "ro-crate-metadata.json"
STATEMENT = "release.dsse.json"
PROOF = "log.json"

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
ROOT_PROFILE = "https://w3id.org/ro/crate/1.1"
FIVE_SAFES = "https://w3id.org/5s-crate/0.4"
DISCLOSURE_CHECK = "https://w3id.org/shp#DisclosureCheck"
DONE = "http://schema.org/CompletedActionStatus"

WAYS = {
    Track.DP.value: "numbers with noise (differential privacy)",
    Track.SDC.value: "exact numbers, some hidden (statistical disclosure control)",
}
TITLES = {
    "table.csv": ("The table", "text/csv"),
    "table.json": ("The table, for programs", "application/json"),
    "chart.svg": ("A chart of the table", "image/svg+xml"),
    "record.json": ("What was done to protect the people in the data", "application/json"),
    "table.csv-metadata.json": (
        "What stands in the CSV file (CSV on the Web)",
        "application/csvm+json",
    ),
    "table.jsonstat.json": ("The table as JSON-stat", "application/json"),
    "table.sdmx.csv": (
        "The table as SDMX-CSV",
        "application/vnd.sdmx.data+csv; version=2.0.0; labels=both",
    ),
    "table.parquet": ("The table as Parquet", "application/vnd.apache.parquet"),
    "table.xlsx": (
        "The table as a spreadsheet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    README: ("About this release", "text/markdown"),
}


def instant(at: datetime.datetime) -> str:
    """UTC, to the second."""
    return at.astimezone(datetime.UTC).isoformat(timespec="seconds")


def readme(release: Release, *, log: str, files: Mapping[str, bytes]) -> str:
    listed = "\n".join(f"- `{name}`: {TITLES[name][0].lower()}" for name in sorted(files))
    return f"""# Released table {release.id}

{_sentence(release.output.submission.words)}

- Dataset: {release.dataset.title} (`{release.dataset.name}`)
- Released: {instant(release.released_at)}
- Kind: {WAYS[release.output.track]}
- Log: {log}

{_claim(release)}

## Files

{listed}
- `{CRATE}`: the same, for programs (RO-Crate)
- `{STATEMENT}`: the signed statement of these files (in-toto, DSSE)
- `{PROOF}`: the proof that the public log holds this release

In the tables `[c]` is a hidden number, which is not zero, and `[x]` is one that does not exist.

## Is this what was released?

    python -m tre.verify FOLDER --key KEY

KEY is the public key of the log, which the service tells and which a reader keeps. The program is
one file that needs nothing but the `cryptography` package. It tells that these bytes were released;
whether the release was recalled since is on the service's list of corrections.
"""


def crate(release: Release, *, files: Mapping[str, bytes], readme: str) -> str:
    """RO-Crate metadata. The files of a release are its data, its check is an AssessAction."""
    whole = {**files, README: readme.encode()}
    parts = [_file(name, content) for name, content in sorted(whole.items())]
    graph = [_descriptor(), _root(release, parts), *parts, *_people(release), _check(release)]
    return json.dumps({"@context": CONTEXT, "@graph": graph}, indent=1, ensure_ascii=False) + "\n"


def _descriptor() -> dict[str, Any]:
    return {
        "@id": CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": ROOT_PROFILE},
    }


def _root(release: Release, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@id": "./",
        "@type": "Dataset",
        "identifier": release.id,
        "name": _sentence(release.output.submission.words),
        "description": f"{release.dataset.title}: {WAYS[release.output.track]}. {_claim(release)}",
        "conformsTo": {"@id": FIVE_SAFES},
        "datePublished": instant(release.released_at),
        "license": "The terms of the data sharing agreement of the project.",
        "publisher": {"@id": "#service"},
        "sourceOrganization": {"@id": f"#project-{release.project_id}"},
        "hasPart": [{"@id": part["@id"]} for part in parts],
        "mentions": [{"@id": "#check"}],
    }


def _file(name: str, content: bytes) -> dict[str, Any]:
    title, media_type = TITLES[name]
    return {
        "@id": name,
        "@type": "File",
        "name": title,
        "encodingFormat": media_type,
        "contentSize": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _people(release: Release) -> list[dict[str, Any]]:
    project = f"#project-{release.project_id}"
    return [
        {"@id": "#service", "@type": "Organization", "name": "Trusted research environment"},
        {"@id": project, "@type": "Project", "name": release.project.title},
        {"@id": FIVE_SAFES, "@type": "CreativeWork", "name": "Five Safes RO-Crate profile"},
    ]


def _check(release: Release) -> dict[str, Any]:
    """Checkers are not named: the service answers for them."""
    checkers = release.output.submission.checkers_required
    policy = release.output.submission.policy_version.policy_hash
    return {
        "@id": "#check",
        "@type": "AssessAction",
        "additionalType": {"@id": DISCLOSURE_CHECK},
        "name": "Disclosure check",
        "description": f"Under policy {policy}, seen by {checkers} checkers.",
        "actionStatus": {"@id": DONE},
        "endTime": instant(release.released_at),
        "agent": {"@id": "#service"},
        "object": {"@id": "./"},
    }


def _claim(release: Release) -> str:
    table = release.output.artefact(Format.JSON)
    return present.from_json(table.content.decode()).record.claim if table else ""


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
