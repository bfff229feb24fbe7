// The coded concepts that the result objects are written with (PS3.16: TID 4000 and below, CID 4014, 6010,
// 6012, 6014, 6022, 6034, 6042, 6047, 7150, 7202, 7203). Constants; internal to dicom/.
#pragma once

#include "dicom/code.h"

namespace calcnode::dicom::codes {

// Titles and rows of TID 4000, Mammography CAD Document Root
inline const Code kMammographyCadReport{"111036", "DCM", "Mammography CAD Report"};
inline const Code kImageLibrary{"111028", "DCM", "Image Library"};
inline const Code kProcessingSummary{"111017", "DCM", "CAD Processing and Findings Summary"};
inline const Code kImpression{"111034", "DCM", "Individual Impression/Recommendation"};
inline const Code kSingleImageFinding{"111059", "DCM", "Single Image Finding"};
inline const Code kSummaryOfDetections{"111064", "DCM", "Summary of Detections"};
inline const Code kSuccessfulDetections{"111063", "DCM", "Successful Detections"};
inline const Code kFailedDetections{"111025", "DCM", "Failed Detections"};
inline const Code kDetectionPerformed{"111022", "DCM", "Detection Performed"};
inline const Code kSummaryOfAnalyses{"111065", "DCM", "Summary of Analyses"};

// TID 1204, Language of Content Item and Descendants
inline const Code kLanguage{"121049", "DCM", "Language of Content Item and Descendants"};
inline const Code kCountryOfLanguage{"121046", "DCM", "Country of Language"};
inline const Code kEnglish{"en", "RFC5646", "English"};
inline const Code kUnitedStates{"US", "ISO3166_1", "United States"};

// TID 4020, CAD Image Library Entry
inline const Code kImageLaterality{"111027", "DCM", "Image Laterality"};
inline const Code kImageView{"111031", "DCM", "Image View"};
inline const Code kImageViewModifier{"111032", "DCM", "Image View Modifier"};
inline const Code kPatientOrientationRow{"111044", "DCM", "Patient Orientation Row"};
inline const Code kPatientOrientationColumn{"111043", "DCM", "Patient Orientation Column"};
inline const Code kStudyDate{"111060", "DCM", "Study Date"};
inline const Code kStudyTime{"111061", "DCM", "Study Time"};
inline const Code kContentDate{"111018", "DCM", "Content Date"};
inline const Code kContentTime{"111019", "DCM", "Content Time"};
inline const Code kHorizontalSpacing{"111026", "DCM", "Horizontal Pixel Spacing"};
inline const Code kVerticalSpacing{"111066", "DCM", "Vertical Pixel Spacing"};
inline const Code kLeftBreast{"80248007", "SCT", "Left breast"};
inline const Code kRightBreast{"73056007", "SCT", "Right breast"};
inline const Code kBothBreasts{"63762007", "SCT", "Both breasts"};

// TID 4006 to 4010, 4019, 4021, 4108
inline const Code kRenderingIntent{"111056", "DCM", "Rendering Intent"};
inline const Code kTrackingIdentifier{"112039", "DCM", "Tracking Identifier"};
inline const Code kTrackingUniqueIdentifier{"112040", "DCM", "Tracking Unique Identifier"};
inline const Code kAlgorithmName{"111001", "DCM", "Algorithm Name"};
inline const Code kAlgorithmVersion{"111003", "DCM", "Algorithm Version"};
inline const Code kAlgorithmParameters{"111002", "DCM", "Algorithm Parameters"};
inline const Code kCertaintyOfFinding{"111012", "DCM", "Certainty of Finding"};
inline const Code kCenter{"111010", "DCM", "Center"};
inline const Code kOutline{"111041", "DCM", "Outline"};
inline const Code kCalcificationType{"111009", "DCM", "Calcification Type"};
inline const Code kCalcificationDistribution{"111008", "DCM", "Calcification Distribution"};
inline const Code kNumberOfCalcifications{"111038", "DCM", "Number of calcifications"};
inline const Code kArea{"42798000", "SCT", "Area"};

// CID 6034, Intended Use of CAD Output
inline const Code kPresentationRequired{"111150", "DCM",
                                        "Presentation Required: Rendering device is expected to present"};
inline const Code kPresentationOptional{"111151", "DCM",
                                        "Presentation Optional: Rendering device may present"};

// CID 6014, Single Image Finding
inline const Code kCalcificationCluster{"129769006", "SCT", "Calcification Cluster"};
inline const Code kIndividualCalcification{"129770007", "SCT", "Individual Calcification"};

// CID 6010: calcnode does not tell the types apart
inline const Code kMicrocalcifications{"44771000", "SCT", "Microcalcifications of the breast"};

// CID 6012, Calcification Distribution
inline const Code kDiffuse{"129764001", "SCT", "Diffuse calcification distribution"};
inline const Code kLinear{"129765000", "SCT", "Linear calcification distribution"};
inline const Code kGrouped{"129766004", "SCT", "Grouped calcification distribution"};
inline const Code kRegional{"129767008", "SCT", "Regional calcification distribution"};
inline const Code kSegmental{"129768003", "SCT", "Segmental calcification distribution"};

// CID 6042, Status of Results
inline const Code kSucceeded{"111222", "DCM", "Succeeded"};
inline const Code kPartiallySucceeded{"111223", "DCM", "Partially Succeeded"};
inline const Code kFailed{"111224", "DCM", "Failed"};
inline const Code kNotAttempted{"111225", "DCM", "Not Attempted"};

// CID 6047, CAD Processing and Findings Summary
inline const Code kAllSucceededNoFindings{"111241", "DCM", "All algorithms succeeded; without findings"};
inline const Code kAllSucceededFindings{"111242", "DCM", "All algorithms succeeded; with findings"};
inline const Code kSomeSucceededNoFindings{"111243", "DCM", "Not all algorithms succeeded; without findings"};
inline const Code kSomeSucceededFindings{"111244", "DCM", "Not all algorithms succeeded; with findings"};
inline const Code kNoneSucceeded{"111245", "DCM", "No algorithms succeeded; without findings"};

// Units
inline const Code kMillimetre{"mm", "UCUM", "millimeter"};
inline const Code kSquareMillimetre{"mm2", "UCUM", "Square millimeter"};
inline const Code kPercent{"%", "UCUM", "Percent"};
inline const Code kNoUnits{"1", "UCUM", "no units"};

// Segmentation
inline const Code kAbnormalStructure{"49755003", "SCT", "Morphologically Abnormal Structure"};  // CID 7150
inline const Code kBreast{"76752008", "SCT", "Breast"};
inline const Code kLeft{"7771000", "SCT", "Left"};
inline const Code kRight{"24028007", "SCT", "Right"};
inline const Code kBilateral{"51440002", "SCT", "Right and left"};  // CID 244
inline const Code kArtificialIntelligence{"123110", "DCM", "Artificial Intelligence"};
inline const Code kSegmentation{"113076", "DCM", "Segmentation"};                                // CID 7203
inline const Code kSourceImage{"121322", "DCM", "Source image for image processing operation"};  // CID 7202
inline const Code kAcquisitionEquipment{"109101", "DCM", "Acquisition Equipment"};

// CID 4014, Mammography View: for sources that name their view only by View Position
inline const Code kViewMl{"399260004", "SCT", "medio-lateral"};
inline const Code kViewMlo{"399368009", "SCT", "medio-lateral oblique"};
inline const Code kViewLm{"399352003", "SCT", "latero-medial"};
inline const Code kViewLmo{"399099002", "SCT", "latero-medial oblique"};
inline const Code kViewCc{"399162004", "SCT", "cranio-caudal"};
inline const Code kViewFb{"399196006", "SCT", "caudo-cranial (from below)"};
inline const Code kViewSio{"399188001", "SCT", "superolateral to inferomedial oblique"};
inline const Code kViewIso{"441555000", "SCT", "inferomedial to superolateral oblique"};
inline const Code kViewXccl{"399192008", "SCT", "cranio-caudal exaggerated laterally"};
inline const Code kViewXccm{"399101009", "SCT", "cranio-caudal exaggerated medially"};
inline const Code kViewSpecimen{"127457009", "SCT", "tissue specimen from breast"};

}  // namespace calcnode::dicom::codes
