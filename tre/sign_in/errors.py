"""What can go wrong at the door? Sentences that never say whether an account exists.

ServiceError
├── WrongCredentials  this address and this password do not belong together
└── TooManyAttempts   guessing is slowed down
"""

from __future__ import annotations

from tre.errors import ServiceError


class WrongCredentials(ServiceError):
    public = "The email address or the password is not right."
    code = "wrong-credentials"
    status = 422


class TooManyAttempts(ServiceError):
    public = "There were too many attempts to sign in. Wait 15 minutes and try again."
    code = "too-many-attempts"
    status = 429
