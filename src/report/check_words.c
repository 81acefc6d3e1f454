/* The result of a check in words. */
#include "page/say.h"
#include "report/check.h"
#include "result/field.h"

static pj_word figure(const pj_check_model *model, const pj_check_verdict *v, double value)
{
    pj_quantity quantity = v->quantity == PJ_QUANTITY_BITS ? PJ_QUANTITY_COUNT : v->quantity;
    return pj_w_figure(value, quantity, v->kind == PJ_RULE_DEVICE ? "pJ" : model->unit);
}

/* " is 4.312 uJ, 120.0 nJ (1.1 %) over the limit of 4.192 uJ", or ", exactly the limit of". */
static void add_comparison(const pj_check_model *model, const pj_check_verdict *v, double of, const char *name,
                           pj_str *out)
{
    double distance = v->value - of, size = fabs(distance);
    pj_say(out, " is {}, ", figure(model, v, v->value));
    if (distance == 0)
        pj_str_add(out, "exactly");
    else if (v->quantity == PJ_QUANTITY_SHARE)
        pj_str_add_fixed(out, 100 * size, 1);
    else if (of > 0)
        pj_say(out, "{} ({})", figure(model, v, size), pj_w_share(size / of));
    else
        pj_say(out, "{}", figure(model, v, size));
    if (distance != 0)
        pj_str_printf(out, "%s %s", v->quantity == PJ_QUANTITY_SHARE ? " points" : "", distance > 0 ? "over" : "under");
    pj_say(out, " {} of {}", pj_w_ours(name), figure(model, v, of));
}

static const char *metric_name(const char *word)
{
    const pj_field *figure = pj_figure_find(word, strlen(word), PJ_IN_BUDGETS);
    if (figure && figure->name)
        return figure->name;
    static const char *const generation[][2] = {
        {"decode_token_pj",   "energy of a decode token"},
        {"request_pj",        "energy of a request"     },
        {"kv_bits_per_token", "cache of a token in bits"}
    };
    for (size_t i = 0; i < sizeof generation / sizeof *generation; i++)
        if (strcmp(word, generation[i][0]) == 0)
            return generation[i][1];
    if (strcmp(word, "fits") == 0)
        return "memory";
    return strcmp(word, "share") == 0 ? "share in the total energy" : word;
}

const pj_verdict_rule pj_check_rules[PJ_RULE_KINDS + 1] = {
    [PJ_RULE_TOTAL] = {"model-limit",       "A figure of the model is over its limit"              },
    [PJ_RULE_DEVICE] = {"device-limit",      "Energy or time on a device is over its limit"         },
    [PJ_RULE_LAYER] = {"layer-limit",       "A layer is over its limit"                            },
    [PJ_RULE_LAYER_SHARE] = {"layer-share",       "One layer takes too large a share of the energy"      },
    [PJ_RULE_COVERAGE] = {"coverage",          "Too many layers are not counted"                      },
    [PJ_RULE_FINDING] = {"forbidden-finding", "A finding that the budget forbids"                    },
    [PJ_RULE_FORMAT] = {"forbidden-format",  "A layer reads a number format that the budget forbids"},
    [PJ_RULE_BASELINE] = {"baseline",          "A figure of the model has grown over its baseline"    },
    [PJ_RULE_BASELINE_LAYER] = {"layer-baseline",    "A layer has grown over its baseline"                  },
    [PJ_RULE_KINDS] = {"cannot-check",      "A model cannot be checked"                            },
};

const char *pj_check_outcome(pj_outcome outcome)
{
    static const char *const words[] = {"passed", "failed", "error"};
    return words[outcome];
}

static const char *why_unknown(const pj_check_verdict *v)
{
    bool of_device = v->kind == PJ_RULE_DEVICE, of_memory = v->quantity == PJ_QUANTITY_BYTES;
    if (of_device && !of_memory)
        return "the device has no figure for some layer";
    return of_device && v->allowed <= 0 ? "its profile states none" : "the size of some tensor is not";
}

