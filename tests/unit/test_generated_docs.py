"""Pictures and tables in docs/ say what the code says."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_journey_in_the_documentation_is_the_journey_of_the_code():
    written = runpy.run_path(str(DOCS / "generate" / "journey.py"))
    assert (DOCS / "journey.svg").read_text() == written["picture"]()
    assert (DOCS / "reference" / "lifecycle.md").read_text() == written["table"]()
