"""Where the energy of a neural network goes: layer by layer, from an ONNX model, before it is deployed.

    import picojoule
    report = picojoule.analyze("model.onnx", dim={"batch": 1}, table="horowitz-45nm")
    print(report.totals.energy_pj.total / 1e6, "uJ")

A model is a path, bytes, an `onnx.ModelProto`, or a file object. Options are those of the command line, by their long
names with `_` for `-`: texts and numbers as they are, True for those without a value, a list (or a dict, for NAME=VALUE)
for those that may be repeated. `picojoule.help("plan")` prints them. Results are records: members by name, `to_dict()`
for all of it. What goes wrong is an `Error` with the file, the node and the operator.

Each call is a process of its own: it lets go of the interpreter's lock, and whatever a model does to it, Python lives."""
import json
import os
import subprocess
import tempfile
from contextlib import ExitStack
from shutil import copyfileobj

from . import results
from .results import Record

__all__ = ["analyze", "plan", "compare", "check", "footprint", "apply", "help", "version", "Error", "Record", "PROGRAM"]

#: The program that comes with this package; PICOJOULE_PROGRAM names another one.
PROGRAM = os.environ.get("PICOJOULE_PROGRAM") or os.path.join(os.path.dirname(__file__), "bin", "picojoule")


class Error(Exception):
    """What went wrong. `exit_code` is that of the program (2 wrong usage, 3 bad input, 4 unsupported, 5 system); `status`,
    `file`, `node`, `op` and `what` are None where they do not apply."""

    def __init__(self, exit_code, members):
        self.exit_code = exit_code
        self.status, self.file, self.node, self.op = (members.get(name) for name in ("status", "file", "node", "op"))
        self.what = members.get("what") or members.get("message") or "exit code %d" % exit_code
        where = ["node '%s'%s" % (self.node, " (%s)" % self.op if self.op else "")] if self.node else []
        super().__init__(": ".join([self.file] * bool(self.file) + where + [self.what]))


def _words(options):
    """The command line of options by name; None and False say nothing."""
    out = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if isinstance(value, dict):
            value = ["%s=%s" % item for item in value.items()]
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is True:
                out.append(option)
            elif one is not None and one is not False:
                out.append("%s=%s" % (option, one if not isinstance(one, os.PathLike) else os.fspath(one)))
    return out


def _place(model, stack):
    """The path of a model; one that is not a file yet becomes one, for as long as the stack."""
    if isinstance(model, (str, os.PathLike)):
        return os.fspath(model)
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="picojoule-"))
    path = os.path.join(folder, "model.onnx")
    with open(path, "wb") as file:
        if hasattr(model, "SerializeToString"):
            file.write(model.SerializeToString())
        elif hasattr(model, "read"):
            copyfileobj(model, file)
        else:
            file.write(memoryview(model))
    return path


def _run(command, operands, options, fine=(0,)):
    """What the program prints; Error where its exit code is none of `fine`."""
    with ExitStack() as stack:
        paths = [_place(operand, stack) for operand in operands]
        words = [PROGRAM, command] + _words(options) + ["--"] + paths
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=dict(os.environ, PICOJOULE_ERRORS="json"), check=False)
    if done.returncode not in fine:
        raise Error(done.returncode, _last_message(done.stderr))
    return done.stdout.decode("utf-8")


def _last_message(stderr):
    for line in reversed(stderr.decode("utf-8", "replace").splitlines()):
        try:
            return json.loads(line)
        except ValueError:
            continue
    return {}


def _json(kind, command, operands, options, fine=(0,)):
    return kind(json.loads(_run(command, operands, dict(options, format="json"), fine)))


def analyze(model, **options):
    """Energy, counts and precision of each layer: a `results.Report` (docs/report.schema.json)."""
    return _json(results.Report, "analyze", [model], options)


def plan(model, **options):
    """Which layers to quantize, and to what: a `results.Plan` (docs/plan.schema.json)."""
    return _json(results.Plan, "plan", [model], options)


def compare(before, after, **options):
    """Two models (or reports) layer by layer: a `results.Diff` (docs/diff.schema.json). A limit of `fail_on` that is
    exceeded is a member of the result, no error."""
    return _json(results.Diff, "compare", [before, after], options, fine=(0, 1))


def check(*budgets, **options):
    """Budgets (picojoule.json unless they are named): a `results.Check` (docs/check.schema.json), whether they hold or
    not."""
    return _json(results.Check, "check", budgets, options, fine=(0, 1))


def footprint(*inputs, **options):
    """kWh, CO2e, water, money: a `results.Footprint` (docs/footprint.schema.json). Inputs are models, reports,
    measurements; or none, with `energy="0.1J"`."""
    return _json(results.Footprint, "footprint", inputs, options)


def apply(model, output, plan=None, **options):
    """Writes the model as planned to `output`: a `results.Applied` (docs/applied.schema.json). `plan` is a path, or what
    plan() has returned."""
    with ExitStack() as stack:
        if isinstance(plan, (Record, dict)):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="picojoule-"))
            path = os.path.join(folder, "plan.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(plan.to_dict() if isinstance(plan, Record) else plan, file)
            plan = path
        return _json(results.Applied, "apply", [model], dict(options, plan=plan, output=output))


def help(command=None):
    """Prints what the program says of itself, or of one command."""
    subprocess.run([PROGRAM] + [command] * bool(command) + ["--help"], check=False)


def version():
    """The version of the program, and what was built in."""
    return subprocess.run([PROGRAM, "--version"], stdout=subprocess.PIPE, check=True).stdout.decode().strip()


def main():
    """The console script: the program itself, in this process's place."""
    import sys

    os.execv(PROGRAM, ["picojoule"] + sys.argv[1:])