static void limit_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    pj_str_add(out, metric_name(v->metric));
    if (v->kind == PJ_RULE_DEVICE)
        pj_say(out, " on {}", pj_w_text(v->what));
    if (v->is_unknown)
        pj_say(out, " is not known: {}; the limit is {}", pj_w_ours(why_unknown(v)), figure(model, v, v->allowed));
    else
        add_comparison(model, v, v->allowed, "the limit", out);
}

static void add_others(const pj_check_verdict *v, pj_str *out)
{
    if (v->count > 1)
        pj_say(out, "; {}", pj_w_plural(v->count - 1, "other layer is over it, too", "other layers are over it, too"));
}

static void layer_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    pj_say(out, "{} of {}", pj_w_ours(metric_name(v->metric)), pj_w_text(*v->layer ? v->layer : "each layer"));
    add_comparison(model, v, v->allowed, "the limit", out);
    if (v->kind == PJ_RULE_LAYER && (!*v->op || strcmp(v->what, "*") != 0))
        pj_say(out, " for \"{}\"", pj_w_text(v->what));
    if (v->kind == PJ_RULE_LAYER && *v->op)
        pj_say(out, " for operator {}", pj_w_text(v->op));
    add_others(v, out);
}

static void coverage_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    pj_say(out, "{} of the layers are counted, where at least {} must be", figure(model, v, v->value),
           figure(model, v, v->allowed));
    if (v->count)
        pj_say(out, "; {}", pj_w_plural(v->count, "layer is not", "layers are not"));
}

static void forbidden_sentence(const pj_check_verdict *v, pj_str *out)
{
    bool is_format = v->kind == PJ_RULE_FORMAT;
    if (v->count == 0)
        pj_str_add(out, is_format ? "no layer that multiplies reads " : "there is no finding ");
    else if (is_format)
        pj_str_printf(out, "%zu of ", v->count);
    if (v->count)
        pj_say(out, "{} ",
               is_format ? pj_w_plural(v->matched, "layer that multiplies reads", "layers that multiply read")
                         : pj_w_plural(v->count, "finding", "findings"));
    pj_str_printf(out, "%s, which is forbidden", v->what);
    if (v->count && !is_format)
        pj_say(out, ": {}{}{}", pj_w_text(v->layer), pj_w_ours(*v->layer ? ": " : ""), pj_w_text(v->detail));
}

static void add_tolerance(const pj_check_verdict *v, pj_str *out)
{
    pj_say(out, " ({} more is allowed)", pj_w_share(v->tolerance));
}

static void baseline_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    pj_str_add(out, metric_name(v->metric));
    if (v->is_unknown) {
        pj_str_add(out, " is not known: the size of some tensor is not");
        return;
    }
    add_comparison(model, v, v->baseline, "the baseline", out);
    add_tolerance(v, out);
}

static void layer_baseline_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    if (!v->exceeded) {
        pj_str_add(out, "no layer takes more energy than in the baseline");
        add_tolerance(v, out);
        pj_say(out, "; compared: {}", pj_w_plural(v->matched, "layer", "layers"));
        return;
    }
    pj_say(out, "energy of {}", pj_w_text(v->layer));
    add_comparison(model, v, v->baseline, "its baseline", out);
    add_tolerance(v, out);
    add_others(v, out);
}

void pj_check_error(const pj_error *err, pj_str *out)
{
    pj_text_clean(out, err->file);
    if (*err->node)
        pj_say(out, ": node '{}'", pj_w_text(err->node));
    if (*err->node && *err->op)
        pj_say(out, " ({})", pj_w_text(err->op));
    pj_say(out, "{}{}", pj_w_ours(out->length ? ": " : ""),
           pj_w_text(*err->what ? err->what : pj_status_text(err->status)));
}

void pj_check_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    if (v->error) {
        pj_check_error(v->error, out);
        return;
    }
    switch (v->kind) {
    case PJ_RULE_TOTAL:
    case PJ_RULE_DEVICE:
        limit_sentence(model, v, out);
        break;
    case PJ_RULE_LAYER:
    case PJ_RULE_LAYER_SHARE:
        layer_sentence(model, v, out);
        break;
    case PJ_RULE_COVERAGE:
        coverage_sentence(model, v, out);
        break;
    case PJ_RULE_FINDING:
    case PJ_RULE_FORMAT:
        forbidden_sentence(v, out);
        break;
    case PJ_RULE_BASELINE:
        baseline_sentence(model, v, out);
        break;
    case PJ_RULE_BASELINE_LAYER:
        layer_baseline_sentence(model, v, out);
        break;
    case PJ_RULE_KINDS:
        break;
    }
}

