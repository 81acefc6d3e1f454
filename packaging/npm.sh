#!/bin/sh
# npm.sh PROGRAM ENGINE NOTICES VERSION WORK OUT: the npm package picojoule-VERSION.tgz in OUT, without npm: the engine, its
# module, types made from the schemas, and which options of `analyze` take a value, as PROGRAM's help says.
set -eu
program=$1 engine=$2 notices=$3 version=$4 work=$5 out=$6
here=$(cd "$(dirname "$0")" && pwd)
root=$here/..
to=$work/package
rm -rf "$to"
mkdir -p "$to"
cp "$here/npm/index.mjs" "$here/npm/cli.mjs" "$here/npm/README.md" "$root/web/engine.mjs" "$root/LICENSE" "$to"
cp "$notices" "$to/THIRD-PARTY-NOTICES"
cp "$engine" "$to/picojoule.wasm"
sed "s/@VERSION@/$version/" "$here/npm/package.json" >"$to/package.json"
{
    python3 "$here/result_types.py" typescript "$root/docs"
    cat <<'END'
/** Options of `picojoule analyze` by their long names, kebab-case or camelCase. */
export type Options = Record<string, string | number | boolean | string[] | Record<string, string | number> | undefined>;
/** A path (in node), bytes, or a Blob. */
export type Model = string | Uint8Array | ArrayBuffer | Blob;
export declare class PicojouleError extends Error {
  status: number;
}
/** The report of a model. Rejects with a PicojouleError that says file, node and operator. */
export declare function analyze(model: Model, options?: Options): Promise<Report>;
/** The report as text: {format: 'text' | 'json' | 'csv' | 'markdown'}. */
export declare function report(model: Model, options?: Options): Promise<string>;
END
} >"$to/index.d.ts"
# Rows of the help that are settings; what is about the looks of a report is the program's alone.
settings() { "$program" analyze --help | sed -n '/^Model:/,/^Report:/p; /--inspect-weights/p; /^  .*--format [^ ]/p; /^  .*--output /p' | grep -v -e '--json'; }
names() { settings | sed -n "$1" | sort -u | sed "s/.*/    '&',/"; }
{
    echo '// Options of analyze; made from the help of the program.'
    echo 'export const VALUED = ['
    names 's/^  \(-., \|    \)\{0,1\}--\([a-z-]*\) [^ ].*/\2/p'
    echo '];'
    echo 'export const FLAGS = ['
    names 's/^  \(-., \|    \)\{0,1\}--\([a-z-]*\)\(  .*\)\{0,1\}$/\2/p'
    echo '];'
} >"$to/options.mjs"
chmod 755 "$to/cli.mjs"
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf - package | gzip -9n \
    >"$out/picojoule-$version.tgz"
