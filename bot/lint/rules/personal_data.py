"""Data of a person, or a secret, in the text: every call sends it to a provider, and an example is repeated to strangers."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, error, rule, warning
from bot.lint.sheet import Sheet
from bot.redact import redact

MARK = re.compile(r"\[redacted ([a-z ]{1,20})\]")
NOBODY = re.compile(  # addresses of roles, and names that belong to nobody (RFC 2606)
    r"(?i)\b(?:support|help|info|contact|sales|team|hello|service|privacy|security|legal|press|jobs|billing"
    r"|no-?reply|admin|office)@[\w.-]{1,200}"
    r"|[\w.+-]{1,64}@(?:[\w-]{1,63}\.){0,4}(?:example|domain|email|company|yourcompany|acme|test|invalid"
    r"|localhost)(?:\.[a-z]{2,6})?\b|\bgit@[\w.-]{1,200}"
    r"|\+?1?[ .(-]{0,3}\d{0,3}[ .)-]{0,3}555[ .-]?01\d\d\b|\b123-45-6789\b|\b4111[ -]?1111[ -]?1111[ -]?1111\b"
)
NUMBER = re.compile(r"(?<![\w.-])(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])")
LABELLED = re.compile(
    r"(?i)\b(?:full name|name|customer|patient|date of birth|dob|born|address|phone(?: number)?|mobile|passport"
    r"|ssn|social security|account(?: number)?|employee id"
    r"|salary)\"?\s{0,2}[:=]\s{0,2}\"?(?P<value>[A-Z0-9+][^\n\",;<{]{3,80})"
)
QUASI = {
    "a company's size": re.compile(r"(?i)\b\d[\d,.]{0,8}[- ](?:employees?|people|staff|person)\b"),
    "an industry": re.compile(r"(?i)\b(?:logistics|biotech|pharma\w*|insurance|law|shipping|mining|aerospace|dental|veterinary"
    r"|construction|real estate|fintech) (?:company|firm|startup|practice|provider|group)\b"),
    "a rare title": re.compile(r"\b(?:Chief \w+ Officer|CEO|CFO|CTO|COO|Managing Director|Head of [A-Z]\w+|VP of [A-Z]\w+|Founder"
    r"|Partner)\b"),
    "a place": re.compile(r"\b(?:based|located|lives|living|from|office|headquartered) in [A-Z][a-z]{2,20}\b"),
    "a full name": re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof)\.? [A-Z][a-z]+(?: [A-Z][a-z]+)?|\b(?:named|customer|patient|client|Name:|From:"
    r"|Regards,|Sincerely,) [A-Z][a-z]{2,15} [A-Z][a-z]{2,20}\b"),
    "a birthday or age": re.compile(r"(?i)\bborn (?:on|in) \w+|\bdate of birth\b|\b\d{2}[- ]years?[- ]old\b"),
}  # fmt: skip
ENOUGH = 3  # of these together point at one person (catalogue 1.2)
SPAN = 12  # lines they stand within


@rule
def personal_data(sheet: Sheet) -> Iterator[Hit]:
    cleaned = [NOBODY.sub("", line) for line in sheet.text.lines]
    for number, line in enumerate(cleaned, 1):
        kinds = sorted(set(MARK.findall(redact(line))))
        if not kinds and NUMBER.search(line) and not sheet.text.source:
            kinds = ["phone"]
        if kinds:
            yield error(number, f"{', '.join(kinds)} in the text")
    if sheet.text.source:
        return
    yield from _quasi(cleaned)


def _quasi(lines: list[str]) -> Iterator[Hit]:
    """Harmless one by one; together they name somebody."""
    found = [(number, what) for number, line in enumerate(lines, 1) for what, pattern in QUASI.items() if pattern.search(line)]
    found += [
        (number, f"a labelled value ({hit[0].split(':')[0].split('=')[0].strip()[:20]})")
        for number, line in enumerate(lines, 1)
        for hit in LABELLED.finditer(line)
    ]
    found.sort()
    for i, (number, _) in enumerate(found):
        near = sorted({what for other, what in found[i:] if other - number < SPAN})
        if len(near) >= ENOUGH:
            yield warning(number, f"together these may name a person: {', '.join(near)}")
            return
