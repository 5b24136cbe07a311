"""The workshop of drills on this machine, for the commands that play and decide them."""

from __future__ import annotations

from pathlib import Path

from bot.backends.replay import replayed
from bot.drills.exercise import Seen, Workshop
from bot.drills.marking.key import vocabulary
from bot.settings import drill_folder, runbook_folder
from bot.shelf.read import read_folders
from bot.shelf.shelf import Shelf


def workshop(folder: Path | None) -> Workshop:
    """Drills on this machine's own parts."""
    books = runbook_folder()
    shelf = Shelf([one.runbook for one in read_folders([books]).documents]) if books else None

    async def replay(path: Path) -> Seen:
        return await replayed(path, shelf)

    return Workshop(folder or drill_folder(), replay, vocabulary(shelf.runbooks if shelf else ()))
