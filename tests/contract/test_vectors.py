"""One suite for ports.Vectors, on the twin and on Chroma."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from bot.backends.vectors_chroma import chroma_vectors, readable
from bot.errors import SourceUnavailable
from bot.model.runbook import Passage
from bot.ports import Vectors
from tests.fakes_shelf import MemoryVectors, cosine

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Chroma's own imports


@pytest.fixture(params=["memory", "chroma"])
async def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Vectors]:
    if request.param == "memory":
        yield MemoryVectors()
    else:
        async with chroma_vectors(tmp_path / "chroma", "words-64") as store:
            yield store


def passage(id_: str, *groups: str) -> Passage:
    return Passage(
        id=id_, path=f"{id_}.md", title=id_.title(), heading="Confirm", text=f"text of {id_}", causes=("tool.loop",), groups=groups
    )


async def test_what_was_put_comes_back_best_first(vectors: Vectors) -> None:
    one, two = passage("one"), passage("two")
    await vectors.put([one, two], [(1.0, 0.0), (0.6, 0.8)])
    found = await vectors.near((1.0, 0.0), 5, frozenset())
    assert [hit[0] for hit in found] == ["one", "two"]
    assert [hit[1] for hit in found] == pytest.approx([1.0, 0.6], abs=1e-5)


async def test_an_empty_store_finds_nothing(vectors: Vectors) -> None:
    assert await vectors.near((1.0, 0.0), 5, frozenset({"a"})) == ()
    assert await vectors.ids() == frozenset()


async def test_a_member_of_no_group_reads_what_is_open_to_all(vectors: Vectors) -> None:
    await vectors.put([passage("open"), passage("kept", "security")], [(0.0, 1.0), (1.0, 0.0)])
    assert [hit[0] for hit in await vectors.near((1.0, 0.0), 5, frozenset())] == ["open"]


async def test_a_member_of_one_of_the_groups_reads_it(vectors: Vectors) -> None:
    await vectors.put([passage("open"), passage("kept", "legal", "security"), passage("other", "hr")], [(0.0, 1.0), (1.0, 0.0), (1.0, 0.1)])
    assert [hit[0] for hit in await vectors.near((1.0, 0.0), 5, frozenset({"security", "ops"}))] == ["kept", "open"]


async def test_putting_an_id_again_replaces_it(vectors: Vectors) -> None:
    await vectors.put([passage("one")], [(1.0, 0.0)])
    await vectors.put([passage("one", "security")], [(0.0, 1.0)])
    assert await vectors.ids() == frozenset({"one"})
    assert await vectors.near((1.0, 0.0), 5, frozenset()) == ()


async def test_what_was_removed_is_gone(vectors: Vectors) -> None:
    await vectors.put([passage("one"), passage("two")], [(1.0, 0.0), (0.0, 1.0)])
    await vectors.remove(["one", "never there"])
    assert await vectors.ids() == frozenset({"two"})


async def test_putting_and_removing_nothing_is_nothing(vectors: Vectors) -> None:
    await vectors.put([], [])
    await vectors.remove([])
    assert await vectors.ids() == frozenset()


async def test_the_nearest_are_the_exact_nearest_on_a_shelf_of_a_thousand_with_a_filter(vectors: Vectors) -> None:
    rows = np.random.default_rng(7).normal(size=(1000, 64))
    rows += np.repeat(np.random.default_rng(8).normal(size=(50, 64)) * 2, 20, axis=0)  # clustered, as passages of one document are
    passages = [passage(f"p{i:04d}", *(["few"] if i % 10 == 0 else [])) for i in range(1000)]
    await vectors.put(passages, rows.tolist())
    kept = 0
    for query in rows[:20] + 0.1:
        exact = sorted((i for i in range(1000) if i % 10), key=lambda i: -cosine(query, rows[i]))[:10]
        found = await vectors.near(query.tolist(), 10, frozenset())
        kept += len({f"p{i:04d}" for i in exact} & {hit[0] for hit in found})
    assert kept >= 0.97 * 200


async def test_chroma_keeps_vectors_between_openings_and_apart_by_embedder(tmp_path: Path) -> None:
    async with chroma_vectors(tmp_path, "one") as store:
        await store.put([passage("one")], [(1.0, 0.0)])
    async with chroma_vectors(tmp_path, "one") as store:
        assert await store.ids() == frozenset({"one"})
    async with chroma_vectors(tmp_path, "two") as store:
        assert await store.ids() == frozenset()
        await store.put([passage("one")], [(1.0, 0.0, 0.0)])


async def test_what_chroma_refuses_is_a_source_that_did_not_answer(tmp_path: Path) -> None:
    async with chroma_vectors(tmp_path, "one") as store:
        await store.put([passage("one")], [(1.0, 0.0)])
        with pytest.raises(SourceUnavailable, match="vector store"):
            await store.near((1.0, 0.0, 0.0), 5, frozenset())


def test_the_filter_of_a_person_in_no_group_is_not_an_empty_list() -> None:
    assert readable(frozenset()) == {"public": True}
