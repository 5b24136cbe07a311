"""Spans on their way into the store, without secrets and personal data: port SpanIntake in front of a SpanIntake.

Contents of prompts and answers are no column of the canonical table; what is left are names, errors, tenants, and attributes without
a canonical name. A tenant or user that is an e-mail address becomes a pseudonym, so that a fault of one tenant is still seen as one.
One pass of a regular expression in Arrow finds the few texts that are looked at in Python.
"""

import asyncio
import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bot.ports import SpanIntake
from bot.redact import is_secret_name, redact
from bot.telemetry.canonical import COLUMNS, EXTRA, FLAGS

WHO = frozenset({"tenant", "user_hash", "session_id"})  # told apart, not told
IDS = frozenset({"response_id", "logical_op_id", "fingerprint", "prompt_hash", "system_hash", "output_hash", "input_hash", "tool_defs_hash",
                 "filter_hash", "tool_schema_hash", "tool_args_hash", "tool_result_keys_hash", "doc_ids"})  # fmt: skip
_LIKELY = (  # what a rule of bot.redact needs to be there at all; a text without any of it is not looked at
    r"(?i)@|://|xox|xapp-|akia|asia|aroa|aida|eyj|private key|authorization|bearer|basic|cookie|pass|pwd|secret|token"
    r"|[a-z]key|[_. -]key|credential|[?&;](?:sig|code|key)|gh[pousr]_|github_pat|glpat-|npm_|pypi-|aiza|ya29|hf_|gsk_|xai-|dapi|dop_v1"
    r"|sg\.|sntry|whsec|glsa_|(?:sk|rk|pk)[-_]|lsv2_|tvly-|r8_|pcsk_|pmak|\+[1-9]\d|\d{3}-\d{2}-\d{4}"
    r"|(?:^|[^\w.-])(?:3[47]\d\d[ -]?\d{6}|[2456]\d{3}[ -]?\d{4})|(?-i:\b[A-Z]{2}\d{2} ?[A-Z0-9]{4})"
)
_RUN, _UPPER, _LOWER = r"[A-Za-z0-9]{24}", r"[A-Z]", r"[a-z]"  # the rule for what only a generator writes


def own_key(home: Path) -> bytes:
    """This installation's key, made once and kept below `home`, readable by its owner alone."""
    file = home / "pseudonym-key"
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as new:
            new.write(secrets.token_hex(32).encode())
    return file.read_bytes()


class RedactedIntake:
    """`key`: of this installation, for pseudonyms; the same after a restart, or a tenant would be two."""

    def __init__(self, inner: SpanIntake, key: bytes) -> None:
        self._inner, self._key = inner, key

    async def add(self, spans: pa.Table) -> int:
        return await self._inner.add(await asyncio.to_thread(redacted, spans, self._key))


def redacted(spans: pa.Table, key: bytes) -> pa.Table:
    """The same table with every text column and both maps clean."""
    for place, field in enumerate(spans.schema):
        column = spans.column(place)
        if field.name in (EXTRA, FLAGS):
            clean: pa.ChunkedArray | pa.Array = pa.chunked_array([_map(chunk) for chunk in column.chunks], type=field.type)
        elif COLUMNS.get(field.name) == "text" and pa.types.is_string(field.type):
            replace = _pseudonym(key) if field.name in WHO else redact
            clean = pa.chunked_array([_texts(chunk, replace, random=field.name not in IDS) for chunk in column.chunks], type=field.type)
        else:
            continue
        spans = spans.set_column(place, field, clean)
    return spans


def _pseudonym(key: bytes) -> Callable[[str], str]:
    def told_apart(text: str) -> str:
        if redact(text) == text:
            return text
        return f"pseudonym-{hmac.new(key, text.encode('utf-8', 'replace'), hashlib.sha256).hexdigest()[:12]}"

    return told_apart


def _texts(array: pa.Array, replace: Callable[[str], str], *, random: bool = True) -> pa.Array:
    """Each distinct text is looked at once, and only where it may hold something."""
    if array.null_count == len(array):
        return array
    encoded = array.dictionary_encode()
    known = encoded.dictionary
    likely = pc.match_substring_regex(known, _LIKELY)
    if random:
        mixed = pc.and_(pc.match_substring_regex(known, _UPPER), pc.match_substring_regex(known, _LOWER))
        likely = pc.or_(likely, pc.and_(mixed, pc.match_substring_regex(known, _RUN)))
    if not pc.any(likely).as_py():
        return array
    texts, changed = known.to_pylist(), False
    for place in pc.indices_nonzero(likely).to_pylist():
        clean = replace(texts[place])
        changed |= clean != texts[place]
        texts[place] = clean
    return pa.array(texts, pa.string()).take(encoded.indices) if changed else array


def _map(array: pa.Array) -> pa.Array:
    """Values under a secret's name go whatever they are."""
    if len(array.items) == 0:
        return array
    items, names = array.items, array.keys.dictionary_encode()
    secret = pa.array([is_secret_name(name) for name in names.dictionary.to_pylist()], pa.bool_()).take(names.indices)
    hidden = pc.if_else(pc.and_(secret, pc.not_equal(items, "")), pa.scalar("[redacted secret]"), items)
    keys, values = _texts(array.keys, redact), _texts(hidden, redact)
    validity = pc.is_null(array) if array.null_count else None
    return pa.MapArray.from_arrays(array.offsets, keys, values, pa.map_(pa.string(), pa.string()), mask=validity)
