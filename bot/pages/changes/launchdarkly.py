"""LaunchDarkly: a flag, segment or AI config that was altered in an environment of users. Signed as `X-LD-Signature: <hex>`.

The body is an entry of its audit log: what is told of members, tokens, projects and comments altered nothing in production.
"""

import re

from bot.model.change import Change, ChangeKind
from bot.pages.reading.altered import changed, reaches_users
from bot.pages.reading.part import Part
from bot.pages.reading.signature import hex_hmac
from bot.pages.reading.source import ChangeSource, Headers

_KINDS = {"flag": ChangeKind.FLAG, "segment": ChangeKind.FLAG, "aiconfig": ChangeKind.CONFIG}
_QUIET = frozenset(
    {"updateName", "updateDescription", "updateTags", "updateMaintainer", "createFlagLink", "updateFlagLink", "deleteFlagLink"}
)
_RESOURCE = re.compile(r"proj/[^:;]{1,200}(?:;[^:]{0,500})?:env/(?P<env>[^:;]{1,200})(?:;[^:]{0,500})?:[\w-]{1,40}/(?P<key>[^:;]{1,300})")


def parse(body: Part, _headers: Headers) -> tuple[Change, ...]:
    kind = _KINDS.get((body.text("kind") or "").replace("-", "").casefold())
    if kind is None:
        return ()
    actions = {action for access in body.parts("accesses") if (action := access.text("action"))}
    resource = _resource(body)
    environment = resource["env"] if resource else None
    if (actions and actions <= _QUIET) or not reaches_users(environment):
        return ()
    id_, site = body.text("_id"), body.part("_links", "site").text("href")
    return (
        changed(
            body,
            kind,
            body.text("name") or (resource["key"] if resource else None),
            body.time("date"),
            told_by=f"launchdarkly:{id_}" if id_ else None,
            before=_state(body.part("previousVersion"), environment),
            after=_state(body.part("currentVersion"), environment),
            author=_author(body),
            link=f"https://app.launchdarkly.com{site}" if site and site.startswith("/") else None,
        ),
    )


def _resource(body: Part) -> re.Match[str] | None:
    named = [*(access.text("resource") or "" for access in body.parts("accesses")), *body.part("target").words("resources")]
    return next((found for text in named if (found := _RESOURCE.fullmatch(text))), None)


def _state(version: Part, environment: str | None) -> str | None:
    """`on`, `off`, with the version that counts each edit; None where the entry does not carry the flag."""
    here = version.part("environments", environment) if environment and version.is_object("environments") else version
    words = []
    if isinstance(here.value.get("on"), bool):
        words.append("on" if here.value["on"] else "off")
    if (number := here.text("version", "_version")) is not None:
        words.append(f"version {number}")
    return " ".join(words) or None


def _author(body: Part) -> str | None:
    member = body.part("member")
    named = " ".join(word for word in (member.text("firstName"), member.text("lastName")) if word)
    return named or body.part("token").text("name") or body.part("app").text("name")


CHANGES = ChangeSource(parse, signature=hex_hmac("x-ld-signature"))
