"""`midwatch serve`: the service, until SIGTERM or SIGINT; then it stops accepting, ends what is under way, and closes."""

import asyncio
import contextlib
import json
import logging
import signal
import socket
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer
import uvicorn

from bot import settings
from bot.errors import BadSettings
from bot.redact import redact
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.app import App

app = typer.Typer(add_completion=False)

KEEP_ALIVE_S = 15  # Alertmanager and exporters send again within seconds; a longer idle connection is forgotten
LAST_ANSWERS_S = 10  # requests under way at a stop; a page takes milliseconds
CONNECTIONS = 500  # more at once than any alerting system opens; above it senders get 503 and come back
TURN_S = 0.0005  # Python's 5 ms between threads are added to each step of taking a page while a triage computes
_EXTRAS = ("incident", "alerts", "source")


@app.command()
def serve() -> None:
    """Take pages, spans and changes over HTTP; triage; show people. Configured by MIDWATCH_ variables."""
    chosen = settings.load()
    log_as_json()
    sys.setswitchinterval(TURN_S)
    asyncio.run(_serve(chosen))


async def _serve(chosen: Settings) -> None:
    with _listening(chosen) as listener:
        me = asyncio.current_task()
        assert me is not None
        stop = _Stop(me)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop)
        try:
            from bot.app import running  # seconds of imports, which a port that is taken should not cost

            async with running(chosen) as opened:
                await _accept(opened, listener, stop)
        except asyncio.CancelledError:
            if not stop.asked:
                raise


class _Stop:
    """The first signal asks the server to end; before there is a server it ends the start. A second one ends connections at once."""

    def __init__(self, main: asyncio.Task[None]) -> None:
        self._main = main
        self.server: uvicorn.Server | None = None
        self.asked = False

    def __call__(self) -> None:
        again, self.asked = self.asked, True
        if self.server is None:
            self._main.cancel()
        else:
            self.server.should_exit = True
            self.server.force_exit = again


class _Server(uvicorn.Server):
    """Signals are ours: uvicorn would raise them again after its own end, before the back ends are closed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _accept(opened: "App", listener: socket.socket, stop: _Stop) -> None:
    config = uvicorn.Config(
        opened.web,
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=False,  # a forwarded address is the sender's word; see web.access
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=LAST_ANSWERS_S,
    )
    stop.server = _Server(config)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"Midwatch listens on http://{shown}:{port}")
    for note in opened.notes:
        typer.echo(f"  {note}")
    sys.stdout.flush()
    await stop.server.serve([listener])


@contextlib.contextmanager
def _listening(chosen: Settings) -> Iterator[socket.socket]:
    """Taken before anything is opened, so that a second service on the port says so and touches nothing."""
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    try:
        listener = socket.create_server((chosen.host, chosen.port), family=family, backlog=2048)
    except OSError as error:
        raise BadSettings(f"cannot listen on {chosen.host}:{chosen.port}: {error.strerror}", place="MIDWATCH_PORT") from None
    # asyncio sends an answer's head and body at once only where the socket says TCP, which create_server's does not: each answer then
    # waited for the receiver's delayed acknowledgement, 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=listener.detach()) as known_as_tcp:
        yield known_as_tcp


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        line |= {name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)}
        if record.exc_info:
            line["error"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True, default=str)


def log_as_json() -> None:
    """One JSON object a line on stderr, secrets and personal data taken out.

    Libraries are heard from warning on; some of them log bodies below that.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Json())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("bot").setLevel(logging.INFO)
