"""What operators copy is held to what the program knows: settings, ports, routes, metrics, and the vendors' own checkers."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Settings
from bot.web.metrics import Meters

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
KUBERNETES: list[dict[str, Any]] = list(yaml.safe_load_all((ROOT / "deploy/kubernetes/midwatch.yaml").read_text()))
SECRET: dict[str, Any] = yaml.safe_load((ROOT / "deploy/kubernetes/secret.example.yaml").read_text())
KNOWN = {f"MIDWATCH_{name.upper()}" for name in Settings.model_fields}


def pod() -> dict[str, Any]:
    return next(one for one in KUBERNETES if one["kind"] == "StatefulSet")["spec"]["template"]["spec"]


def test_every_setting_named_there_exists() -> None:
    (container,) = pod()["containers"]
    named = {entry["name"] for entry in container["env"]} | {f"MIDWATCH_{name}" for name in SECRET["stringData"]}
    assert named <= KNOWN
    assert set(COMPOSE["services"]["midwatch"]["environment"]) <= KNOWN


def test_what_compose_sets_is_accepted() -> None:
    said = COMPOSE["services"]["midwatch"]["environment"]
    made = Settings(**{name.removeprefix("MIDWATCH_").lower(): value for name, value in said.items()})
    assert made.sqlalchemy_url == "postgresql+asyncpg://midwatch:midwatch@postgres/midwatch"


def test_kubernetes_runs_it_with_nothing_it_does_not_need() -> None:
    (container,) = pod()["containers"]
    rights = container["securityContext"]
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert (rights["readOnlyRootFilesystem"], rights["allowPrivilegeEscalation"], rights["capabilities"]) == (
        True,
        False,
        {"drop": ["ALL"]},
    )
    assert pod()["automountServiceAccountToken"] is False
    assert f"USER {pod()['securityContext']['runAsUser']}" in (ROOT / "Dockerfile").read_text()
    written = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert written == {"/var/lib/midwatch", "/tmp"}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod()["volumes"]}


def test_probes_and_ports_are_the_services() -> None:
    (container,) = pod()["containers"]
    routes = (ROOT / "bot/web/health.py").read_text()
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert f'"{container[probe]["httpGet"]["path"]}"' in routes
    ports = {port["containerPort"] for port in container["ports"]}
    assert ports == {Settings.model_fields["port"].default}
    service = next(one for one in KUBERNETES if one["kind"] == "Service")
    assert service["spec"]["selector"].items() <= {"app.kubernetes.io/name": "midwatch"}.items()
    assert pod()["terminationGracePeriodSeconds"] > 10 + 20


def test_alert_rules_and_the_page_on_operations_name_metrics_that_exist() -> None:
    meters = Meters()
    meters.pages.labels("s", "o")
    meters.triage.labels("v")
    meters.surface_errors.labels("k")
    meters.incidents.labels("s")
    exposed = {sample.name for family in meters.registry.collect() for sample in family.samples}
    families = exposed | {name.removesuffix("_bucket") for name in exposed}
    for file in ("deploy/compose/rules.yml", "docs/operations.md"):
        named = set(re.findall(r"\bmidwatch_\w+", (ROOT / file).read_text()))
        assert named
        assert named <= families, file


def test_compose_wires_what_the_configurations_name() -> None:
    services = COMPOSE["services"]
    for file in ("prometheus", "alertmanager"):
        for host in re.findall(r"(?:http://|\")(\w+):\d+", (ROOT / f"deploy/compose/{file}.yml").read_text()):
            assert host in services
    token = services["midwatch"]["environment"]["MIDWATCH_HOOK_TOKENS"]
    assert f"credentials: {token}" in (ROOT / "deploy/compose/alertmanager.yml").read_text()
    for service in services.values():
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ()))
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists()


@pytest.mark.real
@pytest.mark.parametrize(
    ("program", "arguments"),
    [("promtool", ("check", "rules", "deploy/compose/rules.yml")), ("amtool", ("check-config", "deploy/compose/alertmanager.yml"))],
)
def test_the_vendors_own_checkers_agree(program: str, arguments: tuple[str, ...]) -> None:
    found = shutil.which(program)
    assert found is not None, f"{program} comes with the Debian packages of .ci/run"
    done = subprocess.run([found, *arguments], check=False, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
