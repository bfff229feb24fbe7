// One object of each kind about one image, for the tests of what all of them take over from it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom::fixture {

struct Results {
    std::vector<std::unique_ptr<DcmFileFormat>> files;

    std::vector<DcmItem*> all() const {
        std::vector<DcmItem*> objects;
        for (const auto& file : files)
            objects.push_back(file->getDataset());
        return objects;
    }
    /// The first of this SOP class.
    DcmItem& of_class(const std::string& sop_class_uid) const {
        for (DcmItem* object : all()) {
            if (value(*object, DCM_SOPClassUID) == sop_class_uid) return *object;
        }
        throw std::runtime_error("no object of class " + sop_class_uid);
    }
};

/// What comes of one image with a cluster; `change` is applied to its data set.
template <typename Change>
Results results_of(Change change, const std::string& institution = {}) {
    Study study;
    study.options.institution = institution;
    study.options.kinds = ResultKinds(kAllResultKinds.begin(), kAllResultKinds.end());
    add_cluster(study.add(change), 3);
    Results results;
    bool has_measurements = false;
    for (const ResultObject& object : study.write()) {
        results.files.push_back(load(object));
        has_measurements = has_measurements || object.kind == ResultKind::measurement_report;
    }
    if (!has_measurements) results.files.push_back(study.measurement_report());
    return results;
}

/// What all objects say.
inline std::string said(const Results& results, const DcmTagKey& tag) {
    const std::string first = value(*results.files.front()->getDataset(), tag);
    for (DcmItem* object : results.all())
        EXPECT_EQ(first, value(*object, tag)) << tag.toString() << " of " << value(*object, DCM_Modality);
    return first;
}

}  // namespace calcnode::dicom::fixture
