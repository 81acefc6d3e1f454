/* Several models, or tables, in one analysis: each is a run, and one that fails is a row with its error. */
#include <glob.h>

#include "progress.h"
#include "runs.h"
#include "say.h"

typedef struct runs {
    pj_line *line;
    const pj_setup *setup;
    bool strict;
    pj_texts models, tables;
    pj_model **open; /* one each; results need them */
    size_t opened;
    pj_run *list;
    size_t count, failed;
    pj_exit code; /* of the first that failed */
} runs;

/* A pattern that the shell has not replaced, and that is no file, stands for the files that fit. */
static void add_model(runs *r, const char *word)
{
    glob_t found = {0};
    bool is_pattern = word[strcspn(word, "*?[")] != 0;
    if (!is_pattern || glob(word, GLOB_NOCHECK, NULL, &found) != 0) {
        pj_texts_add(r->line, &r->models, word);
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        pj_texts_add(r->line, &r->models,
                     pj_line_text(r->line, found.gl_pathv[i], found.gl_pathv[i] + strlen(found.gl_pathv[i])));
    globfree(&found);
}

static void list_all(runs *r)
{
    for (size_t i = 0; i < r->line->operands; i++)
        add_model(r, r->line->operand[i]);
    for (size_t i = 0; i < r->line->givens; i++)
        if (strcmp(pj_given_name(&r->line->given[i]), "table") == 0)
            pj_texts_add(r->line, &r->tables, r->line->given[i].value);
    if (!r->tables.count)
        pj_texts_add(r->line, &r->tables, r->setup->table);
}

static void keep_error(runs *r, const pj_error *err, pj_run *run)
{
    char text[sizeof *err + 32];
    const char *file = err->file[0] && strcmp(err->file, run->model) != 0 ? err->file : "";
    int length = snprintf(text, sizeof text, "%s%s", file, *file ? ": " : "");
    if (err->node[0])
        length += snprintf(text + length, sizeof text - (size_t)length,
                           err->op[0] ? "node '%s' (%s): " : "node '%s': ", err->node, err->op);
    length += snprintf(text + length, sizeof text - (size_t)length, "%s",
                       err->what[0] ? err->what : pj_status_text(err->status));
    run->error = pj_line_text(r->line, text, text + length);
    r->code = r->failed++ ? r->code : pj_exit_of(err, run->model);
}

/* Opens a model; of the sizes that are given, those that it has. */
static pj_status open_model(runs *r, const char *path, pj_setup *setup, pj_model **out, pj_error *err)
{
    pj_setup bare = *setup;
    bare.dim_count = 0;
    if (r->models.count < 2 || !setup->dim_count || pj_model_open(path, &bare, out, err) != PJ_OK)
        return pj_model_open(path, setup, out, err);
    const pj_model_info *info = pj_model_describe(*out);
    pj_dim_binding *dims = pj_line_keep(r->line, setup->dim_count, sizeof *dims);
    if (!info || !dims)
        return PJ_ENOMEM;
    for (size_t i = 0; i < setup->dim_count; i++)
        for (size_t k = 0; k < info->dim_count; k++) {
            size_t length = strlen(info->dims[k].name);
            bool is_it = strncmp(setup->dims[i].name, info->dims[k].name, length) == 0;
            if (is_it && setup->dims[i].name[length] == (setup->dims[i].value == PJ_DIM_FORMULA ? '=' : 0))
                dims[bare.dim_count++] = setup->dims[i];
        }
    bare.dims = dims;
    *setup = bare;
    return pj_model_rebind(*out, setup, err);
}

/* All tables of a model, which is opened once. */
static pj_exit run_model(runs *r, const char *path)
{
    pj_model *model = NULL;
    pj_exit code = PJ_EXIT_DONE;
    pj_error open_err = {0}, err;
    pj_setup setup = *r->setup;
    pj_status opened = open_model(r, path, &setup, &model, &open_err);
    r->open[r->opened++] = model;
    for (size_t t = 0; t < r->tables.count && code == PJ_EXIT_DONE; t++) {
        pj_run *run = &r->list[r->count++];
        pj_result *result = NULL;
        setup.table = r->tables.text[t];
        *run = (pj_run){.model = path, .table = setup.table};
        err = open_err;
        pj_status status = opened == PJ_OK ? pj_analyze(model, &setup, &result, &err) : opened;
        run->result = result;
        if (status == PJ_ENOMEM || status == PJ_ESTOPPED)
            code = pj_say_error(&err, path);
        else if (status != PJ_OK)
            keep_error(r, &err, run);
        else if (r->strict && pj_say_strict(result->findings, result->finding_count, path))
            code = PJ_EXIT_UNSUPPORTED;
        else
            code = pj_refuse_model(r->line, result->model);
    }
    return code;
}

bool pj_is_runs(const pj_line *line)
{
    size_t tables = 0;
    for (size_t i = 0; i < line->givens; i++)
        tables += strcmp(pj_given_name(&line->given[i]), "table") == 0;
    return line->operands > 1 || tables > 1 || line->operand[0][strcspn(line->operand[0], "*?[")];
}

pj_exit pj_runs(pj_line *line, const pj_setup *setup, const pj_output *output, bool strict)
{
    runs r = {.line = line, .setup = setup, .strict = strict, .code = PJ_EXIT_DONE};
    pj_error err = {0};
    pj_out out = pj_out_new(output->out);
    list_all(&r);
    r.list = pj_line_keep(line, r.models.count * r.tables.count, sizeof *r.list);
    r.open = pj_line_keep(line, r.models.count, sizeof *r.open);
    pj_exit code = r.list && r.open ? PJ_EXIT_DONE : PJ_EXIT_SYSTEM;
    for (size_t i = 0; i < r.models.count && code == PJ_EXIT_DONE; i++)
        code = pj_refuse_file(line, r.models.text[i]); /* those of a pattern, too */
    for (size_t i = 0; i < r.models.count && code == PJ_EXIT_DONE; i++) {
        pj_progress_step("models", i, r.models.count, NULL);
        code = run_model(&r, r.models.text[i]);
    }
    if (code == PJ_EXIT_DONE) {
        pj_status status = pj_runs_write(r.list, r.count, &output->report, pj_out_write, &out, &err);
        code = pj_out_finish(&out, status, &err, NULL);
        if (code == PJ_EXIT_DONE && r.failed) {
            pj_say("%zu of %zu runs failed", r.failed, r.count);
            code = r.code;
        }
    }
    for (size_t i = 0; i < r.count; i++)
        pj_result_free((pj_result *)(uintptr_t)r.list[i].result);
    for (size_t i = 0; i < r.opened; i++)
        pj_model_close(r.open[i]);
    return code;
}
