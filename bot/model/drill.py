"""A drill that was played and marked: what marking hands to storing, repeating and readiness."""

from enum import StrEnum

from pydantic import Field, JsonValue

from bot.model.incident import MessageRef
from bot.model.value import Moment, Value


class DrillType(StrEnum):
    """The types of the catalogue, section 5.2, that a program can mark."""

    FLASH_CARD = "D1"
    TRACE_READ = "D2"
    PAIRS = "D3"
    TWO_WINDOWS = "D4"
    PAGE = "D5"  # the 2am page, the core
    RED_HERRING = "D6"
    ROLLBACK = "D7"
    COST_BURN = "D8"
    TELEMETRY_GAP = "D9"
    WHEEL = "D10"  # wheel of misfortune, a group with a game master


class Competency(StrEnum):
    """What a drill trains (catalogue 5.1)."""

    REQUEST_MAP = "K1"
    ORIGIN = "K2"  # origin and symptom told apart
    MODEL = "K3"
    PROMPT = "K4"
    RETRIEVAL = "K5"
    TOOL = "K6"
    ECONOMICS = "K7"
    STATISTICS = "K8"
    MEASUREMENT = "K9"  # whether the instruments can be trusted
    SAFETY = "K10"
    MITIGATION = "K11"
    COMMUNICATION = "K12"


class Part(Value):
    """One line of a mark: `points` given (negative: a penalty) of at most `of`, and why, with the evidence it rests on."""

    name: str  # layer, cause, slice, onset, evidence, action, verify, status, time, confidence, hints, or a penalty's name
    points: float
    of: float
    why: str
    evidence: tuple[str, ...] = ()  # finding ids of the scenario's report, change ids, or keys of the truth


class MarkedDrill(Value):
    """One participant's marked drill. `score` is 0..100 and the sum of the parts."""

    participant: str  # the id the surface knows a person by (Slack: U...)
    scenario: str  # name of the scenario in playbooks/drills, or of a frozen bundle
    seed: int = 0  # which of the scenario's products was drawn; 0 where it was frozen
    drill_type: DrillType
    cause: str | None  # of the truth: `retrieval.timeout`, `none.mix_shift`, or None where the right answer was to abstain
    competencies: tuple[Competency, ...]
    score: float
    parts: tuple[Part, ...]
    passed: bool
    layer_right: bool  # the layer, the no-fault verdict or the abstention was right: what the gate counts (catalogue 5.5)
    confidence: float | None = None  # as the participant said it, 0.5..0.99
    seconds: float | None = None  # from the page to the answer
    at: Moment

    def part(self, name: str) -> Part | None:
        return next((one for one in self.parts if one.name == name), None)


class Dispute(Value):
    """A participant says the mark is wrong; a person decides."""

    number: int = 0  # of the dispute
    drill: str
    participant: str
    said: str
    at: Moment
    decided_by: str | None = None
    decision: str | None = Field(default=None, max_length=2000)
    decided_at: Moment | None = None
    score: float | None = None  # what the person who decided gives instead; None = the mark stands


class OpenDrill(Value):
    """A drill that people can take part in: what was drawn, and where it stands."""

    id: str = Field(min_length=1, max_length=200)  # the same in every replica and after a crash
    scenario: str
    seed: int
    channel: str
    message: MessageRef | None = None
    people: tuple[str, ...] = ()  # who was asked; empty = whoever likes
    opened_at: Moment
    closed_at: Moment | None = None


class Sitting(Value):
    """One participant in one drill: what they asked for, and what they answered. `told`: their mark has reached them."""

    drill: str
    participant: str
    begun_at: Moment
    asked: tuple[str, ...] = ()
    hints: int = 0
    answers: dict[str, JsonValue] | None = None  # as they were given: a mark can be made again from them
    answered_at: Moment | None = None
    told: bool = False
