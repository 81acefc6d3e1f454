#!/bin/sh
# sweep.sh FOLDER [PROGRAM]: all commands over each model of a folder. Prints exit codes, times, memory and what was not
# counted; exit code 1 where a run ends as none may (a signal, 10 s, 1 GiB) or as expected.txt does not say.
set -u
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?FOLDER of models}
program=${2:-$here/../../build/release/picojoule}
if [ ! -d "$folder" ] || ! command -v python3 >/dev/null 2>&1; then
    echo "skipped: no folder $folder, or no python3: exit codes, times and memory of other people's models not looked at"
    exit 77
fi
exec python3 "$here/sweep.py" "$folder" --program "$program" --list "$here/expected.txt"
