"""The layering checks must see what they are for: each is shown a small tree with one offence."""
import tempfile
import unittest
from pathlib import Path

import layering


def faults(check, files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return check(Path(folder))


class Includes(unittest.TestCase):
    def test_good_ones_pass(self):
        self.assertEqual([], faults(layering.check_includes, {
            "config/a.h": "#include <string>\n#include <yaml-cpp/yaml.h>\n",
            "pipeline/p.h": "#include <vector>\n",
            "dicom/d.cpp": '#include <sys/socket.h>\n#include "pipeline/p.h"\n',
            "service/s.cpp": '#include "config/c.h"\n', "config/c.h": ""}))

    def test_arrow_that_points_up(self):
        self.assertEqual(['dicom/d.h: dicom/ must not include "service/s.h"'], faults(
            layering.check_includes, {"dicom/d.h": '#include "service/s.h"\n', "service/s.h": ""}))

    def test_library_outside_its_folder(self):
        self.assertEqual(["service/s.cpp: <dcmtk/dcmdata/dctk.h> does not belong in service/"], faults(
            layering.check_includes, {"service/s.cpp": "#include <dcmtk/dcmdata/dctk.h>\n"}))

    def test_library_seen_through_a_header(self):
        found = faults(layering.check_includes, {
            "pipeline/net.h": "#include <torch/script.h>\n", "pipeline/p.h": '#include "pipeline/net.h"\n',
            "dicom/d.h": '#include "pipeline/p.h"\n'})
        self.assertEqual(["dicom/d.h: sees <torch/script.h> through pipeline/net.h (included by pipeline/p.h)"], found)

    def test_include_not_from_the_root(self):
        self.assertEqual(['config/a.h: "b.h" is not written from the root, or does not exist'], faults(
            layering.check_includes, {"config/a.h": '#include "b.h"\n', "config/b.h": ""}))


class TheRest(unittest.TestCase):
    def test_wrong_namespace(self):
        self.assertEqual(["dicom/d.h: is not in namespace calcnode::dicom"], faults(
            layering.check_namespaces, {"dicom/d.h": "namespace calcnode::pipeline {}\n"}))

    def test_stranger_at_the_top(self):
        files = {name: "" for name in layering.TOP_LEVEL} | {".gitignore": "/build/\n", "build": "", "notes.txt": ""}
        self.assertEqual(["notes.txt: does not belong at the top"], faults(layering.check_top_level, files))

    def test_something_missing_at_the_top(self):
        files = {name: "" for name in layering.TOP_LEVEL - {"LICENSE"}}
        self.assertEqual(["LICENSE: is missing at the top"], faults(layering.check_top_level, files))

    def test_code_without_row_and_row_without_code(self):
        found = faults(layering.check_error_codes, {
            "config/e.h": "enum class ErrorCode {\n    invalid,  // bad, very\n    gone,\n};\n",
            "deploy/errors.md": "| `config.invalid` | a | b | c |\n| `config.other` | a | b | c |\n"})
        self.assertEqual(["config.gone: has no whole row in deploy/errors.md",
                          "config.other: deploy/errors.md describes a code that does not exist"], found)

    def test_event_without_row_and_row_without_event(self):
        found = faults(layering.check_log_events, {
            "service/s.cpp": 'log_info("known", {}); log_warn(ok ? "one" : "other", {});',
            "deploy/operating.md": "| `known`, `one` | info | means |\n| `gone` | warning | means |\n"})
        self.assertEqual(["other: has no row in deploy/operating.md",
                          "gone: deploy/operating.md describes an event that nobody logs"], found)

    def test_fail_point_in_a_released_program_and_in_no_table(self):
        def check(root):
            return layering.check_fail_points(root, root / "bin")

        found = faults(check, {
            "dicom/a.cpp": 'fail_point("a.one"); fail_point("a.two", uid);', "service/b.cpp": 'dicom::fail_point("a.one");',
            "service/b.h": '#include "dicom/fail_point.h"\n', "bin": "\0text a.two\0",
            "tests/crash/README.md": "| `a.one` | is |\n| `a.gone` | is |\n"})
        self.assertEqual(["service/b.h: a header must not include dicom/fail_point.h", "a.one: stands twice in the sources",
                          "a.two: has no row in tests/crash/README.md",
                          "a.gone: tests/crash/README.md describes a fail point that does not exist",
                          "bin: holds the fail point a.two"], found)


if __name__ == "__main__":
    unittest.main()
