"""Two read-only pages for people without Slack: the list of incidents, and one incident with its report.

No script, no asset from elsewhere, every text escaped; the browser is told so (Content-Security-Policy).
"""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.model.incident import Incident, IncidentState
from bot.model.report import Report
from bot.model.value import rfc3339
from bot.ports import Incidents
from bot.web.access import reader
from bot.web.chart import svg

LISTED = 100  # a page of them; older ones have links in Slack
REFRESH_S = 3  # while a triage runs
SHOWN = 400  # characters of one text; the rest is in the report

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;
vertical-align:top}h2{font-size:1.1rem;margin:1.5rem 0 .3rem}.quiet{color:#57606a}.verdict{font-size:1.25rem;font-weight:600}
code{background:#f3f4f6;padding:0 .25rem}svg{width:100%;height:10rem;border-bottom:1px solid #ddd}polyline{fill:none;stroke:#b42318;
stroke-width:2}line{stroke:#57606a;stroke-dasharray:4}
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def routes(incidents: Incidents, tokens: Sequence[str]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def home() -> Response:
        return RedirectResponse("/incidents")

    @router.get("/incidents")
    async def listed(request: Request) -> Response:
        reader(request, tokens)
        return _page("Incidents", _list(await incidents.recent(LISTED)))

    @router.get("/incidents/{incident_id}")
    async def shown(incident_id: str, request: Request) -> Response:
        reader(request, tokens)
        incident = await incidents.get(incident_id)
        if incident is None:
            raise HTTPException(404, "no such incident")
        waiting = incident.state is IncidentState.TRIAGING
        return _page(f"{incident.id} {incident.title[:80]}", _incident(incident), refresh=waiting)

    return router


def _page(title: str, body: str, *, refresh: bool = False) -> Response:
    again = f'<meta http-equiv="refresh" content="{REFRESH_S}">' if refresh else ""
    head = f'<meta charset="utf-8">{again}<title>{escape(title)} · Midwatch</title><style>{STYLE}</style>'
    return HTMLResponse(f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>', headers=HEADERS)


def _list(incidents: Sequence[Incident]) -> str:
    if not incidents:
        return "<h1>Incidents</h1><p>No page has come in yet.</p>"
    rows = [
        (f'<a href="/incidents/{escape(one.id)}">{escape(one.id)}</a>', _t(one.state), _t(one.severity), _t(one.title), _t(_verdict(one)))
        for one in incidents
    ]
    return "<h1>Incidents</h1>" + _table(("", "state", "severity", "page", "verdict"), rows)


def _incident(incident: Incident) -> str:
    facts = [
        ("state", _t(incident.state)),
        ("severity", _t(incident.severity)),
        ("service", _t(incident.service or "not stated")),
        ("opened", _t(rfc3339(incident.opened_at))),
        ("alerts", _t(f"{incident.alerts} from {', '.join(incident.sources)}")),
        ("acknowledged by", _t(incident.acknowledged_by or "nobody yet")),
    ]
    facts += [("flapping", f"came back {len(incident.reopened)} times within half an hour")] if incident.flapping else []
    if incident.quiet_until is not None:
        facts.append(("maintenance", _t(f"nobody is told before {rfc3339(incident.quiet_until)}: {incident.quiet_why}")))
    if incident.digest is not None and incident.message is None:
        facts.append(("told in", f"the message of storm {incident.digest}"))
    head = f'<p><a href="/incidents">all incidents</a></p><h1>{_t(incident.id)} · {_t(incident.title)}</h1>'
    report = _report(incident.report) if incident.report else ""
    return f'{head}<p class="verdict">{_t(_verdict(incident))}</p>{_table((), facts)}{report}'


def _verdict(incident: Incident) -> str:
    report = incident.report
    if report is None:
        return {"failed": "the triage broke; look by hand"}.get(incident.state, "triaging" if incident.resolved_at is None else "")
    named = report.cause or ", ".join(report.group or ()) or report.verdict.replace("_", " ")
    return f"{named} ({report.confidence:.0%})"


def _report(report: Report) -> str:
    parts = [svg(report)]
    if report.onset is not None:
        parts.append(f"<p>Since {_t(rfc3339(report.onset.at))} ({_t(report.onset.shape)}).</p>")
    if report.slice is not None:
        where = ", ".join(f"{key} = {value}" for key, value in sorted(report.slice.where.items()))
        parts.append(f"<p>For {_t(where)}: {report.slice.share_of_excess:.0%} of the excess.</p>")
    impact = f"{report.impact.bad} of {report.impact.total} ({report.signal}), {report.impact.excess_bad} more than usual"
    parts.append(f'<p class="quiet">{_t(impact)}; observability {report.observability:.0%}</p>')
    parts += [
        _section("Next", ("do", "check", "way back"), [(_t(one.action), _t(one.verify), _t(one.rollback)) for one in report.next]),
        _section("Runbooks", ("", "why"), [(_t(one.title), _t(one.why)) for one in report.runbooks]),
        _section("Findings", ("", "", ""), [(_t(one.id), _t(one.outcome), _t(one.claim)) for one in report.findings]),
        _section("Ruled out", ("", "why"), [(_t(one.cause or one.change or ""), _t(one.why)) for one in report.ruled_out]),
        _section("Not checked", ("", "missing"), [(_t(one.check), _t(", ".join(one.missing))) for one in report.not_checked]),
        _section("Gaps", ("",), [(_t(one),) for one in report.gaps]),
        _section(
            "Changes",
            ("time", "", "", ""),
            [(_t(rfc3339(one.time)), _t(one.kind), _t(one.object), _t(one.why)) for one in report.changes],
        ),
    ]
    return "".join(parts)


def _section(title: str, names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return f"<h2>{escape(title)}</h2>{_table(names, rows)}" if rows else ""


def _table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Cells are HTML already."""
    head = "<tr>" + "".join(f"<th>{escape(name)}</th>" for name in names) + "</tr>" if any(names) else ""
    return "<table>" + head + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows) + "</table>"


def _t(text: str) -> str:
    """A stranger's text: cut and escaped."""
    return escape(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
