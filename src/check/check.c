/* Checking budgets: models are analysed side by side and judged in the order of the file. */
#include "base/parallel.h"
#include "check/before.h"
#include "check/bind.h"
#include "check/judge.h"
#include "picojoule/picojoule.h"
#include "result/result.h"

/* What a model's analysis is made of. */
typedef struct subject {
    pj_session *session; /* of the worker; NULL: not begun */
    pj_model *model;
    pj_setup setup; /* that it is analysed with */
    pj_result *result;
    pj_lint *lint;
    pj_result *baseline;
    pj_generation *generation; /* where the entry asks for one */
    char step[40];             /* of the setup, likewise */
} subject;

static void close_subject(subject *s)
{
    pj_generation_free(s->generation);
    pj_result_free(s->baseline);
    pj_lint_free(s->lint);
    pj_result_free(s->result);
    pj_model_close(s->model);
    *s = (subject){.session = s->session};
}

static void end_subject(subject *s)
{
    close_subject(s);
    pj_session_free(s->session);
}

/* A figure that rests on a size which nobody gave is none to check. */
static pj_status check_dims(const pj_budget *budget, const pj_budget_entry *entry, subject *s, pj_error *err)
{
    pj_str names = pj_str_new(200), path = pj_str_new(0);
    pj_status status = PJ_OK;
    bool is_open = pj_has_open_dims(s->model);
    const char *name;
    for (size_t i = 0; is_open && (name = pj_open_dim(s->model, &s->setup, i)); i++)
        pj_str_printf(&names, "%s\"%.60s\": 1", i ? ", " : "", name);
    pj_str_printf(&path, "%s.%s", entry->json_path, names.length ? "dims" : "inputs");
    if (is_open && names.length == 0)
        status = pj_budget_fail(budget, path.data, PJ_EARGUMENT, err,
                                "%.200s has a dimension that has neither name nor size; give the shape of its input: "
                                "\"inputs\": {\"NAME\": \"1,3,224,224\"}",
                                entry->path);
    else if (is_open)
        status = pj_budget_fail(budget, path.data, PJ_EARGUMENT, err,
                                "%.200s has dimensions without a value; add the sizes that are meant: \"dims\": {%s%s}",
                                entry->path, names.data, names.failed ? " ..." : "");
    pj_str_free(&path);
    pj_str_free(&names);
    return status;
}

/* The generation that limits ask for, before the analysis: the model is bound to other sizes for it. */
static pj_status generate(const pj_budget_entry *entry, subject *s, pj_error *err)
{
    pj_setup setup = s->setup;
    pj_generation_ask ask = pj_generation_ask_default();
    if (!entry->prompt)
        return PJ_OK;
    setup.step = NULL;
    setup.batch = 0;
    setup.dims = entry->setup.dims;
    setup.dim_count = entry->setup.dim_count;
    ask.setup = &setup;
    ask.prompt = entry->prompt;
    ask.tokens = entry->tokens;
    ask.batch = entry->sequences;
    PJ_TRY(pj_generate(s->model, &ask, &s->generation, err));
    return pj_model_rebind(s->model, &s->setup, err);
}

/* Without sizes of its own, the model is looked at in a decode step after the prompt. */
static void take_step(const pj_budget_entry *entry, subject *s)
{
    if (!entry->prompt || s->setup.step || s->setup.dim_count)
        return;
    snprintf(s->step, sizeof s->step, "1@%" PRId64, entry->prompt);
    s->setup.step = s->step;
    s->setup.batch = (uint64_t)entry->sequences;
}

static pj_status analyse(const pj_budget *budget, const pj_budget_entry *entry, subject *s, pj_arena *arena,
                         pj_error *err)
{
    s->setup = entry->setup;
    if (entry->no_file)
        return pj_budget_fail(budget, entry->json_path, PJ_EIO, err, "no file matches \"%.200s\"", entry->path);
    take_step(entry, s);
    PJ_TRY(pj_model_open(entry->file, &s->setup, &s->model, err));
    PJ_TRY(pj_bind_optional(s->model, &entry->optional, NULL, NULL, arena, &s->setup, err));
    PJ_TRY(check_dims(budget, entry, s, err));
    PJ_TRY(generate(entry, s, err));
    if (!s->session)
        s->session = pj_session_new();
    return s->session ? pj_session_run(s->session, s->model, &s->setup, &s->result, err) : pj_fail_memory(err);
}

/* Lint is run where the budget forbids something that it finds. */
static bool wants_lint(const pj_budget_entry *entry)
{
    for (size_t i = 0; i < entry->rules; i++)
        if (entry->rule[i].kind == PJ_RULE_FINDING && pj_lint_rule_find(entry->rule[i].what))
            return true;
    return false;
}