const char *pj_check_top_title(const pj_check_verdict *v)
{
    if (v->top_count && v->top[0].baseline >= 0)
        return "Grew most";
    if (v->kind == PJ_RULE_COVERAGE)
        return "Not counted";
    if (v->kind == PJ_RULE_FINDING)
        return "Found at";
    return strcmp(v->metric, pj_key_peak_activation_bytes) == 0 ? "Largest tensors" : "Costs most";
}

void pj_check_top(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    bool has_figures = v->kind != PJ_RULE_COVERAGE && v->kind != PJ_RULE_FINDING;
    for (size_t i = 0; i < v->top_count; i++) {
        const pj_check_layer *layer = &v->top[i];
        pj_say(out, "{}{}", pj_w_ours(i ? ", " : ""), pj_w_text(layer->name));
        if (*layer->op)
            pj_say(out, " ({})", pj_w_text(layer->op));
        if (layer->is_new)
            pj_str_add(out, " new,");
        else if (has_figures && layer->baseline >= 0)
            pj_say(out, " {} ->", figure(model, v, layer->baseline));
        if (has_figures)
            pj_say(out, " {}{}", figure(model, v, layer->value), pj_w_ours(v->kind == PJ_RULE_FORMAT ? " MACs" : ""));
    }
}

/* A file in a command. */
static void add_file(const char *file, pj_str *out)
{
    pj_str word = pj_str_new(0);
    pj_str_add_shell(&word, file);
    pj_text_clean(out, word.data);
    pj_str_fail_as(out, &word);
    pj_str_free(&word);
}

static void add_command(const char *before, const char *file, const char *after, pj_str *out)
{
    pj_str_add(out, before);
    add_file(file, out);
    pj_str_add(out, after);
}

/* "`picojoule check --update BUDGET --only MODEL`" */
static void add_update(const pj_check *check, const pj_check_model *model, const char *before, const char *after,
                       pj_str *out)
{
    pj_str_printf(out, "%s`picojoule check --update", before);
    if (strcmp(check->budget, "picojoule.json") != 0)
        add_command(" ", check->budget, "", out);
    if (check->budget_models > 1)
        add_command(" --only ", model->name, "", out);
    pj_str_printf(out, "`%s", after);
}

/* "`picojoule analyze MODEL --dim batch=1 MORE`": the figures of the check again, and more. */
static void add_analyze(const pj_check_model *model, const char *more, pj_str *out)
{
    add_command("`picojoule analyze ", model->file, *model->options ? " " : "", out);
    pj_text_clean(out, model->options);
    pj_str_printf(out, "%s%s`", *more ? " " : "", more);
}

/* What is left to quantize. */
static void add_fewer_bits(const pj_check_model *model, const char *spec, pj_str *out)
{
    pj_str_add(out, "Fewer bits: ");
    if (model->is_float)
        add_analyze(model, spec, out);
    else
        pj_str_add(out, "a plan with int4 for some layers (`--plan`)");
}

static void energy_advice(const char *component, const pj_check_model *model, pj_str *out)
{
    static const struct {
        const char *component, *what, *fewer_bits, *more;
    } advice[] = {
        {pj_key_parameters, "Reading parameters", "--quantize w4a16",
         "; or a buffer that keeps them (`--sweep sram=256KiB,1MiB,4MiB`)."                             },
        {pj_key_op_cost,    "Arithmetic",         "--quantize int8",  "; or fewer MACs in these layers."},
        {"",                "Moving activations", "--quantize int8",
         "; a larger buffer (`--sweep sram=256KiB,1MiB,4MiB`); or smaller tensors."                     },
    };
    size_t i = 0;
    while (*advice[i].component && strcmp(advice[i].component, component) != 0)
        i++;
    pj_str_printf(out, "%s costs most. ", advice[i].what);
    add_fewer_bits(model, advice[i].fewer_bits, out);
    pj_str_add(out, advice[i].more);
}

