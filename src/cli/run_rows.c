/* Data and runtime on the command line, and progress on standard error. */
#include "run_rows.h"

#include <time.h>
#include <unistd.h>

#define AT(member) offsetof(pj_run_args, member)

/* clang-format off */
const pj_option pj_data_rows[5] = {
    {"data",      0, "DIR|FILE",
     "samples: a .npy or .npz file, a folder of them, or\n"
     "ONNX test data (docs/samples.md)",
     PJ_OPTION_TEXT, .at = AT(data.path), .wants = "a file or a folder"},
    {"random",    0, "N",                        "N samples of normal random numbers instead",
     PJ_OPTION_COUNT, .at = AT(data.random), .least = 1, .most = 1e6, .wants = "a number of samples"},
    {"seed",      0, "N",                        "of the random numbers (default 1)",
     PJ_OPTION_COUNT, .at = AT(data.seed), .wants = "a whole number"},
    {"samples",   0, "N",                        "the first N samples only",
     PJ_OPTION_COUNT, .at = AT(data.most), .least = 1, .wants = "a number of samples"},
    {"cast",      0, NULL,
     "numbers of another type than the input's are\n"
     "converted",
     PJ_OPTION_FLAG, .at = AT(data.cast)},
};

const pj_option pj_engine_rows[3] = {
    {"runtime",   0, "FILE|DIR",
     "the library of ONNX Runtime (default:\n"
     "$PICOJOULE_ORT, $ORT_DYLIB_PATH, then where\n"
     "Python, Conda and systems have it)",
     PJ_OPTION_TEXT, .at = AT(engine.runtime), .wants = "a file or a folder"},
    {"run-limit", 0, "SECONDS",
     "that one answer of the runtime may take (default\n"
     "600)",
     PJ_OPTION_REAL, .at = AT(engine.seconds), .least = 0.1, .most = 1e6, .wants = "seconds, for example 60"},
    {"optimize",  0, NULL,
     "what the runtime may change in a graph (default\n"
     "basic, which changes no numbers)",
     PJ_OPTION_CHOICE, .at = AT(engine.level), .words = pj_engine_levels},
};

const pj_option pj_jobs_rows[1] = {
    {"jobs",      0, "N",                        "processes at once (default: one a processor)",
     PJ_OPTION_COUNT, .at = AT(engine.jobs), .least = 1, .most = 64, .wants = "a number from 1 to 64"},
};
/* clang-format on */

/* Words between commas. */
const char *pj_read_choices(pj_line *line, void *at, const char *value)
{
    static const char wants[] = "formats between commas, for example fp16,int8,w4a8";
    pj_texts *choices = at;
    while (*value) {
        size_t length = strcspn(value, ",");
        if (!length)
            return wants;
        pj_texts_add(line, choices, pj_line_text(line, value, value + length));
        value += length + (value[length] == ',');
    }
    return choices->count ? NULL : wants;
}

pj_run_args pj_run_defaults(void)
{
    return (pj_run_args){pj_data_default(), pj_engine_default()};
}

pj_status pj_run_open(const char *path, const pj_setup *setup, pj_model **out, pj_error *err)
{
    pj_setup open = *setup;
    open.unbound_dims_are_one = false;
    return pj_model_open(path, &open, out, err);
}

/* ---- progress ---- */

static struct {
    struct timespec begin;
    char stage[32];
    bool shown;
} progress;

static bool tell(const char *stage, uint64_t done, uint64_t total, void *payload)
{
    struct timespec now;
    (void)payload;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (strcmp(stage, progress.stage) != 0) {
        snprintf(progress.stage, sizeof progress.stage, "%s", stage);
        progress.begin = now;
    }
    double seconds =
        (double)(now.tv_sec - progress.begin.tv_sec) + 1e-9 * (double)(now.tv_nsec - progress.begin.tv_nsec);
    if (seconds < 1)
        return true;
    fprintf(stderr, "\r\033[K%s: %" PRIu64, stage, done);
    if (total > 0)
        fprintf(stderr, " of %" PRIu64, total);
    if (total > done && done > 0)
        fprintf(stderr, ", %.0f s left", seconds / (double)done * (double)(total - done));
    progress.shown = true;
    return true;
}

pj_watch pj_run_watch(void)
{
    progress.stage[0] = 0;
    return (pj_watch){isatty(STDERR_FILENO) ? tell : NULL, NULL};
}

void pj_run_watched(void)
{
    if (progress.shown)
        fputs("\r\033[K", stderr);
    progress.shown = false;
}

/* ---- results ---- */

pj_exit pj_run_write(const pj_line *line, const void *result, pj_run_writer write, const pj_output *output,
                     const char *file)
{
    pj_error err = {0};
    pj_report_options options = output->report;
    pj_exit code = PJ_EXIT_DONE;
    if (file) {
        pj_out out = pj_out_new(file);
        options.format = "json";
        pj_status status = write(result, &options, &out, &err);
        code = pj_out_finish(&out, status, &err, line->operand[0]);
    }
    if (code != PJ_EXIT_DONE || (file && strcmp(file, "-") == 0))
        return code;
    pj_out out = pj_out_new(NULL);
    pj_status status = write(result, &output->report, &out, &err);
    return pj_out_finish(&out, status, &err, line->operand[0]);
}

const char *pj_run_state(pj_line *line, const char *file)
{
    static const char ending[] = ".partial";
    char *text = file && strcmp(file, "-") != 0 ? pj_line_keep(line, strlen(file) + sizeof ending, 1) : NULL;
    if (text)
        snprintf(text, strlen(file) + sizeof ending, "%s%s", file, ending);
    return text;
}
