"""Nothing but checks, one file per cause of the catalogue, found by being there."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from bot.engine.check import Check, Declared


@cache
def load() -> tuple[Check, ...]:
    """Every check, sorted by slug. The slug is the file's place; a file that declares no check fails here, at start-up."""
    found: list[Check] = []
    for layer in pkgutil.iter_modules(__path__):
        if not layer.ispkg:
            continue
        package = importlib.import_module(f"{__name__}.{layer.name}")
        found += [_declared(layer.name, module.name) for module in pkgutil.iter_modules(package.__path__)]
    return tuple(sorted(found, key=lambda one: one.slug))


def _declared(layer: str, name: str) -> Check:
    module = importlib.import_module(f"{__name__}.{layer}.{name}")
    declared = [value for value in vars(module).values() if isinstance(value, Declared)]
    if len(declared) != 1:
        raise ImportError(f"{module.__name__} must declare exactly one check, it declares {len(declared)}")
    one = declared[0]
    return Check(f"{layer}.{name}", layer, one.prior, one.needs, one.limits, one.body, module.__doc__ or "")
