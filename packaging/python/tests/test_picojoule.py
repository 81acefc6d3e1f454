"""The module as it is installed: results against the program's own output, errors, inputs of all kinds."""
import io
import json
import os
import subprocess
import threading

import pytest

import picojoule

MODELS = os.environ.get("PICOJOULE_MODELS", os.path.join(os.path.dirname(__file__), "../../../models"))
RESNET = os.path.join(MODELS, "resnet8.onnx")
KWS = os.path.join(MODELS, "kws_dscnn.onnx")


def printed(*words):
    return json.loads(subprocess.run([picojoule.PROGRAM, *words, "--format", "json"], check=True,
                                     stdout=subprocess.PIPE).stdout)


def test_report_is_the_programs():
    assert picojoule.analyze(RESNET).to_dict() == printed("analyze", RESNET)
    assert picojoule.analyze(RESNET, table="qtools", no_fold=True).to_dict() == printed(
        "analyze", RESNET, "--table", "qtools", "--no-fold")


def test_members_have_names():
    report = picojoule.analyze(RESNET)
    assert report.totals.macs == 12501632  # MLPerf Tiny's network, counted by hand in tests/unit
    assert report.layers[0].energy_pj.total == report.to_dict()["layers"][0]["energy_pj"]["total"]
    assert report.groups is None
    assert "totals" in report and report["totals"] == report.totals
    with pytest.raises(AttributeError, match="no member 'total'"):
        report.total


def test_inputs_of_all_kinds():
    with open(RESNET, "rb") as file:
        data = file.read()
    macs = picojoule.analyze(RESNET).totals.macs
    for model in (data, bytearray(data), memoryview(data), io.BytesIO(data)):
        assert picojoule.analyze(model).totals.macs == macs
    onnx = pytest.importorskip("onnx")
    assert picojoule.analyze(onnx.load(RESNET)).totals.macs == macs


def test_lists_and_dicts():
    report = picojoule.analyze(os.path.join(MODELS, "encoder.onnx"), dim={"batch": 2, "sequence": 16},
                               device=["a100", "t4"])
    assert report.settings.dims == {"batch": 2, "sequence": 16}
    assert sorted(report.totals["devices"]) == ["a100", "t4"]


def test_errors_name_the_place():
    with pytest.raises(picojoule.Error) as wrong:
        picojoule.analyze(RESNET, input={"image": "1,5,32,32"})
    assert (wrong.value.exit_code, wrong.value.node, wrong.value.op) == (3, "/stem/Conv", "Conv")
    assert wrong.value.file == RESNET and "5 is not 3" in wrong.value.what
    with pytest.raises(picojoule.Error, match="did you mean --table") as wrong:
        picojoule.analyze(RESNET, tabel="qtools")
    assert wrong.value.exit_code == 2
    with pytest.raises(picojoule.Error, match="not an ONNX model|malformed|text file"):
        picojoule.analyze(b"no model at all")


def test_a_plan_becomes_a_model(tmp_path):
    plan = picojoule.plan(KWS, budget="energy<=60%")
    out = tmp_path / "small.onnx"
    applied = picojoule.apply(KWS, out, plan, scheme="weights")
    assert out.exists() and applied.out == str(out)
    diff = picojoule.compare(KWS, out)
    assert diff.totals is not None
    with pytest.raises(picojoule.Error):  # an output is never an input
        picojoule.apply(KWS, KWS, plan)


def test_check_and_footprint(tmp_path):
    budget = tmp_path / "picojoule.json"
    budget.write_text(json.dumps({"schema": "picojoule.budget/1",
                                  "models": [{"model": KWS, "reuse": "fused", "limits": {"total": "1pJ"}}]}))
    assert picojoule.check(budget).to_dict()["outcome"] != "pass"
    assert picojoule.footprint(energy="0.1J").schema == "picojoule.footprint/1"


def test_frames():
    pytest.importorskip("pandas")
    report = picojoule.analyze(RESNET)
    frame = report.to_frame()
    assert len(frame) == len(report.layers)
    assert abs(frame["energy_pj.total"].sum() / report.totals.energy_pj.total - 1) < 1e-12


def test_threads():
    totals = []
    threads = [threading.Thread(target=lambda: totals.append(picojoule.analyze(RESNET).totals.energy_pj.total))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(totals)) == 1 and len(totals) == 8


def test_version():
    assert picojoule.version().startswith("picojoule ")
