"""Which units fit what was measured? Private-PGM's model, and units drawn from it.

A process of its own, which holds no key and no database: on standard input a request as JSON, on
standard output arrays as ``numpy.savez`` writes them, one of bins for each attribute::

    [{"sizes": {"persons.age": 12, ...}, "rows": 17500, "seed": 1,
      "measured": [{"names": ["persons.age", ...], "counts": [...], "errors": [...]}, ...]}, ...]

Everything in it was released before. McKenna, Sheldon, Miklau: Graphical-model based estimation
and inference for differential privacy (ICML 2019); the library is mbi.
"""

from __future__ import annotations

import io
import json
import os
import subprocess  # nosec B404
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tre.errors import NoTwin

if TYPE_CHECKING:
    from tre.synthetic.measured import Measured

STEPS = 6000  # of the estimate: with a thousand some margins are further off than what was measured
SECONDS = 600.0
NO_MODEL = "The model of the released tables was not found in time: try again on a quieter machine."
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "HOME")
Drawn = dict[str, "np.ndarray[Any, np.dtype[np.int64]]"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """``rows`` to draw of attributes with so many bins each, by what was measured of them."""

    sizes: dict[str, int]
    rows: int
    seed: int
    measured: tuple[Measured, ...]


def modelled(wanted: Sequence[Wanted]) -> list[Drawn]:
    """For each, the bins of each attribute that was measured. The same again for the same request.

    Raises NoTwin if the process fails or takes too long.
    """
    try:
        done = subprocess.run(  # nosec B603 - this module
            (sys.executable, "-m", "tre.synthetic.modelled"),
            input=json.dumps([asdict(one) for one in wanted]).encode(),
            stdout=subprocess.PIPE,
            check=True,
            timeout=SECONDS,
            env={name: os.environ[name] for name in INHERITED if name in os.environ},
        )
    except subprocess.SubprocessError as error:
        raise NoTwin(NO_MODEL) from error
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as held:
        found: list[Drawn] = [{} for _ in wanted]
        for key in held.files:
            at, _, name = key.partition(":")
            found[int(at)][name] = held[key].astype(np.int64)
    return found


def _main() -> None:
    asked = json.load(sys.stdin)
    out = {
        f"{at}:{name}": bins for at, one in enumerate(asked) for name, bins in _drawn(one).items()
    }
    written = io.BytesIO()
    np.savez(written, **out)
    sys.stdout.buffer.write(written.getvalue())


def _drawn(asked: dict[str, Any]) -> Drawn:
    import jax  # noqa: PLC0415 - precision is set before the library is there

    jax.config.update("jax_enable_x64", True)  # noqa: FBT003
    jax.config.update("jax_enable_compilation_cache", False)  # noqa: FBT003
    import mbi  # noqa: PLC0415 - takes seconds, in this process alone

    names = sorted({name for one in asked["measured"] for name in one["names"]})
    if not names or asked["rows"] == 0:
        return {}
    domain = mbi.Domain(tuple(names), tuple(asked["sizes"][name] for name in names))
    told = [_measurement(mbi, one) for one in asked["measured"]]
    total = max(1.0, float(np.mean([sum(one["counts"]) for one in asked["measured"]])))
    model = mbi.estimation.MirrorDescent().estimate(domain, told, known_total=total, iters=STEPS)
    np.random.seed(asked["seed"])  # noqa: NPY002 - the library draws from this one
    drawn = model.synthetic_data(rows=asked["rows"])
    return {name: np.asarray(drawn.data[name]) for name in names}


def _measurement(mbi: Any, one: dict[str, Any]) -> Any:
    """Each cell by its own error."""
    weights = 1 / np.asarray(one["errors"], dtype=float)
    return mbi.LinearMeasurement(
        np.asarray(one["counts"], dtype=float) * weights,
        tuple(one["names"]),
        stddev=1.0,
        query=mbi.marginal_loss.WeightedQuery(weights),
    )


if __name__ == "__main__":
    _main()
