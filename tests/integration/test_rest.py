"""The REST interface against its own OpenAPI description: every path is asked, what comes back has the described form,
and whoever has no token learns nothing of a patient."""
import jsonschema
import pydicom
import pytest

from support import tools
from support.rest import Rest

NAME = "Doe^Jane"


def with_name(dataset):
    dataset.PatientName, dataset.PatientID = NAME, "ID-4711"


class Scene:
    """A node that has analysed an exam; one PACS has taken the results, another one refuses every object for good."""

    def __init__(self, stage, exams):
        pacs = stage.pacs(profile={"results": ["segmentation", "cad_sr", "measurement_report"]})
        bad = stage.pacs("--refuse", profile={"results": ["cad_sr"]})
        self.node = stage.node({"pacs": pacs, "bad": bad}, delivery__attempts=1)
        self.exam = exams.copy(exams.phantom(), with_name)
        tools.dcmsend(self.node, self.exam.files)
        self.node.wait_idle()
        self.admin, self.nobody = Rest.admin(self.node), Rest(self.node)
        self.openapi = self.nobody.get("/api/v1/openapi.json")
        self.uids = {self.exam.study, *self.exam.instances,
                     *(item["sop_instance_uid"] for item in self.study()["results"])}

    def study(self):
        return self.admin.get(f"/api/v1/studies/{self.exam.study}")

    def dead(self):
        return self.admin.get("/api/v1/deliveries?state=dead")["deliveries"]

    def values(self):
        """What stands for the {names} of the description's paths."""
        study = self.study()
        image = next(item["sop_instance_uid"] for item in study["images"])
        return {"study": self.exam.study, "image": image, "instance": study["results"][0]["sop_instance_uid"],
                "delivery": str(self.dead()[0]["id"]), "destination": "pacs"}

    def check(self, schema, value):
        jsonschema.validate(value, {**schema, "components": self.openapi["components"]},
                            cls=jsonschema.Draft202012Validator)


# What a changing operation is sent when it is asked for something that it does.
BODIES = {
    ("post", "/api/v1/drain"): {"draining": False},
    ("post", "/api/v1/deliveries/replay"): {"destination": "bad"},
    ("post", "/api/v1/config/check"): b"dicom: {port: 104}\n",
}


@pytest.fixture(scope="module")
def scene(module_stage, exams):
    return Scene(module_stage, exams)


ENDLESS = "/api/v1/events"  # test_a_change_is_told


def operations(scene):
    return [(method, path, operation) for path, methods in scene.openapi["paths"].items()
            for method, operation in methods.items()]


def good_answer(scene, method, path, operation):
    """Asks, and returns the answer with what the description says of it."""
    scene.node.wait_idle()
    address = path.format(**scene.values())
    body = BODIES.get((method, path), {} if method == "post" else None)
    answer = scene.admin.ask(method.upper(), address, body)
    assert str(answer.status) in operation["responses"] and answer.status < 300, (path, answer.status, answer.body)
    return answer, operation["responses"][str(answer.status)]["content"]


def test_every_operation_answers_as_described(scene):
    asked = 0
    for method, path, operation in operations(scene):
        if path == ENDLESS:
            continue
        answer, content = good_answer(scene, method, path, operation)
        media = answer.headers["Content-Type"].split(";")[0]
        assert media in content, (path, media)
        if media == "application/json":
            scene.check(content[media]["schema"], answer.json())
        asked += 1
    assert asked == len(operations(scene)) - 1


def test_every_error_has_a_code_and_advice(scene):
    schema = scene.openapi["components"]["schemas"]["Error"]
    for method, path, operation in operations(scene):
        if path == ENDLESS:
            continue
        address = path.format(study="9.9", image="9.9", instance="9.9", delivery="0", destination="none")
        answer = scene.admin.ask(method.upper(), address, b"not json" if method == "post" else None)
        if answer.status < 300:
            continue
        assert str(answer.status) in operation["responses"], (path, answer.status)
        scene.check(schema, answer.json())
        assert answer.json()["advice"]


def test_nobody_learns_anything_of_a_patient(scene):
    values = scene.values()
    public = []
    for method, path, operation in operations(scene):
        body = BODIES.get((method, path), {} if method == "post" else None)
        answer = scene.nobody.ask(method.upper(), path.format(**values), body)
        if operation["x-permission"] == "none":
            public.append(path)
            assert answer.status == 200, path
        else:
            assert answer.status == 401, path
            assert answer.json()["error"] == "unauthenticated"
        for secret in (*scene.uids, NAME, "ID-4711", "MODALITY"):
            assert secret.encode() not in answer.body, (path, secret)
    assert len(public) < 8


def test_names_are_in_no_answer_but_that_of_who_may_see_them(scene):
    values = scene.values()
    for method, path, operation in operations(scene):
        if method != "get" or operation["x-permission"] == "patient" or path == ENDLESS:
            continue
        answer = scene.admin.ask("GET", path.format(**values))
        assert NAME.encode() not in answer.body and b"ID-4711" not in answer.body, path


