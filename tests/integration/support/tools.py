"""Runs programs: ours from CALCNODE_BIN_DIR and the public ones (DCMTK, dicom3tools, GDCM). Every run is bounded."""
import os
import re
import subprocess
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
BIN_DIR = Path(os.environ.get("CALCNODE_BIN_DIR", REPOSITORY / "build" / "release" / "bin"))
CALCNODE = BIN_DIR / "calcnode"
LAB = BIN_DIR / "calcnode-lab"
BREAKABLE = BIN_DIR.parent / "breakable" / "bin" / "calcnode"  # with fail points (tests/crash)
MODELS = BIN_DIR.parent / "share" / "calcnode" / "models"


def environment(nodelay=True):
    """DCMTK's programs wait for delayed acknowledgements unless TCP_NODELAY is set; `nodelay=False` leaves them so."""
    variables = {key: value for key, value in os.environ.items() if key != "TCP_NODELAY"}
    if nodelay:
        variables["TCP_NODELAY"] = "1"
    return variables


def run(*command, timeout=120, check=True, nodelay=True):
    """Runs to the end, with stdout and stderr together in .stdout; fails the test on a non-zero exit when `check`."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                          errors="replace", timeout=timeout, env=environment(nodelay), check=False)
    if check:
        assert done.returncode == 0, f"{' '.join(words)[:500]}\nexit {done.returncode}\n{done.stdout[-4000:]}"
    return done


def wait_until(probe, timeout, what, interval=0.05):
    """Returns the first true value of `probe`; fails the test after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = probe()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {timeout} s in vain for {what() if callable(what) else what}"
        time.sleep(interval)


def storescu(peer, files, *flags, calling="MODALITY", called=None, timeout=120, check=True):
    """`peer` has .port and .ae_title. Proposes only what the files need, so that any class can be sent."""
    return run("storescu", "-v", "-R", "-aet", calling, "-aec", called or peer.ae_title, *flags, "127.0.0.1", peer.port,
               *files, timeout=timeout, check=check)


def dcmsend(peer, files, *flags, calling="MODALITY", timeout=300, check=True):
    """Sends as the files are (never decompresses)."""
    return run("dcmsend", "-v", "-dn", "-aet", calling, "-aec", peer.ae_title, *flags, "127.0.0.1", peer.port, *files,
               timeout=timeout, check=check)


def echoscu(peer, *flags, calling="MODALITY", called=None):
    return run("echoscu", "-v", "-ta", "10", "-td", "10", "-aet", calling, "-aec", called or peer.ae_title, *flags,
               "127.0.0.1", peer.port, timeout=30, check=False)


def acknowledged(output):
    """From the output of `storescu -v`: the files that were answered with Success."""
    files, current = [], None
    for line in output.splitlines():
        sending = re.search(r"Sending file: (.+)$", line)
        if sending:
            current = sending.group(1).strip()
        elif "Received Store Response (Success)" in line and current:
            files.append(current)
            current = None
    return files


def dciodvfy_errors(path):
    """The Error lines of dicom3tools' validator, which shares no code with DCMTK."""
    return [line for line in run("dciodvfy", "-new", path, check=False).stdout.splitlines() if line.startswith("Error")]


# What a destination gets whose configuration says nothing of it.
PLAIN_KINDS = "segmentation,cad_sr,measurement_report"


def analyze(paths, out, *settings, kinds=PLAIN_KINDS, check=True, timeout=600):
    """`calcnode analyze`; settings are KEY=VALUE. Returns the finished process; results are in `out`."""
    options = [word for setting in settings for word in ("--set", setting)]
    return run(CALCNODE, "analyze", *paths, "--out", out, "--kinds", kinds, *options, check=check, timeout=timeout)
