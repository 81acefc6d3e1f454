#!/usr/bin/env python3
"""wheel.py PROGRAM NOTICES VERSION MACHINE OUT: the wheel, without setuptools: a zip of the module and of the program.

Nothing in it is for one version of Python, so one wheel serves every Python 3; it names the oldest glibc that the program
asks for. Entries are sorted and carry the time of SOURCE_DATE_EPOCH: the same program makes the same bytes."""
import base64
import hashlib
import os
import re
import subprocess
import sys
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def oldest_glibc(program):
    """(2, 34): the newest symbol version that the program asks for; ValueError: it needs more than libc and libm."""
    text = subprocess.run(["readelf", "-dV", program], check=True, stdout=subprocess.PIPE, text=True).stdout
    needed = set(re.findall(r"NEEDED.*\[(.*)\]", text))
    if needed - {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}:
        raise ValueError("%s needs %s" % (program, ", ".join(sorted(needed))))
    return max((int(a), int(b)) for a, b in re.findall(r"GLIBC_(\d+)\.(\d+)", text))


def metadata(version):
    return ("Metadata-Version: 2.1\nName: picojoule\nVersion: %s\n"
            "Summary: Energy of a neural network, layer by layer, from an ONNX model\n"
            "License: MIT\nRequires-Python: >=3.7\nProvides-Extra: pandas\n"
            "Requires-Dist: pandas; extra == 'pandas'\nDescription-Content-Type: text/markdown\n\n"
            % version).encode() + read(os.path.join(HERE, "README.md"))


def files(program, notices, version, tag):
    info = "picojoule-%s.dist-info/" % version
    out = {}
    for name in sorted(os.listdir(os.path.join(HERE, "picojoule"))):
        if name.endswith(".py"):
            out["picojoule/" + name] = read(os.path.join(HERE, "picojoule", name))
    out["picojoule/py.typed"] = b""
    out["picojoule/results.py"] = subprocess.run(
        [sys.executable, os.path.join(HERE, "../result_types.py"), "python", os.path.join(ROOT, "docs")],
        check=True, stdout=subprocess.PIPE).stdout
    out["picojoule/bin/picojoule"] = read(program)
    out[info + "METADATA"] = metadata(version)
    out[info + "WHEEL"] = ("Wheel-Version: 1.0\nGenerator: picojoule\nRoot-Is-Purelib: false\nTag: %s\n" % tag).encode()
    out[info + "entry_points.txt"] = b"[console_scripts]\npicojoule = picojoule:main\n"
    out[info + "LICENSE"] = read(os.path.join(ROOT, "LICENSE"))
    out[info + "THIRD-PARTY-NOTICES"] = read(notices)
    record = "".join("%s,sha256=%s,%d\n" % (name, base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
                                            .rstrip("="), len(data)) for name, data in out.items())
    out[info + "RECORD"] = (record + info + "RECORD,,\n").encode()
    return out


def main(program, notices, version, machine, out):
    tag = "py3-none-manylinux_%d_%d_%s" % (*oldest_glibc(program), machine)
    when = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
    with zipfile.ZipFile(os.path.join(out, "picojoule-%s-%s.whl" % (version, tag)), "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in files(program, notices, version, tag).items():
            entry = zipfile.ZipInfo(name, when)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if name.endswith("/bin/picojoule") else 0o100644) << 16
            wheel.writestr(entry, data)


if __name__ == "__main__":
    main(*sys.argv[1:])
