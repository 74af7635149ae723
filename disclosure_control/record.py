"""What was applied to an output, where, why and under which policy: the disclosure record.

Machine-readable (SATRE 3.3.09); it travels with every output and is public after release, so it
holds nothing that depends on data except what the output itself already shows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule on one output, with SACRO statbarn vocabulary. ``cells`` are grid positions.

    On the SDC track findings depend on true values: checkers see them, project members do not
    (``for_checkers``). On the DP track they are computed from noisy values or public facts.
    """

    rule: str
    severity: str  # "fail" | "warn" | "info"
    threshold: str
    mitigation: str  # "suppressed", "none", ...
    cells: tuple[int, ...]
    for_checkers: bool


@dataclass(frozen=True, slots=True)
class NoiseStatement:
    """The mechanism of one vector, as anybody may verify it. Half-widths are in vector integers."""

    vector: str
    mechanism: str  # "discrete_gaussian" | "discrete_laplace"
    scale: str  # exact decimal text of the float handed to the mechanism
    rho_nano: int  # zCDP charge in 1e-9
    epsilon: str | None  # pure epsilon where the mechanism has one
    half_width: int  # 95 % per cell
    joint_half_width: int  # 95 % for all cells of this vector together


@dataclass(frozen=True, slots=True)
class DisclosureRecord:
    track: str  # "dp" | "sdc"
    policy_hash: str
    unit: str
    claim: str  # one plain sentence
    leaves_out: tuple[str, ...]  # what intervals and claims do not cover
    bounds: tuple[str, ...]  # clamping rules in words
    noise: tuple[NoiseStatement, ...]
    findings: tuple[Finding, ...]
    rho_nano: int
    delta_femto: int  # delta in 1e-15
    versions: tuple[tuple[str, str], ...]  # software, version
