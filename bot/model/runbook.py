"""Runbooks as documents, passages and hits."""

from bot.model.report import NextAction
from bot.model.value import Value


class Passage(Value):
    id: str  # stable: path + heading + ordinal
    path: str
    title: str
    heading: str
    text: str
    about: str = ""  # how the runbook opens; "" for the passage that opens it
    causes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()  # who may read; empty = everyone


class Runbook(Value):
    id: str
    path: str
    title: str
    causes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    owner: str | None = None
    reviewed_on: str | None = None
    next: tuple[NextAction, ...] = ()  # what a report proposes when this runbook's cause is diagnosed
    body: str = ""
    starts: int = 1  # line of the file on which the body starts


class Hit(Value):
    path: str
    title: str
    score: float
    id: str = ""  # the runbook's id
    why: str = ""  # why it is on the list: bound to the cause, to the alert's name, or found by its words
