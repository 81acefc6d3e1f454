#!/bin/sh
# engines.sh PICOJOULE MODELS : the same sweep by xargs, GNU parallel, Open MPI and Slurm on two hosts (network namespaces
# on this machine), with a task cancelled, all of them repeated, and a host that is lost. All folders hold the same bytes.
# What is not installed, or wants root, is skipped and named.
set -eu
[ "${PJ_ENGINES:-}" ] || {
    echo "SKIPPED: engines are started where PJ_ENGINES is set, as ./dev test --all does"
    exit 77
}
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1") models=$2
work=$(mktemp -d)
passed=0 skipped=
net=10.99.0
cleanup()
{
    [ ! -e "$work/up" ] || slurm_down
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work"
cp "$models"/resnet8.onnx "$models"/kws_dscnn.onnx "$models"/vww_mobilenet.onnx .
cat >spec.json <<'END'
{"schema": "picojoule.sweep-spec/1", "chunk": 40, "blocks": [
  {"models": "*.onnx", "quantize": [null, "int8", "fp16", "w4a8"], "table": ["horowitz-45nm", "jouppi-7nm"],
   "sram": {"from": 1024, "to": 4194304, "factor": 2}, "reuse": ["fused", "resident", "tiled"], "runs": [1, 10, 100]}]}
END
fail()
{
    echo "FAIL: $*" >&2
    exit 1
}
sums() { (cd "$1/points" && sha256sum -- *.parquet); }
same() # FOLDER WHAT
{
    "$program" sweep spec.json -o "$1" --status >status || fail "$2: $(cat status)"
    [ "$(sums one)" = "$(sums "$1")" ] || fail "$2: other files"
    echo "ok   $2"
    passed=$((passed + 1))
}
skip()
{
    echo "SKIPPED: $*"
    skipped="$skipped $1"
}
has() { command -v "$1" >/dev/null 2>&1; }
sweep="$program sweep spec.json --jobs 1 --progress none"

$sweep -o one 2>/dev/null
seq 0 3 | xargs -P 2 -I{} $sweep -o xargs --shard {}/4 2>/dev/null
same xargs xargs
if has parallel; then
    parallel -j 2 --retries 3 $sweep -o parallel --shard {}/4 ::: 0 1 2 3 2>/dev/null
    same parallel "GNU parallel"
else
    skip "parallel: GNU parallel is not installed"
fi
if has mpirun; then
    root=
    [ "$(id -u)" != 0 ] || root=--allow-run-as-root
    mpirun $root --oversubscribe -n 2 $sweep -o mpi --shard auto/2 >mpi.log 2>&1 || fail "mpirun: $(cat mpi.log)"
    same mpi "Open MPI"
else
    skip "mpirun: Open MPI is not installed"
fi

# ---- Slurm: a controller and two hosts, each in a network of its own; no service manager ----
in_net() # NETWORK COMMAND...
{
    network=$1
    shift
    nsenter --net="/run/netns/$network" "$@"
}
slurm_down()
{
    for pid in pjn1.pid pjn2.pid ctld.pid munge.pid; do
        [ ! -f "$work/$pid" ] || kill "$(cat "$work/$pid")" 2>/dev/null || true
    done
    sleep 2
    for network in pjc0 pjn1 pjn2; do ip netns del $network 2>/dev/null || true; done
    ip link del pjbr0 2>/dev/null || true
    rm -f "$work/up"
}
networks_up()
{
    ip link add pjbr0 type bridge && touch "$work/up" && ip addr add $net.254/24 dev pjbr0 && ip link set pjbr0 up || return 1
    i=1
    for network in pjc0 pjn1 pjn2; do
        ip netns add $network && ip link add v$network type veth peer name eth0 netns $network &&
            ip link set v$network master pjbr0 && ip link set v$network up &&
            ip -n $network addr add $net.$i/24 dev eth0 && ip -n $network link set eth0 up &&
            ip -n $network link set lo up || return 1
        i=$((i + 1))
    done
}
slurm_up()
{
    networks_up >net.log 2>&1 || return 1
    mkdir state spool
    head -c 1024 /dev/urandom >munge.key && chmod 400 munge.key
    cat >slurm.conf <<END
ClusterName=pj
SlurmctldHost=pjc0($net.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.sock
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool/%n
SlurmctldPidFile=$work/ctld.pid
SlurmdPidFile=$work/%n.pid
SlurmctldLogFile=$work/ctld.log
SlurmdLogFile=$work/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=1000
ReturnToService=2
JobRequeue=1
SlurmdParameters=config_overrides
NodeName=pjn1 NodeHostname=pjn1 NodeAddr=$net.2 CPUs=2 State=UNKNOWN
NodeName=pjn2 NodeHostname=pjn2 NodeAddr=$net.3 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=pjn1,pjn2 Default=YES MaxTime=INFINITE State=UP
END
    munged --key-file="$work/munge.key" --socket="$work/munge.sock" --pid-file="$work/munge.pid" \
        --log-file="$work/munge.log" --seed-file="$work/munge.seed" --force || return 1
    export SLURM_CONF="$work/slurm.conf"
    in_net pjc0 unshare -u sh -c "hostname pjc0; exec slurmctld -c" || return 1
    sleep 1
    for host in pjn1 pjn2; do
        mkdir -p "spool/$host"
        in_net $host unshare -u sh -c "hostname $host; exec slurmd -N $host" || return 1
    done
    for _ in $(seq 50); do
        [ "$(in_net pjc0 sinfo -h -t idle -o %D 2>/dev/null)" != 2 ] || return 0
        sleep 0.2
    done
    return 1
}
submit() # OPTION... : an array of four tasks; prints its number
{
    in_net pjc0 sbatch --parsable --array=0-3 --output=/dev/null --chdir="$work" "$@"
}
wait_jobs() # Slurm lets a task that runs again rest until its old credential has expired, two minutes
{
    for _ in $(seq 900); do
        [ "$(in_net pjc0 squeue -h | wc -l)" != 0 ] || return 0
        sleep 0.2
    done
    in_net pjc0 squeue >&2
    fail "jobs of Slurm do not end"
}
try_slurm()
{
    job=$(submit --wrap "$sweep -o slurm --shard auto/4")
    sleep 0.3
    in_net pjc0 scancel "${job}_1" || true
    wait_jobs
    echo "     one task of four cancelled: $(ls slurm/points 2>/dev/null | wc -l) of $(ls one/points | wc -l) chunks"
    submit --wrap "$sweep -o slurm --shard auto/4" >/dev/null
    wait_jobs
    same slurm "Slurm: an array on two hosts, a task cancelled, all repeated"
    in_net pjc0 srun -n 4 --chdir="$work" $sweep -o step --shard auto/4 >step.log 2>&1 || fail "srun: $(cat step.log)"
    same step "Slurm: a step of four tasks"
    job=$(submit --requeue --wrap "sleep 1; $sweep -o lost --shard auto/4")
    sleep 0.7
    kill -9 "$(cat pjn2.pid)" # the host is gone; what ran there is put back into the queue
    in_net pjc0 scontrol update NodeName=pjn2 State=DOWN Reason=lost
    wait_jobs
    same lost "Slurm: a host is lost, its tasks run again on the other"
}
if ! has slurmctld || ! has slurmd || ! has munged || ! has sbatch; then
    skip "slurm: slurmctld, slurmd, slurm-client and munge are not all installed"
elif [ "$(id -u)" != 0 ] || ! has ip; then
    skip "slurm: hosts of its own want root and iproute2"
elif ! slurm_up; then
    tail -3 net.log ctld.log 2>/dev/null || true
    slurm_down
    skip "slurm: its hosts cannot be started here"
else
    try_slurm
fi
[ -z "$skipped" ] || echo "NOT TRIED:$skipped"
echo "$passed engines gave the files of one process"
