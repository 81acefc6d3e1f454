/* The result of a check in words. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "picojoule/lint.h"
#include "report/check.h"

/* ---- figures ---- */

static void print_figure(const pj_check_model *model, const pj_check_verdict *v, double value, pj_str *out)
{
    switch (v->quantity) {
    case PJ_QUANTITY_ENERGY:
        pj_human_energy(out, value, v->kind == PJ_RULE_DEVICE ? "pJ" : model->unit);
        break;
    case PJ_QUANTITY_COUNT:
    case PJ_QUANTITY_BITS:
    case PJ_QUANTITY_NONE:
        pj_human_count(out, value < 9e18 ? (int64_t)value : INT64_MAX);
        break;
    case PJ_QUANTITY_BYTES:
        pj_human_bits(out, 8 * ceil(value));
        break;
    case PJ_QUANTITY_TIME:
        pj_human_time(out, value);
        break;
    case PJ_QUANTITY_SHARE:
        pj_human_share(out, value);
        break;
    }
}

/* "4.312 uJ (1.1 %) over the" with what it is compared with; "just the" where both are equal. */
static void add_distance(const pj_check_model *model, const pj_check_verdict *v, double of, const char *name,
                         pj_str *out)
{
    double distance = v->value - of;
    if (distance == 0) {
        pj_str_printf(out, ", exactly %s", name);
        return;
    }
    pj_str_add(out, ", ");
    if (v->quantity == PJ_QUANTITY_SHARE) {
        pj_str_add_fixed(out, 100 * fabs(distance), 1);
        pj_str_add(out, " points");
    } else {
        print_figure(model, v, fabs(distance), out);
    }
    if (of > 0 && v->quantity != PJ_QUANTITY_SHARE) {
        pj_str_add(out, " (");
        pj_human_share(out, fabs(distance) / of);
        pj_str_add_char(out, ')');
    }
    pj_str_printf(out, " %s %s", distance > 0 ? "over" : "under", name);
}

/* ---- names ---- */

static const char *metric_name(const char *word)
{
    static const struct {
        const char *word, *name;
    } names[] = {
        {"total",                 "total energy"                 },
        {"inputs",                "energy of inputs"             },
        {"outputs",               "energy of outputs"            },
        {"parameters",            "energy of parameters"         },
        {"op_cost",               "energy of arithmetic"         },
        {"macs",                  "number of MACs"               },
        {"flops",                 "number of FLOPs"              },
        {"params",                "number of parameters"         },
        {"param_bytes",           "size of parameters"           },
        {"bops",                  "number of bit operations"     },
        {"peak_activation_bytes", "peak of activations in memory"},
        {"share",                 "share in the total energy"    },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].word, word) == 0)
            return names[i].name;
    return word;
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

/* ---- sentences ---- */

static void limit_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    pj_str_add(out, metric_name(v->metric));
    if (v->kind == PJ_RULE_DEVICE) {
        pj_str_add(out, " on ");
        pj_text_clean(out, v->what);
    }
    if (v->is_unknown) {
        pj_str_add(out, v->kind == PJ_RULE_DEVICE ? " is not known: the device has no figure for some layer"
                                                  : " is not known: the size of some tensor is not");
        pj_str_add(out, "; the limit is ");
        print_figure(model, v, v->allowed, out);
        return;
    }
    pj_str_add(out, " is ");
    print_figure(model, v, v->value, out);
    add_distance(model, v, v->allowed, "the limit of ", out);
    print_figure(model, v, v->allowed, out);
}

static void add_others(const pj_check_verdict *v, pj_str *out)
{
    if (v->count < 2)
        return;
    pj_str_add(out, "; ");
    pj_human_plural(out, v->count - 1, "other layer is over it, too", "other layers are over it, too");
}

static void layer_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    pj_str_add(out, metric_name(v->metric));
    pj_str_add(out, " of ");
    if (*v->layer)
        pj_text_clean(out, v->layer);
    else
        pj_str_add(out, "each layer");
    pj_str_add(out, " is ");
    print_figure(model, v, v->value, out);
    add_distance(model, v, v->allowed, "the limit of ", out);
    print_figure(model, v, v->allowed, out);
    if (v->kind == PJ_RULE_LAYER) {
        pj_str_add(out, " for \"");
        pj_text_clean(out, v->what);
        pj_str_add_char(out, '"');
    }
    add_others(v, out);
}

