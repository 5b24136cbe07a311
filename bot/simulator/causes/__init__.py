"""Every cause of the catalogue as a change to a mechanism; one file a layer."""

from __future__ import annotations

from bot.simulator.causes import cost, infra, model, none, prompt, retrieval, telemetry, tool
from bot.simulator.causes.draft import Cause

CAUSES: dict[str, Cause] = {
    **model.CAUSES,
    **prompt.CAUSES,
    **retrieval.CAUSES,
    **tool.CAUSES,
    **cost.CAUSES,
    **infra.CAUSES,
    **telemetry.CAUSES,
    **none.CAUSES,
}
