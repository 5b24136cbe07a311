"""npm @copilotkit/aimock, which answers as OpenAI's API does: a model server that is somebody else's program."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.e2e.service import until
from tests.prometheus import free_port

NODE = Path(__file__).parent / "node" / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
READY = NODE.is_file() and shutil.which("node") is not None
MISSING = "needs node and: npm ci --prefix tests/e2e/node"


@contextmanager
def model_server(home: Path, fixtures: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """Its root, `http://.../v1`. A fixture is {match, response}; the first that matches answers."""
    (home / "fixtures").mkdir()
    (home / "fixtures" / "any.json").write_text(json.dumps({"fixtures": list(fixtures)}))
    port = free_port()
    program = ["node", str(NODE), "-p", str(port), "-f", str(home / "fixtures"), "--log-level", "warn"]
    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: process.poll() is not None or _answers(f"http://127.0.0.1:{port}/v1/models"), 30)
            assert process.poll() is None
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code < 500
    except httpx.HTTPError:
        return False
