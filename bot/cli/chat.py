"""`midwatch chat BUNDLE`: the thread's questions at a terminal, on the same code as Slack and `midwatch ask`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from bot.chat.talk import Talk
from bot.cli.ask import CHARS, Question, case_of, narrating, show, understanding
from bot.settings import runbook_folder
from bot.wording.verdict import conclude

LEAVES = frozenset({"exit", "quit", "bye", ":q"})
THREAD = "terminal"  # one conversation: `and tenant acme?` leans on the line before

app = typer.Typer()


@app.command()
def chat(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of an incident bundle.")],
    runbooks: Annotated[Path | None, typer.Option(help="Folder of runbooks; those of Midwatch by default.")] = None,
) -> None:
    """Ask one question a line; an empty line, `exit` or the end of input leaves."""
    asyncio.run(_chat(bundle, runbooks or runbook_folder()))


async def _chat(folder: Path, runbooks: Path | None) -> None:
    case = await case_of(folder, runbooks)
    console = Console()
    console.print(Text(f"{conclude(case.report).title}. Ask; an empty line leaves."), soft_wrap=True)
    async with understanding() as read_by, narrating() as narrate:
        talk = Talk(read_by, narrate)
        while True:
            line = await asyncio.to_thread(_line)
            if line is None or line.strip().lower() in LEAVES | {""}:
                return
            show(Question(None, line), await talk.ask(line[:CHARS], case, THREAD))


def _line() -> str | None:
    """The next line; None at the end of input. The prompt goes to stderr, so that answers can be piped."""
    if sys.stdin.isatty():
        sys.stderr.write("> ")
        sys.stderr.flush()
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None
