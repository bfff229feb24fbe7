"""Runs the tests' scripts in JavaScript with node, on the packages that tests/run installs into build/browser."""
import os

from support import tools

PACKAGES = tools.REPOSITORY / "build" / "browser" / "node_modules"


def run(script, *arguments, timeout=600):
    """What the script wrote to standard output; fails the test when the script fails."""
    assert PACKAGES.is_dir(), f"{PACKAGES} is not there: `tests/run --only browser` makes it (npm ci)"
    os.environ["NODE_PATH"] = str(PACKAGES)
    return tools.run("node", tools.REPOSITORY / "tests" / script, *arguments, timeout=timeout).stdout
