"""Who pressed what: the few fields of Slack's interaction payloads that are used, read with care."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import BadInput

ID_LENGTH = 64  # characters of an incident id or a Slack id; real ones have under 20


@dataclass(frozen=True)
class Person:
    """Who acts. `team` is the person's own workspace, `here` the one the app is installed in; "" = not said."""

    user: str
    team: str
    here: str


@dataclass(frozen=True)
class Click:
    """`channel` is "" where Slack does not say one (a submitted modal)."""

    person: Person
    incident_id: str
    channel: str
    trigger_id: str


@dataclass(frozen=True)
class Answer:
    """What was filled into the modal that asks what it really was."""

    cause: str
    note: str


def pressed(body: Mapping[str, object]) -> Click:
    """A `block_actions` payload; BadInput when it is not one."""
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else {}
    place = _map(body.get("container")).get("channel_id") or _map(body.get("channel")).get("id")
    value = _map(first).get("value") or _map(_map(first).get("selected_option")).get("value")  # of a button, or of a menu
    return Click(person_of(body), _id(value), _text(place), _text(body.get("trigger_id"), 200))


def submitted(body: Mapping[str, object]) -> Click:
    """A `view_submission` payload: the incident's id is the view's private metadata."""
    return Click(person_of(body), _id(_map(body.get("view")).get("private_metadata")), "", _text(body.get("trigger_id"), 200))


def answer(body: Mapping[str, object], cause: tuple[str, str], note: tuple[str, str]) -> Answer:
    """`cause` and `note` are (block_id, action_id) of the two inputs; what was left out is ""."""
    values = _map(_map(_map(body.get("view")).get("state")).get("values"))
    chosen = _map(_map(_map(values.get(cause[0])).get(cause[1])).get("selected_option")).get("value")
    typed = _map(_map(values.get(note[0])).get(note[1])).get("value")
    return Answer(_text(chosen, 150), _text(typed, 3000))


def person_of(body: Mapping[str, object]) -> Person:
    """Who acts, in any interaction; BadInput when it does not say."""
    user, team = _map(body.get("user")), _map(body.get("team"))
    return Person(_id(user.get("id")), _text(user.get("team_id")), _text(team.get("id")))


def _id(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= ID_LENGTH:
        raise BadInput("an interaction without user or incident")
    return value


def _text(value: object, cap: int = ID_LENGTH) -> str:
    return value[:cap] if isinstance(value, str) else ""


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
