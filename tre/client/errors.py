"""What can go wrong for a caller of the service?

Problem             the service said no; ``code`` is stable, ``detail`` a sentence
├── Refused         the dataset does not answer this question; the text shows where
├── NotPermitted    the token, a rule or a gate does not let you
├── NotFound        there is nothing here for you
├── Recalled        the release was taken back; ``reason`` says why, ``successor`` what to use
└── Fault           something went wrong on the service's side
Unreachable         no answer came from the address
TimedOut            the submission had not ended when the patience did
Tampered            a file arrived that is not the one that was approved
"""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    def __init__(self, members: dict[str, Any]) -> None:
        self.members = members
        self.code = str(members.get("code", "fault"))
        self.status = int(members.get("status", 0))
        super().__init__(self.sentence())

    def sentence(self) -> str:
        lines = [f"{self.members.get('title', 'Problem')}: {self.members.get('detail', '')}"]
        lines += [f"- {gate.get('reason')}" for gate in self.members.get("gates", [])]
        lines += [
            f"- {error.get('where')}: {error.get('message')}"
            for error in self.members.get("errors", [])
        ]
        return "\n".join(lines)


class Refused(Problem):
    def sentence(self) -> str:
        return "\n".join(
            [
                str(self.members.get("title")),
                *(f"- {_placed(problem)}" for problem in self.members.get("problems", [])),
            ]
        )


class NotPermitted(Problem):
    pass


class NotFound(Problem):
    pass


class Recalled(Problem):
    @property
    def reason(self) -> str:
        return str(self.members.get("reason", ""))

    @property
    def successor(self) -> str | None:
        """The id of the release that takes its place."""
        address = self.members.get("successor")
        return None if address is None else str(address).rpartition("/")[2]

    def sentence(self) -> str:
        return f"{super().sentence()}\n- {self.reason}"


class Fault(Problem):
    pass


class Unreachable(Exception):
    pass


class TimedOut(Exception):
    pass


class Tampered(Exception):
    pass


def _placed(problem: dict[str, Any]) -> str:
    """The sentence and its place: a line and column of the text, or a path of the form."""
    place = problem.get("where")
    return f"{problem.get('message')}" + (f" ({place})" if place else "")


FIRST_FAULT = 500
BY_CODE: dict[str, type[Problem]] = {"query-refused": Refused, "recalled": Recalled}
BY_STATUS: dict[int, type[Problem]] = {401: NotPermitted, 403: NotPermitted, 404: NotFound}


def problem_of(members: dict[str, Any], *, status: int) -> Problem:
    """The most telling class for a problem+json document."""
    members = {"status": status, **members}
    by_status = Fault if status >= FIRST_FAULT else BY_STATUS.get(status, Problem)
    return BY_CODE.get(str(members.get("code")), by_status)(members)
