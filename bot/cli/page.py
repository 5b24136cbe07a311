"""`midwatch page parse | sources`: read one webhook body, without storing anything."""

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.errors import BadInput, BadPage

app = typer.Typer(help="Read what an alerting system sends.", no_args_is_help=True)

HEADERS_BYTES = 64 * 1024  # web servers cut headers at 8 to 32 KiB


@app.command()
def parse(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The webhook body as it was sent.")],
    source: Annotated[str, typer.Option("--source", help="Its alerting system, one of `midwatch page sources`.")],
    headers: Annotated[Path | None, typer.Option("--headers", help="JSON object of the HTTP headers it came with.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show the pages in a webhook body; none for pings, notes and handshakes."""
    from bot import pages

    if source not in pages.sources():
        raise BadInput(f"unknown source {source!r}; there are {', '.join(pages.sources())}", place="--source")
    found = pages.parse(source, _bytes(file), read_headers(headers) if headers is not None else {}, place=str(file))
    if as_json:
        typer.echo(json.dumps([page.model_dump(mode="json") for page in found], ensure_ascii=False))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for page in found:
        console.print(Text(f"{page.status.value}  {page.severity.value}  {page.title}", style="bold"))
        for name, value in page.model_dump(mode="json", exclude={"status", "severity", "title", "source"}).items():
            if value not in (None, "", {}, []):
                console.print(Text(f"  {name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"))
    if not found:
        console.print("Not a page: nothing to triage in it.")


@app.command()
def sources(as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False) -> None:
    """The alerting systems whose pages are understood."""
    from bot import pages

    typer.echo(json.dumps(list(pages.sources())) if as_json else "\n".join(pages.sources()))


def read_headers(file: Path) -> dict[str, str]:
    """A JSON object of headers; a header that came several times may be a list. BadInput names file and key."""
    raw = _bytes(file)
    if len(raw) > HEADERS_BYTES:
        raise BadInput(f"{len(raw)} bytes; headers have at most {HEADERS_BYTES}", place=str(file))
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not JSON: {error}", place=str(file)) from None
    if not isinstance(body, dict):
        raise BadInput("expected an object of header names and values", place=str(file))
    found = {}
    for name, value in body.items():
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str | int | float) for one in values):
            raise BadInput("a header's value must be a text", place=f"{file}: {name}")
        found[name.lower()] = ", ".join(map(str, values))
    return found


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except IsADirectoryError:
        raise BadPage("is a folder", place=str(file)) from None
    except (OSError, ValueError) as error:
        raise BadPage(f"cannot be read: {getattr(error, 'strerror', None) or error}", place=str(file)) from None
