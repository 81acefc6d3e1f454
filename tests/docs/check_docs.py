#!/usr/bin/env python3
"""check_docs.py PROGRAM ROOT [DOCUMENT...]: runs the commands that README.md and docs/*.md show.

Every block of code that is shell (fenced as `sh`, or whose first line starts with `picojoule`, `./dev` or `$ `) is run
in a folder that holds what WORLD makes: command by command, each has to be accepted (exit code 0; 1, a limit that is
exceeded, from check and compare). In a block whose commands start with `$ `, the lines below a command are what it
prints; `...` stands for any number of lines. What readers need not see is in comments of the document:

    <!-- run COMMANDS -->            runs them there
    <!-- not run: WHY -->            before a block: leaves it out

Commands that run models need ONNX Runtime (PICOJOULE_TEST_ORT, or what the tests have installed beside PROGRAM); without
it they are left out, which is said.

PJ_UPDATE_GOLDEN=1 writes what is printed into documents that show something else, where they show all of it.
"""
import glob
import math
import os
import struct
import re
import subprocess
import sys
import tempfile
import zipfile

WORLD = r"""
set -e
mkdir models bin build build/release && ln -s "$ROOT"/models/*.onnx models/ && rm models/encoder.onnx
mkdir -p chip/class/powercap/intel-rapl:0 && (cd chip/class/powercap/intel-rapl:0 && echo package-0 >name &&
    echo 262143328850 >max_energy_range_uj && echo 100000000 >energy_uj)
cat >bin/picojoule <<'EOF'
#!/bin/sh
# no machine that tests this has a counter: `measure` reads a folder that ./infer writes to, and rests for less long
[ "$1" = measure ] || exec "$PROGRAM" "$@"
shift
for word; do
    shift
    [ "$word" != 30s ] || word=0.1s
    set -- "$@" "$word"
done
exec "$PROGRAM" measure --sysfs chip "$@"
EOF
cat >infer <<'EOF'
#!/bin/sh
echo $(($(cat chip/class/powercap/intel-rapl:0/energy_uj) + 5000000)) >chip/class/powercap/intel-rapl:0/energy_uj
echo "done: 100 queries"
EOF
chmod +x bin/picojoule infer && ln -s "$PROGRAM" build/release/picojoule
printf '#!/bin/sh\ncase $1 in analyze) exec picojoule "$@" ;; run) shift; exec picojoule "$@" ;; esac\n' >dev
chmod +x dev
for name in old step1000 step2000 checkpoint models/net; do cp "$ROOT/models/kws_dscnn.onnx" $name.onnx; done
cp "$ROOT/models/kws_dscnn_int8.onnx" new.onnx && cp image.onnx model.onnx && cp image.onnx a.onnx && cp text.onnx b.onnx
cp "$ROOT/tests/conformance/generation/models/gqa_int4.onnx" llm.onnx
for name in base baseline report; do picojoule analyze model.onnx --format json -o $name.json; done
cp "$ROOT/energy_tables/horowitz-45nm.json" my-table.json && cp my-table.json my-chip.json
cp "$ROOT/energy_tables/devices/t4.json" my-board.json
picojoule shapes model.onnx --format csv | grep float32 | cut -d, -f1 | sed 's/.*/"&": [-1, 1]/' | paste -sd, |
    sed 's/.*/{"schema": "picojoule.ranges\/1", "tensors": {&}}/' >ranges.json
echo '{"schema": "picojoule.op-rules/1", "operators": []}' >my-ops.json
picojoule apply model.onnx --quantize w8a32 -o out.onnx >apply.log
cp "$ROOT"/models/study.json models/
echo '{"schema": "picojoule.sweep-spec/1", "chunk": 10, "blocks": [{"models": "models/resnet8*.onnx",
       "quantize": [null, "int8"], "runs": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}]}' >zoo.json
{ echo op,batch,cin,cout,energy_uj && echo linear,1,64,10,2; } >layers.csv
{ echo hour,g_per_kwh && seq 0 71 | sed 's/.*/&,2&/'; } >grid.csv
mkdir results && for i in 1 2 3; do echo "{\"num_samples\": 1000, \"energy_kwh\": 0.00$i}" >results/$i.json; done
for one in model:profile new:int8; do
    { echo layer,seconds && picojoule analyze ${one%:*}.onnx --format csv | cut -d, -f2 | sed 1d | sed 's/$/,0.001/'; } >${one#*:}.json
done
cp model.onnx optimized.onnx && picojoule measure --queries 100 -o run.json --json -- ./infer >/dev/null
git init -q -b main . && git config user.email nobody@example.org && git config user.name nobody
git add model.onnx && git commit -q -m model && git update-ref refs/remotes/origin/main HEAD
{
    echo op,batch,cin,h,w,cout,oh,ow,kernel,energy_uj,latency_us,hardware,boundary
    echo conv,1,16,32,32,16,32,32,3,2400,1200,my board,supply && echo conv,1,32,16,16,32,16,16,3,2380,1190,my board,supply
    echo Gemm,1,64,1,1,10,1,1,1,2,1,my board,supply
} >layers.csv
"""


