"""Supporting tests as sentences for people."""

import pytest

from bot.engine.corroboration import onset_clue
from bot.triage.findings import sentence


@pytest.mark.parametrize(
    ("own", "said"),
    [((990.0, 1010.0), "began with the paged signal"), ((1600.0, 1700.0), "began with the paged signal, 9 min apart")],
)
def test_an_onset_is_told_in_minutes(own: tuple[float, float], said: str):
    clue = onset_clue((1000.0, 1060.0), own)
    assert clue is not None
    assert sentence(clue) == said
