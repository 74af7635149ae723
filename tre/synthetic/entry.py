"""How does a twin look to an ingest? An entry like that of its dataset, whose files are CSV."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from disclosure_control import policy as policies
from disclosure_control.policy import Policy
from queries import read_catalogue
from queries.catalogue import Catalogue
from tre.synthetic.written import file_of

SUFFIX = "_twin"
LONGEST = 40  # characters of a dataset's name
NOTE = (
    "A synthetic twin: nobody in it exists. Counts of single columns and of some pairs are about "
    "those of the data, by noisy tables that were released; everything else is made up. It is for "
    "writing questions, and says nothing that may be reported."
)


def name_of(dataset: str) -> str:
    return dataset[: LONGEST - len(SUFFIX)] + SUFFIX


def catalogue_of(catalogue: Catalogue) -> Catalogue:
    """The same in all but names and notes, so that every question fits both."""
    return replace(
        catalogue,
        dataset=name_of(catalogue.dataset),
        title=f"Synthetic twin of {catalogue.title}",
        description=NOTE,
        notes=(NOTE, *catalogue.notes),
    )


def policy_of(policy: Policy) -> Policy:
    """The same rules; nobody looks at tables of nobody."""
    return replace(policy, checkers=0, routes=None, both_tracks=False)


def write(folder: Path, catalogue: Catalogue, policy: Policy) -> None:
    """``catalogue.yaml`` and ``policy.yaml`` of the twin (JSON is YAML)."""
    twin = catalogue_of(catalogue)
    told = read_catalogue.to_json(twin)
    told["ingest"] = {"from": "files"}
    for entry, table in zip(told["tables"], twin.tables, strict=True):
        entry["ingest"] = {"file": file_of(table)}
    (folder / "catalogue.yaml").write_text(json.dumps(told), encoding="utf-8")
    (folder / "policy.yaml").write_text(policies.to_json(policy_of(policy)), encoding="utf-8")
