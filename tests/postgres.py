"""A PostgreSQL server of our own for tests marked `real`, started in a temporary folder and gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


def _binaries() -> Path:
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        pytest.skip("no PostgreSQL server binaries here (apt: postgresql)")
    return found[-1]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """`url`: of a superuser, `postgresql://postgres@127.0.0.1:port/postgres`. `control`: pg_ctl with the server's folder."""

    url: str
    control: tuple[str, ...]
    flags: tuple[str, ...]

    def stop(self) -> None:
        """At once, as when the machine dies."""
        _run([*self.control, "-m", "immediate", "-w", "stop"])

    def start(self) -> None:
        _run([*self.control, *self.flags, "-w", "start"])


@contextmanager
def server() -> Iterator[Server]:
    """A running server that a test may stop and start."""
    bin_ = _binaries()
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []  # PostgreSQL refuses to run as root
    home = Path(tempfile.mkdtemp(prefix="midwatch-pg-"))
    port = _free_port()
    try:
        if as_postgres:
            shutil.chown(home, "postgres")
        data = home / "data"
        _run([*as_postgres, str(bin_ / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync"])
        flags = f"-p {port} -h 127.0.0.1 -k {home} -c shared_buffers=32MB -c max_connections=100"
        control = (*as_postgres, str(bin_ / "pg_ctl"), "-D", str(data))
        made = Server(f"postgresql://postgres@127.0.0.1:{port}/postgres", control, ("-o", flags, "-l", str(home / "log")))
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[str]:
    """URL of a superuser on a running server."""
    with server() as made:
        yield made.url


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, cwd="/", timeout=60)
