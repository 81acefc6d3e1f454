#!/bin/sh
# measure.sh PROGRAM: what measuring costs, on a folder that looks like sysfs with 8 domains: CPU time of the sampling as
# a share of a core, from start to the command's first instruction, resident memory. Limits: 0.5 %, 5 ms, 16 MB (the
# report with its regions takes most of that).
set -eu
program=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/picojoule-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
for zone in 0 1 2 3 4 5 6 7; do
    at=$work/sys/class/powercap/intel-rapl:$zone
    mkdir -p "$at"
    echo package-$zone >"$at/name"
    echo 262143328850 >"$at/max_energy_range_uj"
    echo 100000 >"$at/energy_uj"
done
python3 - "$program" "$work" <<'EOF'
import os
import resource
import subprocess
import sys
import time

program, work = sys.argv[1:3]
base = [program, "measure", "--sysfs", work + "/sys", "--procfs", "/proc", "--nvml-library", "none.so", "-o", work + "/out"]


def run(words):
    pid = os.fork()
    if pid == 0:
        os.execv(words[0], words)
    _, _, usage = os.wait4(pid, 0)
    return usage


SECONDS = 10
long = run(base + ["--interval", "100ms", "--", "/bin/sleep", str(SECONDS)])
short = run(base + ["--interval", "100ms", "--", "/bin/sleep", "0"])
share = (long.ru_utime + long.ru_stime - short.ru_utime - short.ru_stime) / SECONDS * 100


def until_date(before):
    """ms from here until the command, a clock, tells the time: the least, as other programs run, too."""
    times = []
    for _ in range(31):
        begin = time.time()
        done = subprocess.run(before + ["/bin/date", "+%s.%N"], check=True, capture_output=True, text=True)
        times.append((float(done.stdout) - begin) * 1e3)
    return min(times)


more = until_date(base + ["--"]) - until_date([])
kib = short.ru_maxrss
over = [word for word, bad in (("sampling", share > 0.5), ("start", more > 5), ("memory", kib > 16384)) if bad]
print(f"measure, 8 domains every 100 ms: {share:.2f} % of a core (0.5), {more:.1f} ms more than the command alone (5), "
      f"{kib} KiB (16384){', OVER: ' + ', '.join(over) if over else ''}")
sys.exit(bool(over))
EOF
