"""Which span store a setting means; and the service with a store that is somebody else's."""

from pathlib import Path

import pytest

from bot.app import running
from bot.backends.spans_choice import span_store
from bot.backends.spans_duckdb import DuckSpans
from bot.backends.spans_fetched import FetchedSpans
from bot.errors import BadInput, BadSettings, SourceUnavailable
from bot.telemetry.declared import NOTHING
from tests.contract.test_spans import ALL
from tests.fakes_records import MemorySurface
from tests.fakes_spans import table
from tests.telemetry.wire import body, span
from tests.test_app import client, settings

NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens there


async def test_without_a_url_spans_are_kept_here(tmp_path: Path) -> None:
    async with span_store(None, tmp_path, NOTHING) as store:
        assert isinstance(store.spans, DuckSpans)
        assert store.intake is store.spans and store.forget is not None
        assert store.word == f"DuckDB in {tmp_path}"


@pytest.mark.parametrize(
    ("url", "word"),
    [
        (f"clickhouse+{NOBODY}/otel", "ClickHouse"),
        (f"phoenix+{NOBODY}", "Arize Phoenix"),
        ("langfuse+http://pk:sk@127.0.0.1:9", "Langfuse"),
    ],
)
async def test_with_one_they_are_read_where_they_are(url: str, word: str, tmp_path: Path) -> None:
    async with span_store(url, tmp_path, NOTHING) as store:
        assert isinstance(store.spans, FetchedSpans)
        assert (store.word, store.forget) == (word, None)
        with pytest.raises(BadInput, match=f"spans are read from {word}"):
            await store.intake.add(table([]))
        with pytest.raises(SourceUnavailable, match="no answer"):
            await store.spans.frame("requests", ALL)


@pytest.mark.parametrize(
    "url",
    [
        "http://host", "tempo+http://host", "clickhouse+ftp://host", "clickhouse+http://", "clickhouse+http://h/a-b", "phoenix+http://h/a/b",
        "clickhouse+http://h/otel?table=a;b", "langfuse+https://host", "phoenix+http://h:port/x", "",
    ],
)  # fmt: skip
async def test_a_url_that_cannot_be_used_is_refused_by_its_name(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as refused:
        async with span_store(url, tmp_path, NOTHING):
            pass
    assert refused.value.place == "MIDWATCH_SPANS_URL"


async def test_the_service_does_not_take_spans_that_it_would_not_read(tmp_path: Path) -> None:
    configured = settings(tmp_path, spans_url=f"clickhouse+{NOBODY}/otel")
    async with running(configured, MemorySurface) as app, client(app) as http:
        answer = await http.post("/v1/traces", content=body(span()), headers={"content-type": "application/json"})
        assert answer.status_code == 400
        assert "spans are read from ClickHouse (MIDWATCH_SPANS_URL); send them there" in answer.text
        assert any("spans: ClickHouse" in note for note in app.notes)
    assert not (tmp_path / "home" / "spans.duckdb").exists()
