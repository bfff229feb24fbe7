#!/usr/bin/python3
"""How fast are the dashboard's lists with many studies in the journal, and what does it cost the receiving when somebody
looks? SQLite.

Usage: tests/bench/dashboard.py [--studies N] [--runs N] [--objects N] [--folder DIR]

Prints the medians; exit status 1 when a page of the list takes 100 ms or more, or receiving slows by more than a tenth.
See README.md.
"""
import argparse
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from support import files, tools  # noqa: E402
from support.node import Node  # noqa: E402
from support.rest import Rest  # noqa: E402

LIMIT_MS = 100
SLOWER = 1.10
VIEWS = [("left", "cc"), ("left", "mlo"), ("right", "cc"), ("right", "mlo")]
STATES = ["", "receiving", "queued", "analysing", "delivering", "done", "trouble"]


def fill(journal, studies):
    """Studies of four images and three objects each, delivered; every 500th in trouble, the last thousand being delivered,
    twenty queued."""
    sql = sqlite3.connect(journal)
    sql.execute("pragma synchronous = off")
    start = int(time.time() * 1000) - studies * 60_000
    for i in range(1, studies + 1):
        at, uid = start + i * 60_000, f"1.2.3.{i}"
        sql.execute("insert into study (id, study_instance_uid, revision, generation, open, first_received, last_received) "
                    "values (?, ?, 4, 1, 0, ?, ?)", (i, uid, at, at))
        images = []
        for k, (side, view) in enumerate(VIEWS):
            sop = f"{uid}.{k}"
            header = {"sop_instance_uid": sop, "study_instance_uid": uid, "laterality": side, "view": view, "rows": 3328,
                      "columns": 2560, "modality": "MG", "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1.2",
                      "series_instance_uid": uid + ".9", "transfer_syntax_uid": "1.2.840.10008.1.2.1"}
            sql.execute("insert into instance (sop_instance_uid, sop_class_uid, study_instance_uid, path, digest, bytes, variant, "
                        "analysable, calling_ae_title, called_ae_title, peer, destinations, header, received) values "
                        "(?, ?, ?, ?, ?, 17000000, 0, 1, 'MODALITY', 'CALCNODE', '10.0.0.1', '[\"pacs\"]', ?, ?)",
                        (sop, header["sop_class_uid"], uid, f"instances/{sop}.dcm", sop, json.dumps(header), at))
            images.append({"instance_id": 4 * i + k, "path": f"instances/{sop}.dcm", "sop_instance_uid": sop})
        queued = i > studies - 20
        sql.execute("insert into job (id, study_id, generation, state, attempt, owner, lease_until, images, destinations, reason, "
                    "failed, summary, created, started, finished) values (?, ?, 1, ?, 1, '', 0, ?, '[\"pacs\"]', 'complete', 0, "
                    "'4 analysed, 0 failed, 0 not attempted, 1 clusters', ?, ?, ?)",
                    (i, i, "queued" if queued else "done", json.dumps(images), at, at, at))
        sql.execute("insert into event (at, kind, study_instance_uid, job_id, text) values (?, 'study_closed', ?, ?, 'complete')",
                    (at, uid, i))
        for k, kind in enumerate(["cad_sr", "segmentation", "measurement_report"]) if not queued else []:
            sop = f"{uid}.7.{k}"
            state = "dead" if i % 500 == 0 else "pending" if i > studies - 1020 else "delivered"
            sql.execute("insert into result (job_id, path, kind, sop_class_uid, sop_instance_uid, transfer_syntax_uid, created) "
                        "values (?, ?, ?, '1.2', ?, '1.2.840.10008.1.2.1', ?)", (i, f"results/{sop}.dcm", kind, sop, at))
            sql.execute("insert into delivery (destination, path, sop_class_uid, sop_instance_uid, transfer_syntax_uid, state, "
                        "attempt, next_attempt, owner, lease_until, text, created, finished) values ('pacs', ?, '1.2', ?, "
                        "'1.2.840.10008.1.2.1', ?, 1, ?, '', 0, 'stored', ?, ?)",
                        (f"results/{sop}.dcm", sop, state, 1 << 50, at, 0 if state == "pending" else at))
    sql.commit()
    sql.execute("pragma wal_checkpoint(truncate)")
    sql.close()


def milliseconds(ask, runs):
    times = []
    for _ in range(runs):
        started = time.monotonic()
        ask()
        times.append(1000 * (time.monotonic() - started))
    return statistics.median(times), max(times)


