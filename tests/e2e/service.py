"""`midwatch serve` as a real process on a free port."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

STARTS_S = 120.0  # imports of the whole house, several at once, on a busy machine


class Service:
    """Started by `with`; `kill` is SIGKILL, `stop` is SIGTERM and gives the exit code."""

    def __init__(self, home: Path, **env: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MIDWATCH_")}
        ours = {"MIDWATCH_HOME": str(home), "MIDWATCH_PORT": "0", "MIDWATCH_EMBEDDER": "lexical", "MIDWATCH_PLAYBOOKS": str(home / "none")}
        self._env = clean | ours | {f"MIDWATCH_{name}": value for name, value in env.items()}
        self.said: list[str] = []
        self.logged: list[str] = []
        self.url = ""
        self._readers: list[threading.Thread] = []

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"], env=self._env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        for stream, lines in ((self.process.stdout, self.said), (self.process.stderr, self.logged)):
            reader = threading.Thread(target=lambda stream=stream, lines=lines: lines.extend(stream), daemon=True)
            reader.start()
            self._readers.append(reader)

    def __enter__(self) -> "Service":
        self.start()
        return self.wait()

    def wait(self) -> "Service":
        """Until it listens; AssertionError with its log when it ends instead."""
        until(lambda: bool(self._port()) or self.process.poll() is not None, STARTS_S)
        if self.process.poll() is not None:
            self.__exit__()
            raise AssertionError("".join(self.logged))
        self.url = f"http://127.0.0.1:{self._port()}"
        return self

    def _port(self) -> str | None:
        found = re.search(r"listens on http://127\.0\.0\.1:(\d+)", "".join(self.said))
        return found[1] if found else None

    def page(self, key: str = "d1", delivery: str | None = None) -> httpx.Response:
        """A trigger in the shape of PagerDuty's Events v2."""
        payload = {"summary": "12 % errors", "source": "s", "severity": "error"}
        body = {"routing_key": "k", "event_action": "trigger", "dedup_key": key, "payload": payload}
        headers = {"Idempotency-Key": delivery} if delivery else {}
        return httpx.post(f"{self.url}/hooks/generic", json=body, headers=headers, timeout=10)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
        for reader in self._readers:
            reader.join(10)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
