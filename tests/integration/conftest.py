"""Fixtures: a session's exams, a node and a PACS per test (stopped whatever happens), and the journal's address."""
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support import tools  # noqa: E402
from support.commitment_peer import CommitmentPacs  # noqa: E402
from support.exam import Exams  # noqa: E402
from support.journals import JOURNALS, fresh_journal, needs_postgres  # noqa: E402
from support.node import Node  # noqa: E402
from support.orthanc import Orthanc  # noqa: E402
from support.pacs import Pacs  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "browser: runs Chromium (tests/run --only browser)")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed:
        item.has_failed = True


@pytest.fixture(scope="session", autouse=True)
def binaries():
    for program in (tools.CALCNODE, tools.LAB):
        assert program.exists(), f"{program} is not built (CALCNODE_BIN_DIR names the folder of the binaries)"


@pytest.fixture(scope="session")
def exams(tmp_path_factory):
    made = Exams(tmp_path_factory.mktemp("exams"))
    yield made
    made.drop()


class Stage:
    """Makes nodes and PACSs in the test's folder and takes them down."""

    def __init__(self, folder):
        self.folder = folder
        self._nodes = []
        self._pacs = []

    def pacs(self, *flags, start=True, **options):
        pacs = Pacs(self.folder / f"pacs{len(self._pacs)}", *flags, **options)
        self._pacs.append(pacs)
        return pacs.start() if start else pacs

    def orthanc(self, start=True, **settings):
        """An Orthanc with these settings in its configuration; `profile=` is what the node's says of it."""
        orthanc = Orthanc(self.folder / f"orthanc{len(self._pacs)}", **settings)
        self._pacs.append(orthanc)
        return orthanc.start() if start else orthanc

    def commitment_pacs(self, on_request=None, start=True):
        """A PACS that answers N-ACTION as `on_request` says (support.commitment_peer)."""
        pacs = CommitmentPacs(on_request)
        self._pacs.append(pacs)
        return pacs.start() if start else pacs

    def node(self, pacs=None, journal_url="", start=True, folder=None, program=tools.CALCNODE, **settings):
        """Settings: `assembly__quiet="1s"` is assembly.quiet. `program`: tools.BREAKABLE has fail points."""
        dotted = {key.replace("__", "."): value for key, value in settings.items()}
        node = Node(folder or self.folder / f"node{len(self._nodes)}", pacs, journal_url, dotted, program)
        self._nodes.append(node)
        return node.start() if start else node

    def end(self, failed):
        for node in self._nodes:
            node.abandon()
        for pacs in self._pacs:
            pacs.stop()
        if failed:
            for node in self._nodes:
                print(f"\n=== {node.folder} (kept)\n{node.log_tail()}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def stage(request, tmp_path):
    made = Stage(tmp_path)
    yield made
    made.end(getattr(request.node, "has_failed", False))


@pytest.fixture(scope="module")
def module_stage(request, tmp_path_factory):
    """The same for tests that look at one run from several sides."""
    made = Stage(tmp_path_factory.mktemp(request.module.__name__))
    yield made
    made.end(any(getattr(item, "has_failed", False) for item in request.session.items
                 if item.fspath == request.node.fspath))


@pytest.fixture(params=JOURNALS)
def journal_url(request):
    """The test runs once on each kind of journal, on an empty one."""
    with fresh_journal(request.param) as url:
        yield url


@pytest.fixture(params=[pytest.param("postgresql", marks=needs_postgres())], ids=["postgresql"])
def postgres_url(request):
    with fresh_journal(request.param) as url:
        yield url


@pytest.fixture(params=JOURNALS, scope="module")
def module_journal_url(request):
    with fresh_journal(request.param) as url:
        yield url
