"""The shelf of a service: by words from the first second, by meaning once it is ready; what cannot be had is said, and tried again."""

import asyncio
import logging
import time
from pathlib import Path

import pytest

from bot.backends.shelf_live import live_shelf

NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "books"
    root.mkdir()
    for name, title, body in (
        ("lag", "Replication lag", "The standby is behind the primary; look at long transactions."),
        ("queue", "Mail queue grows", "The relay refuses; check its certificate and the block list."),
        ("locks", "Lock waits", "Sessions wait for each other; find the oldest transaction and end it."),
    ):
        (root / f"{name}.md").write_text(f"# {title}\n\n{body}\n")
    return root


async def found(folder: Path, at: Path, caplog: pytest.LogCaptureFixture, choice: str, said: int) -> list[str]:
    """Opens the shelf, waits until the log holds `said` lines, asks; what the log says."""
    caplog.set_level(logging.WARNING, logger="bot.backends.shelf_live")
    async with live_shelf(folder, at, choice, "m", None, again_s=0.01) as live, asyncio.timeout(20):
        assert [hit.id for hit in await live.search("Mail queue grows", 3, NOBODY)][:1] == ["queue"]
        while len(caplog.messages) < said:
            await asyncio.sleep(0.01)
        assert [hit.id for hit in await live.search("Mail queue grows", 3, NOBODY)][:1] == ["queue"]
    return caplog.messages


async def test_by_words_when_that_is_what_was_chosen(folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert await found(folder, tmp_path / "index", caplog, "lexical", 0) == []


async def test_an_embedder_that_does_not_answer_is_said_and_asked_again(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    said = await found(folder, tmp_path / "index", caplog, "http://127.0.0.1:9/v1/embeddings", 2)
    assert "searched by words alone" in said[0]
    assert "embeddings" in said[0]


@pytest.mark.real
@pytest.mark.filterwarnings("ignore")
async def test_half_a_model_is_said(folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "modules.json").write_text("[]")
    (model / "model.safetensors").write_bytes(b"none")
    said = await found(folder, tmp_path / "index", caplog, str(model), 1)
    assert "the model cannot be loaded" in said[0]


@pytest.mark.real
@pytest.mark.filterwarnings("ignore")
async def test_the_first_question_finds_the_model_loaded(folder: Path, tmp_path: Path) -> None:
    async with live_shelf(folder, tmp_path / "index", "local", "m", None) as live, asyncio.timeout(120):
        by_words = live.shelf
        while live.shelf is by_words:
            await asyncio.sleep(0.05)
        started = time.perf_counter()
        assert [hit.id for hit in await live.search("Mail queue grows", 3, NOBODY)][:1] == ["queue"]
        assert time.perf_counter() - started < 1.0  # loading the model takes five
