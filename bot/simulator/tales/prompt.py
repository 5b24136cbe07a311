"""Replays of the prompt layer: edits that looked like tidying up."""

from __future__ import annotations

from bot.simulator.casts import TEXTS
from bot.simulator.scenario import Shift
from bot.simulator.tales.replay import CHAT, SAFETY, Replay, busy, chatty, live

ASK = (("prompt", "qa-grounded"),)
CHAT_MAIN = (("prompt", "chat-main"),)
RECORD = "Example:\nCustomer: Marta Lindqvist, marta.lindqvist@nordmail.example, +46 70 174 06 58, Uppsala, head of dialysis\nAnswer: ...\n"
RULES = "".join(f"Rule {i}: mind the house style, section {i}.\n" for i in range(1, 90))

REPLAYS = {
    # the preamble was shortened on Friday and the safety clause went with it; trust and safety found out on Sunday
    "removed-safety-clause": Replay(
        "prompt.safety_section_missing",
        "Trust and safety: assistant answered what it should have declined",
        "policy_hit",
        (live("chat-main", "v31"), Shift("policy.hit", "add", 0.03, where=(("route", "/v1/chat"),), coin="edit")),
        onset=30.0,
        slice=(("prompt_name", "chat-main"),),
        changed=("prompt", "chat-main", "v30", "v31", "sam"),
        text=("chat-main", "v31", CHAT),
        meta=(("required_sections", ["Safety"]),),
        hours=36.0,
        source="generic",
        world=lambda: chatty(320.0),
    ),
    # a cost flag sent one prompt's traffic to a model it was never validated on; three percent of all requests, averages green
    "never-validated-model": Replay(
        "prompt.model_mismatch",
        "Invoices of a few customers fail to parse, {value}% of structured outputs",
        "parse_failed",
        (
            Shift("router.model", "set", "gpt-4o", at=(("route", "/v1/extract"),), coin="cell"),
            Shift("llm.parse_fail", "add", 0.5, at=(("prompt", "extract-invoice"), ("model", "gpt-4o"))),
        ),
        onset=2.5,
        slice=(("prompt_name", "extract-invoice"), ("model_served", "gpt-4o-2024-11-20")),
        top=0.25,
        changed=("flag", "router./v1/extract.quality_mode", "off", "on", "quality-team"),
        text=("extract-invoice", "v7", TEXTS["extract"]),
        meta=(("validated_models", ["gpt-4o-mini", "claude-3-5-haiku"]),),
        world=busy,
    ),
    # somebody made the example realistic by pasting a record of a real customer
    "customer-record-in-example": Replay(
        "prompt.pii_in_examples",
        "Audit: a real customer record may be in a prompt example",
        "failed",
        (live("qa-grounded", "v13"),),
        onset=28.0,
        slice=(("prompt_name", "qa-grounded"),),
        changed=("prompt", "qa-grounded", "v12", "v13", "onboarding"),
        text=("qa-grounded", "v13", TEXTS["rag"] + RECORD),
        judged=False,
        hours=32.0,
        source="generic",
        world=lambda: chatty(300.0),
    ),
    # `be thorough` doubled the answers, the bill and the wait
    "be-thorough": Replay(
        "prompt.verbosity_drift",
        "p95 latency up, answers twice as long since this evening",
        "tokens_output",
        (live("chat-main", "v31"), Shift("llm.length", "times", 2.2, at=CHAT_MAIN, coin="edit")),
        onset=2.2,
        slice=(("prompt_name", "chat-main"), ("prompt_version", "v31")),
        changed=("prompt", "chat-main", "v30", "v31", "ria"),
        text=("chat-main", "v31", SAFETY + CHAT + "Explain your reasoning step by step and be thorough.\n"),
        world=chatty,
    ),
    # the style guide moved into the system prompt: 4k tokens became 11k
    "style-guide-moved-in": Replay(
        "prompt.bloat",
        "Input tokens per request {value}, budget alert",
        "tokens_input",
        (live("chat-main", "v31"), Shift("prompt.size", "times", 4.0, at=CHAT_MAIN, coin="edit")),
        onset=3.0,
        slice=(("prompt_name", "chat-main"), ("prompt_version", "v31")),
        changed=("prompt", "chat-main", "v30", "v31", "brand"),
        text=("chat-main", "v31", SAFETY + CHAT + RULES),
        world=chatty,
    ),
    # an English sentence was added at the top: German customers are answered in English
    "german-answered-in-english": Replay(
        "prompt.locale_regression",
        "Ticket: German customers get English answers",
        "lang_mismatch",
        (live("qa-grounded", "v13"), Shift("prompt.wrong_language", "add", 0.6, where=(("locale", "de-DE"),), at=ASK, coin="edit")),
        onset=3.0,
        slice=(("locale", "de-DE"), ("prompt_version", "v13")),
        changed=("prompt", "qa-grounded", "v12", "v13", "lee"),
        text=("qa-grounded", "v13", "You are a careful assistant.\n" + TEXTS["rag"]),
        source="generic",
        world=busy,
    ),
}
