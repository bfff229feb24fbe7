"""PixelMed's SR validator: the judge of templates (TID 1500, TID 4000) and context groups, which dciodvfy does not know."""
import subprocess
from pathlib import Path

from support import tools

DRIVER = tools.REPOSITORY / "tests" / "conformance" / "ValidateReports.java"
# Saxon: Java's own XSLT processor parses the context groups again for each content item (seconds a report) and
# stops at limits that are smaller than these stylesheets. The stylesheets are deeply nested, hence the stack.
JVM = ["java", "-Xss64m", "-Djavax.xml.transform.TransformerFactory=net.sf.saxon.TransformerFactoryImpl",
       "-cp", "/usr/share/java/pixelmed.jar:/usr/share/java/Saxon-HE.jar"]
COMPLETE = {"Root Template Validation Complete", "IOD validation complete"}


class Verdict:
    def __init__(self, milliseconds):
        self.milliseconds = milliseconds
        self.lines = []

    def errors(self):
        """What it says is wrong; a document that it cannot judge to the end is wrong, too. Its warnings are about
        wordings and extensions that its tables of 2022 do not know."""
        said = [line.strip() for line in self.lines]
        return ([line for line in said if line.startswith(("Error", "Failed"))]
                + [f"it never said: {line}" for line in sorted(COMPLETE) if line not in said])


def validate(paths, timeout=1800):
    """{path: Verdict} of SR documents, in one run."""
    names = "".join(f"{path}\n" for path in paths)
    done = subprocess.run([*JVM, str(DRIVER)], input=names, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=timeout, env=tools.environment(), check=False)
    verdicts, current = {}, None
    for line in done.stdout.splitlines():
        if line.startswith("FILE "):
            name, milliseconds = line.removeprefix("FILE ").rsplit(" ", 1)
            current = verdicts[Path(name)] = Verdict(int(milliseconds))
        elif current and line.strip():
            current.lines.append(line)
    assert done.returncode == 0 and verdicts.keys() == {Path(path) for path in paths}, done.stdout[-4000:]
    return verdicts


def errors(paths):
    """{path: errors} of those that have any."""
    return {path: found for path, verdict in validate(paths).items() if (found := verdict.errors())}
