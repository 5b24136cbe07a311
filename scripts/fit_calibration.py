"""Fit bot/engine/calibration.yaml from what `midwatch eval --clues` wrote: nats on the dev split, the isotonic map on validation.

midwatch eval --split dev --n 150 --clues dev.jsonl
midwatch eval --split validation --n 120 --clues validation.jsonl
python scripts/fit_calibration.py dev.jsonl validation.jsonl
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml

from bot.engine import calibration
from bot.engine.calibration import FITTED, Calibration
from bot.evaluation.fitting import Scenario, fit, loss, reliability, scenario, theta_of
from bot.simulator.splits import SPLITS

TO = Path(calibration.__file__).with_name("calibration.yaml")
HEAD = "# What evidence is worth, in nats (catalogue 2.2). Fitted by scripts/fit_calibration.py; not to be edited by hand.\n"


def main(dev: Path, validation: Path) -> None:
    fitted_on, mapped_on = _read(dev), _read(validation)
    done = fit(fitted_on, FITTED)
    before, after = loss(mapped_on, theta_of(FITTED)), loss(mapped_on, theta_of(done))
    sys.stderr.write(f"nats a scenario: dev {loss(fitted_on, theta_of(FITTED)):.3f} -> {loss(fitted_on, theta_of(done)):.3f}\n")
    sys.stderr.write(f"                 validation {before:.3f} -> {after:.3f} (not fitted on)\n")
    provenance: dict[str, str | int | float] = {
        "nats": "maximum likelihood on dev",
        "reliability": "isotonic on validation",
        "dev_seed": SPLITS["dev"],
        "dev_n": len(fitted_on),
        "validation_seed": SPLITS["validation"],
        "validation_n": len(mapped_on),
        "validation_nats_before": round(before, 3),
        "validation_nats_after": round(after, 3),
    }
    shown = reliability(mapped_on, done)
    _write(done.model_copy(update={"version": FITTED.version + 1, "provenance": provenance, "reliability": shown}))


def _read(path: Path) -> list[Scenario]:
    return [scenario(json.loads(line), FITTED) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _write(fitted: Calibration) -> None:
    document = fitted.model_dump(mode="json")
    TO.write_text(HEAD + yaml.safe_dump(document, sort_keys=False, default_flow_style=None, width=120), encoding="utf-8")
    sys.stderr.write(f"wrote {TO.name}, version {fitted.version}\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
