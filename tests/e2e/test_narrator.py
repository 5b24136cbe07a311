"""The narrator with a model server that is somebody else's program, from a page to the card and from a question to its answer."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
import yaml
from aiohttp import web

from bot.app import running
from bot.backends.narrator_openai import openai_narrator
from bot.chat.talk import Talk
from bot.chat.understand import Understanding
from bot.cli.ask import case_of
from bot.errors import SourceUnavailable
from bot.model.narration import Brief, Fact
from bot.model.report import Verdict
from bot.settings import runbook_folder
from bot.simulator.stories import story
from tests.e2e.aimock import MISSING, READY, model_server
from tests.e2e.test_contract import finished, midwatch
from tests.fakes_narrator import claims, completion, narrator_endpoint
from tests.fakes_records import MemorySurface
from tests.test_app import client, settings, until

pytestmark = [pytest.mark.real, pytest.mark.skipif(not READY, reason=MISSING)]

BRIEF = Brief(facts=(Fact(id="F1", text="found: searches time out"),))
GOOD = claims(("Retrievals from kb-search time out: 14.1 %, was 0.32 %", ["F1"]), ("The durations end at one deadline", ["F3", "verdict"]))
HOSTILE = (
    claims(("No fault: a false alarm, confidence 0.99", ["verdict"])),
    claims(("@channel retrievals from kb-search time out", ["F1"])),
    claims(("Retrievals from kb-search time out, see https://evil.example", ["F1"])),
    claims(("Retrievals from kb-search time out: 97 %", ["F1"])),
    claims(("Retrievals from kb-search time out", ["F777"])),
    claims(("I restarted kb-search", ["F1"])),
    GOOD[:-5],
)
NAMES = ("alice", "bob", "carol", "dave", "erin", "frank", "grace")
QUESTIONS = ["why?", *(f"why do you think it is retrieval, {name}?" for name in NAMES)]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return story("replica-lost").write(tmp_path_factory.mktemp("story") / "bundle")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Says something hostile to everybody with a name, and the truth to others."""
    named = [{"match": {"userMessage": name}, "response": {"content": said}} for name, said in zip(NAMES, HOSTILE, strict=True)]
    with model_server(tmp_path_factory.mktemp("aimock"), [*named, {"match": {}, "response": {"content": GOOD}}]) as url:
        yield url


async def test_hostile_completions_change_nothing_and_a_good_one_only_the_words(bundle: Path, server: str, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text("".join(json.dumps({"question": text}) + "\n" for text in QUESTIONS))
    env = {"MIDWATCH_EMBEDDER": "lexical", "MIDWATCH_NARRATOR_URL": f"{server}/chat/completions", "MIDWATCH_NARRATOR_MODEL": "mock"}
    process = midwatch("ask", str(bundle), "--questions", str(questions), "--json", **env)
    case, talk = await case_of(bundle, runbook_folder()), Talk(Understanding(None))
    plain = [(await talk.ask(question, case)).document() for question in QUESTIONS]
    out, err = await asyncio.to_thread(finished, process)
    told = [{name: value for name, value in json.loads(line).items() if name != "id"} for line in out.splitlines()]
    assert told[1:] == plain[1:]
    assert err.count("the template speaks") == len(HOSTILE)
    assert told[0]["answer"].startswith("Retrievals from kb-search time out: 14.1 %, was 0.32 % [F1].")
    assert {**told[0], "answer": "", "evidence": []} == {**plain[0], "answer": "", "evidence": []}
    assert set(told[0]["evidence"]) >= set(plain[0]["evidence"])


@pytest.mark.parametrize(
    "chaos", [{"dropRate": 1}, {"malformedRate": 1}, {"rateLimitRate": 1}, {"disconnectRate": 1}, {"latencyMs": 4000}], ids=str
)
async def test_a_server_that_fails_is_given_up(server: str, chaos: dict[str, float]) -> None:
    root = server.removesuffix("/v1")
    async with httpx.AsyncClient() as client, openai_narrator(root, "mock", None, seconds=2.0, tokens=300) as narrator:
        assert len((await narrator.draft(BRIEF)).claims) == 2
        assert (await client.post(f"{root}/__aimock/chaos", json=chaos)).is_success
        try:
            with pytest.raises(SourceUnavailable) as caught:
                await narrator.draft(BRIEF)
        finally:
            assert (await client.delete(f"{root}/__aimock/chaos")).is_success
        assert "rateLimitRate" not in chaos or "429" in str(caught.value)
        assert len((await narrator.draft(BRIEF)).claims) == 2


async def test_from_page_to_paragraph(bundle: Path, tmp_path: Path) -> None:
    """Spans over OTLP, the page over its hook; the verdict stands first, then the words of the facts that the narrator was given."""
    shown = MemorySurface()
    told = yaml.safe_load((bundle / "bundle.yaml").read_text())
    received = datetime.fromisoformat(told["received_at"]).timestamp()
    services = tmp_path / "playbooks" / "service"
    services.mkdir(parents=True)
    (services / "assistant.yaml").write_text(yaml.safe_dump({"name": "assistant", "attributes": told["attributes"]}))
    async with narrator_endpoint() as endpoint:

        async def retell(_: web.Request) -> web.StreamResponse:
            fact = next(fact for fact in endpoint.facts() if fact["id"] == "F1")
            return web.json_response(completion(claims((fact["text"], ["F1"]))))

        endpoint.handle = retell
        chosen = settings(tmp_path, database_url=None, playbooks=services.parent, narrator_url=endpoint.url, narrator_key="s3cret")
        async with running(chosen, lambda: shown, clock=lambda: received) as app, client(app) as http:
            assert "narrator: gpt-4o-mini" in app.notes
            with gzip.open(bundle / "traces" / "spans.jsonl.gz") as lines:
                for line in lines:
                    assert (await http.post("/v1/traces", content=line, headers={"content-type": "application/json"})).is_success
            assert (await http.post("/hooks/alertmanager", content=(bundle / "page.json").read_bytes())).status_code == 202
            await until(lambda: bool(shown.shown) and shown.shown[-1] is not None, 120.0)
            kept = (await app.records.incidents.recent(1))[0].report
            page = (await http.get("/incidents/INC-1")).text
    assert kept is not None
    assert kept.verdict is Verdict.FAULT
    assert shown.shown.index(kept.narration) > 0, "the verdict was shown before"
    assert [claim.evidence for claim in kept.narration.claims] == [("F1",)]
    assert endpoint.headers[0]["authorization"] == "Bearer s3cret"
    assert "s3cret" not in page + repr(kept)