static void count_advice(const pj_check_model *model, const char *metric, pj_str *out)
{
    if (strcmp(metric, pj_key_peak_activation_bytes) == 0) {
        add_analyze(model, "--memory", out);
        pj_str_add(out, " lists what is in memory then, and whether another order of nodes takes less.");
    } else if (strcmp(metric, pj_key_param_bytes) == 0 && model->is_float) {
        add_analyze(model, "--quantize w4a16", out);
        pj_str_add(out, " shows what fewer bits would save.");
    } else if (strcmp(metric, pj_key_file_bytes) == 0) {
        pj_str_add(out, "Weights can lie in a file of their own, or in fewer bits.");
    } else {
        add_analyze(model, strncmp(metric, "param", 5) == 0 ? "--format csv" : "--sort macs --top 10", out);
        pj_str_add(out, " shows where they are.");
    }
}

/* A baseline can be made anew; all else stands in the budget. */
static void error_advice(const pj_check *check, const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    bool is_growth = v->kind == PJ_RULE_BASELINE || v->kind == PJ_RULE_BASELINE_LAYER;
    if (is_growth && *model->before) {
        pj_say(out, "Compared with {}.", pj_w_text(model->before));
    } else if (is_growth) {
        add_update(check, model, "", " makes a baseline from the model as it is now.", out);
    } else {
        add_command("Mend the rule in ", check->budget, "", out);
        pj_str_printf(out, ", line %zu.", v->line);
    }
}

/* How to accept what exceeds its limit. */
static void acceptance(const pj_check *check, const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    bool is_forbidden = v->kind == PJ_RULE_FINDING || v->kind == PJ_RULE_FORMAT;
    bool is_implied = v->kind == PJ_RULE_COVERAGE && !strstr(v->path, ".limits.");
    if (v->is_unknown) {
        add_command(" What is not known keeps no limit: else take it out of ", check->budget, "", out);
        pj_str_printf(out, ", line %zu.", v->line);
        return;
    }
    if (v->is_fixed) {
        add_command(" The limit is fixed: only an edit of ", check->budget, "", out);
        pj_str_printf(out, ", line %zu, changes it.", v->line);
        return;
    }
    pj_str_add(out, " To accept it");
    if (is_implied)
        pj_str_printf(out, ", add \"coverage\": \"%.0f%%\" to its limits.", floor(100 * v->value));
    else if (is_forbidden)
        pj_str_add(out, ", take it out of \"forbid\".");
    else
        add_update(check, model, ": ", ".", out);
}

/* What would make the figure smaller. */
static void remedy(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    bool is_component = strcmp(v->metric, "total") != 0 && strcmp(v->metric, "share") != 0;
    switch (v->kind) {
    case PJ_RULE_DEVICE:
        add_command("`picojoule devices ", v->what, "` shows what this estimate rests on.", out);
        break;
    case PJ_RULE_COVERAGE:
        add_analyze(model, "", out);
        pj_str_add(out, " says why; `--op-rules` describes operators that are not built in.");
        break;
    case PJ_RULE_FINDING:
        add_analyze(model, pj_lint_rule_find(v->what) ? "--lint" : "", out);
        pj_str_add(out, " lists all of them.");
        break;
    case PJ_RULE_FORMAT:
        pj_str_add(out, "Other formats, by a plan or in the model; ");
        add_analyze(model, "--format csv", out);
        pj_str_add(out, " has those of each layer.");
        break;
    case PJ_RULE_TOTAL:
    case PJ_RULE_LAYER:
    case PJ_RULE_LAYER_SHARE:
        if (v->quantity == PJ_QUANTITY_ENERGY || v->quantity == PJ_QUANTITY_SHARE)
            energy_advice(is_component ? v->metric : model->dearest, model, out);
        else
            count_advice(model, v->metric, out);
        break;
    case PJ_RULE_BASELINE:
    case PJ_RULE_BASELINE_LAYER:
    case PJ_RULE_KINDS:
        break;
    }
}

