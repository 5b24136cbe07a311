"""What is said back to a question: in the format of contract.md section 3 (`midwatch ask`)."""

from pydantic import Field

from bot.model.report import Span
from bot.model.value import Value


class Fresh(Value):
    """One aggregate made for a question, beside the report: cited as Q1, Q2, ... within one reply. `label`: what a chart calls it."""

    id: str
    claim: str
    label: str = ""
    numbers: dict[str, float | int | str | None] = Field(default_factory=dict)
    n: int
    window: Span | None = None
    baseline: Span | None = None


class Reply(Value):
    """`evidence`: ids of the report's findings that the answer rests on. `queries` and what follows extend the contract.

    `also` are the intents of further questions in the same message, which `answer` answers too; `clarify` are the two readings of a
    question that could be meant either way; `picture` names a chart that shows more than words: "signal", the paged signal over time;
    "latency" likewise; "parts", before and after of the counted parts; "cost", before and after of what a request costs.
    """

    intent: str
    slots: dict[str, str] = Field(default_factory=dict)
    answer: str
    evidence: tuple[str, ...] = ()
    refused: bool = False
    queries: tuple[Fresh, ...] = ()
    also: tuple[str, ...] = ()
    clarify: tuple[str, ...] = ()
    picture: str | None = None

    def document(self) -> dict[str, object]:
        return self.model_dump(mode="json")
