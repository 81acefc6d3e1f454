"""probe.py PICOJOULE LIBRARY FOLDER_OF_PROBE_PY MODEL : prices that Python gets are those of `analyze`, digit for digit."""
import importlib.util
import json
import os
import subprocess
import sys
import time
from array import array

program, library, folder, model = sys.argv[1:]
os.environ["PICOJOULE_LIBRARY"] = library
spec = importlib.util.spec_from_file_location("probe", os.path.join(folder, "probe.py"))
probe = importlib.util.module_from_spec(spec)
spec.loader.exec_module(probe)

KEYS = ("inputs", "outputs", "parameters", "op_cost")
settings = [{"dim": ["batch=1", "sequence=128"]}, {"quantize": "int8", "reuse": "once"}, {"table": "eyeriss-65nm-relative"}]
rows = [(1, 128), (3, 100), (2, 513), (7, 1)]
with probe.Probe(model, ["batch", "sequence"], *settings) as p:
    prices = p.price(rows)
    assert len(prices) == len(rows) * len(settings)
    for i, (batch, sequence) in enumerate(rows):
        for s, setting in enumerate(settings):
            words = [w for name, value in setting.items() if name != "dim" for w in ("--" + name, value)]
            done = subprocess.run([program, "analyze", model, "--format", "json", "--dim", "batch=%d" % batch, "--dim",
                                   "sequence=%d" % sequence] + words, capture_output=True, text=True)
            price = prices[i * len(settings) + s]
            assert (done.returncode == 0) == (price.status == 0), (batch, sequence, done.stderr, price.status)
            if done.returncode:
                continue
            totals = json.loads(done.stdout)["totals"]
            energy = totals.get("energy_pj") or totals["energy"]
            for key in KEYS:
                assert energy[key] == getattr(price, key), (batch, sequence, setting, key)
            assert totals["macs"] == price.macs and totals["param_bits"] == price.param_bits
    assert bytes(p.price(array("q", [n for row in rows for n in row]))) == bytes(prices)
    assert any(price.status for price in prices) and p.why()
    for wrong in (b"1234567", [(1,)]):
        try:
            p.price(wrong)
            raise AssertionError("rows that are none")
        except ValueError:
            pass
for columns in (["no_such"], ["batch", "batch"], ["nothing[0]"], []):
    try:
        probe.Probe(model, columns, settings[0])
        raise AssertionError(columns)
    except ValueError as error:
        assert columns == [] or columns[0] in str(error) or "not known" in str(error), error
try:
    probe.Probe("/none.onnx", ["batch"])
    raise AssertionError("no file")
except ValueError as error:
    assert "cannot be opened" in str(error) or "No such file" in str(error), error
print("%d prices from Python are as analyze says" % len(prices))
