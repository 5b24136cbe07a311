"""`playbooks/maintenance/*.yaml`: when pages of a service are expected.

They are kept and grouped, and nobody is told; what still fires at the end is told then.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from bot.backends.playbook_file import read_playbook
from bot.backends.records.grouping import Quiet
from bot.errors import BadSettings
from bot.model.page import Page

log = logging.getLogger(__name__)

LONGEST = timedelta(days=14)  # a window that is forgotten must not keep a service quiet for ever
LOOK_EVERY_S = 5.0  # people put a file here minutes before they begin, not seconds


class Window(BaseModel):
    """One file. It needs a service, or labels that all must be on the page."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    why: str = Field(min_length=1, max_length=500)
    start: AwareDatetime = Field(alias="from")
    until: AwareDatetime
    service: str | None = None
    match: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _bounded(self) -> "Window":
        if not self.start < self.until <= self.start + LONGEST:
            raise ValueError(f"`until` must be after `from`, and at most {LONGEST.days} days")
        if self.service is None and not self.match:
            raise ValueError("it names neither a `service` nor labels to `match`, and would keep everything quiet")
        return self

    def covers(self, page: Page, service: str | None, at: datetime) -> bool:
        there = self.service is None or self.service in (service, page.service)
        return self.start <= at < self.until and there and all(page.labels.get(name) == value for name, value in self.match.items())


class Maintenance:
    """The folder as it is now, looked at every few seconds. A file that cannot be read is logged, and the windows read before stay."""

    def __init__(self, folder: Path, service_of: Callable[[Page], str | None], clock: Callable[[], float] = time.monotonic) -> None:
        """BadSettings names the file and the key."""
        self._folder = folder / "maintenance"
        self._service_of = service_of
        self._clock = clock
        self._seen = self._files()
        self._windows = _read_all(self._seen)
        self._looked_at = clock()

    def quiet(self, page: Page, at: datetime) -> Quiet | None:
        """The window that lasts longest of those that the page falls into at `at`; None for none."""
        self._look()
        service = self._service_of(page) if self._windows else None
        found = [window for window in self._windows if window.covers(page, service, at)]
        longest = max(found, key=lambda window: window.until, default=None)
        return Quiet(longest.until, longest.why) if longest is not None else None

    def _look(self) -> None:
        if self._clock() - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = self._clock()
        seen = self._files()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._windows = _read_all(seen)
        except BadSettings as error:
            log.error("maintenance stays as it was: %s", error)  # noqa: TRY400 - the message says where
        else:
            log.info("maintenance: %d windows", len(self._windows))

    def _files(self) -> tuple[tuple[Path, int], ...]:
        """Every file with its time of change."""
        found = []
        for path in sorted(self._folder.glob("*.yaml")):
            try:
                found.append((path, path.stat().st_mtime_ns))
            except OSError:  # taken away a moment ago
                continue
        return tuple(found)


def _read_all(files: tuple[tuple[Path, int], ...]) -> tuple[Window, ...]:
    return tuple(read_playbook(path, Window) for path, _ in files)
