"""What an operator declares about a prompt (`prompts/<name>/meta.yaml`), read leniently: keys of other tools are not ours to refuse."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from bot.errors import BadInput

LONGEST = 200  # characters of one declared name


class Meta(BaseModel):
    """Empty means *nothing declared*: the rule that would read it stays quiet."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    required_sections: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    deprecated: tuple[str, ...] = ()  # models and tools that must not be named any more
    validated_models: tuple[str, ...] = ()
    max_tokens: int | None = None

    @field_validator("required_sections", "variables", "tools", "deprecated", "validated_models", mode="before")
    @classmethod
    def _names(cls, value: object) -> tuple[str, ...]:
        """A list of names, one name, or a map whose keys are the names (variables with their types)."""
        if value is None:
            return ()
        if isinstance(value, str):
            value = [value]
        if isinstance(value, Mapping):
            value = list(value)
        if not isinstance(value, list | tuple):
            raise ValueError("must be a list of names")  # noqa: TRY004  pydantic reports this one with the key
        names = tuple(str(one.get("name", "")) if isinstance(one, Mapping) else str(one) for one in value)
        return tuple(name[:LONGEST] for name in names if name)


def read_meta(raw: object, place: str) -> Meta:
    """What YAML gave -> Meta. BadInput names the key."""
    if raw is None:
        return Meta()
    if not isinstance(raw, Mapping):
        raise BadInput("must be a map", place=place)
    try:
        return Meta.model_validate({str(key): value for key, value in raw.items()})
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(first["msg"], place=f"{place}: {'.'.join(map(str, first['loc']))}") from None