static void coverage_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    print_figure(model, v, v->value, out);
    pj_str_add(out, " of the layers are counted, where at least ");
    print_figure(model, v, v->allowed, out);
    pj_str_add(out, " must be");
    if (v->count) {
        pj_str_add(out, "; ");
        pj_human_plural(out, v->count, "layer is not", "layers are not");
    }
}

static void forbidden_sentence(const pj_check_verdict *v, pj_str *out)
{
    bool is_format = v->kind == PJ_RULE_FORMAT;
    if (v->count == 0) {
        pj_str_add(out, is_format ? "no layer that multiplies reads " : "there is no finding ");
        pj_str_printf(out, "%s, which is forbidden", v->what);
        return;
    }
    if (is_format) {
        pj_str_printf(out, "%zu of ", v->count);
        pj_human_plural(out, v->matched, "layer that multiplies reads ", "layers that multiply read ");
        pj_str_printf(out, "%s, which is forbidden", v->what);
        return;
    }
    pj_human_plural(out, v->count, "finding ", "findings ");
    pj_str_printf(out, "%s, which is forbidden: ", v->what);
    if (*v->layer) {
        pj_text_clean(out, v->layer);
        pj_str_add(out, ": ");
    }
    pj_text_clean(out, v->detail);
}

static void add_tolerance(const pj_check_verdict *v, pj_str *out)
{
    pj_str_add(out, " (");
    pj_human_share(out, v->tolerance);
    pj_str_add(out, " more is allowed)");
}

static void baseline_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    pj_str_add(out, metric_name(v->metric));
    if (v->is_unknown) {
        pj_str_add(out, " is not known: the size of some tensor is not");
        return;
    }
    pj_str_add(out, " is ");
    print_figure(model, v, v->value, out);
    add_distance(model, v, v->baseline, "the baseline of ", out);
    print_figure(model, v, v->baseline, out);
    add_tolerance(v, out);
}

static void layer_baseline_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    if (!v->exceeded) {
        pj_str_add(out, "no layer takes more energy than in the baseline");
        add_tolerance(v, out);
        pj_str_add(out, "; compared: ");
        pj_human_plural(out, v->matched, "layer", "layers");
        return;
    }
    pj_str_add(out, "energy of ");
    pj_text_clean(out, v->layer);
    pj_str_add(out, " is ");
    print_figure(model, v, v->value, out);
    add_distance(model, v, v->baseline, "its baseline of ", out);
    print_figure(model, v, v->baseline, out);
    add_tolerance(v, out);
    add_others(v, out);
}

