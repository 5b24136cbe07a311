"""Which operations failed and how: the class where it is known, the deadline where it is not."""

from __future__ import annotations

import numpy as np

from bot.engine.deadline import at_deadline
from bot.model.frame import BoolArray, Frame

NO_CLASS = ("unknown", "_OTHER", "")


def failed(frame: Frame) -> BoolArray:
    """Operations that failed; a client that went away is not a failure of the operation."""
    return (frame.equals("status", "error") | frame.text("error_class").recorded) & ~frame.equals("error_class", "cancelled")


def unlabelled(frame: Frame) -> BoolArray:
    """Failed operations whose error class nobody recorded."""
    return failed(frame) & (~frame.text("error_class").recorded | frame.equals("error_class", *NO_CLASS))


def timed_out(frame: Frame) -> BoolArray:
    """Labelled timeouts, and unlabelled failures at the common deadline; also calls that their own caller cancelled there.

    Users who go away do so at any time: cancelled calls that pile up at one constant were given up by a deadline.
    """
    labelled, took, bad = frame.equals("error_class", "timeout"), frame.number("duration_ms"), failed(frame)
    cancelled = frame.equals("error_class", "cancelled")
    return labelled | at_deadline(took, bad, unlabelled(frame)) | at_deadline(took, bad | cancelled, cancelled)


def of_class(frame: Frame, *classes: str) -> BoolArray:
    return frame.equals("error_class", *classes)


def labelled_share(frame: Frame, among: BoolArray) -> float:
    """Share of failed operations whose class is known; 1 when nothing failed."""
    bad = failed(frame) & among
    total = int(bad.sum())
    return 1.0 if total == 0 else 1.0 - float((unlabelled(frame) & among).sum()) / total


def rows(frame: Frame) -> BoolArray:
    return np.ones(frame.n, dtype=np.bool_)
