"""How does a researcher's own Python ask questions? Through one class, over the public API.

It depends on nothing of the service: install ``httpx`` and ``pandas`` and copy this folder.
"""

from tre.client.client import Client
from tre.client.errors import (
    Fault,
    NotFound,
    NotPermitted,
    Problem,
    Recalled,
    Refused,
    Tampered,
    TimedOut,
    Unreachable,
)
from tre.client.values import Preview, Release, Submission

__all__ = [
    "Client",
    "Fault",
    "NotFound",
    "NotPermitted",
    "Preview",
    "Problem",
    "Recalled",
    "Refused",
    "Release",
    "Submission",
    "Tampered",
    "TimedOut",
    "Unreachable",
]
