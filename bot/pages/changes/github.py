"""GitHub: a deployment that succeeded, and a push that altered prompt files on the default branch.

Signed as `X-Hub-Signature-256: sha256=<hex>`. A deployment that was asked for, failed, or went to an environment for trying things
out altered nothing; a push to another branch has not reached anybody.
"""

from datetime import datetime

from bot.model.change import Change, ChangeKind
from bot.pages.reading.altered import FILES, changed, prompt_of, reaches_users
from bot.pages.reading.part import Part
from bot.pages.reading.signature import hex_hmac
from bot.pages.reading.source import ChangeSource, Headers


def parse(body: Part, headers: Headers) -> tuple[Change, ...]:
    kind = headers.get("x-github-event", "")
    if kind == "push" or (not kind and body.has("ref") and body.has("commits")):
        return _push(body)
    if kind == "deployment_status" or (not kind and body.has("deployment_status")):
        return _deployment(body)
    return ()


def _deployment(body: Part) -> tuple[Change, ...]:
    status, deployment, repository = body.part("deployment_status"), body.part("deployment"), body.part("repository")
    environment = status.text("environment") or deployment.text("environment")
    if status.text("state") != "success" or not (deployment.value.get("production_environment") is True or reaches_users(environment)):
        return ()
    id_ = deployment.text("id")
    return (
        changed(
            status,
            ChangeKind.APP,
            repository.text("name") or repository.text("full_name"),
            status.time("updated_at", "created_at"),
            told_by=f"github:deployment:{id_}" if id_ else None,
            after=deployment.text("sha", "ref"),
            service=repository.text("name"),
            author=deployment.part("creator").text("login"),
            link=status.text("log_url", "target_url") or repository.text("html_url"),
        ),
    )


def _push(body: Part) -> tuple[Change, ...]:
    repository = body.part("repository")
    branch = repository.text("default_branch", "master_branch")
    if branch is None or body.text("ref") != f"refs/heads/{branch}" or body.value.get("deleted") is True:
        return ()
    at = repository.time("pushed_at") or body.part("head_commit").time("timestamp")
    link = body.text("compare") or body.part("head_commit").text("url")
    return pushed(body, at, repository.text("full_name", "name"), body.part("pusher").text("name"), link)


def pushed(body: Part, at: datetime | None, repository: str | None, author: str | None, link: str | None) -> tuple[Change, ...]:
    """One change a prompt that the push's commits touched; GitHub and GitLab list files alike."""
    after, touched, gone = body.text("after"), dict[tuple[str, str | None], str](), set[str]()
    for commit in body.parts("commits"):
        for path in (*commit.words("added"), *commit.words("modified"), *commit.words("removed")):
            if (prompt := prompt_of(path)) is not None:
                touched[prompt] = path
        gone = (gone | set(commit.words("removed"))) - set(commit.words("added"))
    return tuple(
        changed(
            body,
            ChangeKind.PROMPT,
            name,
            at,
            told_by=f"push:{repository}:{after}:{path}",
            before=body.text("before"),
            after="" if path in gone else version or after,
            author=author,
            link=link,
        )
        for (name, version), path in sorted(touched.items(), key=lambda item: item[1])[:FILES]
    )


CHANGES = ChangeSource(parse, signature=hex_hmac("x-hub-signature-256", "sha256="))
