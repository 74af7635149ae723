"""Under which rules may a table leave? One frozen, versioned, hashed value per dataset."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Track(StrEnum):
    DP = "dp"
    SDC = "sdc"


@dataclass(frozen=True, slots=True)
class DpRules:
    """Rules of the noisy track. Budgets are integers: rho in 1e-9, delta in 1e-15."""

    threshold: int  # a noisy count below it is hidden
    rho_nano_default: int  # what a question costs unless its author asks otherwise
    rho_nano_min: int
    rho_nano_max: int
    mechanisms: tuple[str, ...]  # "discrete_gaussian", "discrete_laplace"
    max_rows_per_unit: int  # K of row weights
    max_groups_per_unit: int  # G of distinct-unit weights


@dataclass(frozen=True, slots=True)
class SdcRules:
    """Rules of the exact track, with usual UK defaults in the policy files."""

    threshold: int  # distinct contributing units
    dominance_n: int
    dominance_k: Decimal
    p_ratio: Decimal


@dataclass(frozen=True, slots=True)
class Policy:
    """A dataset's rules. ``hash`` (of the canonical JSON) is what releases are bound to."""

    version: int
    track: Track
    dp: DpRules | None
    sdc: SdcRules | None
    max_cells: int
    checkers: int  # independent approvals before release: 0, 1 or 2; at least 2 on SDC
