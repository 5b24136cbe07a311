"""The commands, joined in one visible list: each is a file here with a Typer app called `app`.

Only the command that is asked for is imported, so that `midwatch --help` does not wait for torch, DuckDB or Slack.
"""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from bot.errors import BadInput, MidwatchError

BAD_INPUT = 2
OUR_FAULT = 1
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


@dataclass(frozen=True)
class Command:
    """`group`: the app holds several commands, called `midwatch <name> <command>`. `help` is what the list of commands shows."""

    name: str
    help: str
    group: bool = False

    def load(self) -> typer.Typer:
        app = importlib.import_module(f"bot.cli.{self.name}").app
        assert isinstance(app, typer.Typer)
        return app


COMMANDS: tuple[Command, ...] = (
    Command("ask", "Ask about one incident bundle."),
    Command("audit", "Read the log of who did what.", group=True),
    Command("chat", "Talk about one incident bundle, at this terminal."),
    Command("demo", "Replay the 2am incident on this machine, with no account anywhere."),
    Command("doctor", "Ask every configured part whether it would serve; or show what spans carry."),
    Command("drill", "Practise the diagnosis; mark answers.", group=True),
    Command("eval", "Score the diagnosis against bundles whose truth is known."),
    Command("page", "Read what an alerting system sends.", group=True),
    Command("prompt", "Check prompt templates.", group=True),
    Command("ready", "Say who may carry the pager, and what is missing.", group=True),
    Command("report", "Count a month: incidents, accuracy, drills, coverage.", group=True),
    Command("runbooks", "Index runbooks, and search them.", group=True),
    Command("serve", "Take pages, spans and changes over HTTP; triage; show people."),
    Command("simulate", "Write incident bundles whose truth is known."),
    Command("trace", "Say which span of one trace is to blame."),
    Command("triage", "Diagnose one incident bundle."),
)


def build(wanted: str | None) -> typer.Typer:
    """The whole program, with only the wanted command's code behind its name; the others are names and help."""
    top = typer.Typer(
        name="midwatch",
        help="On-call triage for products built on language models.",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    top.callback()(_top)
    for command in COMMANDS:
        if command.name != wanted:
            top.command(command.name, help=command.help)(_not_loaded)
        elif command.group:
            top.add_typer(command.load(), name=command.name, help=command.help)
        else:
            top.add_typer(command.load())
    return top


def _version(asked: bool) -> None:
    if asked:
        from bot import __version__

        typer.echo(__version__)
        raise typer.Exit


def _top(
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")] = False,
) -> None:
    """What stands before any command."""


def _not_loaded() -> None:
    """Only there to be listed."""


def run(argv: Sequence[str]) -> int:
    """Run one command line -> exit code."""
    wanted = next((word for word in argv if not word.startswith("-")), None)
    return guarded(lambda: build(wanted)(list(argv), prog_name="midwatch", standalone_mode=False))


def guarded(program: Callable[[], object]) -> int:
    """0 done, 2 bad input with one line on stderr, 1 a fault of Midwatch in one line; never a traceback."""
    try:
        code = program()
        sys.stdout.flush()
    except BadInput as error:
        return _say(str(error), BAD_INPUT)
    except MidwatchError as error:
        return _say(str(error), OUR_FAULT)
    except typer.Abort:
        return INTERRUPTED
    except typer.TyperException as error:
        return _usage(error)
    except BrokenPipeError:
        # `midwatch ... | head`: who reads has had enough, and a second error while Python closes stdout would help nobody
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OUR_FAULT
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # the contract: a fault of ours is one line, not a traceback
        if sys.flags.dev_mode:  # python -X dev -m bot: who works on it wants the traceback
            raise
        return _say(f"internal fault: {type(error).__name__}: {error}", OUR_FAULT)
    return code if isinstance(code, int) else 0


def _usage(error: typer.TyperException) -> int:
    """A wrong command line is bad input too. With nothing asked for, the help is the message."""
    formatted = getattr(error, "format_message", None)
    text = formatted() if formatted is not None else str(error)
    if text:
        context = getattr(error, "ctx", None)
        where = context.command_path.removeprefix("midwatch").strip() if context is not None else ""
        return _say(f"{where or 'command line'}: {text}", BAD_INPUT)
    return BAD_INPUT


def _say(text: str, code: int) -> int:
    """One line, whatever is in the text: it may quote a stranger's file."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    sys.stderr.write(f"midwatch: {line[:1_000]}\n")  # a longer line is a quoted file, not a message
    return code