/* Findings of the analysis, and then those of lint, unless it fails. Texts live as long as the subject. */
static pj_status list_findings(const pj_budget_entry *entry, subject *s, pj_arena *arena, pj_budget_case *given,
                               pj_error *no_lint, pj_error *err)
{
    size_t lints = 0;
    given->findings = s->result->findings;
    given->finding_count = s->result->finding_count;
    if (!wants_lint(entry) || pj_lint_run(s->result, NULL, 0, &s->lint, no_lint) != PJ_OK)
        return PJ_OK;
    const pj_lint_finding *lint = pj_lint_findings(s->lint, &lints);
    pj_finding *all = PJ_NEW(arena, pj_finding, given->finding_count + lints);
    PJ_TRY(pj_got(all, err));
    if (given->finding_count)
        memcpy(all, given->findings, given->finding_count * sizeof *all);
    for (size_t i = 0; i < lints; i++)
        all[given->finding_count++] =
            (pj_finding){lint[i].code, lint[i].severity, false, lint[i].node, lint[i].message};
    given->findings = all;
    return PJ_OK;
}

/* The baseline: a saved report, or what the options are against. */
static pj_status open_baseline(const pj_check_options *options, subject *s, pj_budget_entry *entry, pj_arena *arena,
                               pj_check_model *out, pj_error *no_baseline, pj_error *err)
{
    pj_before before = {0};
    if (!options->against) {
        if (entry->baseline)
            pj_result_read(entry->baseline_file, &s->baseline, no_baseline);
        return PJ_OK;
    }
    PJ_TRY(pj_before_open(options, entry, arena, &before, err));
    s->baseline = before.result; /* the subject's to free, whatever fails next */
    PJ_TRY(pj_before_rules(&before, arena, entry, err));
    *no_baseline = before.error;
    out->is_new = before.is_new;
    out->renewed = before.renewed;
    out->before = options->against_name ? options->against_name : before.file ? before.file : options->against;
    out->baseline = options->against_name ? NULL : before.file;
    entry->baseline = out->before;
    return PJ_OK;
}

static pj_status judge(const pj_budget *budget, const pj_budget_entry *entry, const pj_check_options *options,
                       subject *s, pj_arena *arena, pj_check_model *out, pj_error *err)
{
    pj_error no_baseline = {0}, no_lint = {0};
    pj_budget_entry own = *entry;
    PJ_TRY(analyse(budget, entry, s, arena, err));
    PJ_TRY(open_baseline(options, s, &own, arena, out, &no_baseline, err));
    pj_budget_case given = {.budget = budget,
                            .entry = &own,
                            .setup = &s->setup,
                            .now = s->result,
                            .baseline = s->baseline,
                            .generation = s->generation,
                            .is_against = options->against != NULL,
                            .no_baseline = &no_baseline,
                            .no_lint = &no_lint};
    PJ_TRY(list_findings(entry, s, arena, &given, &no_lint, err));
    if (no_baseline.status == PJ_ENOMEM || no_lint.status == PJ_ENOMEM)
        return pj_fail_memory(err);
    return pj_budget_judge(&given, arena, out, err);
}

typedef struct run {
    pj_check result;   /* first: this is what is handed out */
    pj_arena *arena;   /* of the lists */
    pj_arena **arenas; /* one per model: arenas are for one thread */
    pj_check_model *models;
    subject *subjects; /* by worker: the model that it has at hand */
    const pj_budget *budget;
    pj_check_options options;
} run;

/* Errors of files that the budget names say which entry named them. */
static void name_entry(const run *r, const pj_budget_entry *entry, pj_error *err)
{
    size_t length = strlen(r->budget->file);
    pj_error_at(err, entry->path, NULL, NULL);
    if (strncmp(err->file, r->budget->file, length) == 0 && err->file[length] == ':')
        return;
    pj_str text = pj_str_new(sizeof err->what - 1);
    pj_str_printf(&text, "%.350s (%.80s: %s)", *err->what ? err->what : pj_status_text(err->status), r->budget->file,
                  entry->json_path);
    if (text.length > 0) /* else there was no memory for a longer sentence */
        pj_error_set(err, err->status, "%s", text.data);
    pj_str_free(&text);
}

static pj_status keep_data_files(pj_model *model, pj_arena *arena, pj_check_model *out)
{
    const pj_model_info *info = model ? pj_model_describe(model) : NULL;
    size_t count = info ? info->data_file_count : 0;
    const char **files = PJ_NEW(arena, const char *, count);
    for (size_t i = 0; files && i < count; i++)
        files[i] = pj_arena_strdup(arena, info->data_files[i]);
    out->data_files = files;
    out->data_file_count = files ? count : 0;
    return pj_arena_failed(arena) || (model && !info) ? PJ_ENOMEM : PJ_OK;
}