def field(number, value):
    """One field of a protobuf message: a number, a text, or messages that are bytes already."""
    def varint(n):
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def value(name, dtype, *dims):
    shape = b"".join(field(1, field(2 if isinstance(dim, str) else 1, dim)) for dim in dims)
    return field(1, name) + field(2, field(1, field(1, dtype) + field(2, shape)))


def node(op, inputs, outputs, *rest):
    names = [(1, name) for name in inputs] + [(2, name) for name in outputs]
    return b"".join(field(*name) for name in names) + field(4, op) + b"".join(rest)


def weights(name, *dims):
    raw = bytes([0, 0, 0, 63]) * math.prod(dims)  # 0.5
    return b"".join(field(1, dim) for dim in dims) + field(2, FLOAT) + field(8, name) + field(9, raw)


def graph(inputs, outputs, nodes, constants=()):
    parts = [(1, n) for n in nodes] + [(5, c) for c in constants]
    parts += [(11, v) for v in inputs] + [(12, v) for v in outputs]
    return field(2, "graph") + b"".join(field(*part) for part in parts)


def npy(kind, shape, data):
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + data


def samples(path):
    """photos/, x.npz and y.npy: two images, and a label for each row of c8."""
    os.mkdir(os.path.join(path, "photos"))
    image = [struct.pack("<150528f", *((i * 7919 + s) % 1013 / 500 - 1 for i in range(150528))) for s in range(2)]
    for s in range(2):
        with open(os.path.join(path, "photos", f"{s}.npy"), "wb") as file:
            file.write(npy("<f4", (1, 3, 224, 224), image[s]))
    with zipfile.ZipFile(os.path.join(path, "x.npz"), "w") as archive:
        archive.writestr("image.npy", npy("<f4", (2, 3, 224, 224), image[0] + image[1]))
    rows = 2 * 8 * 208
    with open(os.path.join(path, "y.npy"), "wb") as file:
        file.write(npy("<i8", (rows,), struct.pack(f"<{rows}q", *(i % 208 for i in range(rows)))))


def runtime(program):
    """The library of ONNX Runtime, or nothing."""
    beside = os.path.join(os.path.dirname(program), "tests", "apply", "node_modules", "onnxruntime-node", "bin", "*", "linux")
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(os.uname().machine, "none")
    found = [os.environ.get("PICOJOULE_TEST_ORT", "")] + glob.glob(os.path.join(beside, machine, "libonnxruntime.so.1"))
    return next((path for path in found if path and os.path.exists(path)), None)


RUNS_MODELS = r"picojoule (calibrate|sensitivity|verify)\b|picojoule layers .*--run\b|picojoule plan .*--(data|random)\b"
FLOAT, INT64, BOOL = 1, 7, 9
BODY = graph([value("i", INT64), value("go", BOOL), value("state", FLOAT, 8)],
             [value("more", BOOL), value("next", FLOAT, 8)],
             [node("Identity", ["go"], ["more"]), node("Add", ["state", "state"], ["next"])])
