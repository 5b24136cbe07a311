"""One line of the audit log: who did what to what, when, and whether it was let. Never what a secret or a page said."""

from enum import StrEnum

from bot.model.value import Moment, Value


class Result(StrEnum):
    DONE = "done"
    REFUSED = "refused"


class AuditEntry(Value):
    """`actor`: `slack:<user>`, `source:<name>`, `address:<ip>` or `midwatch`. `action`: a noun and what was done to it."""

    at: Moment
    actor: str
    action: str
    object: str
    result: Result
    detail: str = ""
