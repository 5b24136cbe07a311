"""What a narrator is given and gives back: facts under ids, and claims that cite them. Plain language about findings, never a finding."""

from pydantic import Field

from bot.model.value import Value


class Fact(Value):
    """One thing that may be said. `text` and `numbers` are redacted and as people read them ("12 %", "1,311")."""

    id: str  # a finding's F1, F2, ...; verdict, onset, slice and impact for what the report concludes
    text: str
    numbers: dict[str, str] = Field(default_factory=dict)


class Brief(Value):
    """All that a narrator learns. `question` is a person's, redacted; "" = the incident's summary is asked for."""

    facts: tuple[Fact, ...]
    question: str = ""


class Claim(Value):
    """A sentence and the ids of the facts it rests on."""

    text: str
    evidence: tuple[str, ...]


class Draft(Value):
    """What came back, unchecked. `tokens`: what it cost, prompt and completion."""

    claims: tuple[Claim, ...]
    tokens: int = 0


class Narration(Value):
    """Claims that passed every rule of wording.narration, and the name of the model that worded them."""

    claims: tuple[Claim, ...]
    model: str
