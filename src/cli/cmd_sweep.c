/* picojoule sweep: many models at many settings, in chunks that any number of processes write. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime, isatty; NOLINT */

#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "say.h"
#include "shard.h"

typedef struct sweep_args {
    pj_output output;
    pj_shard shard;
    const char *since;
    int jobs;
    uint64_t command, first, last;
    int progress;
    bool layers, prepare, count, status, has_command, has_points, strict;
} sweep_args;

#define AT(member) offsetof(sweep_args, member)

enum { PROGRESS_USUAL = -1, PROGRESS_TEXT, PROGRESS_JSON, PROGRESS_NONE };

static const char *const *progress_words(void)
{
    static const char *const words[] = {"text", "json", "none", NULL};
    return words;
}

static const char *read_command(pj_line *line, void *at, const char *value)
{
    sweep_args *args = at;
    int64_t number = 0;
    const char *end = pj_whole_read(value, &number);
    (void)line;
    args->has_command = true;
    args->command = (uint64_t)number;
    return end && !*end ? NULL : "the number of a point, from 0 on";
}

static const char *read_points(pj_line *line, void *at, const char *value)
{
    sweep_args *args = at;
    int64_t first = 0, last = 0;
    const char *end = pj_whole_read(value, &first);
    (void)line;
    last = first;
    if (end && *end == '-')
        end = pj_whole_read(end + 1, &last);
    args->has_points = true;
    args->first = (uint64_t)first;
    args->last = (uint64_t)last;
    return end && !*end && first <= last ? NULL : "A-B, numbers of points from 0 on, for example 0-99";
}

/* clang-format off */
static const pj_option work_rows[] = {
    {"out",      'o', "FOLDER",
     "where chunks go, and what is there already is\n"
     "read; of --points, a file",
     PJ_OPTION_TEXT, .at = AT(output.out), .wants = "a folder"},
    {"shard",    0, "I/N",
     "only chunks c with c mod N = I, from 0 on;\n"
     "auto/N: I is that of the Slurm, MPI, Kubernetes\n"
     "or GitLab process",
     PJ_OPTION_READ, .at = AT(shard), .read = pj_shard_read},
    {"since",    0, "FOLDER",
     "an earlier sweep of SPEC: its rows are taken\n"
     "where models, tables and version are the same",
     PJ_OPTION_TEXT, .at = AT(since), .wants = "the folder of a sweep"},
    {"jobs",     0, "N", "threads of this process (default: a processor\neach)",
     PJ_OPTION_INT, .at = AT(jobs), .least = 1, .most = 64, .wants = "a number of threads, from 1 to 64"},
    {"layers",   0, NULL, "a row for each layer of each point, too", PJ_OPTION_FLAG, .at = AT(layers)},
    {"prepare",  0, NULL,
     "lists models and digests in FOLDER/sweep.json,\n"
     "and computes nothing",
     PJ_OPTION_FLAG, .at = AT(prepare)},
    {"progress", 0, NULL, "on standard error, every 10 s (default: text on\na terminal, else none)",
     PJ_OPTION_CHOICE, .at = AT(progress), .words = progress_words},
};
static const pj_option ask_rows[] = {
    {"count",    0, NULL, "how many points, chunks and rows there are, and\nwhat they may take in time and bytes", PJ_OPTION_FLAG, .at = AT(count)},
    {"status",   0, NULL, "what is there of the folder; exit code 0: all,\n1: not all", PJ_OPTION_FLAG, .at = AT(status)},
    {"command",  0, "N", "point N as a command of analyze, for a shell", PJ_OPTION_READ, .at = 0, .read = read_command},
    {"points",   0, "A-B", "rows of these points as CSV", PJ_OPTION_READ, .at = 0, .read = read_points},
};
/* clang-format on */

static void set_defaults(void *given)
{
    ((sweep_args *)given)->progress = PROGRESS_USUAL;
}

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- progress ---- */

typedef struct teller {
    int how;
    double begun, told;
    uint64_t done, total;
} teller;

static void tell(const teller *t, double now)
{
    double spent = now - t->begun, rate = spent > 0 ? (double)t->done / spent : 0;
    double left = rate > 0 ? (double)(t->total - t->done) / rate : 0;
    if (t->how == PROGRESS_JSON)
        fprintf(stderr, "{\"points\":%" PRIu64 ",\"total\":%" PRIu64 ",\"points_per_s\":%.0f,\"left_s\":%.0f}\n",
                t->done, t->total, rate, left);
    else
        pj_say("%" PRIu64 " of %" PRIu64 " points, %.0f a second, %.0f s left", t->done, t->total, rate, left);
}

