"""The Comprehensive 3D SR (TID 1500): its measurements are those of findings.json. Read by pydicom."""
import pydicom
import pytest

from support import results, tools

MEASUREMENT_REPORT = "1.2.840.10008.5.1.4.1.1.88.34"

# Concept of the NUM -> what findings.json calls it, unit (UCUM)
MEASUREMENTS = {
    "42798000": (lambda cluster: cluster["hull_area_mm2"], "mm2"),
    "103339001": (lambda cluster: cluster["long_axis_mm"], "mm"),
    "111038": (lambda cluster: len(cluster["calcifications"]), "1"),
    "112200": (lambda cluster: cluster["mean_distance_mm"], "mm"),
    "112201": (lambda cluster: cluster["sd_distance_mm"], "mm"),
    "111012": (lambda cluster: round(100 * cluster["score"], 4), "%"),
}


@pytest.fixture(scope="module")
def reference(exams):
    return exams.reference(exams.phantom())


@pytest.fixture(scope="module")
def path(reference):
    found = [path for path in reference.objects.values()
             if pydicom.dcmread(path).SOPClassUID == MEASUREMENT_REPORT]
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def report(path):
    return pydicom.dcmread(path)


def groups(report):
    return [item for item in results.walk(report) if results.concept(item) == "125007"]


def only(item, concept):
    found = [child for child in item.ContentSequence if results.concept(child) == concept]
    assert len(found) == 1, (concept, len(found))
    return found[0]


def region_and_image(group):
    region = only(group, "111030")
    selected = region.ContentSequence[0]
    assert selected.RelationshipType == "SELECTED FROM"
    return region, str(selected.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)


def test_passes_dciodvfy(path):
    assert not tools.dciodvfy_errors(path)


def test_dsrdump_prints_it(path):
    dump = tools.run("dsrdump", path).stdout
    assert "Comprehensive 3D SR" in dump
    assert "Calcification Cluster" in dump


def test_one_group_a_cluster(reference, report):
    expected = [(name, cluster["number"]) for name, image in reference.images().items()
                for cluster in image["clusters"]]
    assert len(expected) >= 2
    found = [(region_and_image(group)[1], int(only(group, "112039").TextValue.split()[-1]))
             for group in groups(report)]
    assert sorted(found) == sorted(expected)


def test_every_measurement_is_that_of_findings_json(reference, report):
    for group in groups(report):
        _, image = region_and_image(group)
        number = int(only(group, "112039").TextValue.split()[-1])
        cluster = reference.images()[image]["clusters"][number - 1]
        numbers = [child for child in group.ContentSequence if child.ValueType == "NUM"]
        assert {results.concept(child) for child in numbers} == set(MEASUREMENTS)
        for child in numbers:
            expected, unit = MEASUREMENTS[results.concept(child)]
            measured = child.MeasuredValueSequence[0]
            assert float(measured.NumericValue) == expected(cluster), results.concept(child)
            assert measured.MeasurementUnitsCodeSequence[0].CodeValue == unit
            assert measured.MeasurementUnitsCodeSequence[0].CodingSchemeDesignator == "UCUM"


def test_outlines_are_those_of_findings_json(reference, report):
    for group in groups(report):
        region, image = region_and_image(group)
        number = int(only(group, "112039").TextValue.split()[-1])
        outline = reference.images()[image]["clusters"][number - 1]["outline"]
        assert region.GraphicType == "POLYLINE"
        flat = [value for point in outline for value in point]
        assert list(region.GraphicData) == pytest.approx(flat, abs=1e-3)


def test_tracking_uids_are_those_of_the_segments(reference, report):
    of_segments = {}
    for path in reference.objects.values():
        dataset = pydicom.dcmread(path)
        if dataset.Modality != "SEG":
            continue
        for segment in dataset.SegmentSequence:
            of_segments[str(segment.TrackingUID)] = results.source_of(dataset)
    tracked = {str(only(group, "112040").UID): region_and_image(group)[1] for group in groups(report)}
    assert len(tracked) == len(groups(report)), "a tracking UID stands on two groups"
    assert tracked.items() <= of_segments.items()


def test_one_table_of_codes_for_both_schemes():
    """Our pairs of SNOMED CT and SRT codes against pydicom's table, which is made from the standard (PS3.16 Annex O)."""
    from pydicom.sr._snomed_dict import mapping
    import re

    pairs = set()
    for name in ("result_codes.h", "view_codes.cpp"):
        text = (tools.REPOSITORY / "dicom" / name).read_text()
        pairs |= set(re.findall(r'"(\d{6,18})",\s*"([A-Z][A-Z0-9]?-[0-9A-Z]{4,5})"', text))
    assert len(pairs) >= 40
    wrong = {pair for pair in pairs if mapping["SCT"].get(pair[0]) != pair[1]}
    assert not wrong
