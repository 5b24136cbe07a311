"""Draws the cards of docs/images with another's renderer and a browser: python scripts/render_cards.py [FOLDER]."""

import asyncio
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot.cli.triage import _triage  # noqa: E402
from bot.model.incident import Incident  # noqa: E402
from bot.settings import runbook_folder  # noqa: E402
from bot.simulator.stories import story  # noqa: E402
from bot.slack.blocks.card import card  # noqa: E402
from bot.slack.blocks.home import home_view  # noqa: E402
from bot.slack.blocks.kit import Message  # noqa: E402
from bot.slack.chart import draw  # noqa: E402
from tests.render.picture import missing, pictures  # noqa: E402
from tests.slack import samples  # noqa: E402

CARDS = {
    "fault": card(samples.incident(report=samples.FAULT)),
    "no-fault": card(samples.incident(report=samples.NO_FAULT)),
    "insufficient-data": card(samples.incident(report=samples.INSUFFICIENT)),
    "triaging": card(*samples.triaging()),
    "home": Message("Home tab", tuple(home_view(samples.homepage())["blocks"])),
}


def demo() -> Incident:
    """The incident of `make demo`, as the engine sees it: nothing in this one is made up."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = story("replica-lost").write(Path(folder) / "bundle")
        report, page, _ = asyncio.run(_triage(bundle, runbook_folder()))
    return samples.incident(report=report, page=page, title=page.title, severity=page.severity)


def main() -> int:
    if missing():
        print(f"needs {missing()}", file=sys.stderr)  # noqa: T201
        return 2
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    for path in pictures(CARDS | {"demo": card(demo())}, folder):
        print(path.relative_to(folder))  # noqa: T201
    chart = draw(samples.incident(report=samples.FAULT))
    if chart is not None:
        (folder / "chart-fault.png").write_bytes(chart.png)
    return 0


if __name__ == "__main__":
    sys.exit(main())
