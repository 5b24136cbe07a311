"""Secrets by source: each opens its own door and no other, several at once, and a mistake in them is named without telling a secret."""

import hashlib
import hmac

import pytest
from pydantic import SecretStr

from bot.errors import BadSettings, NotAllowed
from bot.settings import named_secrets, names
from bot.web import Proofs

NOW = 1_772_417_220.0
BODY = b'{"title": "x"}'
KNOWN = frozenset({"github", "sentry"})


async def nothing(_url: str) -> bytes:
    raise AssertionError("nothing is fetched here")


def proofs(signing: dict[str, tuple[str, ...]] | None = None, own: dict[str, tuple[str, ...]] | None = None, *tokens: str) -> Proofs:
    return Proofs(signing or {}, own or {}, tokens, (), nothing)


def signature(secret: str) -> dict[str, str]:
    return {"sentry-hook-signature": hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()}


async def let_in(made: Proofs, source: str, headers: dict[str, str]) -> bool:
    prove = {**made.page_sources(), **{f"changes/{name}": door for name, door in made.change_doors().items()}}[source].prove
    assert prove is not None
    try:
        await prove(BODY, headers, NOW)
    except NotAllowed:
        return False
    return True


async def test_a_source_with_secrets_must_sign_with_one_of_them() -> None:
    made = proofs({"sentry": ("new", "old")}, None, "common")
    assert await let_in(made, "sentry", signature("new"))
    assert await let_in(made, "sentry", signature("old"))
    assert not await let_in(made, "sentry", signature("guess"))
    assert not await let_in(made, "sentry", {"authorization": "Bearer common"})


async def test_a_sources_own_tokens_take_the_place_of_the_common_ones() -> None:
    made = proofs(None, {"alertmanager": ("own",), "argocd": ("deployer",)}, "common")
    assert await let_in(made, "alertmanager", {"authorization": "Bearer own"})
    assert not await let_in(made, "alertmanager", {"authorization": "Bearer common"})
    assert not await let_in(made, "opsgenie", {"authorization": "Bearer own"})
    assert await let_in(made, "opsgenie", {"authorization": "Bearer common"})
    assert await let_in(made, "changes/argocd", {"authorization": "Bearer deployer"})
    assert not await let_in(made, "changes/argocd", {"authorization": "Bearer own"})


async def test_a_secret_of_one_source_opens_no_other() -> None:
    made = proofs({"sentry": ("s",), "github": ("g",)})
    header = {"x-hub-signature-256": "sha256=" + hmac.new(b"g", BODY, hashlib.sha256).hexdigest()}
    assert await let_in(made, "changes/github", header)
    assert not await let_in(made, "sentry", {"sentry-hook-signature": header["x-hub-signature-256"].removeprefix("sha256=")})


async def test_where_a_token_in_a_header_is_the_proof_a_wrong_one_is_refused_with_the_body_unread() -> None:
    made = proofs({"sentry": ("s",)}, None, "common").page_sources()
    knock = made["alertmanager"].knock
    assert knock is not None
    knock({"authorization": "Bearer common"})
    with pytest.raises(NotAllowed):
        knock({"authorization": "Bearer guess"})
    assert made["sentry"].knock is None  # its signature covers the body
    assert made["generic"].knock is None  # its token may stand in the body
    assert Proofs({}, {}, ("common",), ("arn:topic",), nothing).page_sources()["cloudwatch"].knock is None
    assert proofs(None, None, "common").change_doors()["argocd"].knock is not None
    assert proofs({"github": ("g",)}, None, "common").change_doors()["github"].knock is None


def test_without_anything_only_this_machine_is_let_in() -> None:
    assert all(source.prove is None for source in proofs().page_sources().values())
    assert all(door.prove is None for door in proofs().change_doors().values())


def test_a_secret_for_a_source_that_cannot_sign_is_said_to_be_of_no_use() -> None:
    with pytest.raises(BadSettings, match="MIDWATCH_SOURCE_SECRETS: alertmanager cannot sign"):
        proofs({"alertmanager": ("s",)})


def test_one_webhook_of_langfuse_serves_alerts_and_prompts() -> None:
    made = proofs().page_sources()
    assert made["langfuse"].changes is not None
    assert made["sentry"].changes is None


def test_secrets_are_read_one_or_several() -> None:
    said = SecretStr('{"sentry": " one ", "github": ["new", "old"]}')
    assert named_secrets(said, "X", KNOWN) == {"sentry": ("one",), "github": ("new", "old")}
    assert named_secrets(None, "X", KNOWN) == {}
    assert names(" A1, ,B2 ") == ("A1", "B2")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("hunter2", "must be JSON"),
        ('["hunter2"]', "must be a JSON object"),
        ('{"nagios": "hunter2"}', "unknown source 'nagios'"),
        ('{"sentry": ""}', "sentry: a secret"),
        ('{"sentry": []}', "sentry: a secret"),
        ('{"sentry": ["hunter2", 3]}', "sentry: a secret"),
        ('{"sentry": {"a": "hunter2"}}', "sentry: a secret"),
    ],
)
def test_a_mistake_is_named_and_no_secret_told(said: str, why: str) -> None:
    with pytest.raises(BadSettings) as caught:
        named_secrets(SecretStr(said), "MIDWATCH_SOURCE_SECRETS", KNOWN)
    assert str(caught.value).startswith(f"MIDWATCH_SOURCE_SECRETS: {why}")
    assert "hunter2" not in str(caught.value)
