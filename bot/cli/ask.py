"""`midwatch ask BUNDLE QUESTION | --questions FILE`: questions about a triaged bundle, answered from its report."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.text import Text

from bot import settings
from bot.backends.bundle import open_bundle
from bot.backends.embed_cache import CachedEmbedder
from bot.backends.embed_choice import chosen_embedder
from bot.backends.replay import paged, walked
from bot.backends.spans_duckdb import spans_duckdb
from bot.chat.case import Case
from bot.chat.talk import Talk
from bot.chat.understand import Understanding
from bot.errors import BadInput
from bot.model.reply import Reply
from bot.model.value import moment
from bot.ports import Narrate
from bot.settings import runbook_folder
from bot.shelf.read import read_folders
from bot.shelf.shelf import Shelf

LINES = 10_000  # questions of one file
CHARS = 20_000  # characters of one question: a pasted log; only the question in it is read

app = typer.Typer()


@dataclass(frozen=True)
class Question:
    """One line of a questions file. `thread`: lines with the same one are a conversation, so that `and tenant acme?` is understood."""

    id: str | None
    text: str
    thread: str | None = None


@app.command()
def ask(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of an incident bundle.")],
    question: Annotated[str | None, typer.Argument(metavar="QUESTION", help="What you would ask in the thread.")] = None,
    questions: Annotated[
        Path | None, typer.Option("--questions", help="JSON lines of {id, question, thread?}; the bundle is triaged once.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout; with --questions one JSON line a question.")
    ] = False,
    runbooks: Annotated[Path | None, typer.Option(help="Folder of runbooks; those of Midwatch by default.")] = None,
) -> None:
    """Ask about one incident bundle. Nothing is ever done, whatever is asked."""
    if (question is None) == (questions is None):
        raise BadInput("give either QUESTION or --questions FILE", place="ask")
    asked = read(questions) if questions is not None else [Question(None, _checked(question or "", "QUESTION"))]
    replies = asyncio.run(_ask(bundle, asked, runbooks or runbook_folder()))
    for one, reply in zip(asked, replies, strict=True):
        if as_json:
            body = ({"id": one.id} if questions is not None else {}) | reply.document()
            typer.echo(orjson.dumps(body).decode())
        else:
            show(one, reply)


async def _ask(folder: Path, asked: Sequence[Question], runbooks: Path | None) -> list[Reply]:
    case = await case_of(folder, runbooks)
    async with understanding() as read_by, narrating() as narrate:
        talk = Talk(read_by, narrate)
        if len(asked) > 1:
            await read_by.warm([one.text for one in asked], case.values, case.now)
        return [await talk.ask(one.text, case, one.thread) for one in asked]


async def case_of(folder: Path, runbooks: Path | None) -> Case:
    """A bundle, triaged, as what questions are asked about. BadBundle or BadInput names the file that cannot be read."""
    shelved = [document.runbook for document in read_folders([runbooks]).documents] if runbooks else []
    async with open_bundle(folder) as bundle, spans_duckdb(None, collected=bundle.spans is not None) as spans:
        page = paged(bundle)
        if bundle.spans is not None:
            await spans.add(bundle.spans)
        state = await walked(bundle, page, spans, Shelf(shelved) if runbooks else None)
        report = state["report"]
        first = report.runbooks[0].id if report.runbooks else None
        return Case(
            report=report,
            page=page,
            now=moment(bundle.received_at),
            service=bundle.service or page.service,
            evidence=state["evidence"],
            runbook=next((book for book in shelved if book.id == first), None),
        )


@asynccontextmanager
async def understanding() -> AsyncIterator[Understanding]:
    """With the embedder of the settings; without one, by letters and words alone, which is said."""
    chosen = settings.load()
    key = chosen.embedder_key.get_secret_value() if chosen.embedder_key else None
    async with chosen_embedder(chosen.embedder, chosen.embedder_model, key) as (embedder, word):
        if word:
            typer.echo(word, err=True)
        yield Understanding(embedder, CachedEmbedder(embedder, chosen.home / "chat" / "embeddings.db") if embedder is not None else None)


@asynccontextmanager
async def narrating() -> AsyncIterator[Narrate | None]:
    """The narrator of the settings; None, and nothing imported for it, where there is none."""
    chosen = settings.load()
    if chosen.narrator_url is None:
        yield None
        return
    from bot.app.narration import narrated

    async with AsyncExitStack() as stack:
        yield await narrated(stack, chosen, time.time)


def show(one: Question, reply: Reply) -> None:
    """For people: the answer, then what it rests on. Text of strangers is shown, never interpreted."""
    console = Console()
    if one.id is not None:
        console.print(Text(f"{one.id}: {one.text}"[:200], style="bold"))
    console.print(Text(reply.answer), soft_wrap=True)
    slots = ", ".join(f"{slot} {value}" for slot, value in reply.slots.items())
    read = " and ".join((reply.intent, *reply.also)) + (f" ({slots})" if slots else "")
    console.print(Text(f"read as {read}; evidence {', '.join(reply.evidence) or 'none needed'}", style="dim"), soft_wrap=True)


def read(file: Path) -> list[Question]:
    """A questions file -> its lines. BadInput names the line."""
    try:
        texts = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", place=str(file)) from None
    if len(texts) > LINES:
        raise BadInput(f"more than {LINES} lines", place=str(file))
    return [_line(text, f"{file}:{number}") for number, text in enumerate(texts, start=1) if text.strip()]


def _line(text: str, place: str) -> Question:
    try:
        row = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadInput(f"not JSON: {getattr(error, 'msg', 'nested too deep')}", place=place) from None
    if not isinstance(row, dict) or not isinstance(row.get("question"), str):
        raise BadInput("expected {id, question, thread?} with a text under question", place=place)
    thread = row.get("thread")
    if thread is not None and not isinstance(thread, str):
        raise BadInput("thread must be a text", place=place)
    return Question(str(row["id"]) if row.get("id") is not None else None, _checked(row["question"], place), thread)


def _checked(text: str, place: str) -> str:
    if len(text) > CHARS:
        raise BadInput(f"a question of {len(text)} characters; at most {CHARS} are taken", place=place)
    return text
