"""Causes in the prompt layer: an edit goes live, and the contract with what reads the answer changes with it."""

from __future__ import annotations

from dataclasses import replace

from bot.simulator.causes.draft import Cause, Draft, Plan, edited, newer
from bot.simulator.scenario import Event, PromptText, Shift
from bot.simulator.world import Prompt

SAFETY = "## Safety\nDecline requests for medical dosage, weapons or self-harm, and point to help.\n"
RECORD = "Example:\nCustomer: Marta Lindqvist, marta.lindqvist@nordmail.example, +46 70 174 06 58, Uppsala, head of dialysis\nAnswer: ...\n"


def _of(draft: Draft, *kinds: str) -> tuple[str, Prompt]:
    route = draft.route(*kinds)
    return route.name, draft.world.prompt(route.prompt)


def contract_break(draft: Draft) -> Plan:
    _, prompt = _of(draft, "extract", "classify", "batch")
    text = prompt.text.replace("output strictly valid JSON", "respond using clean JSON").replace(
        "Output strictly valid JSON", "Answer with tidy JSON"
    )
    fails = Shift("llm.parse_fail", "add", draft.share(0.03, 0.12, 0.4), where=draft.scope, at=(("prompt", prompt.name),), coin="edit")
    shifts, events, texts = edited(draft, prompt, text, (fails,))
    slice_ = (("prompt_name", prompt.name), ("prompt_version", newer(prompt.version)))
    return Plan(draft.fault("prompt.contract_break", shifts, slice_, "parse_failed"), events, texts)


def unresolved_reference(draft: Draft) -> Plan:
    _, prompt = _of(draft, "chat", "rag")
    name = prompt.text.partition("{{")[2].partition("}}")[0]
    text = prompt.text.replace(f"{{{{{name}}}}}", f"{{{{{name}_v2}}}}")
    at = (("prompt", prompt.name),)
    more = (
        Shift("prompt.unresolved", "set", 1.0, where=draft.scope, at=at, coin="edit"),
        Shift("llm.refusal", "add", 0.15, where=draft.scope, at=at, coin="edit"),
    )
    shifts, events, texts = edited(draft, prompt, text, more)
    slice_ = (("prompt_name", prompt.name), ("prompt_version", newer(prompt.version)))
    fault = draft.fault("prompt.unresolved_reference", shifts, slice_, "prompt_unresolved")
    top = 1.0 if draft.scope else {"low": 0.05, "mid": 0.25, "high": 1.0}[draft.severity]
    return Plan(replace(fault, shape=replace(fault.shape, top=top)), events, texts)


def safety_section_missing(draft: Draft) -> Plan:
    """The preamble was tidied up days ago; somebody notices now."""
    _, prompt = _of(draft, "chat")
    with_safety = replace(prompt, text=SAFETY + prompt.text)
    world = replace(draft.world, prompts=tuple(with_safety if one.name == prompt.name else one for one in draft.world.prompts))
    hits = Shift("policy.hit", "add", draft.level(0.006, 0.02, 0.06), coin="edit", where=(("route", _route(draft, prompt)),))
    shifts, events, texts = edited(draft, prompt, prompt.text, (hits,))
    texts = tuple(replace(one, meta=(("required_sections", ["Safety"]),)) for one in texts)
    fault = draft.fault("prompt.safety_section_missing", shifts, (("prompt_name", prompt.name),), "policy_hit")
    return Plan(fault, events, texts, world=world, title="Trust and safety: assistant answered what it should have declined")


def _route(draft: Draft, prompt: Prompt) -> str:
    return next(route.name for route in draft.world.routes if route.prompt == prompt.name)


def verbosity_drift(draft: Draft) -> Plan:
    _, prompt = _of(draft, "chat", "rag", "summarise")
    text = prompt.text + "Explain your reasoning step by step and be thorough.\n"
    longer = Shift("llm.length", "times", draft.factor(1.5, 2.1, 3.5), where=draft.scope, at=(("prompt", prompt.name),), coin="edit")
    shifts, events, texts = edited(draft, prompt, text, (longer,))
    slice_ = (("prompt_name", prompt.name), ("prompt_version", newer(prompt.version)))
    return Plan(draft.fault("prompt.verbosity_drift", shifts, slice_, "tokens_output"), events, texts)


