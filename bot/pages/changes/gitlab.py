"""GitLab: a deployment that succeeded, and a push that altered prompt files on the default branch.

Signed as Standard Webhooks where a signing token is configured, else `X-Gitlab-Token` carries the secret itself.
"""

from bot.model.change import Change, ChangeKind
from bot.pages.changes.github import pushed
from bot.pages.reading.altered import changed, reaches_users
from bot.pages.reading.part import Part
from bot.pages.reading.signature import first_of, shared_secret, standard_webhooks
from bot.pages.reading.source import ChangeSource, Headers

_TIERS = frozenset({"production", "other"})  # GitLab's own; `other` is judged by the environment's name


def parse(body: Part, _headers: Headers) -> tuple[Change, ...]:
    match body.text("object_kind"):
        case "deployment":
            return _deployment(body)
        case "push":
            return _push(body)
        case None:
            raise body.wrong("no object_kind: not a GitLab event", "object_kind")
        case _:
            return ()


def _deployment(body: Part) -> tuple[Change, ...]:
    tier, project = body.text("environment_tier") or "other", body.part("project")
    if body.text("status") != "success" or tier not in _TIERS or (tier == "other" and not reaches_users(body.text("environment"))):
        return ()
    id_ = body.text("deployment_id", "deployable_id")
    return (
        changed(
            body,
            ChangeKind.APP,
            project.text("name", "path_with_namespace"),
            body.time("status_changed_at"),
            told_by=f"gitlab:deployment:{project.text('id')}:{id_}" if id_ else None,
            after=body.text("short_sha", "ref"),
            service=project.text("name"),
            author=body.part("user").text("username", "name"),
            link=body.text("deployable_url", "commit_url"),
        ),
    )


def _push(body: Part) -> tuple[Change, ...]:
    """A push names no time of its own; its last commit's is the nearest."""
    project = body.part("project")
    branch, commits = project.text("default_branch"), body.parts("commits")
    if branch is None or body.text("ref") != f"refs/heads/{branch}":
        return ()
    at = max((when for commit in commits if (when := commit.time("timestamp")) is not None), default=None)
    link = commits[-1].text("url") if commits else None
    return pushed(body, at, project.text("path_with_namespace", "name"), body.text("user_username", "user_name"), link)


CHANGES = ChangeSource(parse, signature=first_of("webhook-signature", standard_webhooks, shared_secret("x-gitlab-token")))
