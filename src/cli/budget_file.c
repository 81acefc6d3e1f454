/* Budget files that are written: a first one, more models, today's figures. */
#include "budget_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

pj_status pj_read_budget(const char *file, const pj_texts *only, pj_budget **out, pj_error *err)
{
    pj_status status = pj_budget_read(file, out, err);
    if (status != PJ_OK || !only->count)
        return status;
    status = pj_budget_select(*out, only->text, only->count, err);
    if (status != PJ_OK) {
        pj_budget_free(*out);
        *out = NULL;
    }
    return status;
}

void pj_make_folders(const char *file)
{
    char *path = strdup(file);
    for (char *at = path ? strchr(path + 1, '/') : NULL; at; at = strchr(at + 1, '/')) {
        *at = 0;
        mkdir(path, 0777); /* what fails here shows when the file is written */
        *at = '/';
    }
    free(path);
}

/* Baselines on their way into their files. */
typedef struct writer {
    bool absent_only; /* those that are there stay */
    size_t written;
    pj_exit code; /* of the first that failed */
} writer;

/* A pj_check_options.analysed: each file as a whole. */
static pj_status write_baseline(const pj_check_model *model, const pj_result *result, void *payload, pj_error *unused)
{
    writer *w = payload;
    pj_error err = {0};
    pj_report_options options = pj_report_options_default();
    options.format = "json";
    (void)unused;
    if (!model->baseline || (w->absent_only && access(model->baseline, F_OK) == 0))
        return PJ_OK;
    for (size_t i = 0; i < model->data_file_count; i++)
        if (pj_same_file(model->baseline, model->data_files[i])) {
            w->code = pj_say_usage("check", "the baseline %s would overwrite data of its model", model->baseline);
            return PJ_OK;
        }
    pj_make_folders(model->baseline);
    pj_out out = pj_out_new(model->baseline);
    pj_status status = pj_report_write(result, &options, pj_out_write, &out, &err);
    pj_exit code = pj_out_finish(&out, status, &err, model->baseline);
    if (code == PJ_EXIT_DONE)
        pj_say("%s: written", model->baseline);
    w->written += code == PJ_EXIT_DONE;
    w->code = code > w->code ? code : w->code;
    return PJ_OK;
}

/* What is read: files that are there, in order, so that many models take no time. */
typedef struct read_file {
    dev_t device;
    ino_t number;
    const char *path;
} read_file;

static int compare_files(const void *a, const void *b)
{
    const read_file *one = a, *two = b;
    if (one->device != two->device)
        return one->device < two->device ? -1 : 1;
    return one->number < two->number ? -1 : one->number > two->number;
}

static bool look_at(const char *path, read_file *out)
{
    struct stat info;
    bool there = stat(path, &info) == 0 && S_ISREG(info.st_mode);
    if (there)
        *out = (read_file){info.st_dev, info.st_ino, path};
    return there;
}

/* The budget, and what its entries read beside their baselines; NULL: no memory. */
static const read_file *list_inputs(pj_line *line, const pj_budget *budget, const char *file, size_t *count)
{
    read_file *list = NULL, at;
    const char *input = file;
    *count = 0;
    if (!look_at(file, &at) || !pj_line_add(line, &list, count, sizeof *list))
        return NULL;
    list[0] = at;
    for (size_t i = 0; i < pj_budget_models(budget); i++)
        for (size_t k = 0; (input = pj_budget_input(budget, i, k)); k++)
            if (look_at(input, &at)) {
                read_file *added = pj_line_add(line, &list, count, sizeof *list);
                if (!added)
                    return NULL;
                *added = at;
            }
    qsort(list, *count, sizeof *list, compare_files);
    return list;
}

/* A baseline that is the budget, or what some entry reads, would destroy it. */
static pj_exit refuse_baselines(pj_line *line, const pj_budget *budget, const char *file)
{
    size_t count;
    const read_file *inputs = list_inputs(line, budget, file, &count);
    for (size_t i = 0; inputs && i < pj_budget_models(budget); i++) {
        const char *out = pj_budget_baseline(budget, i);
        read_file at;
        const read_file *same =
            out && look_at(out, &at) ? bsearch(&at, inputs, count, sizeof *inputs, compare_files) : NULL;
        if (same)
            return pj_say_usage("check", "the baseline %s would overwrite %s, which is read", out, same->path);
    }
    return PJ_EXIT_DONE;
}

