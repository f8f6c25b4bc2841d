"""compose.yaml: what every container of the scaled-out set-up must be."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from service.cli import COMMANDS
from service.config import PROJECT_DIR, Settings

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT_DIR / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

every_service = pytest.mark.parametrize("name", SERVICES)


@every_service
def test_it_runs_without_root_and_without_capabilities(name: str) -> None:
    user = SERVICES[name]["user"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]
    assert "cap_add" not in SERVICES[name]
    assert "privileged" not in SERVICES[name]


@every_service
def test_its_file_system_is_read_only(name: str) -> None:
    assert SERVICES[name]["read_only"] is True


@every_service
def test_its_health_is_checked(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", ["web", "worker"])
def test_it_waits_for_database_and_broker_to_be_healthy(name: str) -> None:
    waits = SERVICES[name]["depends_on"]
    assert waits == {
        "postgres": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
    }


def test_the_settings_it_sets_exist() -> None:
    known = {f"RELAIS_{name.upper()}" for name in Settings.model_fields}
    for name in ("web", "worker"):
        assert set(SERVICES[name]["environment"]) <= known


def test_the_commands_it_runs_exist() -> None:
    for service in SERVICES.values():
        for command in (service.get("command", []), service["healthcheck"]["test"][1:]):
            if command[:3] == ["python", "-m", "service"]:
                assert command[3] in COMMANDS


def test_there_are_two_web_servers_with_a_port_each() -> None:
    first, last = re.findall(r"(\d+)-(\d+):8000$", SERVICES["web"]["ports"][0])[0]
    assert int(last) - int(first) + 1 == SERVICES["web"]["deploy"]["replicas"] == 2


def test_database_and_broker_are_not_reached_from_outside() -> None:
    assert COMPOSE["networks"]["back"]["internal"] is True
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["back"]
        assert "ports" not in SERVICES[name]


def test_no_secret_stands_in_the_file() -> None:
    text = (PROJECT_DIR / "compose.yaml").read_text("utf-8")
    for line in text.splitlines():
        if re.search(r"(PASSWORD|SECRET|API_KEYS): ", line):
            assert "${" in line
