"""What a rule looks at: a template, its predecessor if there is one, what is declared about it, and what the edit did."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from bot.lint.edit import Edit
from bot.lint.meta import Meta
from bot.lint.template import Template


@dataclass(frozen=True)
class Sheet:
    text: Template
    was: Template | None = None
    meta: Meta = field(default_factory=Meta)

    @cached_property
    def edit(self) -> Edit | None:
        """What was done to the predecessor; None without one."""
        return None if self.was is None else Edit.between(self.was, self.text)

    @cached_property
    def known(self) -> frozenset[str]:
        """Names of variables that are meant to be there: declared, or used in either version."""
        before = self.was.names if self.was is not None else frozenset()
        return frozenset(self.meta.variables) | self.text.names | before
