"""Prometheus Alertmanager, webhook version 4; one bare alert ({labels, annotations}) is taken too.

Cannot sign: its http_config sends a token. It names no delivery, and sends a group again every repeat_interval.
"""

from bot.model.page import Page
from bot.pages.reading import flat, prometheus
from bot.pages.reading.part import Part
from bot.pages.reading.source import Headers, Source


def parse(body: Part, headers: Headers) -> tuple[Page, ...]:
    if body.value.get("alerts") == [] and not (body.has("commonLabels") or body.has("groupLabels") or body.has("title")):
        return ()  # a group of nothing: what a receiver is tried out with
    if prometheus.looks_like(body):
        return prometheus.pages("alertmanager", body)
    return flat.pages("alertmanager", body, headers)  # since 0.32 the payload may be templated into anything


SOURCE = Source(parse)
