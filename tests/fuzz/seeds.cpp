// Writes the first inputs of every target into a folder (README.md): what our own encoders make, and small
// pattern images in every transfer syntax. No clinical pixels.
#include <filesystem>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpls/djencode.h>

#include "config/loader.h"
#include "dicom/associate_accept.h"
#include "dicom/command_set.h"
#include "dicom/commitment.h"
#include "dicom/library.h"
#include "service/receiver_meta.h"
#include "tests/dicom/instance_fixture.h"

namespace {

using namespace calcnode;
using Bytes = std::vector<unsigned char>;
using dicom::fixture::write_bytes;

std::filesystem::path folder;

void seed(const std::string& target, const std::string& name, const Bytes& bytes) {
    std::filesystem::create_directories(folder / target);
    write_bytes(folder / target / ("seed-" + name), bytes);
}

Bytes joined(std::initializer_list<Bytes> parts) {
    Bytes whole;
    for (const Bytes& part : parts)
        whole.insert(whole.end(), part.begin(), part.end());
    return whole;
}

Bytes pdv(unsigned char context, unsigned char control, const Bytes& data) {
    const auto size = static_cast<unsigned>(data.size());
    const auto number = [](unsigned value) {
        return Bytes{static_cast<unsigned char>(value >> 24), static_cast<unsigned char>(value >> 16),
                     static_cast<unsigned char>(value >> 8), static_cast<unsigned char>(value)};
    };
    return joined({{4, 0}, number(size + 6), number(size + 2), {context, control}, data});
}

dicom::AssociateProposal proposal() {
    dicom::AssociateProposal result{.calling_ae_title = "MODALITY", .called_ae_title = "CALCNODE"};
    result.contexts = {{1, dicom::kVerification, {dicom::kImplicitLittleEndian}},
                       {3, dicom::kMammographyForPresentation, {dicom::kExplicitLittleEndian}},
                       {5, dicom::kStorageCommitmentPushModel, {dicom::kExplicitLittleEndian}}};
    result.roles = {{dicom::kStorageCommitmentPushModel, true, true}};
    return result;
}

dicom::CommandSet command(std::uint16_t field, const std::string& sop_class) {
    dicom::CommandSet result;
    result.command_field = field;
    result.message_id = 1;
    result.affected_sop_class = sop_class;
    result.data_set_type = field == dicom::kCommandEcho ? dicom::kNoDataSet : dicom::kWithDataSet;
    return result;
}

void associations(const Bytes& dataset) {
    using namespace dicom;
    const Bytes request = encode_associate_request(proposal());
    const auto rejection = encode_associate_reject({2, 3, 2});
    AssociateAnswer accept{.contexts = {{1, ContextResult::accepted, kImplicitLittleEndian}}};
    seed("associate", "request", request);
    seed("associate", "reject", Bytes(rejection.begin(), rejection.end()));
    seed("associate", "accept", encode_associate_accept(*parse_associate_request(request), accept));

    const CommitmentRequest asked{"1.2.3.4", {{kMammographyForPresentation, "1.2.3.5"}}};
    const CommitmentReport told{"1.2.3.4", asked.references, {{{kMammographyCadSr, "1.2.3.6"}, 0x0110}}};
    CommandSet store = command(kCommandStore, kMammographyForPresentation);
    store.affected_sop_instance = "1.2.826.0.1.3680043.2.1143.1";
    CommandSet action = command(kCommandAction, "");
    action.requested_sop_class = kStorageCommitmentPushModel;
    action.requested_sop_instance = kStorageCommitmentInstance;
    action.action_type = kActionRequestCommitment;
    CommandSet event = command(kCommandEventReport, kStorageCommitmentPushModel);
    event.affected_sop_instance = kStorageCommitmentInstance;
    event.event_type = kEventCommittedWithFailures;
    const Bytes echo_bytes = encode_command_set(command(kCommandEcho, kVerification));
    const Bytes store_bytes = encode_command_set(store);
    const Bytes action_bytes = encode_command_set(action);
    const Bytes event_bytes = encode_command_set(event);
    const Bytes asked_bytes = encode_commitment_request(asked, kExplicitLittleEndian);
    const Bytes told_bytes = encode_commitment_report(told, kExplicitLittleEndian);
    const Bytes release{5, 0, 0, 0, 0, 4, 0, 0, 0, 0};
    const Bytes abort{7, 0, 0, 0, 0, 4, 0, 0, 0, 0};
    seed("association", "echo", joined({request, pdv(1, 3, echo_bytes), release}));
    seed("association", "store", joined({request, pdv(3, 3, store_bytes), pdv(3, 2, dataset), release}));
    seed("association", "commitment",
         joined({request, pdv(5, 3, action_bytes), pdv(5, 2, asked_bytes), pdv(5, 3, event_bytes),
                 pdv(5, 2, told_bytes), abort}));
    seed("message", "echo", echo_bytes);
    seed("message", "store", store_bytes);
    seed("message", "action", action_bytes);
    seed("message", "event", event_bytes);
    for (const char* syntax : {kImplicitLittleEndian, kExplicitLittleEndian, kExplicitBigEndian}) {
        seed("message", std::string("request-") + syntax, encode_commitment_request(asked, syntax));
        seed("message", std::string("report-") + syntax, encode_commitment_report(told, syntax));
    }
}

void images() {
    using namespace dicom;
    fixture::ImageOptions options;
    options.rows = 24;
    options.columns = 40;
    const auto file = folder / "image.dcm";
    for (const auto& syntax : fixture::syntaxes()) {
        fixture::save(*fixture::make_instance(options), file, syntax.uid);
        seed("dataset", syntax.name, fixture::read_bytes(file));
        seed("mammogram", syntax.name, fixture::read_bytes(file));
    }
    fixture::ImageOptions eight = options;
    eight.bits_allocated = eight.bits_stored = 8;
    eight.photometric = "MONOCHROME1";
    for (const char* syntax : {kJpegBaseline, kJpegLsLossless, kRleLossless, kImplicitLittleEndian}) {
        fixture::save(*fixture::make_instance(eight), file, syntax);
        seed("mammogram", std::string("8bit-") + syntax, fixture::read_bytes(file));
    }
    std::filesystem::remove(file);
    // codec 0, rows - 1, columns - 1, 16 bits allocated, 12 stored
    const Bytes promises{0, 23, 39, 1, 11, 0};
    const auto pixels = fixture::pattern(options);
    seed("codecs", "j2k", joined({promises, fixture::encode_jpeg2000(options, pixels, false)}));
    seed("codecs", "j2k-lossy", joined({promises, fixture::encode_jpeg2000(options, pixels, true)}));
    Bytes rle(64, 0);
    rle[0] = 1;
    rle[4] = 64;
    seed("codecs", "rle", joined({{1, 0, 3, 0, 7, 0}, rle, {0, 7, 128, 254, 9, 0}}));
    seed("codecs", "jpeg", {2,    0,    0, 0,  0,  0, 0xFF, 0xD8, 0xFF, 0xE0, 0, 4,    1, 2,
                            0xFF, 0xC3, 0, 11, 12, 1, 2,    3,    4,    1,    1, 0x11, 0});
}

void configurations() {
    const std::string whole = config::kDefaultYaml;
    seed("config", "default", Bytes(whole.begin(), whole.end()));
    const std::string small =
        "dicom: {port: 0, allowed_peers: [10.0.0.0/8, \"::1\"]}\ndelivery: {first_retry: 5s}\n"
        "destinations: {a: {ae_title: A, host: h, port: 104, results: [cad_sr]}}\n"
        "routes: [{name: r, match: {modality: MG*}, destinations: [a]}]\n";
    seed("config", "small", Bytes(small.begin(), small.end()));
    const std::string anchors = "a: &x [1, *x]\ndicom: {<<: *x, port: !!int 0x10, ae_title: \"\\u0000\"}\n";
    seed("config", "anchors", Bytes(anchors.begin(), anchors.end()));
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    folder = arguments[1];
    std::filesystem::create_directories(folder);
    dicom::initialise_library();
    DJEncoderRegistration::registerCodecs();
    DJLSEncoderRegistration::registerCodecs();
    DcmRLEEncoderRegistration::registerCodecs();
    const Bytes tail{0x08, 0, 0x16, 0, 'U', 'I', 2, 0, '1', 0};
    associations(tail);
    images();
    seed(
        "dataset", "spool",
        joined({service::encode_file_meta({dicom::kMammographyForPresentation, "1.2.3",
                                           dicom::kExplicitLittleEndian, "MODALITY", "CALCNODE", "10.0.0.1"}),
                tail}));
    configurations();
    return 0;
}
