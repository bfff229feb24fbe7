"""kill -9 at every named point and at random, under load: everything acknowledged is on disk, analysed, and delivered once
by its UID. What "once" means: README.md.

CALCNODE_SEED says where to begin (1); long_run does the same for longer.
"""
import os

from campaign import SETTINGS, Campaign, exam_kinds, points_on_the_way, report
from support import tools

SEED = int(os.environ.get("CALCNODE_SEED", "1"))


def test_killed_at_every_point_and_at_random(stage, exams):
    pacs = stage.pacs()
    node = stage.node(pacs, start=False, program=tools.BREAKABLE,
                      **{key.replace(".", "__"): value for key, value in SETTINGS.items()})
    campaign = Campaign(node, pacs, exam_kinds(exams, tiny=1), SEED)
    points = points_on_the_way()
    plan = [*points, *["serve", "worker"] * 6]
    campaign.random.shuffle(plan)
    campaign.run(plan)
    campaign.settle()
    figures = campaign.audit()
    print(report(figures))
    assert not campaign.missed, campaign.missed
    assert figures["kills"] >= 60