static pj_status check_one(void *payload, size_t at, int worker, pj_error *err)
{
    run *r = payload;
    subject *s = &r->subjects[worker];
    const pj_budget_entry *entry = &r->budget->entry[at];
    pj_check_model *out = &r->models[at];
    *out = (pj_check_model){.name = entry->name,
                            .path = entry->path,
                            .file = entry->file,
                            .line = entry->line,
                            .outcome = PJ_BROKEN,
                            .baseline = entry->baseline_file,
                            .before = "",
                            .unit = "pJ",
                            .table = "",
                            .changed = "",
                            .options = "",
                            .dearest = ""};
    close_subject(s);
    r->arenas[at] = pj_arena_new(0);
    pj_error why = {0};
    pj_status status =
        r->arenas[at] ? judge(r->budget, entry, &r->options, s, r->arenas[at], out, &why) : pj_fail_memory(&why);
    if (r->arenas[at] && status != PJ_ENOMEM && keep_data_files(s->model, r->arenas[at], out) != PJ_OK)
        status = pj_fail_memory(&why);
    if (status == PJ_OK)
        return PJ_OK;
    out->error = why;
    name_entry(r, entry, &out->error);
    out->outcome = PJ_BROKEN;
    out->verdict_count = out->exceeded = out->improved = out->unjudged = 0;
    if (status != PJ_ENOMEM)
        return PJ_OK;
    *err = out->error;
    return status;
}

static void add_to(pj_check *sum, const pj_check_model *model)
{
    sum->passed += model->outcome == PJ_PASSED;
    sum->failed += model->outcome == PJ_FAILED;
    sum->broken += model->outcome == PJ_BROKEN;
    sum->exceeded += model->exceeded;
    sum->improved += model->improved > 0;
}

/* Models come here in the order of the file, one at a time, so the sums are those of the models up to this one. */
static pj_status hand_on(void *payload, size_t at, int worker, pj_error *err)
{
    run *r = payload;
    const pj_check_model *model = &r->models[at];
    bool is_analysed = model->outcome != PJ_BROKEN || model->unjudged;
    add_to(&r->result, model);
    if (r->options.analysed && is_analysed)
        PJ_TRY(r->options.analysed(model, r->subjects[worker].result, r->options.payload, err));
    return r->options.judged ? r->options.judged(&r->result, at, r->options.payload, err) : PJ_OK;
}

pj_status pj_budget_check(const pj_budget *budget, const pj_check_options *options, pj_check **out, pj_error *err)
{
    *out = NULL;
    pj_arena *arena = pj_arena_new(0);
    run *r = arena ? PJ_NEW(arena, run, 1) : NULL;
    if (r) {
        r->arena = arena;
        r->budget = budget;
        r->arenas = PJ_NEW(arena, pj_arena *, budget->entries);
        r->models = PJ_NEW(arena, pj_check_model, budget->entries);
        r->subjects = PJ_NEW(arena, subject, PJ_MOST_THREADS);
    }
    if (!r || !r->arenas || !r->models || !r->subjects) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    r->result.budget = budget->file;
    r->result.models = r->models;
    r->result.model_count = budget->entries;
    r->result.budget_models = budget->all_entries;
    if (options)
        r->options = *options;
    int threads = pj_threads(r->options.jobs > PJ_MOST_THREADS ? PJ_MOST_THREADS : (int)r->options.jobs);
    pj_status status = pj_parallel(threads, budget->entries, check_one, hand_on, r, err);
    for (int i = 0; i < PJ_MOST_THREADS; i++)
        end_subject(&r->subjects[i]);
    if (status == PJ_OK) {
        *out = &r->result;
        return PJ_OK;
    }
    pj_check_free(&r->result);
    return status;
}

void pj_check_free(pj_check *check)
{
    run *r = (run *)(void *)check;
    if (!r)
        return;
    for (size_t i = 0; i < r->budget->entries; i++)
        pj_arena_free(r->arenas[i]);
    pj_arena_free(r->arena);
}

pj_status pj_budget_analyse(const pj_budget *budget, size_t model, pj_result **out, pj_error *err)
{
    const pj_budget_entry *entry = &budget->entry[model];
    subject s = {0};
    *out = NULL;
    if (!entry->baseline)
        return pj_budget_fail(budget, entry->json_path, PJ_EARGUMENT, err,
                              "%.200s has no baseline; add \"baseline\": {\"report\": FILE, \"tolerance\": {\"total\": "
                              "\"1%%\"}}",
                              entry->path);
    pj_arena *arena = pj_arena_new(0);
    pj_status status = arena ? analyse(budget, entry, &s, arena, err) : pj_fail_memory(err);
    pj_arena_free(arena);
    if (status == PJ_OK) {
        pj_result_own(s.result, pj_model_close);
        pj_result_keep(s.result);
        pj_session_free(s.session);
        *out = s.result;
        return PJ_OK;
    }
    end_subject(&s);
    pj_error_at(err, entry->path, NULL, NULL);
    return status;
}
