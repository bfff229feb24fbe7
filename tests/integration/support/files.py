"""DICOM files as bytes, and small ones made from nothing."""
import hashlib
import struct

import numpy
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence

FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2"
FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"


def uid(*parts):
    """The same parts give the same UID (PS3.5 B.2)."""
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    return "2.25." + str(int.from_bytes(digest[:16], "big"))


def split(path):
    """(everything up to the data set, the data set) of a DICOM file (PS3.10 7.1)."""
    content = path.read_bytes()
    assert content[128:132] == b"DICM", f"{path} is no DICOM file"
    assert content[132:140] == b"\x02\x00\x00\x00UL\x04\x00", f"{path} has no group length"
    start = 144 + struct.unpack("<I", content[140:144])[0]
    return content[:start], content[start:]


def data_set_bytes(path):
    return split(path)[1]


def save(dataset, path):
    """As pydicom read it, apart from what was changed."""
    dataset.save_as(path, write_like_original=False)
    return path


def fresh(dataset, *tag):
    """Gives the dataset other study, series and instance UIDs; datasets of one study and tag stay one study."""
    dataset.StudyInstanceUID = uid(dataset.StudyInstanceUID, *tag)
    dataset.SeriesInstanceUID = uid(dataset.SeriesInstanceUID, *tag)
    dataset.SOPInstanceUID = uid(dataset.SOPInstanceUID, *tag)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    for source in dataset.get("SourceImageSequence", []):
        source.ReferencedSOPInstanceUID = uid(source.ReferencedSOPInstanceUID, *tag)
    return dataset


def code(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def small_object(path, tag, sop_class=FOR_PRESENTATION, rows=64, columns=64, bits=16):
    """A plain image of rows x columns (8 or 16 bits): for what is received, not for what is found in it."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid("small", tag)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid("small study", tag), uid("small series", tag)
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate, dataset.PatientSex = "Small^Object", "SMALL", "", "F"
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = "20240102", "030405", "1", ""
    dataset.ReferringPhysicianName, dataset.Manufacturer = "", "Tests"
    dataset.Modality = "CT" if sop_class == CT_IMAGE else "MG"
    dataset.SeriesNumber = dataset.InstanceNumber = "1"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    if dataset.Modality == "MG":
        dataset.PresentationIntentType = "FOR PRESENTATION"
        dataset.ImageLaterality, dataset.PatientOrientation = "R", ["P", "L"]
        dataset.ImagerPixelSpacing = ["0.1", "0.1"]
        view = code("399162004", "SCT", "cranio-caudal")
        view.ViewModifierCodeSequence = Sequence([])
        dataset.ViewCodeSequence = Sequence([view])
        dataset.PresentationLUTShape = "IDENTITY"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, 0
    noise = numpy.random.default_rng(int(uid(tag)[5:20])).integers(0, 2**bits, rows * columns)
    dataset.PixelData = noise.astype("<u2" if bits == 16 else "u1").tobytes()
    dataset["PixelData"].VR = "OW"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, dataset.SOPInstanceUID
    meta.TransferSyntaxUID, meta.ImplementationClassUID = EXPLICIT_LITTLE, uid("tests")
    dataset.file_meta, dataset.is_little_endian, dataset.is_implicit_VR = meta, True, False
    pydicom.dcmwrite(path, dataset, write_like_original=False)
    return path
