#!/bin/sh
# The shells complete what the tables of options have, and mandoc has nothing to say about the manual page. Shells that
# are not here are left out.
#
#     run.sh PROGRAM ROOT
set -u
program=$1
root=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/picojoule"
PATH=$work/bin:$PATH
export PATH
failed=0

# expect SHELL LINE WANTED OFFERED: the wanted words are among what is offered
expect() {
    for word in $3; do
        printf '%s\n' "$4" | grep -qxF -e "$word" || {
            echo "$1: '$2' does not offer $word, but:"
            printf '%s\n' "$4" | sed 's/^/    /'
            failed=1
        }
    done
}

bash_offers() {
    bash --norc -c 'source "$1/share/picojoule.bash"; read -ra COMP_WORDS <<<"$2"
        [[ $2 == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _picojoule; printf "%s\n" "${COMPREPLY[@]}"' bash "$root" "$1"
}

fish_offers() {
    fish --no-config -c 'source $argv[1]/share/picojoule.fish; complete -C $argv[2]' "$root" "$1" | cut -f 1
}

# zsh completes on a terminal only: the list of matches is what compadd gets
zsh_offers() {
    zsh -f -c '
        words=(${(z)2}); [[ $2 == *" " ]] && words+=(""); CURRENT=$#words
        _describe() { print -l -- ${${(P)2}%%:*} }
        _files() { : }
        source $1/share/_picojoule' zsh "$root" "$1"
}

for shell in bash fish zsh; do
    command -v $shell >/dev/null || continue
    while IFS='|' read -r line wanted; do
        expect $shell "$line" "$wanted" "$("${shell}_offers" "$line")"
    done <<'LINES'
picojoule an|analyze
picojoule analyze --ta|--table
picojoule analyze --table hor|horowitz-45nm
picojoule analyze model.onnx --device a1|a100
picojoule compare a.onnx b.onnx --b-table hor|horowitz-45nm
picojoule analyze --weights-on |dram sram fixed
picojoule analyze --format |text json csv markdown
picojoule devices rtx|rtx-4090
picojoule pareto |add show
picojoule help pl|plan
LINES
done

"$program" help --man >"$work/picojoule.1" || failed=1
grep -q '^\\fB\\-\\-table\\fP' "$work/picojoule.1" || {
    echo "the manual page lacks --table"
    failed=1
}
if command -v mandoc >/dev/null; then
    mandoc -Tlint "$work/picojoule.1" || failed=1
fi
exit $failed
