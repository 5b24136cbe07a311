"""Somebody else's renderer and a real browser show the card: what we meant is what they draw."""

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.slack.blocks.card import card
from bot.slack.blocks.home import home_view
from bot.slack.blocks.thread import evidence_reply, ruled_out_reply
from tests.render.picture import HERE, missing, pictures
from tests.slack import samples

pytestmark = [pytest.mark.real, pytest.mark.skipif(bool(missing()), reason=f"needs {missing()}")]

FAULT = samples.incident(report=samples.FAULT)
MESSAGES = {
    "fault": card(FAULT),
    "no-fault": card(samples.incident(report=samples.NO_FAULT)),
    "insufficient-data": card(samples.incident(report=samples.INSUFFICIENT)),
    "triaging": card(*samples.triaging()),
    "evidence": evidence_reply(FAULT, samples.FAULT),
    "ruled-out": ruled_out_reply(FAULT, samples.FAULT),
}


def shown(page: Path) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.read_text(), flags=re.S).split())


def test_every_word_of_the_cards_is_drawn(tmp_path: Path):
    cards = [{"name": name, "blocks": list(message.blocks)} for name, message in MESSAGES.items()]
    subprocess.run(["node", str(HERE / "page.mjs"), str(tmp_path)], input=json.dumps({"cards": cards}), text=True, check=True, timeout=60)
    fault = shown(tmp_path / "fault.html")
    for expected in (
        "Most likely Retrieval: timeout",
        "source_id = kb-search",
        "n 1,440",
        "route reads of kb-search",
        "Acknowledge",
        "Open runbook",
    ):
        assert expected in fault
    assert "No fault found: mix shift" in shown(tmp_path / "no-fault.html")
    assert "missing error.class" in shown(tmp_path / "insufficient-data.html")
    assert "6 of 18 checks" in shown(tmp_path / "triaging.html")
    assert "Searches of tickets are unchanged" in shown(tmp_path / "evidence.html")
    assert "not a suspect" in shown(tmp_path / "ruled-out.html")


def test_strange_text_is_drawn_as_text(tmp_path: Path):
    title = "<img src=x onerror=alert(1)> <!channel> *bold* [l](http://evil.example) :boom:"
    cards = [{"name": "strange", "blocks": list(card(samples.incident(title=title)).blocks)}]
    subprocess.run(["node", str(HERE / "page.mjs"), str(tmp_path)], input=json.dumps({"cards": cards}), text=True, check=True, timeout=60)
    assert "<img src=x" not in (tmp_path / "strange.html").read_text()


def test_every_part_of_the_home_tab_is_drawn(tmp_path: Path):
    blocks = home_view(samples.homepage())["blocks"]
    cards = json.dumps({"cards": [{"name": "home", "blocks": blocks}]})
    subprocess.run(["node", str(HERE / "page.mjs"), str(tmp_path)], input=cards, text=True, check=True, timeout=60)
    drawn = shown(tmp_path / "home.html")
    for expected in ("2 open incidents", "Retrieval: timeout", "night-07", "In grace: secondary", "no Prometheus"):
        assert expected in drawn
    assert 'href="https://example.slack.com/archives/C1/p7"' in (tmp_path / "home.html").read_text()


def test_the_fault_card_fits_one_screen_of_a_laptop(tmp_path: Path):
    fault, triaging = pictures({name: MESSAGES[name] for name in ("fault", "triaging")}, tmp_path)
    with Image.open(fault) as picture, Image.open(triaging) as smaller:
        image = np.asarray(picture.convert("RGB"))
        assert smaller.height < picture.height
    assert image.shape[0] / 2 < 720  # two device pixels a CSS pixel; 720 is what a laptop leaves a message
    assert (image < 128).all(axis=2).mean() > 0.01
