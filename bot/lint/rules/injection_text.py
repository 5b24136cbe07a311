"""Words that tell the model to leave its instructions, inside the prompt itself: an example or a document somebody pasted."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, quoted, rule, warning
from bot.lint.sheet import Sheet

ORDER = re.compile(
    r"(?i)\b(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|every|the|of|your|these|my|previous"
    r"|prior|above|earlier|preceding|foregoing|existing|safety|system)\s+){1,5}(?:instructions?|prompts?|rules"
    r"|guidelines|directions|messages|context|polic(?:y|ies)|constraints)\b"
    r"|\byou are now (?:in )?(?:dan\b|developer mode|jailbroken|unrestricted|free of)|\b(?:reveal|print|repeat"
    r"|output|show|leak) (?:me )?(?:your|the) (?:(?:full|entire|hidden|secret|exact) )?(?:system prompt|hidden "
    r"instructions|initial instructions)"
    r"|\bdo anything now\b|\bpretend (?:that )?you have no (?:restrictions|rules|guidelines|limits)"
    r"|<\|im_(?:start|end)\|>|\[/?INST\]|<<SYS>>|\bnew instructions\s?:"
)
WARNED = re.compile(
    r"(?i)\b(?:never|not|n't|refuse|decline|if|when|whether|attempts?|asks?|asked|tries|trying|treat|even if"
    r"|requests?|such as|e\.g|like|commands?|any text)\b[^.\n]{0,100}$"
)


@rule
def injection_text(sheet: Sheet) -> Iterator[Hit]:
    """A prompt that warns of such words names them: a `never` or `if` before them in the sentence makes them harmless."""
    for number, line in enumerate(sheet.text.lines, 1):
        for hit in ORDER.finditer(line):
            if not WARNED.search(line[: hit.start()]):
                yield warning(number, f"{quoted(hit[0])} speaks against the prompt's own instructions")
