/* What a model was before: another file of it, which its figures may not grow over. */
#include "check/before.h"

#include <sys/stat.h>

#include "check/bind.h"
#include "check/paths.h"
#include "picojoule/picojoule.h"
#include "result/result.h"

static const pj_budget_entry *entry_of(const pj_budget *budget, const pj_budget_entry *like)
{
    for (size_t i = 0; budget && i < budget->entries; i++)
        if (strcmp(budget->entry[i].name, like->name) == 0 && !budget->entry[i].no_file)
            return &budget->entry[i];
    return NULL;
}

static const char *join(const char *folder, const char *name, const char *stem_end, const char *ending, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s/", folder);
    pj_str_add_bytes(&text, name, (size_t)(stem_end - name));
    pj_str_add(&text, ending);
    return pj_str_keep(&text, arena);
}

/* FOLDER/models/net.onnx, FOLDER/net.onnx or FOLDER/net.json; a file is meant itself. NULL: there is none. */
static const char *find_file(const char *source, const pj_budget_entry *entry, pj_arena *arena)
{
    struct stat info;
    const char *slash = strrchr(entry->path, '/'), *name = slash ? slash + 1 : entry->path, *end = strchr(name, 0);
    const char *point = strrchr(name, '.');
    if (stat(source, &info) == 0 && !S_ISDIR(info.st_mode))
        return source;
    const char *const candidates[] = {*entry->path == '/' ? NULL : join(source, entry->path, end, "", arena),
                                      join(source, name, end, "", arena),
                                      join(source, name, point > name ? point : end, ".json", arena)};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (pj_path_is_there(candidates[i]))
            return candidates[i];
    return NULL;
}

static bool is_growth(const pj_budget_rule *rule)
{
    return rule->kind == PJ_RULE_BASELINE || rule->kind == PJ_RULE_BASELINE_LAYER;
}

static bool has_same_limits(const pj_budget_entry *a, const pj_budget_entry *b)
{
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < a->rules && is_growth(&a->rule[i]))
            i++;
        while (k < b->rules && is_growth(&b->rule[k]))
            k++;
        if (i == a->rules || k == b->rules)
            return i == a->rules && k == b->rules;
        if (a->rule[i].kind != b->rule[k].kind || strcmp(a->rule[i].word, b->rule[k].word) != 0 ||
            a->rule[i].allowed != b->rule[k].allowed)
            return false;
    }
}

/* Sizes are those of now, as far as the model had them. */
static pj_status analyse(const char *file, const pj_budget_entry *entry, const pj_budget_entry *old, pj_arena *arena,
                         pj_result **out, pj_error *err)
{
    pj_setup setup = entry->setup;
    pj_model *model = NULL;
    setup.dim_count = setup.input_count = 0;
    if (old) {
        setup.plan = old->setup.plan;
        setup.quantize = old->setup.quantize;
        setup.op_rules = old->setup.op_rules;
    }
    pj_status status = pj_model_open(file, &setup, &model, err);
    if (status == PJ_OK)
        status = pj_bind_optional(model, &entry->setup, NULL, NULL, arena, &setup, err);
    if (status == PJ_OK)
        status = pj_bind_optional(model, &entry->optional, NULL, NULL, arena, &setup, err);
    if (status == PJ_OK)
        status = pj_analyze(model, &setup, out, err);
    if (status != PJ_OK) {
        pj_model_close(model);
        return status;
    }
    pj_result_own(*out, pj_model_close);
    pj_result_keep(*out);
    return PJ_OK;
}

pj_status pj_before_open(const pj_check_options *options, const pj_budget_entry *entry, pj_arena *arena, pj_before *out,
                         pj_error *err)
{
    const pj_budget_entry *old = entry_of(options->old, entry);
    *out = (pj_before){.renewed = old && !has_same_limits(entry, old)};
    out->file = old && pj_path_is_there(old->file) ? old->file : find_file(options->against, entry, arena);
    if (pj_arena_failed(arena))
        return pj_fail_memory(err);
    out->is_new = !out->file;
    if (out->is_new || out->renewed)
        return PJ_OK;
    size_t length = strlen(out->file);
    bool is_report = length > 5 && strcmp(out->file + length - 5, ".json") == 0;
    pj_status status = is_report ? pj_result_read(out->file, &out->result, &out->error)
                                 : analyse(out->file, entry, old, arena, &out->result, &out->error);
    return status == PJ_ENOMEM ? pj_fail_memory(err) : PJ_OK;
}

pj_status pj_before_rules(const pj_before *before, pj_arena *arena, pj_budget_entry *entry, pj_error *err)
{
    const double margin = entry->margin >= 0 ? entry->margin : PJ_BUDGET_MARGIN;
    pj_budget_rule *rules = PJ_NEW(arena, pj_budget_rule, entry->rules + 2);
    bool judged = !before->is_new && !before->renewed;
    size_t count = 0, growth = 0;
    PJ_TRY(pj_got(rules, err));
    for (size_t i = 0; i < entry->rules; i++) {
        growth += is_growth(&entry->rule[i]);
        if (judged || !is_growth(&entry->rule[i]))
            rules[count++] = entry->rule[i];
    }
    for (size_t i = 0; judged && !growth && i < 2; i++)
        rules[count++] = (pj_budget_rule){.kind = i ? PJ_RULE_BASELINE_LAYER : PJ_RULE_BASELINE,
                                          .figure = pj_figure_total(),
                                          .word = pj_figure_total()->key,
                                          .quantity = PJ_QUANTITY_ENERGY,
                                          .what = "",
                                          .allowed = margin,
                                          .path = entry->json_path,
                                          .line = entry->line};
    entry->rule = rules;
    entry->rules = count;
    return PJ_OK;
}
