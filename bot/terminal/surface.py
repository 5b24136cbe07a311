"""Port Surface on a terminal: a progress bar while it triages, then the card; evidence, plot and ruled-out list on attach."""

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.text import Text

from bot.model import incident as model
from bot.model.incident import Digest, Incident, IncidentState, MessageRef
from bot.ports import Picture
from bot.terminal.views import details, incident_card
from bot.wording import storm
from bot.wording.incident import progress_words, summary

REMEMBERED = 1_000  # incidents whose last card is kept, so that the same one is not printed twice


class TerminalSurface:
    """A live bar when the console is a terminal, plain lines when it is a file or a pipe."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._said: dict[str, str] = {}
        self._attached: set[tuple[str, int]] = set()

    async def show(self, incident: Incident, progress: model.Progress | None) -> MessageRef:
        if incident.state is IncidentState.TRIAGING:
            self._advance(incident, progress)
        else:
            self._end(incident.id)
            self._card(incident)
        return MessageRef(channel="terminal", ts=incident.id)

    async def show_digest(self, digest: Digest, incidents: Sequence[Incident]) -> MessageRef:
        """A line whenever it says something else."""
        self._line(f"storm {digest.number}", storm.summary(digest, incidents))
        return MessageRef(channel="terminal", ts=f"storm {digest.number}")

    async def attach(self, incident: Incident, picture: Picture | None) -> None:
        """The picture stays unused: the plot is drawn from the report itself."""
        key = (incident.id, incident.triage_revision)
        if incident.report is None or key in self._attached:
            return
        self._attached.add(key)
        self._console.print(details(incident.report, self._console.width))

    def close(self) -> None:
        """Take a live bar off the screen; the surface may be used again."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
            self._tasks.clear()

    def _advance(self, incident: Incident, progress: model.Progress | None) -> None:
        words = progress_words(progress)
        if not self._console.is_terminal:
            self._line(incident.id, f"{incident.id} triaging: {words}")
            return
        if self._bars is None:
            self._bars = Progress(SpinnerColumn(), _Words(), BarColumn(bar_width=24), console=self._console, transient=True)
            self._bars.start()
        if incident.id not in self._tasks:
            self._line(incident.id, summary(incident).split(". ", 1)[0])
            self._tasks[incident.id] = self._bars.add_task("", total=None)
        known = progress is not None and progress.total > 0
        total, done = (progress.total, progress.done) if progress is not None and known else (None, 0)
        self._bars.update(self._tasks[incident.id], total=total, completed=done, words=f"{incident.id} {words}", refresh=True)

    def _end(self, incident_id: str) -> None:
        task = self._tasks.pop(incident_id, None)
        if self._bars is not None and task is not None:
            self._bars.remove_task(task)
        if not self._tasks:
            self.close()

    def _card(self, incident: Incident) -> None:
        said = incident.model_dump_json(exclude={"message", "revision", "triage_revision"})
        if self._said.get(incident.id) == said:
            return
        self._remember(incident.id, said)
        self._console.print(incident_card(incident, self._console.width))

    def _line(self, incident_id: str, words: str) -> None:
        if self._said.get(incident_id) != words:
            self._remember(incident_id, words)
            self._console.print(Text(words))

    def _remember(self, incident_id: str, said: str) -> None:
        self._said.pop(incident_id, None)
        self._said[incident_id] = said
        while len(self._said) > REMEMBERED:
            del self._said[next(iter(self._said))]


class _Words(ProgressColumn):
    """The step in words, as Text: a column made from a format string would read markup."""

    def render(self, task: Task) -> Text:
        return Text(str(task.fields.get("words", "")))
