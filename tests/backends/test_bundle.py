"""The bundle reader: absent is not empty, and what cannot be read is named."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.backends.bundle import BundleChanges, BundleHistory, BundleMetrics, BundleProbes, BundlePrompts, open_bundle, read_bundle
from bot.errors import BadBundle, BadInput
from bot.model.evidence import Interval
from tests.telemetry.wire import T0, body, span

HEAD = "source: alertmanager\nreceived_at: 2026-03-02T02:07:00Z\nservice: assistant\n"
ALWAYS = Interval(0, 4e9)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "bundle.yaml").write_text(HEAD)
    (tmp_path / "page.json").write_bytes(b'{"version": "4" }')
    return tmp_path


def test_the_least_bundle(bundle: Path) -> None:
    read = read_bundle(bundle)
    assert (read.source, read.received_at, read.service, read.page) == ("alertmanager", T0 + 1200.0, "assistant", b'{"version": "4" }')
    assert read.headers == {}
    assert [read.spans, read.metrics, read.changes, read.prompts, read.probes, read.history] == [None] * 6


def test_empty_is_not_absent(bundle: Path) -> None:
    for folder in ("traces", "metrics", "prompts"):
        (bundle / folder).mkdir()
    for name in ("changes", "probes", "history"):
        (bundle / f"{name}.jsonl").write_bytes(b"")
    read = read_bundle(bundle)
    assert read.spans is not None
    assert read.spans.num_rows == 0
    assert [read.metrics, read.changes, read.prompts, read.probes, read.history] == [(), (), {}, (), ()]


async def test_everything(bundle: Path) -> None:
    (bundle / "bundle.yaml").write_text(HEAD + "attributes:\n  docs: retrieval.n_returned\n")
    (bundle / "headers.json").write_text('{"X-A": "1", "B": ["2", "3"]}')
    (bundle / "traces").mkdir()
    (bundle / "traces" / "b.jsonl.gz").write_bytes(
        gzip.compress(body(span({"docs": 3, "llm.prompt_template.version": "v9", "openinference.span.kind": "LLM"})))
    )
    (bundle / "traces" / "a.jsonl").write_bytes(body(span(traceId=None)) + b"\n")
    (bundle / "metrics").mkdir()
    (bundle / "metrics" / "m.txt").write_text(f'up{{a="b"}} 1 {T0}\nup{{a="b"}} 0 {T0 + 60}\n# EOF\n')
    event = {"specversion": "1.0", "id": "c1", "source": "/ci", "type": "dev.midwatch.change.prompt", "time": "2026-03-02T01:00:00Z",
             "data": {"object": "greet", "from": "v9", "to": "v10"}}  # fmt: skip
    (bundle / "changes.jsonl").write_text(json.dumps(event) + "\n")
    (bundle / "prompts" / "greet").mkdir(parents=True)
    for version in ("v9", "v10", "v11"):
        (bundle / "prompts" / "greet" / f"{version}.txt").write_text(f"Hi {version}")
    (bundle / "prompts" / "greet" / "meta.yaml").write_text("max_tokens: 10\n")
    (bundle / "probes.jsonl").write_text(
        json.dumps({"time": "2026-03-02T01:00:00Z", "query": "q", "expected_ids": ["a"], "returned_ids": []})
    )
    (bundle / "history.jsonl").write_text(
        json.dumps({"closed_at": "2026-02-01T00:00:00Z", "cause": "retrieval.timeout", "layer": "retrieval"})
    )
    async with open_bundle(bundle) as read:
        assert read.spans is not None
        assert read.spans["n_returned"].to_pylist() == [3.0]
        assert read.skipped == {"no trace id": 1}
        assert read.headers == {"B": "2, 3", "X-A": "1"}
        series = await BundleMetrics(read.metrics).series("up", Interval(T0, T0 + 1))
        assert series is not None
        assert [(dict(one.labels), one.values.tolist()) for one in series] == [({"a": "b"}, [1.0])]
        assert await BundleMetrics(read.metrics).names(ALWAYS) == {"up"}
        assert await BundleMetrics(read.metrics).names(Interval(0, 1)) == frozenset()
        changes = await BundleChanges(read.changes).between("another", ALWAYS)
        assert changes is not None
        assert [(change.object, change.after) for change in changes] == [("greet", "v10")]
        assert await BundleChanges(read.changes).between(None, Interval(0, 1)) == ()
        registry = await BundlePrompts(read.prompts).registry("assistant")
        assert registry is not None
        first = registry["greet"][0]
        assert (first.version, first.text, dict(first.meta)) == ("v9", "Hi v9", {"max_tokens": 10})
        assert [text.version for text in registry["greet"]] == ["v9", "v10", "v11"]
        probes = await BundleProbes(read.probes).results(None, ALWAYS)
        assert probes is not None
        assert (probes[0].expected, probes[0].returned) == (("a",), ())
        history = await BundleHistory(read.history).incidents(None, read.received_at)
        assert history is not None
        assert [past.cause for past in history] == ["retrieval.timeout"]
        assert await BundleHistory(read.history).incidents(None, 1.0) == ()


async def test_ports_of_what_was_not_collected() -> None:
    assert await BundleMetrics(None).names(ALWAYS) is None
    assert await BundleMetrics(None).series("up", ALWAYS) is None
    assert await BundleChanges(None).between(None, ALWAYS) is None
    assert await BundlePrompts(None).registry(None) is None
    assert await BundleProbes(None).results(None, ALWAYS) is None
    assert await BundleHistory(None).incidents(None, 1.0) is None


def test_versions_come_in_the_order_of_their_first_use(bundle: Path) -> None:
    (bundle / "prompts" / "p").mkdir(parents=True)
    for version in ("blue", "green", "red"):
        (bundle / "prompts" / "p" / f"{version}.txt").write_text("x")
    (bundle / "traces").mkdir()
    used = [
        span({"gen_ai.prompt.name": "p", "gen_ai.prompt.version": version}, spanId=digit * 16, start=at)
        for digit, at, version in (("1", 50, "blue"), ("2", 10, "red"))
    ]
    (bundle / "traces" / "t.jsonl").write_bytes(body(*used))
    prompts = read_bundle(bundle).prompts
    assert prompts is not None
    assert [text.version for text in prompts["p"]] == ["red", "green", "blue"]


def test_the_hash_is_of_what_is_read_and_nothing_else(bundle: Path) -> None:
    before = read_bundle(bundle).input_hash
    (bundle / "truth.yaml").write_text("verdict: fault")
    assert read_bundle(bundle).input_hash == before
    (bundle / "changes.jsonl").write_bytes(b"")
    absent_to_empty = read_bundle(bundle).input_hash
    (bundle / "changes.jsonl").write_bytes(b"\n")
    assert len({before, absent_to_empty, read_bundle(bundle).input_hash}) == 3


def write(name: str, text: str) -> Callable[[Path], object]:
    def done(bundle: Path) -> None:
        (bundle / name).parent.mkdir(exist_ok=True)
        (bundle / name).write_text(text)

    return done


BAD = [
    (lambda bundle: (bundle / "bundle.yaml").unlink(), "bundle.yaml: missing"),
    (lambda bundle: (bundle / "page.json").unlink(), "page.json: missing"),
    (write("bundle.yaml", "7"), "bundle.yaml: must be a map"),
    (write("bundle.yaml", "source: [\n"), "bundle.yaml:2: not YAML"),
    (write("bundle.yaml", HEAD + "receved: 1\n"), "bundle.yaml: receved: unknown key"),
    (write("bundle.yaml", HEAD.replace("alertmanager", "carrier-pigeon")), "bundle.yaml: source: unknown page format 'carrier-pigeon'"),
    (write("bundle.yaml", "received_at: 2026-03-02T02:07:00Z"), "bundle.yaml: source: unknown page format None"),
    (write("bundle.yaml", HEAD.replace("2026-03-02T02:07:00Z", "soon")), "bundle.yaml: received_at: must be a time"),
    (write("bundle.yaml", HEAD.replace("2026-03-02T02:07:00Z", "17")), "bundle.yaml: received_at: must be a time"),
    (write("bundle.yaml", HEAD.replace("2026-03-02T02:07:00Z", "2026-13-45")), "bundle.yaml: "),
    (write("bundle.yaml", HEAD.replace("assistant", "[a]")), "bundle.yaml: service: must be a text"),
    (write("bundle.yaml", HEAD + "attributes: [a]\n"), "bundle.yaml: attributes: must be a map"),
    (write("bundle.yaml", HEAD + "attributes: {a.b: retrieval.nope}\n"), "bundle.yaml: attributes.a.b: unknown field 'retrieval.nope'"),
    (write("bundle.yaml", HEAD + "attributes: {a.b: {too: x}}\n"), "bundle.yaml: attributes.a.b: unknown key 'too'"),
    (
        write("bundle.yaml", HEAD + "attributes: {a.b: {to: llm.finish, values: 7}}\n"),
        "bundle.yaml: attributes.a.b: `values` must be a map",
    ),
    (write("bundle.yaml", HEAD + "attributes: {a.b: 7}\n"), "bundle.yaml: attributes.a.b: must name a canonical field"),
    (write("headers.json", "{"), "headers.json: not JSON"),
    (write("headers.json", "[]"), "headers.json: must be a map"),
    (write("traces", "x"), "traces: must be a folder"),
    (write("traces/x.jsonl", '{"resourceSpans": []}\n{"resourceSpans"'), "traces/x.jsonl:2: not JSON"),
    (write("traces/x.jsonl", '{"resourceSpans": 5}'), "traces/x.jsonl:1: resourceSpans is not a list"),
    (write("traces/x.jsonl.gz", "not gzip"), "traces/x.jsonl.gz: cannot be read"),
    (write("metrics/m.txt", "a 1\n"), "metrics/m.txt:1: the sample has no timestamp"),
    (write("changes.jsonl", "{}\nx\n"), "changes.jsonl:"),
    (write("probes.jsonl", "{}"), "probes.jsonl:1: `time` must be a time"),
    (write("probes.jsonl", '{"time": "2026-03-02T01:00:00Z", "query": 7}'), "probes.jsonl:1: `query` must be a text"),
    (
        write("probes.jsonl", '{"time": "2026-03-02T01:00:00Z", "query": "q", "expected_ids": 1}'),
        "probes.jsonl:1: `expected_ids` must be a list",
    ),
    (write("history.jsonl", "[]"), "history.jsonl:1: is not an object"),
]


@pytest.mark.parametrize(("break_it", "said"), BAD, ids=[said for _, said in BAD])
def test_what_cannot_be_read_is_named(bundle: Path, break_it: Callable[[Path], object], said: str) -> None:
    break_it(bundle)
    with pytest.raises(BadInput) as caught:
        read_bundle(bundle)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="no such folder"):
        read_bundle(tmp_path / "nowhere")
