"""One file of a playbook: YAML that a person wrote, read into the value it describes or refused by name and place."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from bot.errors import BadSettings

FILE_BYTES = 256 * 1024  # a page of YAML; anything longer is another file put here by mistake
Described = TypeVar("Described", bound=BaseModel)


def read_playbook(path: Path, described: type[Described]) -> Described:
    """BadSettings names the file, and the line or the key."""
    try:
        if path.stat().st_size > FILE_BYTES:
            raise BadSettings(f"larger than {FILE_BYTES} bytes", place=str(path))
        raw = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise BadSettings(f"cannot be read: {error.strerror}", place=str(path)) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadSettings("not YAML", place=f"{path}:{mark.line + 1}" if mark is not None else str(path)) from None
    try:
        return described.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadSettings(first["msg"].removeprefix("Value error, "), place=f"{path}: {key}") from None
