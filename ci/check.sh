#!/bin/sh
# Runs `picojoule check` as a CI job wants it. Needs no token and no network. What it looks at:
#
#     PICOJOULE          the program; without it the one on PATH, else that of a release, else one that is built (install.sh)
#     PICOJOULE_BUDGET   budget file (default picojoule.json)
#     PICOJOULE_JUNIT    writes JUnit XML there, where it is set
#     PICOJOULE_SARIF    writes SARIF 2.1.0 there, where it is set
#     PICOJOULE_GITLAB   writes GitLab's code quality report there, where it is set
#     PICOJOULE_AGAINST  compares with that (git:COMMIT, a folder, a file) instead of with baselines, where it is set
#     GITHUB_ACTIONS     "true": workflow commands, and Markdown in the job's summary (GITHUB_STEP_SUMMARY)
#
# The exit code is that of the check: 0 kept, 1 exceeded, 3 bad input.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
program=${PICOJOULE:-}
if [ -z "$program" ]; then
    program=$(command -v picojoule || true)
fi
if [ -z "$program" ]; then
    program=$root/build/release/picojoule
    [ -x "$program" ] || "$root/ci/install.sh" "$root/build/release" >&2
fi
set -- check "${PICOJOULE_BUDGET:-picojoule.json}"
if [ "${GITHUB_ACTIONS:-}" = true ]; then
    set -- "$@" --format github --github-summary
fi
if [ -n "${PICOJOULE_JUNIT:-}" ]; then
    set -- "$@" --report "junit=$PICOJOULE_JUNIT"
fi
if [ -n "${PICOJOULE_SARIF:-}" ]; then
    set -- "$@" --report "sarif=$PICOJOULE_SARIF"
fi
if [ -n "${PICOJOULE_GITLAB:-}" ]; then
    set -- "$@" --report "gitlab=$PICOJOULE_GITLAB"
fi
if [ -n "${PICOJOULE_AGAINST:-}" ]; then
    set -- "$@" --against "$PICOJOULE_AGAINST"
fi
exec "$program" "$@"