/* Of growth over a baseline, or over the model as it was. */
static void growth_advice(const pj_check *check, const pj_check_model *model, pj_str *out)
{
    if (*model->before)
        pj_say(out, "Compared with {}. ", pj_w_text(model->before));
    if (model->baseline) {
        add_command("`picojoule compare ", model->baseline, " ", out);
        add_file(model->file, out);
        pj_say(out, "{}{}` shows what changed. ", pj_w_ours(*model->options ? " " : ""), pj_w_text(model->options));
    }
    if (!*model->before)
        add_update(check, model, "To accept it: ", ".", out);
    else if (!model->baseline)
        add_update(check, model, "To accept it: ", ", which renews its limits; then those alone count.", out);
    else
        pj_str_add(out, "To accept it, compare with a newer one.");
    if (*model->changed)
        pj_say(out, " Other contents than for the baseline: {}.", pj_w_text(model->changed));
}

void pj_check_advice(const pj_check *check, const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    if (v->error) {
        error_advice(check, model, v, out);
        return;
    }
    if (v->kind != PJ_RULE_BASELINE && v->kind != PJ_RULE_BASELINE_LAYER) {
        remedy(model, v, out);
        if (v->exceeded)
            acceptance(check, model, v, out);
        return;
    }
    growth_advice(check, model, out);
}

void pj_check_improvement(const pj_check *check, const pj_check_model *model, pj_str *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < model->verdict_count; i++) {
        const pj_check_verdict *v = &model->verdicts[i];
        if (!v->improved)
            continue;
        pj_say(out, "{}{} is {} ({}) less", pj_w_ours(shown++ ? "; " : "better than the baseline: "),
               pj_w_ours(metric_name(v->metric)), figure(model, v, v->baseline - v->value),
               pj_w_share((v->baseline - v->value) / v->baseline));
    }
    if (!shown || *model->before)
        return;
    add_update(check, model, "; ", " keeps it so", out);
}

void pj_check_summary(const pj_check_model *model, pj_str *out)
{
    const pj_check_verdict *worst = NULL;
    size_t kept = model->verdict_count - model->exceeded - model->unjudged;
    for (size_t i = 0; i < model->verdict_count && !worst; i++)
        worst = model->verdicts[i].exceeded ? &model->verdicts[i] : NULL;
    pj_say(out, "{}: ", pj_w_text(model->name));
    if (model->outcome == PJ_BROKEN && !model->unjudged) {
        pj_text_clean(out, *model->error.what ? model->error.what : pj_status_text(model->error.status));
        return;
    }
    pj_say(out, "{}, ", pj_w_energy(pj_energy_total(&model->energy), model->unit));
    if (model->exceeded)
        pj_say(out, "{} of {} exceeded: ", pj_w_exact(model->exceeded),
               pj_w_plural(model->verdict_count, "limit is", "limits are"));
    if (worst)
        pj_check_sentence(model, worst, out);
    else if (kept)
        pj_say(out, "{}", pj_w_plural(kept, "limit is kept", "limits are kept"));
    if (model->unjudged)
        pj_say(out, "{}{}", pj_w_ours(worst || kept ? "; " : ""),
               pj_w_plural(model->unjudged, "limit cannot be judged", "limits cannot be judged"));
    if (model->improved && !worst)
        pj_str_add(out, "; better than the baseline");
    if (model->is_new)
        pj_say(out, "; new since {}", pj_w_text(model->before));
    else if (model->renewed)
        pj_say(out, "; other limits than {}, so it is not compared", pj_w_text(model->before));
}

void pj_check_headline(const pj_check *check, pj_str *out)
{
    if (check->model_count < check->budget_models)
        pj_say(out, "{} of ", pj_w_exact(check->model_count));
    pj_say(out, "{}: ", pj_w_plural(check->budget_models, "model", "models"));
    if (!check->model_count) {
        pj_str_add(out, "there is none in this shard");
        return;
    }
    if (check->passed == check->model_count) {
        pj_str_add(out, check->model_count == 1 ? "keeps its budget" : "all keep their budgets");
        return;
    }
    pj_str_printf(out, "%zu passed, %zu failed", check->passed, check->failed);
    if (check->broken)
        pj_str_printf(out, ", %zu cannot be checked", check->broken);
}
