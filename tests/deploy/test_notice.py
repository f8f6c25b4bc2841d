"""What others have made is named with its licence, and what must not be used is not."""

from __future__ import annotations

import re
import subprocess
import sys

from service.config import PROJECT_DIR
from tests.deploy.test_requirements import pins

#: Packaging tools, pinned with the rest and used by pip alone.
TOOLS = {"pip", "setuptools"}


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (PROJECT_DIR / "LICENSE").read_text("utf-8")

    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_distribution_that_is_installed_is_named() -> None:
    named = set(re.findall(r"[a-z0-9-]+", (PROJECT_DIR / "NOTICE").read_text("utf-8").lower()))

    assert set(pins("requirements.txt")) - TOOLS <= named


def test_the_service_never_imports_minisbd() -> None:
    program = (
        "import sys; from service.app import create_app; create_app();"
        "sys.exit('minisbd' in sys.modules or 'onnxruntime' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT_DIR).returncode == 0
