"""How do data portals learn of public releases? As a DCAT 3 catalogue in JSON-LD.

Each release is a dataset with one distribution for each of its files, in a series with the other
releases of its question. The data that were asked are listed as datasets that nobody can fetch.
Source: W3C, Data Catalog Vocabulary (DCAT) Version 3.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from tre import outputs
from tre.datasets import Dataset
from tre.outputs import Artefact
from tre.publications import PublicationAsked
from tre.releases import Release

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
RIGHTS = "http://publications.europa.eu/resource/authority/access-right/"
PUBLIC, RESTRICTED = f"{RIGHTS}PUBLIC", f"{RIGHTS}RESTRICTED"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
SHA256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
SERVICE = "Trusted research environment"

Node = dict[str, Any]
Key = tuple[datetime.datetime, str]


def key(row: PublicationAsked) -> Key:
    """Newest first by when it was made public."""
    assert row.decision is not None  # noqa: S101 - of public releases only
    return row.decision.at, row.id


def catalogue(
    found: Sequence[PublicationAsked],
    *,
    datasets: Sequence[Dataset],
    base: str,
    following: str | None,
) -> Node:
    """``base``: the address of the service; ``following``: of the next page, if there is one."""
    about = f"{base}/api/v1/catalog"
    sources = [_source(one, base) for one in datasets]
    series = {one.release.series: _series(one, base) for one in reversed(found)}
    graph: list[Node] = [
        {
            "@id": about,
            "@type": "dcat:Catalog",
            "dct:title": f"{SERVICE}: public tables",
            "dct:description": "Tables that were checked and made public, and the data behind.",
            "dct:publisher": {"@id": f"{base}/#service"},
            "dcat:dataset": [
                {"@id": node["@id"]} for node in (*_all(found, base), *sources, *series.values())
            ],
        },
        {"@id": f"{base}/#service", "@type": "foaf:Agent", "foaf:name": SERVICE},
        *_all(found, base),
        *series.values(),
        *sources,
    ]
    if following is not None:
        graph.append(
            {
                "@id": f"{about}#page",
                "@type": "hydra:PartialCollectionView",
                "hydra:next": {"@id": base + following},
            }
        )
    return {"@context": CONTEXT, "@graph": graph}


def _all(found: Sequence[PublicationAsked], base: str) -> list[Node]:
    return [_release(one, base) for one in found]


def _release(row: PublicationAsked, base: str) -> Node:
    release = row.release
    return {
        "@id": _page(release, base),
        "@type": "dcat:Dataset",
        "dct:identifier": release.id,
        "dct:title": row.title,
        "dct:description": row.summary,
        "dct:issued": _instant(key(row)[0]),
        "dct:publisher": {"@id": f"{base}/#service"},
        "dct:accessRights": {"@id": PUBLIC},
        "dct:source": {"@id": _of_dataset(release.dataset, base)},
        "dcat:inSeries": {"@id": _of_series(release, base)},
        "dcat:landingPage": {"@id": _page(release, base)},
        "dcat:distribution": [
            _distribution(release, name, one, base)
            for name, one in outputs.files(release.output).items()
        ],
    }


def _distribution(release: Release, name: str, artefact: Artefact, base: str) -> Node:
    address = f"{base}/api/v1/releases/{release.id}/files/{name}"
    return {
        "@id": address,
        "@type": "dcat:Distribution",
        "dct:title": name,
        "dcat:downloadURL": {"@id": address},
        "dcat:accessURL": {"@id": _page(release, base)},
        "dcat:mediaType": {"@id": MEDIA_TYPES + artefact.media_type.partition(";")[0]},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": SHA256},
            "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": artefact.sha256},
        },
    }


def _series(row: PublicationAsked, base: str) -> Node:
    """Called as its newest release is."""
    return {
        "@id": _of_series(row.release, base),
        "@type": "dcat:DatasetSeries",
        "dct:identifier": row.release.series,
        "dct:title": row.title,
        "dct:description": f"Every release of one question: {row.release.output.submission.words}.",
        "dct:publisher": {"@id": f"{base}/#service"},
    }


def _source(row: Dataset, base: str) -> Node:
    return {
        "@id": _of_dataset(row, base),
        "@type": "dcat:Dataset",
        "dct:identifier": row.name,
        "dct:title": row.title,
        "dct:description": "Held by this service. Approved projects ask it; nobody fetches it.",
        "dct:publisher": {"@id": f"{base}/#service"},
        "dct:accessRights": {"@id": RESTRICTED},
    }


def _page(release: Release, base: str) -> str:
    return f"{base}/published/{release.id}"


def _of_series(release: Release, base: str) -> str:
    return f"{base}/api/v1/series/{release.series}/latest"


def _of_dataset(row: Dataset, base: str) -> str:
    return f"{base}/published#dataset-{row.name}"


def _instant(at: datetime.datetime) -> Node:
    return {
        "@type": "xsd:dateTime",
        "@value": at.astimezone(datetime.UTC).isoformat(timespec="seconds"),
    }
