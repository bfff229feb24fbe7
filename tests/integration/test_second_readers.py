"""The result objects read by programs that share no code with calcnode, against what findings.json says."""
import hashlib
import json

import numpy
import pydicom
import pytest

from support import javascript, results, tools
from support.pacs import CAD_SR, SEGMENTATION

ODD_SIZE = {"rows": 997, "columns": 801, "spacing": 0.1, "seed": 5}  # no multiple of eight pixels: bits share bytes


@pytest.fixture(scope="module", params=[{}, ODD_SIZE], ids=["even_size", "odd_size"])
def reference(request, exams):
    return exams.reference(exams.phantom(**request.param))


def of_class(reference, sop_class):
    found = {path: pydicom.dcmread(path) for path in reference.objects.values()}
    return {path: dataset for path, dataset in found.items() if dataset.SOPClassUID == sop_class}


def expected_masks(reference, source):
    """{segment number: pixels}: the clusters, and after them the calcifications in none."""
    image, mask = reference.images()[source], reference.mask(source)
    masks = results.cluster_masks(image, mask)
    single = results.single_mask(image, mask)
    return {**masks, len(masks) + 1: single} if single.any() else masks


def test_dcmjs_decodes_each_segment_to_the_mask(reference):
    paths = of_class(reference, SEGMENTATION)
    assert paths
    for line in javascript.run("conformance/decode_segmentation.js", *paths).splitlines():
        decoded = json.loads(line)
        assert decoded["type"] == "BINARY"
        source, = {frame["source"] for frame in decoded["frames"]}
        expected = {number: hashlib.sha256(mask.astype(numpy.uint8).tobytes()).hexdigest()
                    for number, mask in expected_masks(reference, source).items()}
        assert {frame["segment"]: frame["sha256"] for frame in decoded["frames"]} == expected


def test_dsrdump_prints_the_reports(reference):
    for path, report in of_class(reference, CAD_SR).items():
        done = tools.run("dsrdump", path)
        assert "Mammography CAD Report" in done.stdout
        for uid in results.tracking_uids(report):
            assert uid in done.stdout
