/* Outputs that are inputs: nothing that is read is ever written over. */
#define _XOPEN_SOURCE 700 /* realpath; NOLINT */

#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

static const char summary_option[] = "github-summary";

/* The file that an option writes; NULL: it writes none. */
static const char *written_by(const pj_given *given)
{
    const char *name = pj_given_name(given), *file = given->value;
    if (strcmp(name, "report") == 0)
        return strchr(file, '=') ? strchr(file, '=') + 1 : NULL;
    if (strcmp(name, summary_option) == 0)
        return getenv("GITHUB_STEP_SUMMARY");
    if (strcmp(name, "output") == 0)
        return strcmp(file, "-") == 0 ? NULL : file;
    static const char *const writers[] = {"record",    "save-idle", "power-log", "emissions-csv",
                                          "calibrate", "fit-rows",  "keep-trace"};
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        if (strcmp(name, writers[i]) == 0)
            return file;
    return NULL;
}

/* The file that an option reads, or may read; NULL: its value names none. */
static const char *read_by(const pj_given *given)
{
    char room[PJ_VALUE_ROOM];
    const char *value = pj_given_value(given, room);
    return value && (strstr(value, "FILE") || strstr(value, "MODEL")) && !written_by(given) ? given->value : NULL;
}

bool pj_same_file(const char *a, const char *b)
{
    struct stat one, two;
    return stat(a, &one) == 0 && S_ISREG(one.st_mode) && stat(b, &two) == 0 && one.st_dev == two.st_dev &&
           one.st_ino == two.st_ino;
}

/* One file that is not there yet: the same name in the same folder. */
static bool will_be_same(const char *a, const char *b)
{
    const char *names[] = {a, b}, *last[2];
    char *folder[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        const char *slash = strrchr(names[i], '/');
        char *path = slash ? strdup(names[i]) : NULL;
        last[i] = slash ? slash + 1 : names[i];
        if (path)
            path[slash - names[i] + 1] = 0;
        folder[i] = realpath(path ? path : ".", NULL);
        free(path);
    }
    bool same = folder[0] && folder[1] && strcmp(folder[0], folder[1]) == 0 && strcmp(last[0], last[1]) == 0;
    free(folder[0]);
    free(folder[1]);
    return same && access(a, F_OK) != 0;
}

static pj_exit refuse(const pj_line *line, const pj_given *given, const char *file)
{
    return pj_say_usage(line->command->name, "--%s would overwrite %s, which is read", pj_given_name(given), file);
}

pj_exit pj_refuse_file(const pj_line *line, const char *file)
{
    for (size_t i = 0; file && i < line->givens; i++) {
        const char *out = written_by(&line->given[i]);
        if (out && pj_same_file(out, file))
            return refuse(line, &line->given[i], file);
    }
    return PJ_EXIT_DONE;
}

pj_exit pj_refuse_model(const pj_line *line, const pj_model_info *model)
{
    pj_exit code = PJ_EXIT_DONE;
    for (size_t i = 0; code == PJ_EXIT_DONE && model && i < model->data_file_count; i++)
        code = pj_refuse_file(line, model->data_files[i]);
    return code;
}

/* Two outputs that are one file: the second would take the place of the first. */
static pj_exit refuse_twice(const pj_line *line, size_t at)
{
    const char *out = written_by(&line->given[at]);
    for (size_t i = 0; out && i < at; i++) {
        const char *other = written_by(&line->given[i]);
        if (other && (pj_same_file(out, other) || will_be_same(out, other)))
            return pj_say_usage(line->command->name, "--%s and --%s both write %s", pj_given_name(&line->given[i]),
                                pj_given_name(&line->given[at]), out);
    }
    return PJ_EXIT_DONE;
}

pj_exit pj_refuse_line(const pj_line *line)
{
    pj_exit code = PJ_EXIT_DONE;
    for (size_t i = 0; code == PJ_EXIT_DONE && i < line->operands; i++)
        code = pj_refuse_file(line, line->operand[i]);
    for (size_t i = 0; code == PJ_EXIT_DONE && i < line->givens; i++) {
        const char *in = read_by(&line->given[i]);
        code = in ? pj_refuse_file(line, in) : refuse_twice(line, i);
    }
    return code;
}
