#!/usr/bin/env python3
"""Runs the program over every model of a folder, and says where it ends other than it may (sweep.sh calls it).

Each model is analyzed, its shapes are inferred, it is linted, its weights are inspected, it is planned, and its memory
is asked for. Expected: no signal, no exit code but 0, 3 and 4, and 3 and 4 only where a line of the list says why.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

COMMANDS = {
    'analyze': ['analyze', '--format', 'json'],
    'shapes': ['shapes', '--format', 'json'],
    'lint': ['analyze', '--lint', '--format', 'json'],
    'inspect': ['analyze', '--inspect-weights', '--format', 'json'],
    'plan': ['plan', '--format', 'json'],
    'memory': ['analyze', '--memory', '--format', 'json'],
}
SECONDS, BYTES = 10, 1 << 30  # what is measured of a run never falls below this script's own memory
HANG = 60  # a run that takes longer is ended

Run = collections.namedtuple('Run', 'model command code seconds bytes says uncounted')


def run_one(program, folder, model, command):
    words = [program, COMMANDS[command][0], os.path.join(folder, model)] + COMMANDS[command][1:]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (HANG, HANG)))
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        uncounted = {}
        if command == 'analyze' and child.returncode == 0:
            uncounted = json.load(out)['coverage']['unknown_ops']
        elif child.returncode == 0:
            json.load(out)
        says = err.read().decode('utf-8', 'replace').strip()
    return Run(model, command, child.returncode, seconds, used.ru_maxrss * 1024, says, uncounted)


def read_list(path):
    """Lines `CODE COMMANDS MODEL REASON`, with `COMMANDS` joined by commas and globs for `MODEL`."""
    rows = []
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            if line.strip() and not line.startswith('#'):
                code, commands, model, reason = line.split(None, 3)
                rows.append((int(code), tuple(commands.split(',')), model, reason.strip()))
    return rows


def excuse(rows, run):
    """The row that allows the end of a run; None: there is none."""
    for row in rows:
        is_command = run.command in row[1] or row[1] == ('all',)
        if row[0] == run.code and is_command and fnmatch.fnmatchcase(os.path.basename(run.model), row[2]):
            return row
    return None


def faults_of(run, rows):
    faults = []
    if run.code < 0:
        faults.append('ended by signal %d' % -run.code)
    elif run.code not in (0, 3, 4):
        faults.append('exit code %d' % run.code)
    elif run.code and not excuse(rows, run):
        faults.append('exit code %d, which no line of the list allows' % run.code)
    if run.seconds > SECONDS:
        faults.append('%.1f s' % run.seconds)
    if run.bytes > BYTES:
        faults.append('%.0f MiB' % (run.bytes / 2**20))
    return faults


def find_models(folder):
    found = []
    for root, _, names in os.walk(folder):
        found += [os.path.relpath(os.path.join(root, name), folder) for name in names if name.endswith('.onnx')]
    return sorted(found)


def summary(runs):
    print('%-8s %6s  %-24s %9s %9s %9s' % ('command', 'runs', 'exit codes', 'total s', 'most s', 'most MiB'))
    for command in COMMANDS:
        of = [run for run in runs if run.command == command]
        codes = sorted(collections.Counter(run.code for run in of).items())
        print('%-8s %6d  %-24s %9.1f %9.2f %9.1f' % (
            command, len(of), ', '.join('%d: %d' % pair for pair in codes), sum(run.seconds for run in of),
            max(run.seconds for run in of), max(run.bytes for run in of) / 2**20))
    operators, models = collections.Counter(), set()
    for run in runs:
        operators.update(run.uncounted)
        models.update([run.model] if run.uncounted else [])
    print('uncounted operators: %d nodes of %d types, in %d models' % (
        sum(operators.values()), len(operators), len(models)))
    for name, count in operators.most_common():
        print('  %-50s %6d' % (name, count))


def main():
    options = argparse.ArgumentParser()
    options.add_argument('folder')
    options.add_argument('--program', required=True)
    options.add_argument('--list', required=True)
    options.add_argument('--jobs', type=int, default=os.cpu_count())
    options = options.parse_args()
    rows = read_list(options.list)
    models = find_models(options.folder)
    if not models:
        sys.exit('no models in ' + options.folder)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as team:
        runs = list(team.map(lambda pair: run_one(options.program, options.folder, *pair),
                             [(model, command) for model in models for command in COMMANDS]))
    summary(runs)
    failed = 0
    for run in runs:
        for fault in faults_of(run, rows):
            failed += 1
            print('UNEXPECTED %s %s: %s: %s' % (run.command, run.model, fault, run.says[-300:]))
    used = {excuse(rows, run) for run in runs if run.code}
    for row in rows:
        is_there = any(fnmatch.fnmatchcase(os.path.basename(model), row[2]) for model in models)
        if is_there and row not in used:
            failed += 1
            print('UNEXPECTED: no run needs the line `%d %s %s`' % (row[0], ','.join(row[1]), row[2]))
    print('%d models, %d runs, %d unexpected' % (len(models), len(runs), failed))
    sys.exit(1 if failed else 0)


main()
