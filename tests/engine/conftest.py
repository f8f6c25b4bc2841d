"""Settings in a temporary folder, and tiny packages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.config import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path)


def make_settings(folder: Path, **changes: Any) -> Settings:
    own: dict[str, Any] = {
        "models_dir": folder / "models",
        "packages_dir": folder / "packages",
        "data_dir": folder / "data",
        "threads": 2,
    }
    (folder / "models").mkdir(exist_ok=True)
    return Settings(**{**own, **changes})


@pytest.fixture
def settings_with(tmp_path: Path) -> Callable[..., Settings]:
    return lambda **changes: make_settings(tmp_path, **changes)
