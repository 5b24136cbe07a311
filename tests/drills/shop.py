"""A workshop whose one incident is triaged already: the replica that was lost."""

from pathlib import Path

import yaml

from bot.drills.exercise import Seen, Workshop
from bot.evaluation.answer import blaming
from tests.drills.keys import NOW, key, report, words

TRUTH = {
    "verdict": "fault",
    "layer": "retrieval",
    "causes": ["retrieval.timeout"],
    "slice": {"source_id": "kb-search"},
    "onset": "2026-03-01T22:04:00Z",
    "red_herrings": ["c-banner", "c-app"],
    "happened": "A replica was lost.",
}


def shop(home: Path) -> Workshop:
    """With the drill `lost-night`, frozen."""
    folder = home / "lost-night"
    folder.mkdir(parents=True)
    (folder / "bundle.yaml").write_text("source: generic\n")
    (folder / "truth.yaml").write_text(yaml.safe_dump(TRUTH))
    made = key()

    async def replay(_: Path) -> Seen:
        return Seen(made.page, report(), made.changes, NOW, blaming("model.provider_incident"))

    return Workshop(home, replay, words())
