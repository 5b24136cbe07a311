"""Cards as pictures: blocks -> slack-blocks-to-jsx -> HTML -> Chromium -> PNG, cropped to the card."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from bot.slack.blocks.kit import Message

HERE = Path(__file__).parent
WIDTH, HEIGHT = 620, 2400  # CSS pixels: a message column on a laptop; the picture is cropped to what is drawn
SCALE = 2  # device pixels: sharp in a README
COLOURS = 64  # a card has a dozen and their shades
MARGIN = 16  # device pixels left around the card


def missing() -> str:
    """What has to be installed before pictures can be made; empty when all is there."""
    if not (HERE / "node_modules" / "slack-blocks-to-jsx").is_dir():
        return "npm packages: npm ci --prefix tests/render"
    return "" if shutil.which("chromium") and shutil.which("node") else "node and chromium"


def pictures(messages: Mapping[str, Message], into: Path) -> tuple[Path, ...]:
    """One PNG a message, `card-<name>.png`."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        cards = [{"name": name, "text": message.text, "blocks": list(message.blocks)} for name, message in messages.items()]
        program = ["node", str(HERE / "page.mjs"), folder]
        subprocess.run(program, input=json.dumps({"cards": cards}), text=True, check=True, timeout=60)
        return tuple(_shot(Path(folder) / f"{name}.html", into / f"card-{name}.png") for name in messages)


def _shot(page: Path, target: Path) -> Path:
    raw = page.with_suffix(".png")
    program = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--force-device-scale-factor={SCALE}"]
    program += [f"--user-data-dir={page.parent / 'profile'}", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={raw}", page.as_uri()]
    subprocess.run(program, check=True, timeout=120, capture_output=True)
    with Image.open(raw) as shot:
        picture = shot.convert("RGB")
    drawn = np.where((np.asarray(picture) < 250).any(axis=2).any(axis=1))[0]
    cropped = picture.crop((0, 0, picture.width, min(int(drawn[-1]) + MARGIN, picture.height)))
    cropped.quantize(COLOURS).save(target, optimize=True)
    return target
