#!/bin/sh
# roles.sh FOLDER PROGRAM: which models of a folder are language models that can be run token by token. Those named below
# end as it says there; every other one is refused, since it has no cache.
set -u
folder=${1:?FOLDER of models}
program=${2:?PROGRAM}
if [ ! -d "$folder" ]; then
    echo "skipped: no folder $folder: nothing looked at which of other people's models are decoders"
    exit 77
fi
expected()
{
    case $1 in
    gen_llm_int4_contrib | microsoft__tiny-random-gpt2-fp32_past | microsoft__synthetic-paged_decoder) echo 'request ' ;;
    pulp-platform__microLlama8) echo 'the past is fixed at 8: exported for one step' ;;
    xadupre__microsoft_Phi-4-mini-*) echo 'tokens are cache + seq: bind one, for example --dim cache=0' ;;
    *) echo 'no cache: no graph input comes back as an output that holds it' ;;
    esac
}
models=0 wrong=0
for model in "$folder"/*.onnx; do
    name=$(basename "$model" .onnx)
    models=$((models + 1))
    "$program" generate "$model" --prompt 4 --tokens 3 2>&1 | grep -q -F -e "$(expected "$name")" && continue
    wrong=$((wrong + 1))
    echo "$name: not \"$(expected "$name")\", but $("$program" generate "$model" --prompt 4 --tokens 3 2>&1 | head -1)"
done
echo "$models models, $wrong otherwise than expected"
[ "$models" -gt 0 ] && [ "$wrong" = 0 ]