MODELS = {
    "image": graph([value("image", FLOAT, 1, 3, 224, 224)], [value("c8", FLOAT)],
                   [node("Conv", [f"c{i}" if i else "image", f"w{i}"], [f"c{i + 1}"], field(3, f"stage{i}/conv" if i != 1 else "/stack1/conv1/Conv"))
                    for i in range(8)], [weights(f"w{i}", 8, 8 if i else 3, 3, 3) for i in range(8)]),
    "text": graph([value("x", FLOAT, "batch", "sequence", 64)], [value("y", FLOAT)],
                  [node("MatMul", ["x", "w"], ["y"])], [weights("w", 64, 64)]),
    "decoder": graph([value("steps", INT64), value("x", FLOAT, 8)], [value("y", FLOAT, 8)],
                     [node("Loop", ["steps", "", "x"], ["y"], field(3, "decode"),
                           field(5, field(1, "body") + field(6, BODY) + field(20, 5)))]),
}


def blocks(text):
    """(first line, kind, lines) of each block of shell: fenced, indented (four columns or more), hidden."""
    lines = text.split("\n")
    i, skip = 0, None
    while i < len(lines):
        line, start = lines[i], i
        fence = re.match(r"( *)```(\w*)$", line)
        indent = re.match(r" {4,}", line) if i == 0 or not lines[i - 1].strip() else None
        comment = re.match(r"<!-- (run|not run:)(.*)", line)
        if comment:
            while "-->" not in lines[i]:
                i += 1
            body = "\n".join(lines[start:i + 1])[len("<!-- " + comment.group(1)):].split("-->")[0]
            if comment.group(1) == "run":
                yield start + 1, "hidden", body.split("\n")
            else:
                skip = body
        elif fence or indent:
            if fence:
                i += 1
                while lines[i].strip() != "```":
                    i += 1
                body = [line[len(fence.group(1)):] for line in lines[start + 1:i]]
            else:
                while i + 1 < len(lines) and (lines[i + 1].startswith(indent.group()) or not lines[i + 1].strip()):
                    i += 1
                body = [l[len(indent.group()):] for l in lines[start:i + 1]]
            first = next((l for l in body if l.strip()), "")
            is_command = re.match(r"(\$ )?(picojoule|\./dev) .*(?<!\[options])$", first)  # and no synopsis
            if (is_command or (fence and fence.group(2) == "sh")) and not skip:
                yield start + 1, "console" if first.startswith("$ ") else "shell", body
            skip = None
        elif line.strip():
            skip = None
        i += 1


def commands(kind, lines):
    """(command, what it shows or None) of a block; a command ends where the shell says that it is complete."""
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if kind == "console" and not line.startswith("$ "):
            raise ValueError("output without a command: " + line)
        command = line[2:] if kind == "console" else line
        if not command.strip() or command.lstrip().startswith("#"):
            continue
        here = re.search(r"<<'(\w+)'", command)  # a document up to that word
        while here and at < len(lines) and command.split("\n")[-1] != here.group(1):
            command += "\n" + lines[at]
            at += 1
        while at < len(lines) and (command.endswith("\\") or subprocess.run(
                ["sh", "-n", "-c", command], stderr=subprocess.DEVNULL).returncode):
            command += "\n" + lines[at]
            at += 1
        shown = None
        if kind == "console":
            end = next((k for k in range(at, len(lines)) if lines[k].startswith("$ ")), len(lines))
            shown = "\n".join(lines[at:end]).strip("\n").split("\n")
            at = end
        yield command, shown


