"""In-memory twin of the audit log."""

from dataclasses import dataclass, field

from bot.model.audit import AuditEntry


@dataclass
class MemoryAudit:
    entries: list[AuditEntry] = field(default_factory=list)

    async def note(self, entry: AuditEntry) -> None:
        self.entries.append(entry)

    def said(self) -> list[tuple[str, str, str]]:
        """Action, object, result: what tests ask for."""
        return [(entry.action, entry.object, entry.result.value) for entry in self.entries]