def test_a_result_object_is_what_was_delivered(scene):
    study = scene.study()
    report = next(item for item in study["results"] if item["kind"] == "cad_sr")
    answer = scene.admin.ask("GET", f"/api/v1/results/{report['sop_instance_uid']}")
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(answer.body))
    assert str(dataset.SOPInstanceUID) == report["sop_instance_uid"]
    assert dataset.PatientName == NAME


def test_a_study_says_what_became_of_it(scene):
    study = scene.study()
    assert study["state"] == "trouble"  # the bad PACS
    assert study["views"] == {"L-CC": 1, "L-MLO": 1, "R-CC": 1, "R-MLO": 1}
    assert {item["sop_instance_uid"] for item in study["images"]} == set(scene.exam.instances)
    assert {"study_closed", "job_claimed", "job_done", "delivery_dead"} <= {item["kind"] for item in study["history"]}
    assert {item["destination"]: item["state"] for item in study["deliveries"] if item["kind"] == "cad_sr"} == {
        "pacs": "delivered", "bad": "dead"}


def test_lists_are_filtered_and_cut_into_pages(scene, exams):
    for _ in range(4):
        exam = exams.copy(scene.exam, only=scene.exam.files[:1])
        tools.dcmsend(scene.node, exam.files)
    first = scene.admin.get("/api/v1/studies?limit=3")
    second = scene.admin.get(f"/api/v1/studies?limit=3&cursor={first['next']}")
    uids = [item["study_instance_uid"] for item in first["studies"] + second["studies"]]
    assert len(uids) == len(set(uids)) == 5 and second["next"] is None
    assert uids[-1] == scene.exam.study
    receiving = scene.admin.get("/api/v1/studies?state=receiving")["studies"]
    assert {item["study_instance_uid"] for item in receiving} == set(uids[:4])
    assert all(len(item["missing_views"]) == 3 for item in receiving)
    assert [item["study_instance_uid"] for item in scene.admin.get("/api/v1/studies?state=trouble")["studies"]] == uids[4:]
    assert scene.admin.get("/api/v1/studies?state=done")["studies"] == []


def test_a_change_is_told(module_stage, scene, exams):
    events = scene.admin.events()
    assert next(events) == "changed"  # the present state
    exam = exams.copy(scene.exam, only=scene.exam.files[:1])
    tools.dcmsend(scene.node, exam.files)
    assert next(events) == "changed"
    events.close()


@pytest.fixture
def calm(stage, exams):
    """A node of its own for what changes much: the exam was analysed; its one destination refuses everything."""
    pacs = stage.pacs("--refuse", profile={"results": ["cad_sr"]})
    node = stage.node(pacs, delivery__attempts=1)
    exam = exams.phantom()
    tools.dcmsend(node, exam.files)
    node.wait_for(lambda s: s["deliveries"]["dead"] == 1, what="a dead letter")
    return node, pacs, exam, Rest.admin(node)


def test_a_dead_letter_is_replayed_and_a_study_analysed_again(calm):
    node, pacs, exam, admin = calm
    pacs.restart()
    dead = admin.get("/api/v1/deliveries?state=dead")["deliveries"]
    assert admin.post(f"/api/v1/deliveries/{dead[0]['id']}/replay") == {"replayed": 1, "asked_again": 0}
    node.wait_for(lambda s: s["deliveries"]["delivered"] == 1, what="the replayed object")
    assert [item.sop_instance for item in pacs.received()] == [dead[0]["sop_instance_uid"]]
    assert admin.ask("POST", f"/api/v1/deliveries/{dead[0]['id']}/replay", {}).json()["error"] == "not_replayable"
    assert admin.get(f"/api/v1/studies/{exam.study}")["state"] == "done"

    admin.post(f"/api/v1/studies/{exam.study}/reanalyse")
    node.wait_for(lambda s: s["jobs"]["done"] == 2, what="the second generation")
    node.wait_idle(results=1)
    assert admin.get(f"/api/v1/studies/{exam.study}")["generation"] == 2


def test_draining_takes_nothing_new_and_finishes_the_rest(calm):
    node, _, exam, admin = calm
    assert admin.post("/api/v1/drain", {"draining": True})["draining"]
    assert tools.echoscu(node).returncode != 0
    assert node.http("/health/ready")[0] == 503
    tools.wait_until(lambda: admin.get("/api/v1/drain")["drained"], 20, "the node to be drained")
    admin.post("/api/v1/drain", {"draining": False})
    assert tools.echoscu(node).returncode == 0
    assert node.http("/health/ready")[0] == 200


def test_an_echo_says_what_the_destination_did(calm):
    _, pacs, _, admin = calm
    pacs.restart()
    assert admin.post("/api/v1/destinations/pacs/echo")["outcome"] == "answered"
    pacs.stop()
    echo = admin.post("/api/v1/destinations/pacs/echo")
    assert echo["outcome"] == "unreachable" and echo["message"]
    assert admin.get("/api/v1/destinations")["destinations"][0]["last_error"]