static bool watch(const char *stage, uint64_t done, uint64_t total, void *payload)
{
    enum { EVERY = 10 };
    teller *t = payload;
    double now = seconds();
    (void)stage;
    t->done = done;
    t->total = total;
    if (t->how == PROGRESS_NONE || now - t->told < EVERY)
        return true;
    t->told = now;
    tell(t, now);
    return true;
}

/* ---- what can be asked ---- */

typedef struct sample {
    uint64_t bytes;
} sample;

static bool weigh(const char *bytes, size_t length, void *payload)
{
    (void)bytes;
    ((sample *)payload)->bytes += length;
    return true;
}

/* Times some points, spread evenly, which say what all would take on one core. */
static pj_exit count(const pj_study *study)
{
    enum { POINTS = 200, FEW = 1000 };
    const pj_study_info info = pj_study_describe(study);
    uint64_t step = info.points > POINTS ? info.points / POINTS : 1, last = info.points - 1;
    uint64_t taken = info.points ? last / step + 1 : 0;
    sample weight = {0};
    pj_error err = {0};
    double begun = seconds();
    printf("points  %" PRIu64 " of %zu models in %zu block%s\nchunks  %" PRIu64 " of %" PRIu64 " points\n", info.points,
           info.models, info.blocks, info.blocks == 1 ? "" : "s", info.chunks, info.chunk);
    if (!info.points)
        return PJ_EXIT_DONE;
    if (pj_study_rows(study, 0, last, step, "parquet", weigh, &weight, &err) != PJ_OK)
        return pj_say_error(&err, NULL);
    double each = (seconds() - begun) / (double)taken;
    printf("time    about %.3g s on one core, by %" PRIu64
           " points that took %.3g ms each, a model opened for most of them\n",
           each * (double)info.points, taken, 1e3 * each);
    printf("bytes   at most about %.3g MB, by the same points\n",
           (double)weight.bytes / (double)taken * (double)info.points / 1e6);
    if (info.chunk < FEW && info.chunks > 1)
        pj_say("a chunk of fewer than %d points makes many small files; \"chunk\" says how many", FEW);
    return PJ_EXIT_DONE;
}

static pj_exit status_of(const char *folder)
{
    pj_study_status now;
    pj_error err = {0};
    if (pj_study_look(folder, &now, &err) != PJ_OK)
        return pj_say_error(&err, folder);
    printf("chunks  %" PRIu64 " of %" PRIu64 " are there\nrows    %" PRIu64 " of %" PRIu64 " points\n", now.there,
           now.chunks, now.rows, now.points);
    if (now.errors)
        printf("errors  %" PRIu64 " rows\n", now.errors);
    for (size_t i = 0; i < PJ_STUDY_CODES && now.error[i].code; i++)
        printf("        %" PRIu64 " %s\n", now.error[i].rows, now.error[i].code);
    if (now.first_missing < now.chunks)
        printf("missing chunk %" PRIu64 " is the first; the same sweep again writes what is missing\n",
               now.first_missing);
    if (now.foreign)
        pj_say("%s: this is no chunk of the sweep, or not all of one (%" PRIu64 " such); remove it, and sweep again",
               now.first_foreign, now.foreign);
    return now.there == now.chunks ? PJ_EXIT_DONE : PJ_EXIT_LIMIT;
}

static bool print(const char *bytes, size_t length, void *payload)
{
    return fwrite(bytes, 1, length, payload) == length;
}

static pj_exit rows(const pj_line *line, const pj_study *study, const sweep_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    pj_status status = pj_study_rows(study, args->first, args->last, 1, "csv", pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, line->operand[0]);
}

/* ---- the sweep ---- */

