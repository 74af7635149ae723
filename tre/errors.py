"""What can go wrong in the service? Every class has one fixed public sentence.

    ServiceError
    ├── NotFound             no such thing, or not for this person (the two look the same)
    ├── NotPermitted         this person may see it but may not do that
    ├── GatesClosed          a gate of the project, dataset or budget is closed: which, and why
    ├── Recalled             a release that was taken back: why, and what takes its place
    ├── NotYetInLog          a release that no checkpoint of the log covers yet
    ├── BudgetExceeded       a conditional charge found too little left
    ├── TrackClosed          the dataset does not open this track (any more)
    ├── EdgeNotAllowed       the state of a question does not allow this step (any more)
    ├── ArtefactsChanged     an approval or a release named other bytes than those on record
    ├── LimitReached         a person has as many of something as anybody may
    ├── IdempotencyConflict  a key was used before, for another request
    ├── Incomplete           a field that is needed is empty or too long
    ├── NoTwin               a dataset has no synthetic twin, or not yet: why
    ├── LeaseLost            another worker holds this job now
    └── ConfigurationError   the settings of this installation are unsafe or incomplete

``public`` may be shown to anybody; ``detail`` goes to the audit log only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime

    from tre.gates import Gate


class ServiceError(Exception):
    """Base class. ``status`` is what a web page or the API answers with."""

    public = "The service could not do that."
    code = "service-error"
    status = 500

    def __init__(self, detail: str = "") -> None:
        super().__init__(self.public)
        self.detail = detail


class NotFound(ServiceError):
    public = "This does not exist, or you cannot see it."
    code = "not-found"
    status = 404


class NotPermitted(ServiceError):
    """``reason``, which is then ``public``, is one of the fixed sentences of the permissions."""

    public = "You cannot do this."
    code = "not-permitted"
    status = 403

    def __init__(self, reason: str = "") -> None:
        self.public = self.reason = reason or type(self).public
        super().__init__(reason)


class GatesClosed(ServiceError):
    """``gates`` holds every closed gate, with its public reason and remedy."""

    public = "This query cannot go ahead yet."
    code = "gates-closed"
    status = 409

    def __init__(self, gates: tuple[Gate, ...]) -> None:
        super().__init__(", ".join(gate.id for gate in gates))
        self.gates = gates


class Recalled(ServiceError):
    """``reason`` is public; ``successor_id`` is the release that takes its place, if any."""

    public = "This release was recalled: do not use its numbers."
    code = "recalled"
    status = 410

    def __init__(
        self, release_id: str, *, reason: str, successor_id: str | None, at: datetime.datetime
    ) -> None:
        super().__init__(release_id)
        self.reason = reason
        self.successor_id = successor_id
        self.at = at


class NotYetInLog(ServiceError):
    public = "This table was released a moment ago and is being entered in the log."
    code = "not-yet-in-log"
    status = 503


class BudgetExceeded(ServiceError):
    public = "There is not enough privacy budget left for this query."
    code = "budget-exceeded"
    status = 409


class TrackClosed(ServiceError):
    public = "This track is not open on this dataset."
    code = "track-closed"
    status = 409


class EdgeNotAllowed(ServiceError):
    public = "This query has moved on, so that step is no longer possible."
    code = "state-moved"
    status = 409


class ArtefactsChanged(ServiceError):
    public = "The output on record is not the one that you looked at. Look at it again."
    code = "artefacts-changed"
    status = 409


class RegisterMoved(ServiceError):
    public = "Another exact table of this dataset was admitted meanwhile."
    code = "register-moved"
    status = 409


class MayNotLeave(ServiceError):
    public = (
        "This table cannot leave together with what has already left the dataset. Reject it: its"
        " author is told so, and nothing else."
    )
    code = "may-not-leave"
    status = 409


class LimitReached(ServiceError):
    public = "You have as many of these as anybody may: end one first."
    code = "limit-reached"
    status = 409


class IdempotencyConflict(ServiceError):
    public = "This idempotency key was used before, for a different request."
    code = "idempotency-conflict"
    status = 409


class Incomplete(ServiceError):
    """``field`` names what is missing or too long; ``sentence``, then ``public``, says it."""

    public = "Something that is needed is missing or too long."
    code = "incomplete"
    status = 422

    def __init__(self, field: str, sentence: str) -> None:
        self.public = self.sentence = sentence
        self.field = field
        super().__init__(field)


class NoTwin(ServiceError):
    """``reason``, which is then ``public``, is a sentence of public facts."""

    public = "This dataset has no synthetic twin."
    code = "no-twin"
    status = 409

    def __init__(self, reason: str = "") -> None:
        self.public = self.reason = reason or type(self).public
        super().__init__(reason)


class LeaseLost(ServiceError):
    public = "Another worker has taken over this job."
    code = "lease-lost"


class ConfigurationError(ServiceError):
    """``faults`` are shown to whoever starts the service; they name settings, never secrets."""

    public = "The settings of this installation are unsafe or incomplete."
    code = "configuration"

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join((self.public, *(f"- {fault}" for fault in self.faults)))