def matches(shown, printed):
    """Are the lines those that were printed, but for `...`?"""
    pattern = "".join("(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + "\n" for line in shown)
    return re.fullmatch(pattern + "\n*", "".join(line.rstrip() + "\n" for line in printed.split("\n"))) is not None


def check(document, text, world):
    failed = ran = left_out = 0
    for number, kind, lines in blocks(text):
        for command, shown in commands(kind, lines):
            if re.match(r"alias |\./dev (test|build|bench)\b|models/generate|tests/", command.strip()):
                continue
            if not world.runtime and world.wants_runtime(command):
                left_out += 1
                continue
            ran += 1
            done = world.run(command)
            most = 1 if re.search(r"picojoule (check|compare|verify)", command) else 0
            if done.returncode > most:
                print(f"{document}:{number}: exit code {done.returncode}: {command}\n{done.stderr}")
                failed += 1
            elif shown and shown != [""] and not matches(shown, done.stdout):
                print(f"{document}:{number}: shown is not what is printed by: {command}\n{done.stdout}")
                failed += 1
                if os.environ.get("PJ_UPDATE_GOLDEN") and "..." not in shown:
                    rewrite(document, command, shown, done.stdout)
    return ran, failed, left_out


def rewrite(document, command, shown, printed):
    with open(os.path.join(os.path.abspath(sys.argv[2]), document), "r+", encoding="utf-8") as file:
        text = file.read()
        printed = "\n".join(line.rstrip() for line in printed.strip("\n").split("\n"))
        file.seek(0)
        file.write(text.replace("\n".join(["$ " + command] + shown), f"$ {command}\n{printed}"))
        file.truncate()


class World:
    def __init__(self, path, program, root):
        self.path = path
        self.unmade = set()  # files that commands would have made which were left out
        self.runtime = runtime(program)
        self.env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
        self.env.update(BROWSER="true", TMPDIR=path, PROGRAM=program, ROOT=root,
                        PATH=os.path.join(path, "bin") + ":" + os.environ["PATH"],
                        LC_ALL="C.UTF-8", SOURCE_DATE_EPOCH="1767225600", GITHUB_REF_NAME="main",
                        GITHUB_STEP_SUMMARY="summary.md")
        if self.runtime:
            self.env["PICOJOULE_ORT"] = self.runtime
        samples(path)
        for name, content in MODELS.items():
            with open(os.path.join(path, name + ".onnx"), "wb") as file:
                file.write(field(1, 8) + field(7, content) + field(8, field(2, 17)))
        subprocess.run(["sh", "-c", WORLD], cwd=path, env=self.env, check=True, stdin=subprocess.DEVNULL)

    def wants_runtime(self, command):
        """Does it run a model, or read what such a command would have made?"""
        made = re.findall(r"(?:-o|--output|--apply|--keep-trace)[ =](\S+)", command)
        wants = re.search(RUNS_MODELS, command) or self.unmade & (set(re.split(r"[\s=]+", command)) - set(made))
        self.unmade = self.unmade | set(made) if wants else self.unmade - set(made)
        return wants

    def run(self, command):
        """`model.onnx` is a model with symbolic sizes for commands that name one."""
        kind = "text" if "sequence=" in command else "image"
        return subprocess.run(["sh", "-c", f"cp {kind}.onnx model.onnx\n{command}"], cwd=self.path, env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8")


def main():
    program, root = (os.path.abspath(path) for path in sys.argv[1:3])
    documents = sys.argv[3:] or ["README.md", "energy_tables/README.md", "models/README.md"] + sorted(
        "docs/" + name for name in os.listdir(os.path.join(root, "docs")) if name.endswith(".md"))
    ran = failed = left_out = 0
    for document in documents:
        with open(os.path.join(root, document), encoding="utf-8") as file, tempfile.TemporaryDirectory() as path:
            counts = check(document, file.read(), World(path, program, root))
            ran, failed, left_out = ran + counts[0], failed + counts[1], left_out + counts[2]
    if left_out:
        print(f"SKIPPED: no ONNX Runtime is there, so {left_out} commands that run models were NOT tried")
    print(f"{ran} commands of {len(documents)} documents, {failed} failed")
    return 1 if failed or (ran < 50 and not sys.argv[3:]) else 0


sys.exit(main())
