"""Every record of the service in one import, for migrations and tests."""

from tre import (
    audit,
    budgets,
    datasets,
    downloads,
    drafts,
    exact_cells,
    jobs,
    notices,
    outputs,
    people,
    projects,
    recalls,
    register,
    releases,
    restorations,
    reviews,
    second_tracks,
    submissions,
    tightenings,
)
from tre.database import Base
from tre.transparency import log

__all__ = [
    "Base",
    "audit",
    "budgets",
    "datasets",
    "downloads",
    "drafts",
    "exact_cells",
    "jobs",
    "log",
    "notices",
    "outputs",
    "people",
    "projects",
    "recalls",
    "register",
    "releases",
    "restorations",
    "reviews",
    "second_tracks",
    "submissions",
    "tightenings",
]