void pj_check_sentence(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
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

/* ---- what costs most ---- */

const char *pj_check_top_title(const pj_check_verdict *v)
{
    if (v->top_count && v->top[0].baseline >= 0)
        return "Grew most";
    if (v->kind == PJ_RULE_COVERAGE)
        return "Not counted";
    if (v->kind == PJ_RULE_FINDING)
        return "Found at";
    return strcmp(v->metric, "peak_activation_bytes") == 0 ? "Largest tensors" : "Costs most";
}

void pj_check_top(const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    bool has_figures = v->kind != PJ_RULE_COVERAGE && v->kind != PJ_RULE_FINDING;
    for (size_t i = 0; i < v->top_count; i++) {
        const pj_check_layer *layer = &v->top[i];
        pj_str_add(out, i ? ", " : "");
        pj_text_clean(out, layer->name);
        if (*layer->op) {
            pj_str_add(out, " (");
            pj_text_clean(out, layer->op);
            pj_str_add_char(out, ')');
        }
        if (!has_figures)
            continue;
        pj_str_add_char(out, ' ');
        if (layer->baseline >= 0) {
            print_figure(model, v, layer->baseline, out);
            pj_str_add(out, " -> ");
        }
        print_figure(model, v, layer->value, out);
        if (v->kind == PJ_RULE_FORMAT)
            pj_str_add(out, " MACs");
    }
}

/* ---- what to try next ---- */

/* A file in a command. */
static void add_file(const char *file, pj_str *out)
{
    pj_str word = pj_str_new(0);
    pj_str_add_shell(&word, file);
    pj_text_clean(out, word.data);
    out->failed = out->failed || word.failed;
    pj_str_free(&word);
}

static void add_command(const char *before, const char *file, const char *behind, pj_str *out)
{
    pj_str_add(out, before);
    add_file(file, out);
    pj_str_add(out, behind);
}

static void add_update(const pj_check *check, pj_str *out)
{
    pj_str_add(out, "`picojoule check --update-baseline");
    if (strcmp(check->budget, "picojoule.json") != 0)
        add_command(" ", check->budget, "", out);
    pj_str_add_char(out, '`');
}

/* "`picojoule analyze MODEL --dim batch=1 MORE`": the figures of the check again, and more. */
static void add_analyze(const pj_check_model *model, const char *more, pj_str *out)
{
    add_command("`picojoule analyze ", model->file, "", out);
    pj_str_add(out, *model->options ? " " : "");
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
    if (strcmp(component, "parameters") == 0) {
        pj_str_add(out, "Reading parameters costs most. ");
        add_fewer_bits(model, "--quantize w4a16", out);
        pj_str_add(out, "; nearer memory: `--weights-on sram`.");
    } else if (strcmp(component, "op_cost") == 0) {
        pj_str_add(out, "Arithmetic costs most. ");
        add_fewer_bits(model, "--quantize int8", out);
        pj_str_add(out, "; or fewer MACs in these layers.");
    } else {
        pj_str_add(out, "Moving activations costs most. ");
        add_fewer_bits(model, "--quantize int8", out);
        pj_str_add(out, "; nearer memory: `--activations-on sram`; or smaller tensors.");
    }
}

static void count_advice(const pj_check_model *model, const char *metric, pj_str *out)
{
    if (strcmp(metric, "peak_activation_bytes") == 0) {
        add_analyze(model, "--memory", out);
        pj_str_add(out, " lists what is in memory then, and whether another order of nodes takes less.");
    } else if (strcmp(metric, "param_bytes") == 0 && model->is_float) {
        add_analyze(model, "--quantize w4a16", out);
        pj_str_add(out, " shows what fewer bits would save.");
    } else {
        add_analyze(model, strncmp(metric, "param", 5) == 0 ? "--format csv" : "--sort macs --top 10", out);
        pj_str_add(out, " shows where they are.");
    }
}

void pj_check_advice(const pj_check *check, const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
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
    case PJ_RULE_BASELINE:
    case PJ_RULE_BASELINE_LAYER:
        add_command("`picojoule compare ", model->baseline ? model->baseline : "", " ", out);
        add_file(model->file, out);
        pj_str_add(out, *model->options ? " " : "");
        pj_text_clean(out, model->options);
        pj_str_add(out, "` shows what changed; if it is meant, ");
        add_update(check, out);
        pj_str_add(out, " makes it the baseline.");
        break;
    case PJ_RULE_TOTAL:
    case PJ_RULE_LAYER:
    case PJ_RULE_LAYER_SHARE:
        if (v->quantity == PJ_QUANTITY_ENERGY || v->quantity == PJ_QUANTITY_SHARE)
            energy_advice(is_component ? v->metric : model->dearest, model, out);
        else
            count_advice(model, v->metric, out);
        break;
    case PJ_RULE_KINDS:
        break;
    }
}

void pj_check_improvement(const pj_check *check, const pj_check_model *model, pj_str *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < model->verdict_count; i++) {
        const pj_check_verdict *v = &model->verdicts[i];
        if (!v->improved)
            continue;
        pj_str_add(out, shown++ ? "; " : "better than the baseline: ");
        pj_str_add(out, metric_name(v->metric));
        pj_str_add(out, " is ");
        print_figure(model, v, v->baseline - v->value, out);
        pj_str_add(out, " (");
        pj_human_share(out, (v->baseline - v->value) / v->baseline);
        pj_str_add(out, ") less");
    }
    if (!shown)
        return;
    pj_str_add(out, "; ");
    add_update(check, out);
    pj_str_add(out, " keeps it so");
}

/* ---- the whole ---- */

void pj_check_error(const pj_check_model *model, pj_str *out)
{
    const pj_error *err = &model->error;
    pj_text_clean(out, err->file);
    if (*err->node) {
        pj_str_add(out, ": node '");
        pj_text_clean(out, err->node);
        pj_str_add_char(out, '\'');
        if (*err->op) {
            pj_str_add(out, " (");
            pj_text_clean(out, err->op);
            pj_str_add_char(out, ')');
        }
    }
    pj_str_add(out, ": ");
    pj_text_clean(out, *err->what ? err->what : pj_status_text(err->status));
}

void pj_check_headline(const pj_check *check, pj_str *out)
{
    pj_human_plural(out, check->model_count, "model", "models");
    pj_str_add(out, ": ");
    if (check->passed == check->model_count) {
        pj_str_add(out, check->model_count == 1 ? "keeps its budget" : "all keep their budgets");
        return;
    }
    pj_str_printf(out, "%zu passed, %zu failed", check->passed, check->failed);
    if (check->broken)
        pj_str_printf(out, ", %zu cannot be checked", check->broken);
}
