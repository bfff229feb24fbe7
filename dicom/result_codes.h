// The coded concepts that the result objects are written with (PS3.16: TID 1500 and 4000 and below, CID 244,
// 6010, 6012, 6014, 6022, 6034, 6042, 6047, 7150, 7202, 7203); views are in view_codes.cpp. Those of SNOMED
// with both their forms. Constants; internal to dicom/.
#pragma once

#include "dicom/concept.h"

namespace calcnode::dicom::codes {

// Titles and rows of TID 4000, Mammography CAD Document Root
inline const Concept kMammographyCadReport{Code{"111036", "DCM", "Mammography CAD Report"}};
inline const Concept kImageLibrary{Code{"111028", "DCM", "Image Library"}};
inline const Concept kProcessingSummary{Code{"111017", "DCM", "CAD Processing and Findings Summary"}};
inline const Concept kImpression{Code{"111034", "DCM", "Individual Impression/Recommendation"}};
inline const Concept kSingleImageFinding{Code{"111059", "DCM", "Single Image Finding"}};
inline const Concept kSummaryOfDetections{Code{"111064", "DCM", "Summary of Detections"}};
inline const Concept kSuccessfulDetections{Code{"111063", "DCM", "Successful Detections"}};
inline const Concept kFailedDetections{Code{"111025", "DCM", "Failed Detections"}};
inline const Concept kDetectionPerformed{Code{"111022", "DCM", "Detection Performed"}};
inline const Concept kSummaryOfAnalyses{Code{"111065", "DCM", "Summary of Analyses"}};

// TID 1204, Language of Content Item and Descendants
inline const Concept kLanguage{Code{"121049", "DCM", "Language of Content Item and Descendants"}};
inline const Concept kCountryOfLanguage{Code{"121046", "DCM", "Country of Language"}};
inline const Concept kEnglish{Code{"en", "RFC5646", "English"}};
inline const Concept kUnitedStates{Code{"US", "ISO3166_1", "United States"}};

// TID 4020, CAD Image Library Entry
inline const Concept kImageLaterality{Code{"111027", "DCM", "Image Laterality"}};
inline const Concept kImageView{Code{"111031", "DCM", "Image View"}};
inline const Concept kImageViewModifier{Code{"111032", "DCM", "Image View Modifier"}};
inline const Concept kPatientOrientationRow{Code{"111044", "DCM", "Patient Orientation Row"}};
inline const Concept kPatientOrientationColumn{Code{"111043", "DCM", "Patient Orientation Column"}};
inline const Concept kStudyDate{Code{"111060", "DCM", "Study Date"}};
inline const Concept kStudyTime{Code{"111061", "DCM", "Study Time"}};
inline const Concept kContentDate{Code{"111018", "DCM", "Content Date"}};
inline const Concept kContentTime{Code{"111019", "DCM", "Content Time"}};
inline const Concept kHorizontalSpacing{Code{"111026", "DCM", "Horizontal Pixel Spacing"}};
inline const Concept kVerticalSpacing{Code{"111066", "DCM", "Vertical Pixel Spacing"}};
inline const Concept kLeftBreast = Concept::snomed("80248007", "T-04030", "Left breast");
inline const Concept kRightBreast = Concept::snomed("73056007", "T-04020", "Right breast");
inline const Concept kBothBreasts = Concept::snomed("63762007", "T-04080", "Both breasts");

// TID 1500 to 1602
inline const Concept kMeasurementReport{Code{"126000", "DCM", "Imaging Measurement Report"}};
inline const Concept kProcedureReported{Code{"121058", "DCM", "Procedure reported"}};
inline const Concept kImageLibraryGroup{Code{"126200", "DCM", "Image Library Group"}};
inline const Concept kModality{Code{"121139", "DCM", "Modality"}};
inline const Concept kMammography{Code{"MG", "DCM", "Mammography"}};
inline const Concept kTargetRegion{Code{"123014", "DCM", "Target Region"}};
inline const Concept kFrameOfReference{Code{"112227", "DCM", "Frame of Reference UID"}};
inline const Concept kPixelDataRows{Code{"110910", "DCM", "Pixel Data Rows"}};
inline const Concept kPixelDataColumns{Code{"110911", "DCM", "Pixel Data Columns"}};
inline const Concept kImagingMeasurements{Code{"126010", "DCM", "Imaging Measurements"}};
inline const Concept kMeasurementGroup{Code{"125007", "DCM", "Measurement Group"}};
inline const Concept kFinding{Code{"121071", "DCM", "Finding"}};
inline const Concept kImageRegion{Code{"111030", "DCM", "Image Region"}};
inline const Concept kDerivation{Code{"121401", "DCM", "Derivation"}};
inline const Concept kAverageDistance{
    Code{"112200", "DCM", "Average calcification distance in a calcification cluster"}};
inline const Concept kSdDistance{
    Code{"112201", "DCM", "Standard deviation distance of calcifications in a cluster"}};
inline const Concept kTwoDimensionalMethod{Code{"112188", "DCM", "Two-dimensional method"}};
inline const Concept kImagingProcedure = Concept::snomed("363679005", "P0-0099A", "Imaging procedure");
inline const Concept kFindingSite = Concept::snomed("363698007", "G-C0E3", "Finding Site");
inline const Concept kLaterality = Concept::snomed("272741003", "G-C171", "Laterality");
inline const Concept kLongAxis = Concept::snomed("103339001", "G-A185", "Long axis");

// TID 1001 to 1004, the observer
inline const Concept kObserverType{Code{"121005", "DCM", "Observer Type"}};
inline const Concept kDevice{Code{"121007", "DCM", "Device"}};
inline const Concept kDeviceObserverUid{Code{"121012", "DCM", "Device Observer UID"}};
inline const Concept kDeviceObserverName{Code{"121013", "DCM", "Device Observer Name"}};
inline const Concept kDeviceObserverManufacturer{Code{"121014", "DCM", "Device Observer Manufacturer"}};
inline const Concept kDeviceObserverModelName{Code{"121015", "DCM", "Device Observer Model Name"}};
inline const Concept kDeviceObserverSerialNumber{Code{"121016", "DCM", "Device Observer Serial Number"}};

// TID 4006 to 4010, 4019, 4021, 4108
inline const Concept kRenderingIntent{Code{"111056", "DCM", "Rendering Intent"}};
inline const Concept kTrackingIdentifier{Code{"112039", "DCM", "Tracking Identifier"}};
inline const Concept kTrackingUniqueIdentifier{Code{"112040", "DCM", "Tracking Unique Identifier"}};
inline const Concept kAlgorithmName{Code{"111001", "DCM", "Algorithm Name"}};
inline const Concept kAlgorithmVersion{Code{"111003", "DCM", "Algorithm Version"}};
inline const Concept kAlgorithmParameters{Code{"111002", "DCM", "Algorithm Parameters"}};
inline const Concept kCertaintyOfFinding{Code{"111012", "DCM", "Certainty of Finding"}};
inline const Concept kCenter{Code{"111010", "DCM", "Center"}};
inline const Concept kOutline{Code{"111041", "DCM", "Outline"}};
inline const Concept kCalcificationType{Code{"111009", "DCM", "Calcification Type"}};
inline const Concept kCalcificationDistribution{Code{"111008", "DCM", "Calcification Distribution"}};
inline const Concept kNumberOfCalcifications{Code{"111038", "DCM", "Number of calcifications"}};
inline const Concept kArea = Concept::snomed("42798000", "G-A166", "Area");

// CID 6034, Intended Use of CAD Output
inline const Concept kPresentationRequired{
    Code{"111150", "DCM", "Presentation Required: Rendering device is expected to present"}};
inline const Concept kPresentationOptional{
    Code{"111151", "DCM", "Presentation Optional: Rendering device may present"}};

// CID 6014, Single Image Finding
inline const Concept kCalcificationCluster = Concept::snomed("129769006", "F-01775", "Calcification Cluster");
inline const Concept kIndividualCalcification =
    Concept::snomed("129770007", "F-01776", "Individual Calcification");

// CID 6010: calcnode does not tell the types apart
inline const Concept kMicrocalcifications =
    Concept::snomed("44771000", "D7-90435", "Microcalcifications of the breast");

// CID 6012, Calcification Distribution
inline const Concept kDiffuse = Concept::snomed("129764001", "F-01770", "Diffuse calcification distribution");
inline const Concept kLinear = Concept::snomed("129765000", "F-01771", "Linear calcification distribution");
inline const Concept kGrouped = Concept::snomed("129766004", "F-01772", "Grouped calcification distribution");
inline const Concept kRegional =
    Concept::snomed("129767008", "F-01773", "Regional calcification distribution");
inline const Concept kSegmental =
    Concept::snomed("129768003", "F-01774", "Segmental calcification distribution");

// CID 6042, Status of Results
inline const Concept kSucceeded{Code{"111222", "DCM", "Succeeded"}};
inline const Concept kPartiallySucceeded{Code{"111223", "DCM", "Partially Succeeded"}};
inline const Concept kFailed{Code{"111224", "DCM", "Failed"}};
inline const Concept kNotAttempted{Code{"111225", "DCM", "Not Attempted"}};

// CID 6047, CAD Processing and Findings Summary
inline const Concept kAllSucceededNoFindings{
    Code{"111241", "DCM", "All algorithms succeeded; without findings"}};
inline const Concept kAllSucceededFindings{Code{"111242", "DCM", "All algorithms succeeded; with findings"}};
inline const Concept kSomeSucceededNoFindings{
    Code{"111243", "DCM", "Not all algorithms succeeded; without findings"}};
inline const Concept kSomeSucceededFindings{
    Code{"111244", "DCM", "Not all algorithms succeeded; with findings"}};
inline const Concept kNoneSucceeded{Code{"111245", "DCM", "No algorithms succeeded; without findings"}};

// Units
inline const Concept kMillimetre{Code{"mm", "UCUM", "millimeter"}};
inline const Concept kSquareMillimetre{Code{"mm2", "UCUM", "Square millimeter"}};
inline const Concept kPercent{Code{"%", "UCUM", "Percent"}};
inline const Concept kPixels{Code{"{pixels}", "UCUM", "pixels"}};
inline const Concept kNoUnits{Code{"1", "UCUM", "no units"}};

// Segmentation
inline const Concept kAbnormalStructure =
    Concept::snomed("49755003", "M-01000", "Morphologically Abnormal Structure");  // CID 7150
inline const Concept kBreast = Concept::snomed("76752008", "T-04000", "Breast");
inline const Concept kLeft = Concept::snomed("7771000", "G-A101", "Left");
inline const Concept kRight = Concept::snomed("24028007", "G-A100", "Right");
inline const Concept kBilateral = Concept::snomed("51440002", "G-A102", "Right and left");  // CID 244
inline const Concept kArtificialIntelligence{Code{"123110", "DCM", "Artificial Intelligence"}};
inline const Concept kSegmentation{Code{"113076", "DCM", "Segmentation"}};             // CID 7203
inline const Concept kSpatialResampling{Code{"113085", "DCM", "Spatial resampling"}};  // CID 7203
inline const Concept kSourceImage{
    Code{"121322", "DCM", "Source image for image processing operation"}};  // CID 7202
inline const Concept kAcquisitionEquipment{Code{"109101", "DCM", "Acquisition Equipment"}};

}  // namespace calcnode::dicom::codes
