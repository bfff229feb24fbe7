#include "dicom/library.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/dcmnet/dcmtrans.h>
#include <dcmtk/dcmnet/dul.h>
#include <dcmtk/oflog/oflog.h>
#include <openjpeg.h>

#include "dicom/error.h"

namespace calcnode::dicom {

namespace {

constexpr int kSocketTimeoutSeconds = 60;
constexpr int kConnectTimeoutSeconds = 10;  // an SCU may set its own before it connects

void silence_logger() {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
}

void load_dictionary() {
    if (!dcmDataDict.isDictionaryLoaded()) {
        throw Error(ErrorCode::file_error,
                    "DCMTK's data dictionary (dicom.dic) is missing: install libdcmtk17 or set DCMDICTPATH");
    }
}

void set_network_switches() {
    dcmDisableGethostbyaddr.set(OFTrue);  // no reverse DNS: it would block while an association is accepted
    dcmSocketSendTimeout.set(kSocketTimeoutSeconds);
    dcmSocketReceiveTimeout.set(kSocketTimeoutSeconds);
    dcmConnectionTimeout.set(kConnectTimeoutSeconds);
}

void register_decoders() {
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
    DcmRLEDecoderRegistration::registerCodecs();
}

}  // namespace

void initialise_library() {
    silence_logger();
    load_dictionary();
    set_network_switches();
    register_decoders();
}

std::string library_versions() {
    return std::string("DCMTK ") + OFFIS_DCMTK_VERSION_STRING + ", OpenJPEG " + opj_version();
}

}  // namespace calcnode::dicom
