"""kill -9 at any moment: nothing that was acknowledged is lost, and nothing is delivered in two versions.

CALCNODE_KILLS says how often to kill (12), CALCNODE_SEED where to begin (1).
"""
import os

import pytest

from support.crash import Killer, Modality, audit

KILLS = int(os.environ.get("CALCNODE_KILLS", "12"))
SEED = int(os.environ.get("CALCNODE_SEED", "1"))
KILLS_A_ROUND = 6
EXAMS_A_ROUND = 3

QUICK = {
    "assembly__quiet": "10m",  # only whole exams are analysed, whenever the sender is interrupted
    "analysis__lease": "2s",
    "analysis__max_attempts": 100,
    "delivery__attempts": 1000,
    "delivery__connect_timeout": "1s",
    "delivery__response_timeout": "2s",
}


@pytest.mark.parametrize("round_number", range(max(1, KILLS // KILLS_A_ROUND)))
def test_kill_at_any_moment(stage, exams, journal_url, round_number):
    seed = 1000 * SEED + round_number
    whole = exams.phantom(rows=600, columns=480, clusters=1, seed=4)
    sent = [exams.copy(whole) for _ in range(EXAMS_A_ROUND)]
    references = exams.references(sent)
    pacs = stage.pacs()
    node = stage.node(pacs, journal_url, **QUICK)
    killer = Killer(node, seed)
    modality = Modality(node, sent, patience=120)
    modality.start()
    try:
        for _ in range(KILLS_A_ROUND):
            killer.strike()
        modality.join(120)
    finally:
        modality.stop()
    assert modality.error is None, modality.error
    status = node.wait_idle(results=sum(len(reference.objects) for reference in references), timeout=180)
    print(f"seed {seed}: {killer.strikes}")
    audit(modality, sent, references, pacs.received())
    assert (status["instances"], status["variants"]) == (sum(len(exam.files) for exam in sent), 0)
    assert (status["jobs"]["done"], status["jobs"]["failed"], status["deliveries"]["dead"]) == (EXAMS_A_ROUND, 0, 0)
