// DCMTK's own requestor, for the tests of the acceptor.
#pragma once

#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/scu.h>
#include <gtest/gtest.h>

#include "dicom/uid.h"

namespace calcnode::dicom::testing {

class Scu : public DcmSCU {
  public:
    Scu(int port, const std::string& called = "CALCNODE", const std::string& calling = "MODALITY") {
        setAETitle(calling.c_str());
        setPeerAETitle(called.c_str());
        setPeerHostName("127.0.0.1");
        setPeerPort(static_cast<Uint16>(port));
        setDIMSETimeout(10);
        setACSETimeout(10);
    }
    void offer(const char* abstract_syntax, const std::vector<const char*>& transfer_syntaxes) {
        OFList<OFString> list;
        for (const char* syntax : transfer_syntaxes)
            list.push_back(syntax);
        ASSERT_TRUE(addPresentationContext(abstract_syntax, list).good());
    }
    /// What the acceptor chose; "" when it did not accept the class.
    std::string accepted_syntax(const char* abstract_syntax) {
        const T_ASC_PresentationContextID id = findAnyPresentationContextID(abstract_syntax, "");
        OFString abstract, transfer;
        if (id != 0) findPresentationContext(id, abstract, transfer);
        return transfer.c_str();
    }
    /// The accepted context for MG in Explicit LE.
    T_ASC_PresentationContextID context() {
        return findPresentationContextID(kMammographyForPresentation, kExplicitLittleEndian);
    }
    OFCondition associate() {
        const OFCondition ready = initNetwork();
        return ready.bad() ? ready : negotiateAssociation();
    }
};

}  // namespace calcnode::dicom::testing
