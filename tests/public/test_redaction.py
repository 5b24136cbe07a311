"""What stands in public traces and pages and is no secret: trace and span ids, hashes, models, request ids. None of it may be redacted."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.redact import redact

IDS = re.compile(r"(?:trace|span|parent|run|observation|request|response)_?\.?id|id|sha|hash|digest|commit|fingerprint", re.IGNORECASE)
MODELS = re.compile(r".*model(?:_?name|_?id)?|.*gen_ai\.(?:request|response)\.model", re.IGNORECASE)
PLAIN = re.compile(r"[\w./:@+-]{6,120}")


def told(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Key and text of every leaf; OTLP's {key, value: {stringValue}} under its own key."""
    if isinstance(value, dict) and isinstance(value.get("key"), str) and "value" in value:
        yield from told(value["value"], value["key"])
    elif isinstance(value, dict) and set(value) == {"stringValue"}:
        yield from told(value["stringValue"], name)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from told(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from told(item, name)
    elif isinstance(value, str):
        yield name, value


def test_ids_hashes_and_models_of_public_traces_stay(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, set[str]] = {"ids": set(), "models": set()}
    for file in sorted((*data.rglob("*.json"), *data.rglob("*.json.gz"))):
        raw = file.read_bytes()
        try:
            body = json.loads(gzip.decompress(raw) if file.suffix == ".gz" else raw)
        except ValueError:
            continue
        for name, text in told(body):
            last = name.rpartition(".")[2]
            if "@" not in text and PLAIN.fullmatch(text):
                if MODELS.fullmatch(name):
                    found["models"].add(text)
                elif IDS.fullmatch(last) or IDS.fullmatch(name):
                    found["ids"].add(text)
    touched = {kind: sorted(text for text in texts if redact(text) != text) for kind, texts in found.items()}
    with capsys.disabled():
        for kind, texts in found.items():
            print(f"\nredaction: of {len(texts)} {kind} {len(touched[kind])} are touched", *touched[kind][:20], sep="\n")
    assert len(found["ids"]) >= 1_000
    assert touched == {"ids": [], "models": []}
