#!/usr/bin/env python3
"""parts.py notices DEPS | parts.py sbom VERSION FOLDER: what a release consists of, from packaging/deps.txt.

`notices` prints the licences of what is linked in, as its sources in DEPS have them; `sbom` an SPDX 2.3 document of the
files in FOLDER and the parts in them."""
import datetime
import hashlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# Where the licence of a part stands: a file of its sources and the lines between two marks.
LICENCES = {
    "protobuf-c": ("LICENSE", None, None),
    "sqlite3": ("LICENSE.md", None, None),
    "zlib": ("zlib.h", "Copyright (C)", "*/"),
    "musl": ("COPYRIGHT", None, None),
}


def parts():
    """(package, file, SHA-256, licence, name, version) of each row."""
    with open(os.path.join(HERE, "deps.txt"), encoding="utf-8") as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return [tuple(row) for row in rows]


def licence_text(package, deps):
    name, begin, end = LICENCES[package]
    with open(os.path.join(deps, package, name), encoding="utf-8", errors="replace") as file:
        text = file.read()
    if begin:
        start = text.index(begin)
        text = text[start : text.index(end, start)]
    return text.strip()


def notices(deps):
    print("picojoule is distributed under the MIT licence (LICENSE). These parts are linked into its programs:\n")
    for package, _, _, licence, name, version in parts():
        print("%s %s (%s)\n\n%s\n" % (name, version, licence, licence_text(package, deps)))


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def spdx_package(name, version, licence, **more):
    return {"SPDXID": "SPDXRef-" + name, "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": licence, "licenseDeclared": licence,
            "copyrightText": "NOASSERTION", **more}


def sbom(version, folder):
    when = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    packages = [spdx_package("picojoule", version, "MIT")]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-picojoule")]
    for package, file, digest, licence, _, upstream in parts():
        packages.append(spdx_package(package, upstream, licence, packageFileName=file,
                                     checksums=[{"algorithm": "SHA256", "checksumValue": digest}]))
        relations.append(("SPDXRef-picojoule", "CONTAINS", "SPDXRef-" + package))
    files = []
    for number, name in enumerate(sorted(os.listdir(folder))):
        path = os.path.join(folder, name)
        if not os.path.isfile(path) or name == "SHA256SUMS" or name.endswith(".spdx.json"):
            continue
        files.append({"SPDXID": "SPDXRef-File-%d" % number, "fileName": "./" + name, "licenseConcluded": "MIT",
                      "licenseInfoInFiles": ["NOASSERTION"], "copyrightText": "NOASSERTION",
                      "checksums": [{"algorithm": "SHA1", "checksumValue": sha1(path)},
                                    {"algorithm": "SHA256", "checksumValue": sha256(path)}]})
        relations.append(("SPDXRef-picojoule", "CONTAINS", "SPDXRef-File-%d" % number))
    content = "".join(file["checksums"][1]["checksumValue"] for file in files)
    json.dump({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
               "name": "picojoule-" + version,
               "documentNamespace": "urn:picojoule:%s:%s" % (version, hashlib.sha256(content.encode()).hexdigest()),
               "creationInfo": {"created": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: picojoule-parts.py"]},
               "packages": packages, "files": files,
               "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
                                 for a, kind, b in relations]}, sys.stdout, indent=1)
    print()


def sha1(path):
    with open(path, "rb") as file:
        return hashlib.sha1(file.read()).hexdigest()  # SPDX 2.3 asks for it


if __name__ == "__main__":
    {"notices": notices, "sbom": sbom}[sys.argv[1]](*sys.argv[2:])
