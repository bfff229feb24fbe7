"""/metrics before promtool and a real Prometheus; the alert rules and the Grafana dashboard of deploy/."""
import json
import re

import pytest

from support import tools
from support.prometheus import DEPLOY, Prometheus, promtool


@pytest.fixture(scope="module")
def busy(module_stage, exams):
    """A node that has analysed an exam, delivered to one PACS, was refused by another, and refused an object itself."""
    pacs = module_stage.pacs()
    bad = module_stage.pacs("--refuse", profile={"results": ["cad_sr"]})
    node = module_stage.node({"pacs": pacs, "bad": bad}, delivery__attempts=1)
    exam = exams.phantom()
    tools.dcmsend(node, exam.files)
    node.wait_idle()
    tools.wait_until(lambda: "calcnode_arrival_to_delivery_seconds_count 0\n" not in node.http("/metrics")[1], 10,
                     "the deliveries to be counted")
    return node


@pytest.fixture
def prometheus(tmp_path, busy):
    running = Prometheus(tmp_path / "prometheus", busy)
    yield running
    running.stop()


def test_promtool_finds_no_fault_with_the_metrics(busy):
    status, text = busy.http("/metrics")
    assert status == 200
    assert promtool("check", "metrics", stdin=text).strip() == ""


def test_a_real_prometheus_scrapes_the_node(busy, prometheus):
    prometheus.wait_for('up{job="calcnode"}', 1)
    prometheus.wait_for("calcnode_instances_received_total", 4)
    prometheus.wait_for('calcnode_jobs_finished_total{outcome="done"}', 1)
    prometheus.wait_for('calcnode_deliveries{destination="bad",state="dead"}', 1)
    prometheus.wait_for('calcnode_deliveries_finished_total{destination="bad",outcome="dead"}', 1)
    prometheus.wait_for('sum(calcnode_queue_depth)', 0)
    delivered = busy.status()["deliveries"]["delivered"]
    prometheus.wait_for("calcnode_arrival_to_delivery_seconds_count", delivered)
    stages = {labels["stage"]: value for labels, value in prometheus.query("calcnode_analysis_seconds_sum")}
    assert stages.keys() == {"wait", "all", "decode", "find", "write"}
    assert stages["find"] > 0 and stages["all"] >= stages["find"]
    assert prometheus.query("calcnode_received_bytes_total")[0][1] > 4 * 800 * 640 * 2 * 0.9
    model = prometheus.query("calcnode_model_info")[0][0]
    assert model["name"] == "valvano-cascade" and model["version"]


def test_every_expression_of_grafana_and_of_the_alerts_knows_its_metrics(busy, prometheus):
    """A name that the node does not know would show nothing, or never alarm."""
    prometheus.wait_for("calcnode_instances_received_total", 4)
    families = set(re.findall(r"^# TYPE (\S+)", busy.http("/metrics")[1], re.MULTILINE))
    dashboard = (DEPLOY / "grafana" / "calcnode.json").read_text()
    alerts = (DEPLOY / "prometheus" / "alerts.yml").read_text()
    named = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"calcnode_[a-z_]+", dashboard + alerts)}
    assert named <= families, named - families
    assert families <= {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"calcnode_[a-z_]+", dashboard)} | {
        "calcnode_disk_size_bytes"}, "what Grafana does not show"
    for panel in json.loads(dashboard)["panels"]:
        for target in panel["targets"]:
            promtool("query", "instant", f"http://127.0.0.1:{prometheus.port}", target["expr"].replace("$node", ".*"))


def test_the_alert_rules_pass_their_tests():
    folder = DEPLOY / "prometheus"
    promtool("check", "rules", "alerts.yml", folder=folder)
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml", folder=folder)


def test_the_metrics_know_no_patient(busy, exams):
    text = busy.http("/metrics")[1]
    exam = exams.phantom()
    for secret in (exam.study, *exam.instances, str(exam.header.PatientName), str(exam.header.PatientID), "MODALITY"):
        assert secret not in text
