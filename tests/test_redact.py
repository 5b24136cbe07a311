"""Secrets and personal data go; what an engineer needs at 2am stays. Secrets are put together here so that no scanner stops a push."""

import base64
import json
import random
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.change import Change, ChangeKind
from bot.model.page import Link, Page, Status
from bot.model.value import moment
from bot.redact import redact, redact_body, redact_change, redact_page, redact_report
from tests.slack import samples

RANDOM = random.Random(7)
BASE62 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def noise(length: int, signs: str = BASE62) -> str:
    return "".join(RANDOM.choice(signs) for _ in range(length))


def jwt() -> str:
    parts = [base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "n": noise(12)}).encode()).decode().rstrip("=") for _ in range(2)]
    return ".".join([*parts, noise(43)])


PLANTED = {
    "slack bot": "xox" + "b-" + noise(12, "0123456789") + "-" + noise(24),
    "slack app": "xap" + "p-1-" + noise(40),
    "slack hook": noise(10, "ABCDEFGHIJ0123456789") + "/B" + noise(9, "ABCDEF0123") + "/" + noise(24),
    "aws": "AKI" + "A" + noise(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "github": "gh" + "p_" + noise(36),
    "github pat": "github" + "_pat_" + noise(60),
    "gitlab": "glp" + "at-" + noise(20),
    "openai": "s" + "k-proj-" + noise(48),
    "anthropic": "s" + "k-ant-api03-" + noise(90),
    "langfuse": "s" + "k-lf-" + str(uuid.UUID(int=RANDOM.getrandbits(128))),
    "google": "AIz" + "a" + noise(35),
    "hugging face": "h" + "f_" + noise(34),
    "stripe": "sk_l" + "ive_" + noise(24),
    "sendgrid": "S" + "G." + noise(22) + "." + noise(43),
    "jwt": jwt(),
    "pem": "-----BEGIN RSA PRIV" + "ATE KEY-----\n" + noise(64) + "\n" + noise(64) + "\n-----END RSA PRIV" + "ATE KEY-----",
    "bare base62": noise(40),
    "email": "jane.doe+oncall@mail.example.co.uk",
    "card": "4111 1111 1111 1111",
    "card plain": "5555555555554444",
    "amex": "3782 822463 10005",
    "iban": "DE89 3704 0044 0532 0130 00",
    "phone": "+49 170 555 0123",
    "ssn": "219-09-9999",
}
AROUND = ("{}", "failed for {} after 3 tries", "value={}", '"{}"', "<{}>", "see ({}), please", "a\n{}\nb")


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_secret_is_gone_wherever_it_stands(name: str) -> None:
    secret = PLANTED[name]
    for around in AROUND:
        text = around.format(f"https://hooks.slack.com/services/T{secret}" if name == "slack hook" else secret)
        assert secret not in redact(text), text
        assert "[redacted" in redact(text)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgresql://svc:hunter2@db.internal:5432/app is down", "hunter2"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ("Authorization: Bearer abc", "abc"),
        ("authorization=Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("curl -H 'Authorization: Token 0123456789'", "0123456789"),
        ("Bearer abcdef-0123456789_xyz rejected", "abcdef-0123456789_xyz"),
        ("password=hunter2&user=x", "hunter2"),
        ("DB_PASSWORD: hunter2", "hunter2"),
        ("dbPassword: 'correct horse'", "correct horse"),
        ('{"client_secret": "q1w2e3r4"}', "q1w2e3r4"),
        ('{\\"api_key\\": \\"q1w2e3r4t5\\"}', "q1w2e3r4t5"),
        ("api-key => q1w2e3r4t5", "q1w2e3r4t5"),
        ("AccountKey=q1w2e3r4t5==;EndpointSuffix=x", "q1w2e3r4t5"),
        ("https://x.example/y?access_token=q1w2e3r4t5&z=1", "q1w2e3r4t5"),
        ("https://s3.example/y?X-Amz-Signature=abcdefabcdefabcdef", "abcdefabcdefabcdef"),
        ("Set-Cookie: sid=abc; Path=/", "sid=abc"),
        ("routing_key: 7d1f0a3b9c2e4f58", "7d1f0a3b9c2e4f58"),
    ],
)
def test_a_secret_beside_its_name_is_gone(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens=4096, input tokens: 812, prompt_tokens: 12345678",
        "token: expired", "invalid token: unauthorized.", "password incorrect for user 12", "password: incorrect",
        "error rate 12 %, p95 4.8 s, spend +300 %, since 2026-03-02T02:07:00+00:00",
        "gpt-4o-2024-08-06", "claude-3-5-sonnet-20241022", "anthropic.claude-3-5-sonnet-20241022-v2:0", "gemini-2.0-flash-001",
        "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo", "accounts/fireworks/models/llama-v3p1-405b-instruct", "text-embedding-3-large",
        "ft:gpt-4o-mini-2024-07-18:acme:support:7p4lURel", "mistralai/Mixtral-8x22B-Instruct-v0.1", "Qwen/Qwen2.5-Coder-32B-Instruct",
        "req_011CSHoEeqs5C35K2UUqR7Fy", "chatcmpl-9nYQ8c1x2yZabCdEfGhIjKlMnOpQr", "fp_44709d6fcb",
        "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "KubernetesScheduledHealthCheckFailedTooOften2026", "payments-api-7f9dd8b6c4-x7gr9", "ip-10-0-1-73.us-east-1.compute.internal",
        "10.0.1.73:8080", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:HighCPUUsage", "span_id=4539578763621486",
        "https://grafana.internal/d/ai-assistant?viewPanel=2&from=1772417220000", "1772417220000000000", "01BWDWL3NYY7LUFPZCC28QUCMK",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "@checkout-oncall please look", "user@host is not a mail",
    ],
)  # fmt: skip
def test_what_an_engineer_needs_stays(text: str) -> None:
    assert redact(text) == text


