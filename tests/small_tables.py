"""Small shapes, policies and tables for tests of disclosure control, made without an engine."""

from __future__ import annotations

from decimal import Decimal

from disclosure_control.policy import DpRules, Policy, SdcRules, Track
from disclosure_control.tables import (
    Axis,
    Counting,
    Evidence,
    Kind,
    Published,
    Sensitivity,
    Shape,
    Unprotected,
    Vector,
)

BOTH = ("discrete_gaussian", "discrete_laplace")
ONE = Sensitivity(l0=1, l1=1, l2_squared=1, linf=1)
RHO_NANO = 20_000_000

DP_RULES = DpRules(
    threshold=10,
    rho_nano_default=RHO_NANO,
    rho_nano_min=1_000,
    rho_nano_max=10**9,
    mechanisms=BOTH,
    max_rows_per_unit=20,
    max_groups_per_unit=5,
)
SDC_RULES = SdcRules(
    threshold=10, dominance_n=2, dominance_k=Decimal("0.90"), p_ratio=Decimal("0.10")
)
NOISY = Policy(1, Track.DP, DP_RULES, None, max_cells=100_000, checkers=1)
EXACT = Policy(1, Track.SDC, None, SDC_RULES, max_cells=1_000, checkers=2)


def moved_by(most: int) -> Sensitivity:
    """One unit, in one cell."""
    return Sensitivity(1, most, most**2, most)


COUNT = Published("count", "Number of persons", Kind.COUNT, "rows", None, 0)
MEAN = Published("mean_bmi", "Mean of BMI", Kind.MEAN, "rows", "centred_bmi", 2)
TOTAL_EVIDENCE = Evidence("units", "largest", "second", "gross", "smallest", "negative")


def axis(cells: int) -> Axis:
    return Axis("area", tuple(f"area {number}" for number in range(cells)))


def counts_shape(cells: int, *, moved: Sensitivity | None = ONE, scale: int = 1) -> Shape:
    rows = Vector("rows", Counting.ROWS, scale, 10**9, moved)
    return Shape("person", (axis(cells),), (rows,), (COUNT,))


def counts_table(values: tuple[int, ...], *, moved: Sensitivity = ONE) -> Unprotected:
    return Unprotected(counts_shape(len(values), moved=moved), {"rows": values})


def means_shape(cells: int) -> Shape:
    """BMI in tenths between 10.0 and 60.0, one row a person: x - 350 is at most 250 away."""
    moved = Sensitivity(l0=1, l1=250, l2_squared=250**2, linf=250)
    return Shape(
        "person",
        (axis(cells),),
        (
            Vector("rows", Counting.ROWS, 1, 10**6, ONE),
            Vector("centred_bmi", Counting.TOTAL, 10, 10**9, moved, centre=350),
        ),
        (COUNT, MEAN),
    )


def exact_shape(cells: int) -> Shape:
    """Records, firms and the sum and mean of a value with one decimal."""
    parts = ("total", "largest", "second", "gross", "smallest")
    return Shape(
        "firm",
        (axis(cells),),
        (
            Vector("rows", Counting.ROWS, 1, 10**6, None),
            Vector("units", Counting.UNITS, 1, 10**6, None),
            Vector("negative", Counting.NEGATIVE, 1, 10**6, None),
            *(Vector(name, Counting(name), 10, 10**9, None) for name in parts),
        ),
        (
            Published("count", "Number of records", Kind.COUNT, "rows", None, 0, Evidence("units")),
            Published("sum_rd", "Sum of R&D", Kind.SUM, "units", "total", 1, TOTAL_EVIDENCE),
            Published("mean_rd", "Mean of R&D", Kind.MEAN, "rows", "total", 2, TOTAL_EVIDENCE),
        ),
    )


def exact_table(*firms: tuple[int, ...]) -> Unprotected:
    """One cell for each argument; its numbers are the firms' own totals, one record each."""
    cells = [[*contributions] for contributions in firms]
    ordered = [[*sorted((abs(one) for one in cell), reverse=True), 0, 0] for cell in cells]
    return Unprotected(
        exact_shape(len(cells)),
        {
            "rows": tuple(len(cell) for cell in cells),
            "units": tuple(len(cell) for cell in cells),
            "total": tuple(sum(cell) for cell in cells),
            "largest": tuple(cell[0] for cell in ordered),
            "second": tuple(cell[1] for cell in ordered),
            "gross": tuple(sum(cell) for cell in ordered),
            "smallest": tuple(min(map(abs, cell), default=0) for cell in cells),
            "negative": tuple(sum(one < 0 for one in cell) for cell in cells),
        },
    )
