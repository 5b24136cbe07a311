"""One tree of errors; the docstring of a class is its message when none is given.

MidwatchError
├── BadInput            what the caller handed in is wrong: exit 2, HTTP 4xx
│   ├── BadBundle
│   ├── BadPage
│   └── BadSettings
├── NotAllowed          signature, token or permission: HTTP 401/403
├── SourceUnavailable   a back end did not answer, or refused: the flow goes on with a gap
└── Refused             a surface (Slack) will never accept this payload; trying again is no use
"""


class MidwatchError(Exception):
    """Midwatch failed."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class BadInput(MidwatchError):
    """The input cannot be read; `place` names the file and the line or key in it."""

    def __init__(self, message: str | None = None, *, place: str | None = None) -> None:
        super().__init__(message)
        self.place = place

    def __str__(self) -> str:
        said = super().__str__()
        return f"{self.place}: {said}" if self.place else said


class BadBundle(BadInput):
    """The incident bundle cannot be read."""


class BadPage(BadInput):
    """The page body cannot be read."""


class BadSettings(BadInput):
    """The configuration cannot be used."""


class NotAllowed(MidwatchError):
    """The signature or token is missing or wrong."""


class SourceUnavailable(MidwatchError):
    """A back end did not answer."""

    def __init__(self, message: str | None = None, *, source: str = "", asked: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.source = source
        self.retry_after = retry_after  # seconds before which asking again is no use; None = it did not say
        self.asked = asked  # the exact query and window, so that a person can ask it again by hand


class Refused(MidwatchError):
    """The surface refused the payload for good."""
