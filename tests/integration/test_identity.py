"""Patient, study and order come out as they came in, in every object, whatever the script: read by pydicom."""
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.valuerep import PersonName

from support import results, tools
from support.pacs import CAD_SR, SEGMENTATION

MEASUREMENT_REPORT = "1.2.840.10008.5.1.4.1.1.88.34"

# Specific Character Set, the name, an issuer, a description
SCRIPTS = {
    "latin1": ("ISO_IR 100", "Müller^Åsa", "Köln", "Brüste"),
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう", "東京", "乳房"),
    "korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동", "서울", "유방"),
    "gb18030": ("GB18030", "Wang^XiaoDong=王^小东", "北京", "乳腺"),
    "utf8": ("ISO_IR 192", "Wang^XiaoDong=王^小東", "Kraków", "乳房"),
}
# What a device sends that has never heard of Specific Character Set
UNDECLARED = "Müller^Jörg".encode("latin-1")

IDENTITY = ("PatientName", "PatientID", "IssuerOfPatientID", "TypeOfPatientID", "IssuerOfPatientIDQualifiersSequence",
            "OtherPatientIDsSequence", "PatientBirthDate", "PatientSex", "PatientAge", "StudyInstanceUID", "StudyDate",
            "StudyTime", "StudyID", "StudyDescription", "AccessionNumber", "IssuerOfAccessionNumberSequence",
            "ReferringPhysicianName", "AdmissionID", "TimezoneOffsetFromUTC")


def item(**values):
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def give_identity(dataset, issuer, description):
    """Everything by which an archive finds the patient and the order."""
    dataset.PatientID = "4711"
    dataset.IssuerOfPatientID = issuer
    dataset.TypeOfPatientID = "TEXT"
    dataset.IssuerOfPatientIDQualifiersSequence = Sequence(
        [item(UniversalEntityID="1.2.3.4", UniversalEntityIDType="ISO", AssigningFacilitySequence=Sequence(
            [item(LocalNamespaceEntityID=issuer)]))])
    dataset.OtherPatientIDsSequence = Sequence(
        [item(PatientID=f"OTHER-{number}", IssuerOfPatientID=f"{issuer} {number}", TypeOfPatientID="TEXT",
              IssuerOfPatientIDQualifiersSequence=Sequence([item(UniversalEntityID=f"1.2.3.{number}",
                                                                 UniversalEntityIDType="ISO")])) for number in (1, 2)])
    dataset.PatientBirthDate, dataset.PatientSex, dataset.PatientAge = "19650412", "F", "058Y"
    dataset.StudyID, dataset.StudyDescription = "S1", description
    dataset.AccessionNumber = "ACC1"
    dataset.IssuerOfAccessionNumberSequence = Sequence([item(LocalNamespaceEntityID=issuer)])
    dataset.ReferringPhysicianName = dataset.PatientName
    dataset.AdmissionID = "ADM1"
    dataset.TimezoneOffsetFromUTC = "+0100"
    dataset.RequestAttributesSequence = Sequence(
        [item(RequestedProcedureID=f"RP{number}", RequestedProcedureDescription=description,
              ScheduledProcedureStepID=f"SPS{number}", ScheduledProcedureStepDescription=description)
         for number in (1, 2)])


@pytest.fixture(scope="module")
def one_view(exams):
    """An image with clusters."""
    whole = exams.phantom()
    found = exams.reference(whole).images()
    names = [name for name, image in found.items() if image["clusters"]]
    return whole, [whole.instances[names[0]]]


def analysed(exams, one_view, change, inherited=None):
    """`inherited` is what dciodvfy may say of the objects because it would say it of the source."""
    whole, only = one_view
    exam = exams.copy(whole, change, only=only)
    objects = [pydicom.dcmread(path) for path in exams.reference(exam).objects.values()]
    assert {SEGMENTATION, CAD_SR, MEASUREMENT_REPORT} <= {str(found.SOPClassUID) for found in objects}
    for path in exams.reference(exam).objects.values():
        errors = [error for error in tools.dciodvfy_errors(path) if not inherited or inherited not in error]
        assert not errors, path
    return exam, objects


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_object_names_the_patient_in_any_script(exams, one_view, script):
    charset, name, issuer, description = SCRIPTS[script]

    def change(dataset):
        dataset.SpecificCharacterSet = charset
        dataset.PatientName = name
        give_identity(dataset, issuer, description)

    exam, objects = analysed(exams, one_view, change)
    source = exam.header
    assert str(source.PatientName) == name
    for found in objects:
        for keyword in IDENTITY:
            assert found.get(keyword) == source.get(keyword), (found.Modality, keyword)
        assert str(found.PatientName) == name
        assert found.OtherPatientIDsSequence[1].IssuerOfPatientID == f"{issuer} 2"


def test_undeclared_bytes_come_out_untouched(exams, one_view):
    def change(dataset):
        if "SpecificCharacterSet" in dataset:
            del dataset.SpecificCharacterSet
        dataset.add_new(0x00100010, "PN", PersonName(UNDECLARED))
        give_identity(dataset, "HOSPITAL", "Screening")

    exam, objects = analysed(exams, one_view, change, inherited="Character invalid for character repertoire")
    assert exam.header.PatientName.original_string.rstrip() == UNDECLARED
    for found in objects:
        assert "SpecificCharacterSet" not in found
        assert found.PatientName.original_string.rstrip() == UNDECLARED
        assert found.IssuerOfPatientID == "HOSPITAL"


def test_the_order_is_that_of_the_images(exams, one_view):
    charset, name, issuer, description = SCRIPTS["latin1"]

    def change(dataset):
        dataset.SpecificCharacterSet = charset
        dataset.PatientName = name
        give_identity(dataset, issuer, description)

    exam, objects = analysed(exams, one_view, change)
    for found in objects:
        if found.Modality == "SR":
            assert [request.RequestedProcedureID for request in found.ReferencedRequestSequence] == ["RP1", "RP2"]
            for request in found.ReferencedRequestSequence:
                assert request.RequestedProcedureDescription == description
                assert request.AccessionNumber == "ACC1"
                assert request.IssuerOfAccessionNumberSequence[0].LocalNamespaceEntityID == issuer
                assert request.StudyInstanceUID == exam.study
        else:
            assert found.RequestAttributesSequence == exam.header.RequestAttributesSequence


def test_no_object_mentions_another_image(exams, one_view):
    exam, objects = analysed(exams, one_view, lambda dataset: None)
    own = {str(found.SOPInstanceUID) for found in objects}
    for found in objects:
        if found.Modality == "SR":
            assert set(results.evidence(found)) <= own | set(exam.instances)