static bool write_text(const char *file, const char *text, size_t length, pj_exit *code)
{
    pj_error err = {0};
    pj_out out = pj_out_new(file);
    pj_out_write(text, length, &out);
    *code = pj_out_finish(&out, PJ_OK, &err, file);
    return *code == PJ_EXIT_DONE;
}

static pj_exit renew(const pj_budget *budget, const pj_check *check, const char *file, double margin, size_t *changed)
{
    pj_error err = {0};
    pj_renewal *renewed = NULL;
    pj_exit code = PJ_EXIT_DONE;
    if (pj_budget_renew(budget, check, margin, &renewed, &err) != PJ_OK)
        return pj_say_error(&err, file);
    *changed = renewed->limit_count;
    if (*changed && write_text(file, renewed->text, renewed->length, &code))
        for (size_t i = 0; i < *changed; i++) {
            const pj_renewed_limit *limit = &renewed->limits[i];
            pj_say("%s:%zu: %s: %s %s -> %s", file, limit->line, limit->model, limit->path, limit->before,
                   limit->after);
        }
    pj_renewal_free(renewed);
    return code;
}

pj_exit pj_update_budget(pj_line *line, const char *file, const pj_texts *only, double margin, size_t jobs)
{
    pj_error err = {0};
    pj_budget *budget = NULL;
    pj_check *check = NULL;
    writer w = {.code = PJ_EXIT_DONE};
    const pj_check_options options = {.jobs = jobs, .analysed = write_baseline, .payload = &w};
    size_t changed = 0;
    if (strcmp(file, "-") == 0)
        return pj_say_usage("check", "check: --update wants a file that it can write");
    if (pj_read_budget(file, only, &budget, &err) != PJ_OK)
        return pj_say_error(&err, file);
    pj_exit code = refuse_baselines(line, budget, file);
    if (code == PJ_EXIT_DONE && pj_budget_check(budget, &options, &check, &err) != PJ_OK)
        code = pj_say_error(&err, file);
    if (code == PJ_EXIT_DONE)
        code = w.code;
    if (code == PJ_EXIT_DONE)
        code = renew(budget, check, file, margin, &changed);
    if (code == PJ_EXIT_DONE && !changed && !w.written)
        pj_say("%s: no limit has changed, and there are no baselines", file);
    pj_check_free(check);
    pj_budget_free(budget);
    return code;
}

/* Baselines of the models that a budget got just now. */
static pj_exit write_absent_baselines(pj_line *line, const char *file)
{
    pj_error err = {0};
    pj_budget *budget = NULL;
    pj_check *check = NULL;
    writer w = {.absent_only = true, .code = PJ_EXIT_DONE};
    const pj_check_options options = {.analysed = write_baseline, .payload = &w};
    pj_status status = pj_budget_read(file, &budget, &err);
    pj_exit code = status == PJ_OK ? refuse_baselines(line, budget, file) : pj_say_error(&err, file);
    if (code == PJ_EXIT_DONE && pj_budget_check(budget, &options, &check, &err) != PJ_OK)
        code = pj_say_error(&err, file);
    pj_check_free(check);
    pj_budget_free(budget);
    return code == PJ_EXIT_DONE ? w.code : code;
}

pj_exit pj_init_budget(pj_line *line, const pj_budget_draft *given, const pj_setup *setup)
{
    pj_budget_draft draft = *given;
    pj_budget *there = NULL;
    pj_error err = {0};
    bool is_there = draft.file && access(draft.file, F_OK) == 0;
    if (is_there && pj_budget_read(draft.file, &there, &err) != PJ_OK)
        return pj_say_error(&err, draft.file);
    draft.budget = there;
    pj_out out = pj_out_new(draft.file);
    pj_status status = pj_budget_write(&draft, setup, pj_out_write, &out, &err);
    pj_exit code = pj_out_finish(&out, status, &err, draft.file);
    pj_budget_free(there);
    if (code != PJ_EXIT_DONE || !draft.file)
        return code;
    bool is_usual = strcmp(draft.file, "picojoule.json") == 0;
    pj_say("%s: %s; `picojoule check%s%s` checks it", draft.file, is_there ? "models added" : "written",
           is_usual ? "" : " ", is_usual ? "" : draft.file);
    return write_absent_baselines(line, draft.file);
}
