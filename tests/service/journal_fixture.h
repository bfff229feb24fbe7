// What the tests of the journal share: a fresh database a test, on SQLite and on PostgreSQL alike, and sample
// values. PostgreSQL's tests run when CALCNODE_TEST_POSTGRES_URL names a server (./tests/run starts one),
// else they are skipped.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <soci/soci.h>

#include "service/journal.h"
#include "service/journal_dialect.h"

namespace calcnode::service {

class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// GetParam(): "sqlite" or "postgresql". On PostgreSQL every test has a schema of its own.
class JournalTest : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override;
    void TearDown() override;

    bool on_postgresql() const { return std::string(GetParam()) == "postgresql"; }
    const std::string& url() const { return url_; }
    Journal open() const { return Journal::open(url_); }
    /// A connection beside the journal's, to look and to meddle.
    std::unique_ptr<soci::session> raw() const { return connect(parse_journal_url(url_)); }
    /// Breaks the connections of this test's journals as a restart of the server would. PostgreSQL only.
    void break_connections() const;

    TemporaryFolder folder_;

  private:
    std::string base_url_;
    std::string schema_;
    std::string url_;
};

#define CALCNODE_ON_BOTH_DATABASES(fixture)                         \
    INSTANTIATE_TEST_SUITE_P(                                       \
        Database, fixture, testing::Values("sqlite", "postgresql"), \
        [](const testing::TestParamInfo<const char*>& i) { return std::string(i.param); })

/// Milliseconds after a fixed moment of 2026.
Time at(long long milliseconds);

/// An analysable L-CC image of the study, received at(0), with destination "pacs"; path and digest follow
/// from the UID.
ReceivedInstance sample_instance(const std::string& study, const std::string& sop);
/// The same instance in another file.
ReceivedInstance in_file(ReceivedInstance instance, const std::string& path);

Acceptance record_one(Journal& journal, const ReceivedInstance& instance);

/// Closes every open study, all its images attempted, for "pacs". Returns how many were closed.
int close_all(Journal& journal, Time now);

/// A result object of this UID, a CAD SR, as a worker hands it in.
ResultToRecord sample_result(const std::string& sop, const std::vector<std::string>& destinations = {"pacs"});

}  // namespace calcnode::service
