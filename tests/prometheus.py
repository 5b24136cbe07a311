"""A Prometheus and an Alertmanager of our own for tests marked `real`: Debian's binaries on free ports, gone afterwards."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

READY_S = 60.0  # for a start on a busy machine; alone it takes one second


def binary(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here (apt: prometheus, prometheus-alertmanager)")
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def prometheus(home: Path, config: str = "", port: int | None = None) -> Iterator[str]:
    """URL of a Prometheus with the blocks of `home/data`; `config` is its prometheus.yml. On a free port when none is given."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "prometheus.yml").write_text(config)
    port = port or free_port()
    flags = [f"--config.file={home / 'prometheus.yml'}", f"--storage.tsdb.path={home / 'data'}"]
    flags += [f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=100y"]  # old blocks are the test's, not garbage
    with _running([binary("prometheus"), *flags], home / "prometheus.log", f"http://127.0.0.1:{port}") as url:
        yield url


@contextmanager
def alertmanager(home: Path, config: str) -> Iterator[str]:
    """URL of an Alertmanager; `config` is its alertmanager.yml."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "alertmanager.yml").write_text(config)
    port = free_port()
    flags = [f"--config.file={home / 'alertmanager.yml'}", f"--storage.path={home / 'alerts'}"]
    flags += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]  # alone: no cluster port
    with _running([binary("prometheus-alertmanager"), *flags], home / "alertmanager.log", f"http://127.0.0.1:{port}") as url:
        yield url


@contextmanager
def _running(program: list[str], log: Path, url: str) -> Iterator[str]:
    with log.open("w") as written, subprocess.Popen(program, stdout=written, stderr=subprocess.STDOUT) as process:
        try:
            deadline = time.monotonic() + READY_S
            while not _ready(url):
                stands = process.poll() is None and time.monotonic() < deadline
                assert stands, log.read_text()[-2_000:]
                time.sleep(0.05)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