HEX = "0123456789abcdef"
IDS = st.one_of(
    st.text(HEX, min_size=32, max_size=32),
    st.text(HEX, min_size=16, max_size=16).filter(
        lambda text: not text.isdigit()
    ),  # a span id of digits alone: one in 1,800; may be a card
    st.text(HEX, min_size=40, max_size=40),
    st.text(HEX, min_size=64, max_size=64),
    st.text(HEX[:10] + "ABCDEF", min_size=32, max_size=32),
    st.uuids().map(str),
)


@settings(max_examples=1_000, deadline=None)
@given(IDS, st.sampled_from(["{}", "trace_id={}", "commit {} deployed", "https://traces.internal/t/{}", '{{"trace": "{}"}}', "(span {})"]))
def test_no_trace_id_hash_or_uuid_is_ever_touched(identifier: str, around: str) -> None:
    assert redact(around.format(identifier)) == around.format(identifier)


MODELS = st.builds(
    "{}{}-{}{}".format,
    st.sampled_from(["", "openai/", "anthropic.", "meta-llama/", "accounts/x/models/", "azure/"]),
    st.sampled_from(["gpt-4o", "claude-3-7-sonnet", "Llama-3.3-70B-Instruct", "gemini-2.5-pro", "Mixtral-8x7B", "DeepSeek-R1", "o3-mini"]),
    st.dates().map(str) | st.from_regex(r"20\d{6}", fullmatch=True),
    st.sampled_from(["", "-v1:0", "-Turbo", "@latest", "-preview-05-20"]),
)


@settings(max_examples=500, deadline=None)
@given(MODELS)
def test_no_model_name_is_ever_touched(model: str) -> None:
    assert redact(f"model={model} was served") == f"model={model} was served"


BROKEN = ("password=", "token: ", "://", "@", '"', "'", "\\", "Bearer ", "[redacted email]", "=", "-----BEGIN PRIVATE KEY-----")
PIECES = st.lists(st.one_of(st.text(max_size=20), st.sampled_from([*PLANTED.values()]), st.sampled_from(BROKEN)), max_size=8)


@settings(max_examples=1_500, deadline=None)
@given(PIECES)
def test_redacting_twice_changes_nothing_more(pieces: list[str]) -> None:
    once = redact("".join(pieces))
    assert redact(once) == once


def test_long_hostile_text_takes_no_time() -> None:
    for text in (
        "a" * 400_000,
        "password=" * 40_000,
        "@a." * 100_000,
        "eyJ" * 100_000,
        "4111 " * 80_000,
        "+1 2" * 100_000,
        "http://a:" * 40_000,
    ):
        redact(text)


def test_a_page_keeps_its_key_and_loses_its_secrets() -> None:
    secret = PLANTED["openai"]
    page = Page(
        source="generic",
        dedup_key="k",
        title=f"401 with {secret}",
        description="mail jane@example.com",
        status=Status.FIRING,
        labels={"routing_key": "short", "model": "gpt-4o", "max_tokens": "512"},
        links=(Link(label="x", url=f"https://x.example/a?api_key={secret}"), Link(label="y", url="https://x.example/b?c=1")),
    )
    clean = redact_page(page)
    assert clean.dedup_key == "k"
    assert clean.title == "401 with [redacted token]"
    assert clean.description == "mail [redacted email]"
    assert clean.labels == {"routing_key": "[redacted secret]", "model": "gpt-4o", "max_tokens": "512"}
    assert [link.url for link in clean.links] == ["https://x.example/a", "https://x.example/b?c=1"]
    assert redact_page(clean) == clean


def test_a_body_stays_json_and_loses_its_secrets() -> None:
    raw = json.dumps(
        {"routing_key": "abc", "payload": {"summary": "mail jane@example.com", "max_tokens": 5, "db": {"password": 1234}}}
    ).encode()
    assert json.loads(redact_body(raw)) == {
        "routing_key": "[redacted secret]",
        "payload": {"summary": "mail [redacted email]", "max_tokens": 5, "db": {"password": "[redacted secret]"}},
    }
    assert redact_body(b'{"a": "jane@example.com') == b'{"a": "[redacted email]'
    assert redact_body(b"[" * 500 + b"]" * 500)


def test_a_report_keeps_what_it_says_and_loses_what_was_planted() -> None:
    assert redact_report(samples.FAULT) == samples.FAULT
    finding = samples.FAULT.findings[0].model_copy(
        update={"claim": f"refused for {PLANTED['email']}", "traces": ("4539578763621486", "0" * 32)}
    )
    card = "4539578763621486"  # the same sixteen digits, as a tenant
    planted = samples.FAULT.model_copy(update={"findings": (finding,), "gaps": (f"401 with {PLANTED['openai']}", card)})
    clean = redact_report(planted)
    assert not [name for name in ("email", "openai") if PLANTED[name] in clean.model_dump_json()]
    assert clean.findings[0].traces == (card, "0" * 32)
    assert clean.gaps[1] == "[redacted card]"
    assert redact_report(clean) == clean


@settings(max_examples=150, deadline=None)
@given(PIECES)
def test_pages_and_changes_are_redacted_once_and_for_all(pieces: list[str]) -> None:
    text = "".join(pieces).encode("utf-8", "replace").decode() or "x"
    page = Page(
        source="s", dedup_key=text, title=text, description=text, status=Status.FIRING, service=text, labels={"a": text, "password": text}
    )
    once = redact_page(page)
    assert redact_page(once) == once
    change = Change(id=text, time=moment(0.0), kind=ChangeKind.APP, object=text, after=text, author=text)
    altered = redact_change(change)
    assert redact_change(altered) == altered
