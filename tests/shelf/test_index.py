"""An index follows its files, embeds nothing twice, and belongs to one embedder."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.errors import BadInput, SourceUnavailable
from bot.shelf import index
from bot.shelf.dense import Dense
from bot.shelf.index import Built, build
from bot.shelf.read import read_folders
from tests.fakes_shelf import MemoryVectors, WordEmbedder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "books").mkdir()
    for name in ("disk", "memory", "network"):
        (tmp_path / "books" / f"{name}.md").write_text(f"# {name} trouble\n\nLook at {name}.\n\n## Fix\n\nFix {name}.\n")
    return tmp_path


async def run(folder: Path, vectors: MemoryVectors, embedder: WordEmbedder | None) -> Built:
    return await build(read_folders([folder / "books"]), folder / "index", Dense(vectors, embedder) if embedder else None)


async def test_unchanged_files_are_not_embedded_again(folder: Path) -> None:
    vectors, embedder = MemoryVectors(), WordEmbedder()
    first = await run(folder, vectors, embedder)
    again = await run(folder, vectors, embedder)
    assert (first.documents, first.passages, first.embedded) == (3, 6, 6)
    assert (again.documents, again.passages, again.embedded) == (3, 6, 0)


async def test_only_what_changed_is_embedded_and_what_is_gone_is_removed(folder: Path) -> None:
    vectors, embedder = MemoryVectors(), WordEmbedder()
    await run(folder, vectors, embedder)
    (folder / "books" / "disk.md").write_text("# disk trouble\n\nNow one passage only.\n")
    (folder / "books" / "memory.md").unlink()
    embedder.asked.clear()
    built = await run(folder, vectors, embedder)
    assert (built.documents, built.embedded) == (2, 1)
    together = "disk trouble\nNow one passage only."
    assert embedder.asked == [together, "disk trouble", "Now one passage only.", together]
    assert await vectors.ids() == {"disk.md#0", "network.md#0", "network.md#1"}


async def test_changed_permissions_reach_the_store(folder: Path) -> None:
    vectors, embedder = MemoryVectors(), WordEmbedder()
    await run(folder, vectors, embedder)
    file = folder / "books" / "disk.md"
    file.write_text("---\ngroups: [storage]\n---\n" + file.read_text())
    await run(folder, vectors, embedder)
    (vector,) = await embedder.embed(["disk"])
    assert not any(hit[0].startswith("disk.md#") for hit in await vectors.near(vector, 99, frozenset()))


async def test_another_embedder_means_all_anew_and_says_so(folder: Path) -> None:
    await run(folder, MemoryVectors(), WordEmbedder("old"))
    built = await run(folder, MemoryVectors(), WordEmbedder("new"))
    assert built.embedded == 6
    assert built.notes == ("the index was made with old, now it is new: every passage is embedded again",)
    assert index.read(folder / "index").embedder == "new"


async def test_without_an_embedder_the_index_is_words_alone(folder: Path) -> None:
    built = await run(folder, MemoryVectors(), None)
    assert (built.documents, built.passages, built.embedded) == (3, 6, 0)
    assert index.read(folder / "index").embedder == index.NO_EMBEDDER


async def test_an_index_cut_short_is_finished_by_the_next_run(folder: Path) -> None:
    class DiesHalfWay(WordEmbedder):
        async def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
            raise SourceUnavailable("gone")

    vectors = MemoryVectors()
    await run(folder, vectors, WordEmbedder())
    (folder / "books" / "disk.md").write_text("# disk trouble\n\nChanged.\n")
    with pytest.raises(SourceUnavailable):
        await run(folder, vectors, DiesHalfWay())
    assert [entry.runbook.id for entry in index.read(folder / "index").documents] == ["memory", "network"]
    built = await run(folder, vectors, WordEmbedder())
    assert (built.embedded, len(await vectors.ids())) == (1, 5)


async def test_a_store_that_lost_passages_is_filled_again(folder: Path) -> None:
    vectors = MemoryVectors()
    await run(folder, vectors, WordEmbedder())
    await vectors.remove(["disk.md#1"])
    assert (await run(folder, vectors, WordEmbedder())).embedded == 2


async def test_progress_is_told_in_texts(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    dense = Dense(MemoryVectors(), WordEmbedder())
    await build(read_folders([folder / "books"]), folder / "index", dense, lambda done, of: told.append((done, of)))
    assert told == [(0, 11), (6, 11), (11, 11)]


async def test_opening_lines_are_kept_with_the_index_and_follow_their_files(folder: Path) -> None:
    vectors, embedder = MemoryVectors(), WordEmbedder()
    await run(folder, vectors, embedder)
    first = index.openings(folder / "index", index.read(folder / "index"))
    (folder / "books" / "memory.md").unlink()
    await run(folder, vectors, embedder)
    again = index.openings(folder / "index", index.read(folder / "index"))
    assert set(first) - set(again) == {"memory.md"}
    assert all((first[path] == again[path]).all() for path in again)
    assert len(list((folder / "index").glob("openings-*"))) == 1


async def test_a_lost_file_of_opening_lines_is_named_and_made_again(folder: Path) -> None:
    vectors = MemoryVectors()
    await run(folder, vectors, WordEmbedder())
    manifest = index.read(folder / "index")
    (folder / "index" / manifest.openings).write_bytes(b"nothing of the kind")
    with pytest.raises(BadInput, match="build the index again"):
        index.openings(folder / "index", manifest)
    assert (await run(folder, vectors, WordEmbedder())).embedded == 6
    assert index.openings(folder / "index", index.read(folder / "index"))


@pytest.mark.parametrize("text", [None, "{", '{"format": 99, "embedder": "x"}', "[]"])
def test_what_is_no_index_of_ours_is_named(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / index.FILE).write_text(text)
    with pytest.raises(BadInput, match=r"midwatch runbooks index|build it again") as raised:
        index.read(tmp_path)
    assert str(tmp_path) in (raised.value.place or "")
