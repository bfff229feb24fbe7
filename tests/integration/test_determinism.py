"""The same exam gives the same bytes, whoever analyses it and how often."""
import pytest

from support import tools
from support.exam import Reference


@pytest.fixture(scope="module")
def exam(exams):
    return exams.phantom()


def test_analysing_twice_gives_the_same_bytes(exams, exam, tmp_path):
    first = exams.reference(exam)
    tools.analyze(exam.files, tmp_path / "again")
    second = Reference(tmp_path / "again" / exam.study)
    assert any(first.images()[name]["clusters"] for name in first.images())
    for path in sorted(first.folder.iterdir()):
        assert path.read_bytes() == (second.folder / path.name).read_bytes(), path.name
    assert len(list(first.folder.iterdir())) == len(list(second.folder.iterdir()))


def test_one_thread_and_two_give_the_same_bytes(exams, exam, tmp_path):
    tools.analyze(exam.files, tmp_path / "one", "analysis.threads=1")
    one = Reference(tmp_path / "one" / exam.study)
    assert one.bytes() == exams.reference(exam, "analysis.threads=2").bytes()


def test_the_order_of_arrival_does_not_matter(exams, exam, stage):
    pacs = stage.pacs()
    node = stage.node(pacs)
    for path in reversed(exam.files):  # an association each
        tools.storescu(node, [path])
    node.wait_idle()
    returned = {item.sop_instance: item.bytes() for item in pacs.received()}
    assert returned == exams.reference(exam).bytes()


def test_the_node_and_analyze_give_the_same_bytes(exams, exam, stage, journal_url):
    pacs = stage.pacs()
    node = stage.node(pacs, journal_url)
    tools.storescu(node, exam.files)
    node.wait_idle()
    returned = pacs.received()
    assert {item.sop_instance: item.bytes() for item in returned} == exams.reference(exam).bytes()
    assert len(returned) == len(exams.reference(exam).objects)
