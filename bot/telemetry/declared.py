"""A product's own attributes, as its operator declares them: {attribute: "kind.field"} or {attribute: {to, values}} (contract 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from bot.errors import BadBundle
from bot.telemetry.canonical import FLAGS, Field, field_of
from bot.telemetry.group import Group
from bot.telemetry.meaning import reader
from bot.telemetry.values import Column, coerce, column, text

FLAG_PLACES = ("request.flags.", "request.experiments.", "request.flag:", "flags.", "flag:")  # a name follows: one of a map, not a field
_OPEN = frozenset({"other", "chain", "http", "db"})  # spans that say nothing of themselves: a declared field says what they are


@dataclass(frozen=True)
class Declaration:
    attribute: str
    field: Field
    kind: str  # the kind as written: `llm.attempt` is a field of every span, declared for llm
    values: Mapping[str, object] | None = None

    def read(self, value: object) -> object:
        """The canonical value; a value the map does not name is kept as it is."""
        if self.values is not None:
            said = text(value)
            value = self.values.get(said, value) if said is not None else value
        meant = reader(self.field)
        return coerce(value, self.field.type) if meant is None or value is None else meant(value)

    def column(self, held: Column) -> Column:
        """A whole column; the usual case, of a plain type, without a call a value."""
        if self.values is None and reader(self.field) is None:
            return column(held, self.field.type)
        return [None if value is None else self.read(value) for value in held]


@dataclass(frozen=True)
class DeclaredFlag:
    """An attribute that holds the variant of one feature flag or experiment: dimension `flag:<flag>`."""

    attribute: str
    flag: str
    values: Mapping[str, object] | None = None

    def read(self, value: object) -> str | None:
        said = text(value)
        return said if said is None or self.values is None else text(self.values.get(said, said))


@dataclass(frozen=True)
class Declared:
    """All declarations of a product; falsy when there is none."""

    items: tuple[Declaration, ...] = ()
    flags: tuple[DeclaredFlag, ...] = ()

    @cached_property
    def names(self) -> frozenset[str]:
        """Every attribute that is spoken for."""
        return frozenset([item.attribute for item in self.items] + [flag.attribute for flag in self.flags])

    def __bool__(self) -> bool:
        return bool(self.items or self.flags)


NOTHING = Declared()


def declare(raw: object, place: str = "attributes") -> Declared:
    """Read the `attributes` of a bundle or a service playbook; BadBundle names the key that cannot be used."""
    if raw is None:
        return NOTHING
    if not isinstance(raw, dict):
        raise BadBundle("must be a map of attribute names to canonical fields", place=place)
    items = [_declaration(str(name), raw[name], f"{place}.{name}") for name in sorted(raw, key=str)]
    return Declared(
        tuple(item for item in items if isinstance(item, Declaration)), tuple(item for item in items if isinstance(item, DeclaredFlag))
    )


def _declaration(attribute: str, target: object, place: str) -> Declaration | DeclaredFlag:
    values: Mapping[str, object] | None = None
    if isinstance(target, dict):
        unknown = sorted(set(map(str, target)) - {"to", "values"})
        if unknown:
            raise BadBundle(f"unknown key {unknown[0]!r}; known are `to` and `values`", place=place)
        held = target.get("values")
        if held is not None and not isinstance(held, dict):
            raise BadBundle("`values` must be a map of your values to ours", place=place)
        values = {text(theirs) or "": ours for theirs, ours in held.items()} if held else None
        target = target.get("to")
    if not isinstance(target, str):
        raise BadBundle("must name a canonical field, such as retrieval.n_returned", place=place)
    flag = next((target.removeprefix(start) for start in FLAG_PLACES if target.startswith(start)), "")
    if flag:
        return DeclaredFlag(attribute, flag, values)
    found = field_of(target)
    if found is None:
        raise BadBundle(f"unknown field {target!r}", place=place)
    return Declaration(attribute, found, target.partition(".")[0], values)


def apply_declared(group: Group, declared: Declared) -> None:
    """Declared attributes win over every dialect, and say what an unnamed span is; a root stays what it is."""
    for item in declared.items:
        held = group.attrs.get(item.attribute)
        if held is None:
            continue
        read = item.column(held)
        if item.field.column == "name":
            group.names = [new if isinstance(new, str) else old for new, old in zip(read, group.names, strict=True)]
        group.replace(item.field.column, read)
        if item.kind in ("request", "span"):
            continue
        open_kinds = {was for was in set(group.kinds) if _yields(was, item.kind)}
        if open_kinds:
            group.kinds = [
                item.kind if was in open_kinds and value is not None and parent != "" else was
                for was, value, parent in zip(group.kinds, read, group.out["parent_id"], strict=True)
            ]

    _apply_flags(group, declared.flags)


def _apply_flags(group: Group, flags: tuple[DeclaredFlag, ...]) -> None:
    held = [(one, group.attrs[one.attribute]) for one in flags if one.attribute in group.attrs]
    if not held:
        return
    before = group.out.get(FLAGS) or [None] * group.n
    rows = [
        {**(before[row] or {}), **{one.flag: said for one, column in held if (said := one.read(column[row]))}} for row in range(group.n)
    ]
    group.out[FLAGS] = [row or None for row in rows]


def of_resource(attributes: Mapping[str, object], declared: Declared) -> dict[str, object]:
    """Canonical columns that a resource's declared attributes give to all its spans."""
    return {
        item.field.column: item.read(attributes[item.attribute]) for item in declared.items if attributes.get(item.attribute) is not None
    }


def _yields(was: str, kind: str) -> bool:
    return was in _OPEN or (was == "tool" and kind == "retrieval")
