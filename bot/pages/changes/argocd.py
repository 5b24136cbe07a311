"""Argo CD notifications: an application that was synced and is deployed. Cannot sign; its webhook sends a token in a header.

The body is the template of docs/pages.md, or the whole Application object. A sync that failed or still runs altered nothing yet.
"""

from bot.model.change import Change, ChangeKind
from bot.pages.reading.altered import changed, reaches_users
from bot.pages.reading.part import Part
from bot.pages.reading.source import ChangeSource, Headers

_DONE = frozenset({"succeeded", "synced", "deployed"})


def parse(body: Part, _headers: Headers) -> tuple[Change, ...]:
    app = body.part("app") if body.is_object("app") else body
    return _application(app) if app.is_object("metadata") else _template(body)


def _application(app: Part) -> tuple[Change, ...]:
    operation, destination = app.part("status", "operationState"), app.part("spec", "destination")
    if (operation.text("phase") or "").casefold() not in _DONE or not reaches_users(destination.text("namespace")):
        return ()
    history = app.part("status").parts("history")
    revision = operation.part("syncResult").text("revision") or app.part("status", "sync").text("revision")
    before = next((entry.text("revision") for entry in reversed(history) if entry.text("revision") not in (None, revision)), None)
    name = app.part("metadata").text("name")
    return (
        changed(
            app,
            ChangeKind.APP,
            name,
            operation.time("finishedAt"),
            before=before,
            after=revision,
            service=name,
            author=operation.part("operation", "initiatedBy").text("username"),
            link=app.part("spec", "source").text("repoURL"),
        ),
    )


def _template(body: Part) -> tuple[Change, ...]:
    name = body.text("app", "application", "name")
    if name is None:
        raise body.wrong("names no application", "app")
    phase = (body.text("phase", "status") or "").casefold()
    if phase not in _DONE or not reaches_users(body.text("namespace", "environment")):
        return ()
    return (
        changed(
            body,
            ChangeKind.APP,
            name,
            body.time("finished_at", "finishedAt", "time"),
            before=body.text("previous_revision"),
            after=body.text("revision"),
            service=body.text("service") or name,
            author=body.text("author", "initiated_by"),
            link=body.text("link", "url"),
        ),
    )


CHANGES = ChangeSource(parse)
