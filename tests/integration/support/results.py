"""Reads result objects with pydicom and numpy only."""
import numpy

from support.pacs import CAD_SR, SEGMENTATION, of_class

CALCIFICATION_CLUSTER = "129769006"


def segmentations(objects):
    return of_class(objects, SEGMENTATION)


def reports(objects):
    return of_class(objects, CAD_SR)


def only_report(objects):
    found = reports(objects)
    assert len(found) == 1, [item.sop_instance for item in found]
    return found[0].dataset


def source_of(segmentation):
    """SOP Instance UID of the image that a segmentation is of; all frames must name the same."""
    names = {str(frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID)
             for frame in segmentation.PerFrameFunctionalGroupsSequence}
    assert len(names) == 1, names
    return names.pop()


def segment_masks(segmentation):
    """{segment number: boolean rows x columns}, unpacked here from the bits (PS3.5 8.1.1: LSB first, no padding between
    frames), and compared with what pydicom's own unpacking says."""
    rows, columns = segmentation.Rows, segmentation.Columns
    frames = int(segmentation.NumberOfFrames)
    bits = numpy.unpackbits(numpy.frombuffer(segmentation.PixelData, numpy.uint8), bitorder="little")
    length = (frames * rows * columns + 7) // 8
    assert len(segmentation.PixelData) == length + length % 2
    assert not bits[frames * rows * columns:].any(), "padding bits are not zero"
    own = bits[:frames * rows * columns].reshape(frames, rows, columns).astype(bool)
    theirs = segmentation.pixel_array.reshape(frames, rows, columns).astype(bool)
    assert numpy.array_equal(own, theirs)
    masks = {}
    for frame, groups in enumerate(segmentation.PerFrameFunctionalGroupsSequence):
        number = int(groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        assert number not in masks
        masks[number] = own[frame]
    return masks


def cluster_masks(image, mask):
    """From findings.json's image and its mask: {cluster number: boolean rows x columns}."""
    return {cluster["number"]: numpy.isin(mask, cluster["calcifications"]) for cluster in image["clusters"]}


def single_mask(image, mask):
    """Where the calcifications are that belong to no cluster."""
    return numpy.isin(mask, [item["number"] for item in image["calcifications"] if item["cluster"] is None])


def walk(item):
    """Every content item of an SR document, depth first."""
    for child in item.get("ContentSequence", []):
        yield child
        yield from walk(child)


def concept(item):
    names = item.get("ConceptNameCodeSequence", [])
    return names[0].CodeValue if names else ""


def value_code(report, concept_code):
    """The coded value of the first item with this concept."""
    for item in walk(report):
        if concept(item) == concept_code:
            return item.ConceptCodeSequence[0].CodeValue
    raise AssertionError(f"no content item {concept_code}")


def summary(report):
    """(111017) CAD Processing and Findings Summary."""
    return value_code(report, "111017")


def image_library(report):
    """SOP Instance UIDs of the images in the Image Library (111028)."""
    for item in report.ContentSequence:
        if concept(item) == "111028":
            return [str(image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for image in item.ContentSequence
                    if image.ValueType == "IMAGE"]
    raise AssertionError("no Image Library")


def evidence(report):
    """SOP Instance UIDs of the images in the Current Requested Procedure Evidence Sequence."""
    return [str(instance.ReferencedSOPInstanceUID)
            for study in report.CurrentRequestedProcedureEvidenceSequence
            for series in study.ReferencedSeriesSequence
            for instance in series.ReferencedSOPSequence]


def tracking_uids(report):
    return [str(item.UID) for item in walk(report) if concept(item) == "112040"]


def texts(report):
    return [str(item.TextValue) for item in walk(report) if item.ValueType == "TEXT"]


class MeasurementGroup:
    """A Measurement Group (125007) of TID 1500: what is measured of one outline on one image."""

    def __init__(self, item):
        self.tracking_uid = self.tracking_identifier = ""
        self.image, self.outline, self.measurements = "", [], []
        for child in item.ContentSequence:
            if concept(child) == "112040":
                self.tracking_uid = str(child.UID)
            elif concept(child) == "112039":
                self.tracking_identifier = str(child.TextValue)
            elif child.ValueType == "SCOORD":
                numbers = [float(value) for value in child.GraphicData]
                self.outline = list(zip(numbers[::2], numbers[1::2]))
                self.image = str(child.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
            elif child.ValueType == "NUM":
                value = child.MeasuredValueSequence[0]
                self.measurements.append((str(child.ConceptNameCodeSequence[0].CodeMeaning), float(value.NumericValue),
                                          str(value.MeasurementUnitsCodeSequence[0].CodeValue)))


def measurement_groups(report):
    """In the order of the document."""
    return [MeasurementGroup(item) for item in walk(report) if concept(item) == "125007"]
