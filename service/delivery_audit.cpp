#include "service/delivery_audit.h"

#include "dicom/error.h"
#include "dicom/instance_header.h"

namespace calcnode::service {

namespace {

std::string study_of_file(const std::filesystem::path& path) {
    try {
        return dicom::read_instance_header(path).study_instance_uid;
    } catch (const dicom::Error&) {
        return {};  // the delivery itself will say what is wrong with the file
    }
}

}  // namespace

DeliveryAudit::DeliveryAudit(Audit& audit, const dicom::Peer& peer,
                             const std::vector<dicom::OutgoingObject>& objects)
    : audit_(audit), peer_{peer.ae_title, peer.host}, objects_(objects), studies_(objects.size()) {
    if (!audit_.enabled()) return;
    std::vector<AuditStudy> offered;
    for (std::size_t index = 0; index < objects.size(); ++index) {
        studies_[index] = study_of_file(objects[index].path);
        if (!studies_[index].empty())
            ++study_of(offered, studies_[index]).sop_classes[objects[index].sop_class_uid];
    }
    audit_.sending(peer_, offered);
}

void DeliveryAudit::finished(std::size_t index, const dicom::DeliveryReport& report) {
    if (report.not_authenticated) refusal_ = report.text;
    if (report.status == dicom::DeliveryStatus::delivered && !studies_[index].empty())
        ++study_of(arrived_, studies_[index]).sop_classes[objects_[index].sop_class_uid];
}

DeliveryAudit::~DeliveryAudit() {
    audit_.sent(peer_, arrived_);
    if (!refusal_.empty()) audit_.refused(peer_, refusal_);
}

}  // namespace calcnode::service
