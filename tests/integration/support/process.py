"""A child process with its output in a file. Whoever starts one stops it; nothing outlives the tests."""
import os
import signal
import subprocess

from support import tools


class Process:
    def __init__(self, command, log, announces=False, nodelay=True, environment=None):
        """`log` gets stderr, and stdout too unless the process announces itself there: then .stdout is a pipe."""
        self._log = open(log, "ab")
        self._child = subprocess.Popen([str(word) for word in command], stderr=self._log, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE if announces else self._log,
                                       env={**tools.environment(nodelay), **(environment or {})})

    @property
    def pid(self):
        return self._child.pid

    @property
    def stdout(self):
        return self._child.stdout

    def is_running(self):
        return self._child.poll() is None

    def signal(self, number):
        if self.is_running():
            self._child.send_signal(number)

    def kill(self):
        """SIGKILL, and wait: when this returns the process is gone."""
        self.signal(signal.SIGKILL)
        return self._end(10)

    def stop(self, timeout=20):
        """SIGTERM; SIGKILL when that does not end it in time. Returns the exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self._end(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def _end(self, timeout):
        status = self._child.wait(timeout)
        if self._child.stdout:
            self._child.stdout.close()
        self._log.close()
        return status


def children(pid):
    """Process ids of the children of all threads of `pid`; none when it is gone."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += [int(child) for child in file.read().split()]
    except FileNotFoundError:
        pass
    return found


def memory_kb(pid, field):
    """A line of /proc/PID/status in kB: VmRSS (now) or VmHWM (the most ever)."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise AssertionError(f"no {field} of process {pid}")
