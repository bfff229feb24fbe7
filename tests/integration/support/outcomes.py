"""An exam for each of the five outcomes that a report can tell of (PS3.16 CID 6047 and CID 6042)."""
import pydicom
from pydicom.sequence import Sequence

from support import bad_files, files

SUMMARY, DETECTIONS = "111017", "111064"  # CAD Processing and Findings Summary, Summary of Detections

# name: (summary with findings or without, summary of detections)
CODES = {
    "findings": ({"111242"}, "111222"),
    "no_findings": ({"111241"}, "111222"),
    "partly_failed": ({"111243", "111244"}, "111223"),
    "failed": ({"111245"}, "111224"),
    "not_attempted": ({"111245"}, "111225"),
}


def _magnification(dataset):
    item = files.code("399163009", "SCT", "Magnification")
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence([item])


def make(exams):
    """{outcome: exam}."""
    whole = exams.phantom(seed=21)
    black_one = exams.copy(whole, only=[whole.view("L-CC"), whole.view("L-MLO")], tag="partly failed")
    bad_files.black(pydicom.dcmread(black_one.view("L-CC")), black_one.view("L-CC"))
    all_black = exams.copy(whole, only=[whole.view("R-CC")], tag="failed")
    bad_files.black(pydicom.dcmread(all_black.files[0]), all_black.files[0])
    return {
        "findings": whole,
        "no_findings": exams.phantom(seed=22, clusters=0),
        "partly_failed": black_one,
        "failed": all_black,
        "not_attempted": exams.copy(whole, _magnification, only=[whole.view("R-CC")], tag="not attempted"),
    }
