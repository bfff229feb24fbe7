#include "service/lab_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace calcnode::service {
namespace {

using testing::HasSubstr;

TEST(LabHtml, Base64OfTheRfcsExamples) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64("\xff\xfe"), "//4=");
}

TEST(LabHtml, PageHoldsFiguresPicturesAndFailures) {
    MethodReport method;
    method.name = "cascade <1>";
    method.five.images = 3;
    method.five.normal_images = 1;
    method.five.patients = 2;
    method.five.groups = 2;
    method.five.sensitivity = {.value = 0.5, .low = 0.25, .high = 0.75, .known = true};
    EvaluationReport report;
    report.cases = "cases.csv";
    report.methods = {method};
    report.failures = {"a.dcm: damaged & gone"};
    const std::vector<PagePicture> plots = {{.section = "", .caption = "FROC", .bytes = "\x89PNG..."}};
    const std::vector<PagePicture> cases = {{.section = "Worst", .caption = "one", .bytes = "\xff\xd8"},
                                            {.section = "Worst", .caption = "two", .bytes = "\xff\xd8"}};
    const std::string page = report_html(report, plots, cases);
    EXPECT_THAT(page, HasSubstr("3 images of 2 patients, 1 images normal"));
    EXPECT_THAT(page, HasSubstr("50.0 % (25.0 - 75.0)"));
    EXPECT_THAT(page, HasSubstr("cascade &lt;1&gt;"));
    EXPECT_THAT(page, HasSubstr("a.dcm: damaged &amp; gone"));
    EXPECT_THAT(page, HasSubstr("data:image/png;base64,iVBORy4uLg=="));
    EXPECT_THAT(page, HasSubstr("data:image/jpeg;base64,/9g="));
    EXPECT_EQ(page.find("<h3>Worst</h3>"), page.rfind("<h3>Worst</h3>")) << "one heading a section";
    EXPECT_THAT(page, Not(HasSubstr("http"))) << "it needs nothing from elsewhere";
}

}  // namespace
}  // namespace calcnode::service
