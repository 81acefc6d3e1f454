#!/usr/bin/env python3
"""An old version beside this one: instructions (by valgrind, which must be there, as GNU time must) and memory of the same runs, as ratios.

    paired.py OLD OLD_BUILD BUILD [--corpus DIR] [--nodes N]

OLD is a work tree of the old version, OLD_BUILD and BUILD are folders where both were built with the same flags
(cmake --build BUILD -t picojoule -t gen_chain; --preset release without PJ_LTO is quick). Instructions differ little
from run to run and machine to machine, so one run each is enough; memory is that of a run without valgrind. DIR has
models that are not ours: what is not there is left out.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ONCE = ["--reuse", "once", "--table", "horowitz-45nm"]


def instructions(words):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *words], text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def kib(words):
    """By GNU time, whose own memory is little: a child of this process would begin with ours."""
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *words], text=True, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=True)
    return int(done.stderr.split()[-1])


def compile_repeat(tree, build, out):
    library = next(path for name in ("libpj_core.a", "libpicojoule.a") if (path := build / name).exists())
    cache = (build / "CMakeCache.txt").read_text()
    extra = ["-lcjson"] if "libpicojoule" in library.name else []
    extra += [word for word, option in (("-lz", "PJ_ZLIB"), ("-lzstd", "PJ_ZSTD")) if f"{option}:BOOL=ON" in cache]
    subprocess.run(["cc", "-O2", "-I", tree / "include", "-I", build / "generated", "-I", build / "include",
                    HERE / "repeat.c", library, "-lprotobuf-c", "-lsqlite3", *extra, "-ldl", "-lm", "-pthread",
                    "-o", out], check=True)


class Pair:
    def __init__(self, old, new):
        self.old, self.new = old, new
        print(f"{'':44} {'old':>14} {'new':>14} ratio      KiB old     new")

    def program(self, title, words, more=()):
        old, new = [str(self.old), *words], [str(self.new), *words, *more]
        a, b = instructions(old), instructions(new)
        print(f"{title:44} {a:14} {b:14} {b / a:5.2f}   {kib(old):9} {kib(new):7}", flush=True)


def session(title, model, old, new):
    """Instructions of one analysis: of ten more, so that opening and the first ones do not count."""
    a, b = ((instructions([str(at), str(model), "13"]) - instructions([str(at), str(model), "3"])) // 10
            for at in (old, new))
    print(f"{title:44} {a:14} {b:14} {b / a:5.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("old_build", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--corpus", type=pathlib.Path, default=HERE / "../../../shared/corpus/models/models")
    parser.add_argument("--nodes", type=int, default=100000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        chain, layers = folder / "chain.onnx", folder / "layers.onnx"
        generate = args.build / "tests/gen_chain"
        subprocess.run([generate, str(args.nodes), "8", "8", "embedded", chain], check=True)
        subprocess.run([generate, "600", "8", "8", "random", layers], check=True)
        for tree, build, name in ((args.old, args.old_build, "old"), (HERE.parent.parent, args.build, "new")):
            compile_repeat(tree, build, folder / name)
        pair = Pair(args.old_build / "picojoule", args.build / "picojoule")
        for how, more in (("", []), (", once", ONCE)):
            pair.program(f"analyze --top 20, {args.nodes} nodes{how}", ["analyze", "--top", "20", str(chain)], more)
            resnet50 = args.corpus / "onnx__light_resnet50.onnx"
            if resnet50.exists():
                pair.program(f"analyze light_resnet50{how}", ["analyze", str(resnet50)], more)
            pair.program(f"plan, 300 layers x 6{how}", ["plan", str(layers), "--budget", "energy<=40%"], more)
        for title, model in (("resnet8", HERE / "../../models/resnet8.onnx"),
                             ("BERT", args.corpus / "gen_bert_base_dynamic.onnx")):
            if model.exists():
                session(f"one analysis of {title} in a session", model, folder / "old", folder / "new")
    return 0


if __name__ == "__main__":
    sys.exit(main())
