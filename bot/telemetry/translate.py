"""Piles of raw spans -> rows of the canonical table: identity and times, the dialect's table, shared attributes, signs, extras."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

import numpy as np

from bot.telemetry.conventions import NOISE, READ_ELSEWHERE, SHARED, shared
from bot.telemetry.declared import Declared, apply_declared, of_resource
from bot.telemetry.dialects import Dialect, Rule
from bot.telemetry.group import Group
from bot.telemetry.identity import nanoseconds, parents, usable
from bot.telemetry.kinds import disguised, settle
from bot.telemetry.raw import Pile, grouped
from bot.telemetry.signs import events_of, read_events, read_flags, read_sampling, read_status
from bot.telemetry.values import TEXT, Column, text

_EXTRAS = 40  # attributes without a canonical name kept a span (canonical.EXTRA)
_MICRO = 1_000  # nanoseconds: epoch seconds in a float64 are exact to the microsecond and no further

Json = dict[str, Any]


@lru_cache(maxsize=20_000)
def plan(dialect: Dialect, keys: tuple[str, ...], declared: frozenset[str]) -> tuple[tuple[tuple[str, Rule], ...], tuple[str, ...]]:
    """(attribute, rule) in order of precedence, and the attributes that have no canonical name. Declared ones are left to declared.py."""
    mine = [(name, rule) for name, rule in dialect.table.items() if name in keys and name not in declared]
    mapped = {name for name, _ in mine} | declared
    rules = [(name, rule) for name in keys if name not in mapped and (rule := shared(name)) is not None]
    mapped |= {name for name, _ in rules} | dialect.reads | READ_ELSEWHERE
    extras = [name for name in keys if name not in mapped and not name.endswith(".#") and not name.startswith((*NOISE, *dialect.prefixes))]
    return (*mine, *sorted(rules, key=lambda pair: _precedence(pair[0]))), tuple(sorted(extras)[:_EXTRAS])


def _precedence(attribute: str) -> int:
    """Shared attributes in the order of their table, so that `k8s.pod.name` comes before `host.name`."""
    order = _order()
    return order.get(attribute, order.get(attribute.partition(".")[2], len(order)))


@lru_cache(maxsize=1)
def _order() -> dict[str, int]:
    return {name: at for at, name in enumerate(SHARED)}


def translate(pile: Pile, resources: list[Json], declared: Declared, skipped: Counter[str]) -> Group | None:
    """One pile -> its group with every canonical column it has in `out`; None when no span of it can be used."""
    usable(pile, skipped)
    if not pile.spans:
        return None
    group = grouped(pile)
    group.out["trace_id"] = group.fields("traceId")
    group.out["span_id"] = group.fields("spanId")
    group.out["parent_id"] = parents(group.spans)
    starts = _times(group)
    if pile.dialect.prepare is not None:
        pile.dialect.prepare(group)
    rules, extras = plan(pile.dialect, tuple(group.attrs), declared.names)
    write(group, rules)
    group.kinds = pile.dialect.kinds(group)
    pile.dialect.finish(group)
    _resource(group, pile, resources)
    read_flags(group)
    thrown = read_events(group, starts)
    group.put("name", group.names)
    disguised(group)
    apply_declared(group, declared)
    settle(group)
    read_status(group, thrown)
    read_sampling(group)
    group.out["scope_name"] = [pile.scope[:TEXT] or None] * group.n
    group.out["dialect"] = [pile.dialect.name] * group.n
    group.out["extra"] = _extras(group, extras, [resources[at] for at in pile.resources])
    return group


def write(group: Group, rules: tuple[tuple[str, Rule], ...]) -> None:
    """The table's rules, in order: an earlier one has precedence for its column."""
    for attribute, rule in rules:
        values = group.attrs[attribute]
        if isinstance(rule, tuple):
            name, by = rule
            group.put(name, [None if value is None else by(value) for value in values])
        else:
            group.put(rule, values)


def _resource(group: Group, pile: Pile, resources: list[Json]) -> None:
    """What the process says about itself fills what the span left open; what is declared of it wins."""
    distinct = [resources[at] for at in sorted(set(pile.resources))]
    for name in sorted({name for resource in distinct for name in resource} - {"extra", "declared"}):
        held = {at: resources[at].get(name) for at in set(pile.resources)}
        group.put(name, [held[at] for at in pile.resources])
    for name in sorted({name for resource in distinct for name in resource["declared"]}):
        group.replace(name, [resources[at]["declared"].get(name) for at in pile.resources])


def resource_columns(attributes: dict[str, object], declared: Declared) -> Json:
    """A resource's attributes -> canonical columns, and `extra` for those without a name there, `declared` for declared ones."""
    columns: Json = {}
    extra: dict[str, str] = {}
    for name in sorted(attributes, key=_precedence):
        rule = shared(name)
        value = attributes[name]
        if rule is None:
            said = None if name.startswith(NOISE) or name.startswith("service.") else text(value)
            if said is not None and len(extra) < _EXTRAS:
                extra[name[:TEXT]] = said
        elif isinstance(rule, tuple):
            columns.setdefault(rule[0], rule[1](value))
        else:
            columns.setdefault(rule, value)
    stated = of_resource(attributes, declared)
    return {**columns, "extra": extra, "declared": stated}


def _extras(group: Group, names: tuple[str, ...], resources: list[Json]) -> Column:
    """Attributes with no canonical name, as texts; a long text is content and is dropped rather than cut."""
    columns = [[said if said is not None and len(said) < TEXT else None for said in map(text, group.attrs[name])] for name in names]
    rows: Column = []
    shown = list(zip(*columns, strict=True)) if columns else [()] * group.n
    for row, values in enumerate(shown):
        own = [(name, value) for name, value in zip(names, values, strict=True) if value is not None]
        base = resources[row].get("extra")
        rows.append([*own, *((name, value) for name, value in base.items() if name not in names)][:_EXTRAS] if base else own)
    return rows


def _times(group: Group) -> list[float]:
    """Columns ts, end, duration_ms, unfinished; returns the starts in epoch seconds."""
    starts = nanoseconds(group.fields("startTimeUnixNano"))
    ends = nanoseconds(group.fields("endTimeUnixNano"))
    broken = (ends <= 0) | (ends < starts)
    for row in np.flatnonzero(broken):
        last = max((nanoseconds([event.get("timeUnixNano")])[0] for _, event, _ in events_of(group.spans[row])), default=0)
        ends[row] = last if last >= starts[row] else 0
    ts, end = (starts // _MICRO) / 1e6, (ends // _MICRO) / 1e6
    end[ends <= 0] = np.nan
    group.out["ts"] = ts.tolist()
    group.out["end"] = end.tolist()
    group.out["duration_ms"] = (
        ((ends - starts) / 1e6).tolist() if not broken.any() else np.where(ends > 0, (ends - starts) / 1e6, np.nan).tolist()
    )
    if broken.any():
        group.out["unfinished"] = [True if row else None for row in broken.tolist()]
    return group.out["ts"]
