#!/usr/bin/env python3
"""oci.py PROGRAM NOTICES VERSION MACHINE OUT: an OCI image archive of one static program, and nothing else.

Its bytes follow from those of the program and from SOURCE_DATE_EPOCH: no builder's time, name or order is in it."""
import datetime
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

WHEN = int(os.environ["SOURCE_DATE_EPOCH"])
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def put(archive, name, data, mode=0o644):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = len(data), WHEN, mode
    archive.addfile(entry, io.BytesIO(data))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def layer(program, notices):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        put(archive, "picojoule", read(program), 0o755)
        put(archive, "THIRD-PARTY-NOTICES", read(notices))
    return out.getvalue()


def main(program, notices, version, machine, out):
    plain = layer(program, notices)
    packed = gzip.compress(plain, 9, mtime=0)
    created = datetime.datetime.fromtimestamp(WHEN, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    blobs = {}

    def blob(data, kind):
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + digest, "size": len(data)}

    def document(value):
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()

    config = {"created": created, "architecture": MACHINES[machine], "os": "linux",
              "config": {"Entrypoint": ["/picojoule"], "WorkingDir": "/work",
                         "Labels": {"org.opencontainers.image.title": "picojoule",
                                    "org.opencontainers.image.version": version,
                                    "org.opencontainers.image.licenses": "MIT"}},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(plain).hexdigest()]},
              "history": [{"created": created, "created_by": "packaging/oci.py"}]}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": blob(document(config), "config.v1+json"),
                "layers": [blob(packed, "layer.v1.tar+gzip")]}
    entry = blob(document(manifest), "manifest.v1+json")
    entry["annotations"] = {"org.opencontainers.image.ref.name": version}
    entry["platform"] = {"architecture": MACHINES[machine], "os": "linux"}
    with tarfile.open(out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        put(archive, "oci-layout", document({"imageLayoutVersion": "1.0.0"}))
        put(archive, "index.json", document({"schemaVersion": 2, "manifests": [entry]}))
        for digest in sorted(blobs):
            put(archive, "blobs/sha256/" + digest, blobs[digest])


if __name__ == "__main__":
    main(*sys.argv[1:])
