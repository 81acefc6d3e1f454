/* The report of a check. */
#include "report/check.h"

#include <string.h>

/* What the pieces are made of. */
typedef struct told {
    const pj_check *check;
    bool quiet;
    size_t first, end; /* models that are told */
    bool ends;         /* so is what comes after the last one */
} told;

/* "limits.total": the path without what is the same for all limits of the model; forbidden things by name. */
static const char *name_of(const pj_check_verdict *v, pj_arena *arena)
{
    static const char of_all[] = "$.defaults.";
    bool is_default = strncmp(v->path, of_all, sizeof of_all - 1) == 0;
    const char *close = strchr(v->path, ']');
    pj_str name = pj_str_new(0);
    pj_str_add(&name, is_default ? v->path + sizeof of_all - 1 : close && close[1] ? close + 2 : v->metric);
    if (*v->what && v->kind != PJ_RULE_DEVICE) {
        pj_str_add_char(&name, ' ');
        pj_text_clean(&name, v->what);
    }
    return pj_str_keep(&name, arena);
}

/* Figures are left out, so that the same limit is the same alert. `v`: NULL where it is about the whole model. */
static const char *key_of(pj_rule_kind kind, const pj_check_model *model, const pj_check_verdict *v, pj_arena *arena)
{
    pj_str key = pj_str_new(0);
    pj_str_printf(&key, "%s|%s|%s|%s", pj_check_rules[kind].id, model->path, v ? v->metric : "", v ? v->what : "");
    if (v && *v->op)
        pj_str_printf(&key, "|%s", v->op);
    if (strcmp(model->name, model->path) != 0) /* the same model may be there at other sizes */
        pj_str_printf(&key, "|%s", model->name);
    return pj_str_keep(&key, arena);
}

static pj_judged judge(const pj_check *check, const pj_check_model *model, const pj_check_verdict *v, pj_arena *arena)
{
    pj_str sentence = pj_str_new(0), top = pj_str_new(0), advice = pj_str_new(0);
    pj_judged judged = {.name = name_of(v, arena),
                        .rule = v->kind,
                        .exceeded = v->exceeded,
                        .error = v->error != NULL,
                        .path = v->path,
                        .line = v->line,
                        .layer = v->layer,
                        .key = key_of(v->kind, model, v, arena)};
    pj_check_sentence(model, v, &sentence);
    judged.sentence = pj_str_keep(&sentence, arena);
    if (v->top_count) {
        pj_str_printf(&top, "%s: ", pj_check_top_title(v));
        pj_check_top(model, v, &top);
        judged.top = pj_str_keep(&top, arena);
    }
    pj_check_advice(check, model, v, &advice);
    judged.advice = pj_str_keep(&advice, arena);
    return judged;
}

static pj_subject subject_of(const pj_check *check, const pj_check_model *model, pj_arena *arena)
{
    pj_judged *judged = PJ_NEW(arena, pj_judged, model->verdict_count);
    pj_str text = pj_str_new(0);
    pj_subject subject = {.name = pj_text_kept_clean(model->name, arena),
                          .line = model->line,
                          .error_key = key_of(PJ_RULE_KINDS, model, NULL, arena),
                          .better_key = key_of(PJ_RULE_BASELINE, model, NULL, arena),
                          .judged = judged,
                          .count = model->verdict_count,
                          .exceeded = model->exceeded,
                          .unjudged = model->unjudged};
    if (model->outcome == PJ_BROKEN && !model->unjudged) {
        pj_check_error(&model->error, &text);
        subject.error = pj_str_keep(&text, arena);
    }
    for (size_t i = 0; judged && i < model->verdict_count; i++)
        judged[i] = judge(check, model, &model->verdicts[i], arena);
    pj_check_improvement(check, model, &text);
    if (text.length)
        subject.better = pj_str_keep(&text, arena);
    return subject;
}

static const pj_verdicts *verdicts_of(const void *input, pj_arena *arena)
{
    const told *t = input;
    const pj_check *check = t->check;
    pj_verdicts *all = PJ_NEW(arena, pj_verdicts, 1);
    pj_subject *subjects = PJ_NEW(arena, pj_subject, t->end - t->first);
    pj_str headline = pj_str_new(0);
    if (!all || !subjects)
        return NULL;
    if (t->ends)
        pj_check_headline(check, &headline);
    *all = (pj_verdicts){.title = "picojoule check",
                         .file = check->budget,
                         .headline = t->ends ? pj_str_keep(&headline, arena) : NULL,
                         .rules = pj_check_rules,
                         .rule_count = PJ_RULE_KINDS + 1,
                         .error_rule = PJ_RULE_KINDS,
                         .better_rule = PJ_RULE_BASELINE,
                         .subjects = subjects,
                         .count = t->end - t->first};
    for (size_t i = t->first; i < t->end; i++)
        subjects[i - t->first] = subject_of(check, &check->models[i], arena);
    return pj_arena_failed(arena) ? NULL : all;
}

static void page_of(const void *input, pj_page *page)
{
    const told *t = input;
    pj_check_page(t->check, t->quiet, page);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const told *t = input;
    pj_check_json(t->check, arena, json);
}

static bool line_of(const void *input, size_t at, pj_arena *arena, pj_json_writer *json)
{
    const told *t = input;
    if (at >= t->end - t->first)
        return false;
    pj_check_json_model(t->check, &t->check->models[t->first + at], arena, json);
    return true;
}

static pj_status tell(const told *t, const pj_report_options *options, pj_sink sink, void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .json = json_of, .line = line_of, .verdicts = verdicts_of};
    return pj_tell(&pieces, t, options, sink, payload, err);
}

pj_status pj_check_write(const pj_check *check, const pj_report_options *options, pj_sink sink, void *payload,
                         pj_error *err)
{
    const told t = {check, options && options->quiet, 0, check->model_count, true};
    return tell(&t, options, sink, payload, err);
}

bool pj_check_streams(const char *format)
{
    return pj_format_streams(format);
}

pj_status pj_check_write_part(const pj_check *check, size_t model, const pj_report_options *options, pj_sink sink,
                              void *payload, pj_error *err)
{
    bool ends = model >= check->model_count;
    const told t = {check, options && options->quiet, model, ends ? model : model + 1, ends};
    if (!options || !pj_check_streams(options->format))
        return pj_fail(err, PJ_EARGUMENT, "this format tells all models at once");
    return tell(&t, options, sink, payload, err);
}
