"""What consumers of the answer rely on changed: keys of an example, quoted values, tags and delimiters."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, info, quoted, rule, warning
from bot.lint.sheet import Sheet

KEY = re.compile(r"(?<![\w\\])\\?[\"']([A-Za-z_][\w.-]{0,40}?)\\?[\"']\s{0,2}:(?!:)")
LITERAL = re.compile(r"\"[^\"\n]{1,40}\"|`[^`\n]{1,40}`|</?[a-z][\w-]{1,40}>")
TAG = re.compile(r"</?([a-z][\w-]{1,40})>")


@rule
def changed_contract(sheet: Sheet) -> Iterator[Hit]:
    if sheet.edit is None or sheet.was is None or sheet.text.catalogue:
        return
    keys = set(KEY.findall(sheet.text.text))
    tags = set(TAG.findall(sheet.text.text))
    source = bool(sheet.text.source) and sheet.edit.rewrites
    for changed in sheet.edit.changed:
        gone = sorted(set(KEY.findall(changed.before)) - keys)
        if gone and len(KEY.findall(changed.after)) == len(KEY.findall(changed.before)):
            come = sorted(set(KEY.findall(changed.after)) - set(KEY.findall(changed.before)))
            yield warning(changed.line, f"key {quoted(gone[0])} is now {quoted(', '.join(come))}: whoever reads the answer must change too")
        elif gone:
            yield (info if source else warning)(changed.line, f"key {quoted(', '.join(gone))} is gone")
        lost = sorted(set(TAG.findall(changed.before)) - tags)
        if lost and TAG.search(changed.after) and not source:
            yield warning(changed.line, f"tag {quoted(lost[0])} has another name")
        literals = sorted(set(LITERAL.findall(changed.before)) ^ set(LITERAL.findall(changed.after)))
        if literals and not gone and not lost:
            yield info(changed.line, f"quoted words changed: {quoted(', '.join(literals))}")
    for line, text in sheet.edit.gone:
        lost = sorted(set(KEY.findall(text)) - keys)
        if lost and re.match(r"\s*[\"']", text) and _neighbour(sheet, line):
            yield (info if source else warning)(line, f"key {quoted(', '.join(lost))} is gone from an example that still stands")


def _neighbour(sheet: Sheet, line: int) -> bool:
    """Whether keys stand beside the place: the example was shortened, not removed."""
    return any(KEY.search(text) for text in sheet.text.lines[max(0, line - 3) : line + 2])