static pj_exit sweep(const pj_line *line, pj_study *study, const sweep_args *args)
{
    pj_error err = {0};
    pj_study_done done;
    teller t = {.how = args->progress, .begun = seconds(), .told = seconds()};
    if (t.how == PROGRESS_USUAL)
        t.how = isatty(STDERR_FILENO) ? PROGRESS_TEXT : PROGRESS_NONE;
    const pj_study_ask ask = {
        .shard = args->shard.index,
        .shards = args->shard.count,
        .jobs = args->jobs,
        .since = args->since,
        .layers = args->layers,
        .prepare = args->prepare,
        .watch = {watch, &t}
    };
    pj_status status = pj_study_run(study, &ask, &done, &err);
    if (status != PJ_OK) {
        pj_exit code = pj_say_error(&err, line->operand[0]);
        return status == PJ_ECONFLICT ? PJ_EXIT_INPUT : status == PJ_EIO ? PJ_EXIT_SYSTEM : code;
    }
    if (args->prepare) {
        pj_say("%s/sweep.json is there", args->output.out);
        return PJ_EXIT_DONE;
    }
    if (t.how != PROGRESS_NONE)
        tell(&t, seconds());
    if (done.none_taken)
        pj_say("nothing is taken from %s: %s", args->since, done.none_taken);
    else if (args->since)
        pj_say("%s: %" PRIu64 " chunk%s taken from it, and %" PRIu64 " point%s of others", args->since,
               done.chunks_taken, done.chunks_taken == 1 ? "" : "s", done.points_taken,
               done.points_taken == 1 ? "" : "s");
    pj_say("%s: %" PRIu64 " chunk%s written (%" PRIu64 " points), %" PRIu64 " there before; %" PRIu64 " error row%s",
           args->output.out, done.chunks, done.chunks == 1 ? "" : "s", done.points, done.chunks_there, done.errors,
           done.errors == 1 ? "" : "s");
    if (done.errors)
        pj_say("point %" PRIu64 " is the first: %s", done.first_error, done.why);
    return args->strict && (done.errors || done.assumed) ? PJ_EXIT_UNSUPPORTED : PJ_EXIT_DONE;
}

static pj_exit answer(const pj_line *line, pj_study *study, const sweep_args *args)
{
    pj_error err = {0};
    if (args->count)
        return count(study);
    if (args->has_points)
        return rows(line, study, args);
    if (!args->has_command)
        return sweep(line, study, args);
    return pj_study_command(study, args->command, print, stdout, &err) == PJ_OK ? PJ_EXIT_DONE
                                                                                : pj_say_error(&err, line->operand[0]);
}

static pj_exit run(pj_line *line, const void *given)
{
    const sweep_args *args = given;
    pj_error err = {0};
    pj_study *study = NULL;
    bool asks = args->count || args->has_command || args->has_points;
    if (!args->output.out && !asks)
        return pj_say_usage("sweep", "sweep wants a folder for its results: -o FOLDER");
    if (args->status)
        return status_of(args->output.out);
    pj_status status = pj_study_open(line->operand[0], asks ? NULL : args->output.out, &study, &err);
    if (status != PJ_OK) {
        pj_exit code = pj_say_error(&err, line->operand[0]);
        return status == PJ_ECONFLICT ? PJ_EXIT_INPUT : code;
    }
    pj_exit code = answer(line, study, args);
    pj_study_free(study);
    return code;
}

const pj_command pj_command_sweep = {
    .name = "sweep",
    .operands = "SPEC",
    .least = 1,
    .most = 1,
    .summary = "many models at many settings, by one process or many",
    .text = "Reads a file that describes blocks of points, each the product of models, sizes,\n"
            "tables, hierarchies, formats and memory options (docs/scale.md), and writes a row\n"
            "for each point into Parquet files of some thousand rows: FOLDER/points/*.parquet.\n"
            "A row is that of `picojoule analyze` at the same settings, to the last digit.\n"
            "\n"
            "Points have numbers, and files are the same bytes whoever writes them. So any\n"
            "number of processes may work on shards of one folder, be killed, and be started\n"
            "again: what is there already is not computed anew. A point that fails is a row\n"
            "with its error.",
    .rows = {PJ_ROWS("Work",     work_rows,      0),          PJ_ROWS("Ask", ask_rows,                                                                               0),
             PJ_ROWS("Findings", pj_strict_rows, AT(strict))},
    .clashes = {{.with = "count", .others = "status command points shard since jobs layers prepare progress strict"},
             {.with = "status", .others = "command points shard since jobs layers prepare progress strict"},
             {.with = "prepare", .others = "since"},
             {.with = "command", .others = "out points shard since jobs layers prepare progress strict"},
             {.with = "points", .others = "shard since jobs layers prepare progress strict"}},
    .examples = "picojoule sweep zoo.json --count\n"
                "    how many points there are, and what they would take\n"
                "picojoule sweep zoo.json -o out --shard 0/8\n"
                "    an eighth of them\n"
                "picojoule sweep zoo.json --command 47\n"
                "    the way to doubt a row",
    .size = sizeof(sweep_args),
    .defaults = set_defaults,
    .run = run,
};
