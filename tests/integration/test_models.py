"""Models side by side: one is picked by name and version, a second may look on; and images that no model was made for."""
import json
import re
import shutil

import numpy
import pydicom
import pytest

from support import files, tools
from support.exam import Reference

SHIPPED = tools.BIN_DIR.parent / "share" / "calcnode" / "models" / "valvano-cascade"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The shipped model, and the same networks as version 9.9 with a lower operating point."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(SHIPPED.resolve(), folder / "first")
    shutil.copytree(SHIPPED.resolve(), folder / "second")
    manifest = folder / "second" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["version"] = "9.9"
    content["clustering"]["threshold"] = 0.1
    manifest.write_text(json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def shipped_version():
    return json.loads((SHIPPED / "manifest.json").read_text())["version"]


def settings(*pairs):
    return [word for pair in pairs for word in ("--set", pair)]


def analyze(paths, out, *pairs, check=True):
    return tools.run(tools.CALCNODE, "analyze", *paths, "--out", out, *settings(*pairs), timeout=300, check=check)


def test_version_lists_what_is_installed(models, shipped_version):
    text = tools.run(tools.CALCNODE, "version", *settings(f"analysis.models_folder={models}",
                                                          "analysis.model_version=9.9")).stdout
    assert re.search(rf"^installed model valvano-cascade {re.escape(shipped_version)} \(\w{{64}}\) in ", text, re.M)
    assert re.search(r"^installed model valvano-cascade 9\.9 \(\w{64}\) in ", text, re.M)
    assert re.search(r"^model valvano-cascade 9\.9 ", text, re.M)


def test_which_of_two_versions_must_be_said(models, exams, tmp_path):
    view = exams.phantom().view("R-CC")
    refused = analyze([view], tmp_path / "a", f"analysis.models_folder={models}", check=False)
    assert refused.returncode == 1
    assert "name its version" in refused.stdout
    unknown = analyze([view], tmp_path / "b", f"analysis.models_folder={models}", "analysis.model_version=5",
                      check=False)
    assert unknown.returncode == 1
    assert "installed: valvano-cascade" in unknown.stdout and "valvano-cascade 9.9" in unknown.stdout
    analyze([view], tmp_path / "c", f"analysis.models_folder={models}", "analysis.model_version=9.9")


def test_a_shadow_is_compared_and_changes_nothing(models, exams, shipped_version, tmp_path):
    exam = exams.phantom()
    view = exam.view("R-CC")
    common = [f"analysis.models_folder={models}", f"analysis.model_version={shipped_version}"]
    analyze([view], tmp_path / "alone", *common)
    shadowed = analyze([view], tmp_path / "both", *common, "analysis.shadow_model=valvano-cascade",
                       "analysis.shadow_model_version=9.9")
    events = re.findall(r" shadow_compared .*", shadowed.stdout)
    assert len(events) == 1
    assert "shadow_version=9.9" in events[0] and "images=1" in events[0] and "failed=0" in events[0]
    assert "clusters_only_main=0" in events[0]  # its operating point is lower
    alone, both = (Reference(tmp_path / name / exam.study) for name in ("alone", "both"))
    assert alone.bytes() and alone.bytes() == both.bytes()


def test_a_shadow_that_cannot_be_opened_is_nobody_elses_trouble(exams, tmp_path):
    done = analyze([exams.phantom().view("R-CC")], tmp_path, "analysis.shadow_model=nowhere")
    assert re.search(r" shadow_failed .*nowhere", done.stdout)
    assert "shadow_compared" not in done.stdout


def test_a_device_that_is_not_there_is_named(exams, tmp_path):
    done = analyze([exams.phantom().view("R-CC")], tmp_path, "analysis.device=cuda", check=False)
    assert done.returncode == 1
    assert "LibTorch offers no CUDA device here" in done.stdout


def test_noise_fails_and_the_report_says_why(exams, tmp_path):
    dataset = files.fresh(pydicom.dcmread(exams.phantom().view("R-CC")), "noise")
    noise = numpy.random.default_rng(1).integers(0, 4096, (dataset.Rows, dataset.Columns), dtype=numpy.uint16)
    dataset.PixelData = noise.tobytes()
    path = files.save(dataset, tmp_path / "noise.dcm")
    done = analyze([path], tmp_path / "out", check=False)
    assert done.returncode == 1
    assert " image_out_of_domain " in done.stdout
    study = Reference(tmp_path / "out" / str(dataset.StudyInstanceUID))
    (image,) = study.images().values()
    assert image["status"] == "failed"
    assert image["reason"].startswith("out of the model's domain: ")
    assert image["quality"]["noise"] > 0.1
    (report,) = [item for item in map(pydicom.dcmread, study.folder.glob("*.dcm")) if item.Modality == "SR"]
    assert "out of the model's domain" in report.to_json()
