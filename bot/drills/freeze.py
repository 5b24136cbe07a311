"""A real incident becomes a drill: the bundle as it was, redacted, its people and customers renamed, with the truth a person confirmed."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import orjson
import yaml

from bot.errors import BadInput
from bot.evaluation.truth import read_truth
from bot.redact import redact

FILES = ("bundle.yaml", "page.json", "headers.json", "changes.jsonl", "probes.jsonl", "history.jsonl")
FOLDERS = ("traces", "metrics", "prompts")
MOST_BYTES = 512 * 1024 * 1024  # of one file, unpacked
PEOPLE = frozenset(["tenant", "tenant_id", "user", "user_id", "user_hash", "enduser", "customer", "customer_id", "session_id", "author"])
"""Last words of attributes and keys whose values are people or customers: each gets another name, the same one everywhere."""
PLAIN = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}|\d{1,20}|[A-Za-z_.]{1,15}")
"""Ids, numbers and short words: nothing to be redacted, and most of what a span holds."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


def freeze(bundle: Path, to: Path, name: str, truth: Mapping[str, object]) -> Path:
    """Write the drill's folder below `to` -> its path. BadInput: no bundle, a name that is taken, or a truth that cannot be read."""
    if not (bundle / "bundle.yaml").is_file():
        raise BadInput("is not a bundle (a folder with bundle.yaml)", place=str(bundle))
    if not NAME.fullmatch(name):
        raise BadInput("must be small letters, digits and dashes", place="--name")
    home = to / name
    if home.exists():
        raise BadInput("is there already", place=str(home))
    home.mkdir(parents=True)
    try:
        mask = Mask(name)
        for file in _files(bundle):  # traces name customers; the page and the changes only mention them
            mask.learn(_read(file), _kind(file), str(file))
        for file in _files(bundle):
            _copy(file, home / file.relative_to(bundle), mask)
        text = yaml.safe_dump(mask.value(dict(truth)), sort_keys=False, allow_unicode=True)
        (home / "truth.yaml").write_text(text, encoding="utf-8")
        read_truth(home / "truth.yaml")
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    return home


def _files(bundle: Path) -> list[Path]:
    found = [bundle / name for name in FILES if (bundle / name).is_file()]
    found += [path for folder in FOLDERS for path in sorted((bundle / folder).rglob("*")) if path.is_file() and not path.is_symlink()]
    return found


class Mask:
    """Redacts texts, and gives every customer and person another name. `salt`: so that two drills do not share names."""

    def __init__(self, salt: str) -> None:
        self._salt = salt
        self._names: dict[str, str] = {}
        self._known: re.Pattern[str] | None = None
        self.text = lru_cache(maxsize=100_000)(self._text)

    def learn(self, raw: bytes, kind: str, place: str) -> None:
        """Every name that a file gives as one."""
        for one in _parsed(raw, kind, place):
            self.value(one)
        self._known = None
        self.text.cache_clear()

    def _text(self, text: str) -> str:
        """A free text: secrets and personal data out, known names replaced."""
        if PLAIN.fullmatch(text) and text not in self._names:
            return text
        said = redact(text)
        if self._known is None and self._names:
            listed = "|".join(re.escape(one) for one in sorted(self._names, key=lambda one: (-len(one), one)))
            self._known = re.compile(rf"(?<![\w-])(?:{listed})(?![\w-])")
        return self._known.sub(lambda hit: self._names[hit[0]], said) if self._known is not None else said

    def name(self, value: str) -> str:
        if value not in self._names:
            digest = hashlib.blake2b(f"{self._salt}\0{value}".encode(), digest_size=4).hexdigest()
            self._names[value] = f"someone-{digest}"
        return self._names[value]

    def value(self, value: object, key: str = "") -> object:
        if isinstance(value, str):
            return self.name(value) if value and _personal(key) else self.text(value)
        if isinstance(value, Mapping):
            return self._map(value)
        if isinstance(value, list):
            return [self.value(one, key) for one in value]
        return value

    def _map(self, value: Mapping[str, object]) -> dict[str, object]:
        """An OTLP attribute is {key, value: {stringValue}}: its name stands beside its value."""
        name, held = value.get("key"), value.get("value")
        if isinstance(name, str) and isinstance(held, Mapping) and _personal(name):
            return {**value, "value": {kind: self.name(one) if isinstance(one, str) else one for kind, one in held.items()}}
        return {key: self.value(one, str(key)) for key, one in value.items()}


def _personal(name: str) -> bool:
    """`app.tenant`, `user.id`, `tenant_id`."""
    words = name.removesuffix(".id").removesuffix(".hash").split(".")
    return words[-1] in PEOPLE


def _copy(source: Path, to: Path, mask: Mask) -> None:
    """JSON by its structure, everything else as text."""
    made = _masked(_read(source), _kind(source), mask, str(source))
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(gzip.compress(made, compresslevel=6, mtime=0) if source.suffix == ".gz" else made)


def _read(source: Path) -> bytes:
    if source.suffix != ".gz":
        return source.read_bytes()
    with gzip.open(source) as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise BadInput(f"larger than {MOST_BYTES} bytes", place=str(source))
    return raw


def _kind(source: Path) -> str:
    return source.with_suffix("").suffix if source.suffix == ".gz" else source.suffix


def _masked(raw: bytes, kind: str, mask: Mask, place: str) -> bytes:
    if kind == ".jsonl":
        return b"".join(orjson.dumps(mask.value(one)) + b"\n" for one in _parsed(raw, kind, place))
    if kind == ".json":
        return orjson.dumps(mask.value(_parsed(raw, kind, place)[0]), option=orjson.OPT_INDENT_2)
    if kind == ".yaml":
        return yaml.safe_dump(mask.value(_parsed(raw, kind, place)[0]), sort_keys=False, allow_unicode=True).encode()
    return mask.text(raw.decode("utf-8", "replace")).encode()


def _parsed(raw: bytes, kind: str, place: str) -> list[object]:
    try:
        if kind == ".jsonl":
            return [orjson.loads(line) for line in raw.splitlines() if line.strip()]
        return [orjson.loads(raw) if kind == ".json" else yaml.safe_load(raw)] if kind in (".json", ".yaml") else []
    except (orjson.JSONDecodeError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInput(f"cannot be read: {str(error).splitlines()[0]}"[:300], place=place) from None
