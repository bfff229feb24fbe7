"""The fixtures of tests/integration, for tests of the breakable program."""
import importlib.util
import sys
from pathlib import Path

import pytest

INTEGRATION = Path(__file__).resolve().parents[1] / "integration"
sys.path.insert(0, str(INTEGRATION))
_spec = importlib.util.spec_from_file_location("integration_conftest", INTEGRATION / "conftest.py")
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)
stage, exams, binaries = _fixtures.stage, _fixtures.exams, _fixtures.binaries
pytest_runtest_makereport = _fixtures.pytest_runtest_makereport

from support import tools  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def breakable(binaries):
    assert tools.BREAKABLE.exists(), f"{tools.BREAKABLE} is not built (cmake --build build/release)"
