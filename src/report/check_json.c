/* The result of a check as JSON: picojoule.check/1. */
#include "picojoule/version.h"
#include "report/check.h"

static const char *unit_of(const pj_check_model *model, const pj_check_verdict *v)
{
    static const char *const units[] = {NULL, "count", "bits", "bytes", "us", "share", "count"};
    return v->quantity == PJ_QUANTITY_ENERGY ? (v->kind == PJ_RULE_DEVICE ? "pJ" : model->unit) : units[v->quantity];
}

static void put_top(pj_json_writer *json, pj_arena *arena, const pj_check_verdict *v)
{
    /* clang-format off */
    static const pj_column columns[] = {
        {PJ_MEMBER(pj_check_layer, name), .key = "name", .kind = PJ_CELL_TEXT},
        {PJ_MEMBER(pj_check_layer, op), .key = "op", .kind = PJ_CELL_TEXT, .no_empty = true, .or_unknown = true},
        {PJ_MEMBER(pj_check_layer, value), .key = "value", .kind = PJ_CELL_NUMBER, .or_unknown = true},
        {PJ_MEMBER(pj_check_layer, is_new), .key = "new", .kind = PJ_CELL_FLAG},
        {PJ_MEMBER(pj_check_layer, baseline), .key = "baseline", .kind = PJ_CELL_NUMBER, .from_zero = true,
         .or_unknown = true},
    };
    /* clang-format on */
    pj_json_write_key(json, "top");
    pj_rows_json(pj_rows_of(arena, columns, sizeof columns / sizeof *columns, v->top, v->top_count, sizeof *v->top),
                 json);
}

/* NULL: there is none. */
static void put_error(pj_json_writer *json, const pj_error *err)
{
    if (!err) {
        pj_json_put_text(json, "error", NULL);
        return;
    }
    pj_json_put_begin(json, "error", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_text(json, "file", err->file);
    pj_json_put_text(json, "node", *err->node ? err->node : NULL);
    pj_json_put_text(json, "message", *err->what ? err->what : pj_status_text(err->status));
    pj_json_write_end(json);
}

static void put_verdict(pj_json_writer *json, pj_arena *arena, const pj_check *check, const pj_check_model *model,
                        const pj_check_verdict *v)
{
    pj_str sentence = pj_str_new(0), advice = pj_str_new(0);
    bool is_unknown = v->is_unknown || v->error;
    pj_check_sentence(model, v, &sentence);
    pj_check_advice(check, model, v, &advice);
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "rule", pj_check_rules[v->kind].id);
    pj_json_put_text(json, "metric", v->metric);
    pj_json_put_text(json, "what", *v->what ? v->what : NULL);
    pj_json_put_text(json, "path", v->path);
    pj_json_put_uint(json, "line", v->line);
    pj_json_put_bool(json, "exceeded", v->exceeded);
    pj_json_put_bool(json, "improved", v->improved);
    pj_json_put_text(json, "unit", unit_of(model, v));
    pj_json_put_double(json, "limit", v->allowed);
    pj_json_put_double(json, "value", is_unknown ? NAN : v->value); /* NAN: null */
    pj_json_put_double(json, "difference", is_unknown ? NAN : v->value - v->allowed);
    pj_json_put_double(json, "baseline", v->baseline >= 0 ? v->baseline : NAN);
    pj_json_put_double(json, "tolerance", v->tolerance >= 0 ? v->tolerance : NAN);
    pj_json_put_text(json, "layer", *v->layer ? v->layer : NULL);
    pj_json_put_uint(json, "count", v->count);
    pj_json_put_made(json, "message", &sentence);
    put_top(json, arena, v);
    pj_json_put_made(json, "advice", &advice);
    put_error(json, v->error);
    pj_json_write_end(json);
}

void pj_check_json_model(const pj_check *check, const pj_check_model *model, pj_arena *arena, pj_json_writer *json)
{
    pj_str better = pj_str_new(0);
    pj_check_improvement(check, model, &better);
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "name", model->name);
    pj_json_put_text(json, "model", model->path);
    pj_json_put_text(json, "outcome", pj_check_outcome(model->outcome));
    put_error(json, model->outcome == PJ_BROKEN ? &model->error : NULL);
    pj_json_put_text(json, "table", *model->table ? model->table : NULL);
    pj_json_put_text(json, "unit", model->unit);
    pj_json_put_double(json, "total",
                       model->outcome == PJ_BROKEN && !model->unjudged ? NAN : pj_energy_total(&model->energy));
    pj_json_put_text(json, "baseline", model->baseline);
    pj_json_put_text(json, "before", *model->before ? model->before : NULL);
    pj_json_put_bool(json, "new", model->is_new);
    pj_json_put_bool(json, "renewed", model->renewed);
    pj_json_put_made(json, "improvement", &better);
    pj_json_put_begin(json, "verdicts", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < model->verdict_count; i++)
        put_verdict(json, arena, check, model, &model->verdicts[i]);
    pj_json_write_end(json);
    pj_json_write_end(json);
}

void pj_check_json(const pj_check *check, pj_arena *arena, pj_json_writer *json)
{
    pj_json_put_text(json, "schema", "picojoule.check/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "budget", check->budget);
    pj_json_put_text(json, "outcome",
                     pj_check_outcome(check->broken   ? PJ_BROKEN
                                      : check->failed ? PJ_FAILED
                                                      : PJ_PASSED));
    pj_json_put_uint(json, "passed", check->passed);
    pj_json_put_uint(json, "failed", check->failed);
    pj_json_put_uint(json, "errors", check->broken);
    pj_json_put_begin(json, "models", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < check->model_count; i++)
        pj_check_json_model(check, &check->models[i], arena, json);
    pj_json_write_end(json);
}
