"""`midwatch prompt lint`: what can be told about a prompt template without calling a model."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.errors import BadInput

app = typer.Typer(help="Check prompt templates.", no_args_is_help=True)

MOST_BYTES = 1024 * 1024  # a template; the longest context windows hold about four times as much
META_BYTES = 256 * 1024
COLOURS = {"error": "bold red", "warning": "yellow", "info": "dim"}


@app.callback()
def _group() -> None:
    """Check prompt templates."""  # with a single command Typer would drop its name


@app.command()
def lint(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The template: text, or the source code it stands in.")],
    was: Annotated[Path | None, typer.Option("--was", metavar="FILE", help="Its predecessor.")] = None,
    meta: Annotated[Path | None, typer.Option("--meta", metavar="FILE", help="What is declared about it, a prompt's meta.yaml.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show what is wrong with a template, or with an edit of it. Findings are no error: the exit code is 0."""
    from bot import lint

    declared = lint.read_meta(_yaml(meta), str(meta)) if meta is not None else lint.Meta()
    found = lint.lint(_text(file), _text(was) if was is not None else None, declared)
    if as_json:
        rows = [{"rule": one.rule, "line": one.line, "severity": one.severity.value, "claim": one.claim} for one in found]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True)
    for one in found:
        line = Text(f"{file}:{one.line}  ").append(one.severity.value, COLOURS[one.severity.value]).append(f"  {one.rule}  {one.claim}")
        console.print(line)
    if not found:
        console.print(f"{len(lint.load())} rules, nothing found.")


def _text(file: Path) -> str:
    raw = _bytes(file, MOST_BYTES)
    if b"\0" in raw[:8_000]:
        raise BadInput("is not a text", place=str(file))
    return raw.decode("utf-8-sig", "replace").replace("\r\n", "\n")


def _yaml(file: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(_bytes(file, META_BYTES))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise BadInput("not YAML", place=f"{file}:{mark.line + 1}" if mark is not None else str(file)) from None


def _bytes(file: Path, limit: int) -> bytes:
    try:
        size = file.stat().st_size
        if size > limit:
            raise BadInput(f"{size} bytes; at most {limit} are read", place=str(file))
        return file.read_bytes()
    except IsADirectoryError:
        raise BadInput("is a folder", place=str(file)) from None
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot be read: {getattr(error, 'strerror', None) or error}", place=str(file)) from None
