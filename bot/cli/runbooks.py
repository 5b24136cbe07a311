"""`midwatch runbooks index | search`: build an index of Markdown folders, and ask it. Beside them lint, check and vote, of shelf_care."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bot import settings
from bot.backends.embed_cache import CachedEmbedder
from bot.backends.embed_choice import chosen_embedder
from bot.backends.runbooks_git import copied
from bot.backends.vectors_chroma import chroma_vectors
from bot.cli import shelf_care
from bot.errors import BadInput
from bot.ports import Embedder
from bot.shelf import index as shelf_index
from bot.shelf.dense import Dense
from bot.shelf.index import Manifest
from bot.shelf.read import read_folders
from bot.shelf.search import Ranking
from bot.shelf.shelf import Asked, Shelf
from bot.shelf.trust import trust, votes

QUERIES_LIMIT = 100_000  # lines of a queries file; an evaluation has some hundreds

app = typer.Typer(help="Index runbooks, and search them.", no_args_is_help=True)


@dataclass(frozen=True)
class Line:
    """One line of a queries file."""

    id: str | None
    asked: Asked


@app.command()
def index(
    to: Annotated[Path, typer.Option("--to", help="Where the index goes.")],
    folders: Annotated[list[Path] | None, typer.Argument(metavar="DIR...", help="Folders of Markdown files.")] = None,
    git: Annotated[list[str] | None, typer.Option("--git", metavar="URL[#FOLDER]", help="A git repository; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Index folders and git repositories of Markdown. Unchanged files are not embedded again."""
    if not folders and not git:
        raise BadInput("give at least one DIR or --git URL", place="runbooks index")
    started = time.perf_counter()
    built = asyncio.run(_index(folders or [], git or [], to))
    seconds = round(time.perf_counter() - started, 3)
    for note in built.notes:
        typer.echo(note, err=True)
    body = {"documents": built.documents, "passages": built.passages, "seconds": seconds, "embedded": built.embedded}
    if as_json:
        typer.echo(json.dumps(body))
    else:
        typer.echo(f"{built.documents} documents, {built.passages} passages, {built.embedded} of them new, in {seconds:.1f} s")


@app.command()
def search(
    query: Annotated[str | None, typer.Argument(metavar="QUERY", help="The alert's name and text, or a question.")] = None,
    index_folder: Annotated[Path, typer.Option("--index", help="An index made by `midwatch runbooks index`.")] = Path("var/index"),
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many to list.")] = 5,
    queries: Annotated[Path | None, typer.Option("--queries", help="JSON lines of {id, query, groups?}.")] = None,
    group: Annotated[list[str] | None, typer.Option("--group", help="A group of who asks; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a query on stdout.")] = False,
) -> None:
    """Find the runbook for an alert. `match: false` means that none of them is it; what is listed then is only the nearest."""
    if (query is None) == (queries is None):
        raise BadInput("give either QUERY or --queries FILE", place="runbooks search")
    lines = _lines(queries) if queries is not None else [Line(None, Asked(query or "", frozenset(group or ())))]
    rankings = asyncio.run(_search(index_folder, [line.asked for line in lines], k))
    for line, ranking in zip(lines, rankings, strict=True):
        if as_json:
            results = [{"path": hit.path, "title": hit.title, "score": hit.score} for hit in ranking.hits]
            typer.echo(json.dumps({"id": line.id, "match": ranking.match, "results": results}, ensure_ascii=False))
        else:
            _show(line, ranking)


async def _index(folders: Sequence[Path], repositories: Sequence[str], to: Path) -> shelf_index.Built:
    copies = [await copied(address, to / "git") for address in repositories]
    shelved = read_folders([*folders, *copies])
    chosen = settings.load()
    key = chosen.embedder_key.get_secret_value() if chosen.embedder_key else None
    async with chosen_embedder(chosen.embedder, chosen.embedder_model, key) as (embedder, word):
        if word:
            typer.echo(word, err=True)
        if embedder is None:
            return await shelf_index.build(shelved, to, None)
        cached = CachedEmbedder(embedder, to / "embeddings.db")
        async with chroma_vectors(to / "chroma", embedder.name) as vectors:
            with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
                task = bar.add_task("embedding passages", total=None)
                return await shelf_index.build(
                    shelved, to, Dense(vectors, cached), lambda done, of: bar.update(task, completed=done, total=of)
                )


async def _search(folder: Path, asked: Sequence[Asked], k: int) -> tuple[Ranking, ...]:
    manifest = shelf_index.read(folder)
    async with opened(folder, manifest) as shelf:
        return await shelf.rank_all(asked, k)


@asynccontextmanager
async def opened(folder: Path, manifest: Manifest) -> AsyncIterator[Shelf]:
    """The indexed runbooks, with vectors when the index has them and this process has the embedder they are from."""
    runbooks = [entry.runbook for entry in manifest.documents]
    trusted = trust(votes(folder))
    chosen = settings.load()
    key = chosen.embedder_key.get_secret_value() if chosen.embedder_key else None
    async with chosen_embedder(chosen.embedder, chosen.embedder_model, key) as (embedder, word):
        if embedder is None or embedder.name != manifest.embedder:
            if manifest.embedder != shelf_index.NO_EMBEDDER:
                typer.echo(word or _mismatch(manifest, embedder), err=True)
            yield Shelf(runbooks, trust=trusted)
            return
        async with chroma_vectors(folder / "chroma", embedder.name) as vectors:
            yield Shelf(runbooks, Dense(vectors, embedder, shelf_index.openings(folder, manifest)), trusted)


def _mismatch(manifest: Manifest, embedder: Embedder | None) -> str:
    now = embedder.name if embedder is not None else shelf_index.NO_EMBEDDER
    return f"the index was made with {manifest.embedder}, the setting says {now}: searching by words alone; index again to change that"


def _lines(file: Path) -> list[Line]:
    """A queries file -> its lines. BadInput names the line."""
    try:
        texts = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", place=str(file)) from None
    if len(texts) > QUERIES_LIMIT:
        raise BadInput(f"more than {QUERIES_LIMIT} lines", place=str(file))
    return [_line(text, f"{file}:{number}") for number, text in enumerate(texts, start=1) if text.strip()]


def _line(text: str, place: str) -> Line:
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error.msg}", place=place) from None
    if not isinstance(row, dict) or not isinstance(row.get("query"), str):
        raise BadInput("expected {id, query, groups?} with a text under query", place=place)
    groups = row.get("groups") or []
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        raise BadInput("groups must be a list of texts", place=place)
    return Line(str(row["id"]) if row.get("id") is not None else None, Asked(row["query"], frozenset(groups)))


def _show(line: Line, ranking: Ranking) -> None:
    console = Console()
    if line.id is not None:
        console.print(Text(line.id, style="bold"))
    if not ranking.match:
        console.print("No runbook matches." + (" Nearest:" if ranking.hits else ""))
    table = Table(show_header=False, box=None)
    for hit in ranking.hits:
        table.add_row(f"{hit.score:.2f}", Text(hit.title), Text(hit.path, style="dim"))
    console.print(table)


app.command("lint")(shelf_care.lint)
app.command("check")(shelf_care.check(_search))
app.command("vote")(shelf_care.vote)