def ask_lists(rest, studies, runs):
    """[(what, median ms, worst ms)]"""
    asked = [("studies" + (f", {state}" if state else ""), f"/api/v1/studies?limit=50&state={state}") for state in STATES]
    page = rest.get("/api/v1/studies?limit=50")
    middle = rest.get(f"/api/v1/studies?limit=50&study_instance_uid=1.2.3.{studies // 2}")["studies"][0]
    asked += [("studies, second page", f"/api/v1/studies?limit=50&cursor={page['next']}"),
              ("studies until the middle", f"/api/v1/studies?limit=50&until={middle['last_received']}"),
              ("one study", f"/api/v1/studies/1.2.3.{studies // 2}"),
              ("dead letters", "/api/v1/deliveries?limit=50&state=dead"),
              ("jobs", "/api/v1/jobs?limit=50"),
              ("destinations", "/api/v1/destinations"),
              ("status", "/api/v1/status"), ("metrics", "/metrics")]
    found = []
    for what, path in asked:
        rest.ask("GET", path)
        found.append((what, *milliseconds(lambda path=path: rest.ask("GET", path), runs)))
    return found


class Looker:
    """A dashboard that is open: listens for events, and asks for the list after each, twice a second at most."""

    def __init__(self, rest):
        self._stop = threading.Event()
        self._news = threading.Event()
        self.asked = 0
        self._threads = [threading.Thread(target=self._listen, args=(rest,), daemon=True),
                         threading.Thread(target=self._ask, args=(rest,), daemon=True)]
        for thread in self._threads:
            thread.start()

    def _listen(self, rest):
        for _ in rest.events(timeout=600):
            self._news.set()
            if self._stop.is_set():
                return

    def _ask(self, rest):
        while not self._stop.is_set():
            if self._news.wait(0.2):
                self._news.clear()
                rest.ask("GET", "/api/v1/studies?limit=50")
                self.asked += 1
                time.sleep(0.5)

    def stop(self):
        self._stop.set()
        self._threads[1].join()


def receive(node, folder, objects, tag):
    folder.mkdir()
    paths = [files.small_object(folder / f"{i}.dcm", f"{tag} {i}", rows=256, columns=256) for i in range(objects)]
    started = time.monotonic()
    tools.run("storescu", "-R", "127.0.0.1", node.port, *paths, timeout=600)
    took = time.monotonic() - started
    shutil.rmtree(folder)
    return took


def compare_receiving(node, rest, folder, objects, runs):
    """Seconds without and with a dashboard, in turns, so that what else the machine does meets both."""
    alone, watched, asked = [], [], 0
    receive(node, folder / "warm", objects, "warm")
    for run in range(runs):
        alone.append(receive(node, folder / "load", objects, f"alone {run}"))
        looker = Looker(rest)
        watched.append(receive(node, folder / "load", objects, f"watched {run}"))
        looker.stop()
        asked += looker.asked
    return statistics.median(alone), statistics.median(watched), asked


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=100_000, help="studies in the journal (100000)")
    parser.add_argument("--runs", type=int, default=7, help="runs of each measurement; the median counts (7)")
    parser.add_argument("--objects", type=int, default=200, help="objects a run of receiving (200)")
    parser.add_argument("--folder", type=Path, help="where to put everything, 2 GB (a temporary folder)")
    options = parser.parse_args()

    folder = Path(tempfile.mkdtemp(prefix="calcnode-bench.", dir=options.folder))
    node = Node(folder / "node", settings={"analysis.workers": 0, "assembly.quiet": "1h", "assembly.max_age": "1h"})
    try:
        node.start()
        node.stop()
        print(f"filling the journal with {options.studies} studies", file=sys.stderr, flush=True)
        fill(folder / "node" / "data" / "journal.db", options.studies)
        node.start()
        rest = Rest.admin(node)
        rows = ask_lists(rest, options.studies, options.runs)
        for what, median, worst in rows:
            print(f"{what:28}{median:9.1f} ms{worst:9.1f} ms at worst")
        alone, watched, asked = compare_receiving(node, rest, folder, options.objects, options.runs)
        print(f"receiving {options.objects} objects of 130 KB: {alone:.2f} s alone, {watched:.2f} s with a dashboard open "
              f"(x{watched / alone:.3f}; it asked {asked} times)")
    finally:
        node.abandon()
        shutil.rmtree(folder, ignore_errors=True)
    slow = [what for what, median, _ in rows if what.startswith("studies") and median >= LIMIT_MS]
    if slow:
        print(f"too slow: {', '.join(slow)} (limit {LIMIT_MS} ms)")
    if watched > SLOWER * alone:
        print(f"a dashboard costs receiving more than {SLOWER - 1:.0%}")
    return 1 if slow or watched > SLOWER * alone else 0


if __name__ == "__main__":
    sys.exit(main())