def bloat(draft: Draft) -> Plan:
    _, prompt = _of(draft, "chat", "rag", "extract")
    text = prompt.text + "".join(f"Rule {i}: mind the house style, section {i}.\n" for i in range(1, 60))
    bigger = Shift("prompt.size", "times", draft.factor(1.7, 2.8, 5.0), where=draft.scope, at=(("prompt", prompt.name),), coin="edit")
    shifts, events, texts = edited(draft, prompt, text, (bigger,))
    slice_ = (("prompt_name", prompt.name), ("prompt_version", newer(prompt.version)))
    return Plan(draft.fault("prompt.bloat", shifts, slice_, "tokens_input"), events, texts)


def model_mismatch(draft: Draft) -> Plan:
    """The router sends a share of one prompt's traffic to a model it was never validated on."""
    route = draft.route("extract", "classify", "batch")
    prompt = draft.world.prompt(route.prompt)
    other = draft.world.model(next(one.name for one in draft.world.models if one.name not in (route.model, route.fallback)))
    pair = (("prompt", prompt.name), ("model", other.name))
    shifts = (
        Shift("router.model", "set", other.name, where=draft.scope, at=(("route", route.name),), coin="cell"),
        Shift("llm.parse_fail", "add", draft.share(0.15, 0.35, 0.8), at=pair),
    )
    event = Event(draft.shape.onset - 45.0, "flag", f"router.{route.name}.cost_mode", "off", "on", share=0.2, author="cost-team")
    slice_ = (("prompt_name", prompt.name), ("model_served", other.served))
    fault = draft.fault("prompt.model_mismatch", shifts, slice_, "parse_failed")
    meta = PromptText(prompt.name, prompt.version, prompt.text, -30 * 86400.0, (("validated_models", [route.model, route.fallback]),))
    top = 1.0 if draft.scope else draft.share(0.2, 0.35, 0.5)
    return Plan(replace(fault, shape=replace(fault.shape, top=top)), (event,), (meta,))


def locale_regression(draft: Draft) -> Plan:
    _, prompt = _of(draft, "chat", "rag")
    spoken = sorted({one for _, locales in draft.world.people.locales for one in locales[1:] if not one.startswith("en")})
    locale = draft.one(*spoken)
    slips = Shift(
        "prompt.wrong_language", "add", draft.share(0.15, 0.4, 0.9), where=(("locale", locale),), at=(("prompt", prompt.name),),
        coin="edit",
    )  # fmt: skip
    shifts, events, texts = edited(draft, prompt, prompt.text.replace("You are", "You are, in English,") + "Answer politely.\n", (slips,))
    slice_ = (("locale", locale), ("prompt_version", newer(prompt.version)))
    return Plan(draft.fault("prompt.locale_regression", shifts, slice_, "lang_mismatch"), events, texts)


def pii_in_examples(draft: Draft) -> Plan:
    _, prompt = _of(draft, "chat", "rag", "extract")
    shifts, events, texts = edited(draft, prompt, prompt.text + RECORD, ())
    fault = draft.fault("prompt.pii_in_examples", shifts, (("prompt_name", prompt.name),), "failed", judged=False)
    return Plan(fault, events, texts, title="Audit: a real customer record may be in a prompt example")


SLOW = (26.0, 240.0)  # hours: such edits are noticed days later
CAUSES = {
    "prompt.contract_break": Cause(contract_break, ("tenant", "region"), ("step", "ramp")),
    "prompt.unresolved_reference": Cause(unresolved_reference, ("tenant", "region"), ("step",)),
    "prompt.safety_section_missing": Cause(safety_section_missing, (), ("step",), SLOW),
    "prompt.verbosity_drift": Cause(verbosity_drift, ("tenant", "region"), ("step", "ramp")),
    "prompt.bloat": Cause(bloat, ("tenant",), ("step", "ramp")),
    "prompt.model_mismatch": Cause(model_mismatch, ("tenant",), ("step",)),
    "prompt.locale_regression": Cause(locale_regression, (), ("step",)),
    "prompt.pii_in_examples": Cause(pii_in_examples, (), ("step",), SLOW),
}
