"""What can go wrong on the way out? Everything here means: nothing leaves.

    DisclosureError
    ├── Leak            a value was asked of something that does not show values
    ├── Refused         the policy does not let this table leave
    │   └── NotProtected    no way to protect its totals was found in time
    ├── PolicyInvalid   a rule set is malformed or too weak to publish under
    ├── AccountingError the noise would cost more than was granted
    └── Malformed       a stored output cannot be read back

Each class has ``public``, one fixed sentence; ``detail`` is for the audit log only.
"""

from __future__ import annotations


class DisclosureError(Exception):
    """Base class. ``public`` never holds a value from data; ``detail`` may, and is not shown."""

    public = "This output cannot leave."

    def __init__(self, detail: str = "") -> None:
        super().__init__(self.public)
        self.detail = detail


class Leak(DisclosureError):
    public = "Unprotected values cannot be shown, stored or passed on."


class Refused(DisclosureError):
    public = "The disclosure policy of this dataset does not let this output leave."


class NotProtected(Refused):
    """Always in the same words: why depends on values."""

    def __init__(self) -> None:
        super().__init__("a table with totals was not protected in its time")


class PolicyInvalid(DisclosureError):
    """Carries every fault, since a policy is public: ``faults`` may be shown to its author."""

    public = "This disclosure policy is not valid."

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class AccountingError(DisclosureError):
    public = "The noise for this output would cost more than was granted."


class Malformed(DisclosureError):
    public = "This stored output cannot be read."
