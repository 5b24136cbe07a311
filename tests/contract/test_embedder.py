"""One suite for ports.Embedder, on the twin, the cache, a server of the OpenAI shape, and (marker real) the local model."""

import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from bot.backends import embed_local
from bot.backends.embed_cache import CachedEmbedder
from bot.backends.embed_choice import chosen_embedder
from bot.backends.embed_remote import RemoteEmbedder, remote_embedder
from bot.errors import BadSettings, SourceUnavailable
from bot.ports import Embedder
from tests.fakes_shelf import WordEmbedder, cosine

real = pytest.param("local", marks=[pytest.mark.real, pytest.mark.filterwarnings("ignore")])


@pytest.fixture(params=["words", "cached", "remote", real])
async def embedder(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Embedder]:
    async with AsyncExitStack() as stack:
        match request.param:
            case "words":
                yield WordEmbedder()
            case "cached":
                yield CachedEmbedder(WordEmbedder(), tmp_path / "cache.db")
            case "remote":
                client = await stack.enter_async_context(httpx.AsyncClient(transport=httpx.ASGITransport(app=server)))
                yield RemoteEmbedder(client, "http://embeddings.test/v1/embeddings", "words")
            case _:
                yield await stack.enter_async_context(embed_local.local_embedder())


async def server(_scope: object, receive: Callable[[], object], send: Callable[[dict[str, object]], object]) -> None:
    """An OpenAI-shaped endpoint as an ASGI application; it answers out of order, and not at length 1, as it may."""
    raw = b""
    more = True
    while more:
        event = await receive()  # type: ignore[misc]
        raw += event["body"]
        more = event["more_body"]
    vectors = await WordEmbedder().embed(json.loads(raw)["input"])
    data = [{"object": "embedding", "index": i, "embedding": [3 * x for x in vector]} for i, vector in enumerate(vectors)]
    body = json.dumps({"object": "list", "data": data[::-1]}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[misc]
    await send({"type": "http.response.body", "body": body})  # type: ignore[misc]


async def test_one_vector_a_text_of_length_one_and_one_dimension(embedder: Embedder) -> None:
    vectors = await embedder.embed(["the search index lost a replica", "", "x" * 50_000])
    assert len(vectors) == 3
    assert len({len(vector) for vector in vectors}) == 1
    assert all(math.isclose(math.fsum(number * number for number in vector), 1.0, abs_tol=1e-4) for vector in vectors)


async def test_no_text_no_vector(embedder: Embedder) -> None:
    assert await embedder.embed([]) == ()


async def test_the_same_text_has_the_same_vector(embedder: Embedder) -> None:
    first = await embedder.embed(["retrieval timeouts", "the bill is up"])
    again = await embedder.embed(["the bill is up", "retrieval timeouts"])
    assert first[0] == pytest.approx(again[1], abs=1e-5)
    assert first[1] == pytest.approx(again[0], abs=1e-5)


async def test_texts_about_one_thing_are_nearer_than_texts_about_two(embedder: Embedder) -> None:
    one, other, far = await embedder.embed(
        ["search replica lost, retrieval timeout", "retrieval timeout after a lost replica", "lasagna recipe"]
    )
    assert cosine(one, other) > cosine(one, far) + 0.2


async def test_more_texts_than_one_batch_keep_their_order(embedder: Embedder) -> None:
    texts = [f"runbook about number {number}" for number in range(70)]
    vectors = await embedder.embed(texts)
    (last,) = await embedder.embed([texts[-1]])
    assert vectors[-1] == pytest.approx(last, abs=1e-5)


async def test_a_text_seen_before_is_read_from_disk(tmp_path: Path) -> None:
    inner = WordEmbedder()
    await CachedEmbedder(inner, tmp_path / "cache.db").embed(["one", "two", "one"])
    await CachedEmbedder(inner, tmp_path / "cache.db").embed(["two", "three"])
    assert inner.asked == ["one", "two", "three"]


async def test_a_cache_does_not_mix_embedders(tmp_path: Path) -> None:
    await CachedEmbedder(WordEmbedder("a"), tmp_path / "cache.db").embed(["one"])
    other = WordEmbedder("b")
    await CachedEmbedder(other, tmp_path / "cache.db").embed(["one"])
    assert other.asked == ["one"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(503), "HTTP 503"),
        (httpx.Response(307, headers={"location": "http://elsewhere.test"}), "HTTP 307"),
        (httpx.Response(200, text="<html>"), "no embeddings"),
        (httpx.Response(200, json={"data": []}), "0 vectors for 1 texts"),
        (httpx.Response(200, json={"data": [{"index": 1, "embedding": [1.0]}]}), "1 vectors for 1 texts"),
        (httpx.Response(200, json={"data": [{"index": 0, "embedding": [0.0, 0.0]}]}), "zero"),
        (httpx.Response(200, json={"data": [{"index": 0, "embedding": []}]}), "empty"),
        (httpx.Response(200, json={"data": [{"index": 0, "embedding": [1.0] * 9000}]}), "too long"),
    ],
)
async def test_an_answer_that_is_no_vectors_names_the_endpoint_asked(answer: httpx.Response, said: str) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer)) as client:
        with pytest.raises(SourceUnavailable, match=said) as raised:
            await RemoteEmbedder(client, "http://embeddings.test/v1/embeddings", "m").embed(["text"])
    assert raised.value.asked == "POST http://embeddings.test/v1/embeddings model=m texts=1"


async def test_no_answer_is_a_source_that_did_not_answer() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as client:
        with pytest.raises(SourceUnavailable, match="ConnectError"):
            await RemoteEmbedder(client, "http://embeddings.test", "m").embed(["text"])


async def test_the_root_of_a_server_becomes_its_endpoint() -> None:
    async with remote_embedder("http://embeddings.test/", "m", "key") as embedder:
        assert embedder.name == "m at http://embeddings.test/v1/embeddings"


async def test_the_setting_chooses() -> None:
    async with chosen_embedder("lexical", "m", None) as (embedder, word):
        assert (embedder, word) == (None, "")
    async with chosen_embedder("https://e.test/v1/embeddings", "m", None) as (embedder, _):
        assert isinstance(embedder, RemoteEmbedder)
    with pytest.raises(BadSettings, match="MIDWATCH_EMBEDDER"):
        async with chosen_embedder("word2vec", "m", None):
            pass


@pytest.mark.real
def test_the_weights_in_the_wheel_are_the_pinned_ones() -> None:
    assert embed_local.installed()
    assert (embed_local.weights() / "model.safetensors").is_file()
