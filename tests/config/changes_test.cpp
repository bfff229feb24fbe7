// What a reload says of two configurations.
#include "config/changes.h"

#include <fstream>

#include <gmock/gmock.h>
#include <stdlib.h>

#include "tests/config/config_files.h"

namespace calcnode::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> lines(const Loaded& before, const Loaded& after) {
    std::vector<std::string> texts;
    for (const Change& change : changes_between(before.settings, after.settings))
        texts.push_back(change.key + ": " + change.before + " -> " + change.after + " (" +
                        to_string(change.effect) + ")");
    return texts;
}

Loaded loaded(const std::string& yaml) {
    return load_with_settings(ConfigFile(yaml).path());
}

TEST(Changes, NoneBetweenEquals) {
    EXPECT_THAT(lines(loaded(""), loaded("# nothing\n")), IsEmpty());
}

TEST(Changes, NameKeyValuesAndEffect) {
    EXPECT_THAT(
        lines(loaded(""), loaded("dicom: {port: 104, calling_ae_titles: [A, B]}\n"
                                 "analysis: {threads: 3}\nassembly: {quiet: 5s}\n")),
        ElementsAre("analysis.threads: 0 -> 3 (workers)", "assembly.quiet: 60s -> 5s (at_once)",
                    "dicom.calling_ae_titles: [] -> [A, B] (at_once)", "dicom.port: 11112 -> 104 (restart)"));
}

TEST(Changes, RulesGoByNameAndOrder) {
    const char* const before = "routes: [{name: a, destinations: []}, {name: b, destinations: []}]\n";
    const char* const after = "routes: [{name: b, destinations: [pacs]}, {name: a, destinations: []}]\n";
    EXPECT_THAT(
        lines(loaded(before), loaded(after)),
        ElementsAre("routes: [a, b] -> [b, a] (at_once)", "routes[b].destinations: [] -> [pacs] (at_once)"));
}

TEST(Changes, DestinationsComeAndGo) {
    EXPECT_THAT(lines(loaded("destinations: {a: {ae_title: A, host: h, port: 1}}\nroutes: []\n"),
                      loaded("destinations: {}\nroutes: []\n")),
                ElementsAre("destinations.a.ae_title: A -> (none) (at_once)",
                            "destinations.a.host: h -> (none) (at_once)",
                            "destinations.a.port: 1 -> (none) (at_once)"));
}

TEST(Changes, NeverShowASecret) {
    ::setenv("CALCNODE_TEST_SECRET", "first", 1);
    const char* const yaml = "results: {institution: \"${env:CALCNODE_TEST_SECRET}\"}\n";
    const Loaded before = loaded(yaml);
    EXPECT_EQ(before.config.results.institution, "first");
    ::setenv("CALCNODE_TEST_SECRET", "second", 1);
    EXPECT_THAT(lines(before, loaded(yaml)),
                ElementsAre("results.institution: (secret) -> (secret) (workers)"));
    EXPECT_THAT(lines(loaded(""), loaded("journal: {url: 'postgresql://u:p@h/d'}\n")),
                ElementsAre("journal.url: (secret) -> (secret) (restart)"));
}

TEST(Changes, WhatNeedsARestartStays) {
    const Config running = loaded("").config;
    const Config fresh =
        loaded(
            "data_dir: /elsewhere\ndicom: {port: 104, max_associations: 3}\n"
            "destinations: {pacs: {ae_title: A, host: h, port: 1, commitment: {enabled: true}}}\n")
            .config;
    const Config taken = taken_over(running, fresh);
    EXPECT_EQ(taken.data_dir, running.data_dir);
    EXPECT_EQ(taken.dicom.port, running.dicom.port);
    EXPECT_EQ(taken.dicom.max_associations, 3);
    EXPECT_EQ(taken.destinations.at("pacs").host, "h");
    EXPECT_FALSE(taken.destinations.at("pacs").commitment.enabled);
}

TEST(Secrets, ComeFromAFileAndAreEncodedInAUrl) {
    const ConfigFile password("p@ss/word\n");
    const Config config =
        load(ConfigFile("journal:\n  url: \"postgresql://u:${file:" + password.path().string() +
                        "}@h/d\"\nresults: {institution: '$${x}'}\n")
                 .path());
    EXPECT_EQ(config.journal.url, "postgresql://u:p%40ss%2Fword@h/d");
    EXPECT_EQ(config.results.institution, "${x}");
}

std::string mistake_of(const std::string& yaml) {
    try {
        loaded(yaml);
    } catch (const Error& error) {
        return error.what();
    }
    return "none";
}

TEST(Secrets, MistakesSayWhatToDo) {
    EXPECT_THAT(
        mistake_of("results: {institution: \"${env:CALCNODE_NOT_SET}\"}\n"),
        HasSubstr("c.yaml:1:24: results.institution: the environment variable CALCNODE_NOT_SET is not set; "
                  "set it where calcnode is started"));
    EXPECT_THAT(
        mistake_of("results: {institution: \"${file:/nowhere}\"}\n"),
        HasSubstr("/nowhere is not a file; the file must be there and readable for the user that runs "
                  "calcnode"));
    EXPECT_THAT(
        mistake_of("results: {institution: \"${HOME}\"}\n"),
        HasSubstr("${HOME} is neither ${env:NAME} nor ${file:/absolute/path}; write $${ for a plain ${"));
    EXPECT_THAT(mistake_of("results: {institution: \"${env:HOME\"}\n"), HasSubstr("${ without }"));
}

TEST(Secrets, AreNotQuotedInMistakes) {
    ::setenv("CALCNODE_TEST_SECRET", "SEVENTEEN_LETTERS", 1);
    EXPECT_THAT(mistake_of("dicom: {ae_title: \"${env:CALCNODE_TEST_SECRET}\"}\n"),
                HasSubstr("dicom.ae_title: \"(secret)\" has more than 16 characters"));
    EXPECT_THAT(mistake_of("routes: [{name: a, destinations: [\"${env:CALCNODE_TEST_SECRET}\"]}]\n"),
                HasSubstr("no destination is named \"(secret)\""));
}

}  // namespace
}  // namespace calcnode::config
