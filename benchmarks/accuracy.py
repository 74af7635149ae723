"""Do published half-widths hold? Exactly, in simulation, and among cells that survive suppression.

For each mechanism and scale: the half-width h, its exact coverage, that of h - 1 (which must fall
short of 95 %), and the share of simulated draws within h with its 99 % Clopper-Pearson interval.
Then the exact coverage among cells that are shown, by their true count: a count below the threshold
is shown only where its noise was large, so near the threshold the interval holds less often.
"""

from __future__ import annotations

import time

from disclosure_control.dp import accounting, accuracy, mechanisms
from tests.exact_statistics import clopper_pearson
from tests.small_tables import BOTH, DP_RULES, ONE, counts_shape

DRAWS = 20_000
CHARGES = (500_000_000, 20_000_000, 1_000_000, 10_000)
TRUE_COUNTS = (0, 2, 5, 8, 9, 10, 12, 15, 20, 30, 50, 100)


def coverage(mechanism: str, scale: float, h: int) -> float:
    return 1 - float(accuracy.tail(mechanism, scale=scale, beyond=h).high)


def at_least(mechanism: str, scale: float, least: int) -> float:
    """P(Z >= least); the law is symmetric."""
    if least <= 0:
        return 1 - at_least(mechanism, scale, 1 - least)
    return float(accuracy.tail(mechanism, scale=scale, beyond=least - 1).high) / 2


def stated(rho_nano: int, mechanism: str) -> accounting.VectorNoise:
    plan = accounting.noise_plan(counts_shape(1), DP_RULES, rho_nano=rho_nano, mechanism=mechanism)
    return plan.vectors[0]


def half_widths() -> None:
    print("| rho | mechanism | scale | h | exact at h | at h - 1 | simulated | 99 % interval |")
    print("|---|---|---|---|---|---|---|---|")
    for rho_nano in CHARGES:
        for mechanism in BOTH:
            noise = stated(rho_nano, mechanism)
            h, scale = noise.half_width, noise.scale
            drawn = mechanisms.draw((0,) * DRAWS, mechanism=mechanism, scale=scale, sensitivity=ONE)
            within = sum(abs(value) <= h for value in drawn.values)
            low, high = clopper_pearson(within, trials=DRAWS, alpha=0.01)
            print(
                f"| {rho_nano / 1e9:g} | {mechanism} | {scale:.4g} | {h} "
                f"| {coverage(mechanism, scale, h):.5f} | {coverage(mechanism, scale, h - 1):.5f} "
                f"| {within / DRAWS:.4f} | {low:.4f} to {high:.4f} |"
            )


def survivors(rho_nano: int = 20_000_000, threshold: int = 10) -> None:
    print(f"\nCoverage among shown cells, rho = {rho_nano / 1e9:g}, threshold {threshold}")
    print("| true count | " + " | ".join(f"shown, {m} | covered if shown" for m in BOTH) + " |")
    print("|---|---|---|---|---|")
    for true in TRUE_COUNTS:
        cells = []
        for mechanism in BOTH:
            noise = stated(rho_nano, mechanism)
            h, scale = noise.half_width, noise.scale
            shown = at_least(mechanism, scale, threshold - true)
            above = at_least(mechanism, scale, h + 1)
            lowest = max(threshold - true, -h)
            within = max(0.0, at_least(mechanism, scale, lowest) - above)
            cells.append(f"{shown:.3f} | {within / shown:.4f}")
        print(f"| {true} | " + " | ".join(cells) + " |")


def speed() -> None:
    print("\n| mechanism | ms a half-width, cold |\n|---|---|")
    for mechanism in BOTH:
        scales = [1.07 * 1.9**k for k in range(60)]
        started = time.perf_counter()
        for scale in scales:
            accuracy.half_width(mechanism, scale=scale, alpha=accuracy.joint_alpha(264))
        print(f"| {mechanism} | {1000 * (time.perf_counter() - started) / len(scales):.2f} |")


if __name__ == "__main__":
    half_widths()
    survivors()
    speed()
