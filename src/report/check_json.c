/* The result of a check as JSON (picojoule.check/1) and as SARIF 2.1.0. */
#include <string.h>

#include "picojoule/version.h"
#include "report/check.h"

/* A text of words; null where it is empty. Frees it. */
static void put_made(pj_json_writer *json, const char *key, pj_str *text)
{
    pj_json_put_text(json, key, text->length ? text->data : NULL);
    json->out->failed = json->out->failed || text->failed;
    pj_str_free(text);
}

static void put_double(pj_json_writer *json, const char *key, double value, bool known)
{
    pj_json_write_key(json, key);
    if (known)
        pj_json_write_double(json, value);
    else
        pj_json_write_null(json);
}

static void begin(pj_json_writer *json, const char *key, pj_json_container container)
{
    if (key)
        pj_json_write_key(json, key);
    pj_json_write_begin(json, container);
}

/* ---- picojoule.check/1 ---- */

static const char *unit_of(const pj_check_model *model, const pj_check_verdict *v)
{
    static const char *const units[] = {NULL, "count", "bytes", "us", "share", "count"};
    return v->quantity == PJ_QUANTITY_ENERGY ? (v->kind == PJ_RULE_DEVICE ? "pJ" : model->unit) : units[v->quantity];
}

static void put_top(pj_json_writer *json, const pj_check_verdict *v)
{
    begin(json, "top", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < v->top_count; i++) {
        begin(json, NULL, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "name", v->top[i].name);
        pj_json_put_text(json, "op", *v->top[i].op ? v->top[i].op : NULL);
        put_double(json, "value", v->top[i].value, true);
        put_double(json, "baseline", v->top[i].baseline, v->top[i].baseline >= 0);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_verdict(pj_json_writer *json, const pj_check *check, const pj_check_model *model,
                        const pj_check_verdict *v)
{
    pj_str sentence = pj_str_new(0), advice = pj_str_new(0);
    pj_check_sentence(model, v, &sentence);
    pj_check_advice(check, model, v, &advice);
    begin(json, NULL, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "rule", pj_check_rule_of(v->kind)->id);
    pj_json_put_text(json, "metric", v->metric);
    pj_json_put_text(json, "what", *v->what ? v->what : NULL);
    pj_json_put_text(json, "path", v->path);
    pj_json_put_uint(json, "line", v->line);
    pj_json_put_bool(json, "exceeded", v->exceeded);
    pj_json_put_bool(json, "improved", v->improved);
    pj_json_put_text(json, "unit", unit_of(model, v));
    put_double(json, "limit", v->allowed, true);
    put_double(json, "value", v->value, !v->is_unknown);
    put_double(json, "difference", v->value - v->allowed, !v->is_unknown);
    put_double(json, "baseline", v->baseline, v->baseline >= 0);
    put_double(json, "tolerance", v->tolerance, v->tolerance >= 0);
    pj_json_put_text(json, "layer", *v->layer ? v->layer : NULL);
    pj_json_put_uint(json, "count", v->count);
    put_made(json, "message", &sentence);
    put_top(json, v);
    put_made(json, "advice", &advice);
    pj_json_write_end(json);
}

static void put_error(pj_json_writer *json, const pj_check_model *model)
{
    if (model->outcome != PJ_BROKEN) {
        pj_json_put_text(json, "error", NULL);
        return;
    }
    begin(json, "error", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_text(json, "file", model->error.file);
    pj_json_put_text(json, "node", *model->error.node ? model->error.node : NULL);
    pj_json_put_text(json, "message", *model->error.what ? model->error.what : pj_status_text(model->error.status));
    pj_json_write_end(json);
}

static void put_model(pj_json_writer *json, const pj_check *check, const pj_check_model *model)
{
    pj_str better = pj_str_new(0);
    pj_check_improvement(check, model, &better);
    begin(json, NULL, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "name", model->name);
    pj_json_put_text(json, "model", model->path);
    pj_json_put_text(json, "outcome", pj_check_outcome(model->outcome));
    put_error(json, model);
    pj_json_put_text(json, "table", *model->table ? model->table : NULL);
    pj_json_put_text(json, "unit", model->unit);
    put_double(json, "total", pj_energy_total(&model->energy), model->outcome != PJ_BROKEN);
    pj_json_put_text(json, "baseline", model->baseline);
    put_made(json, "improvement", &better);
    begin(json, "verdicts", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < model->verdict_count; i++)
        put_verdict(json, check, model, &model->verdicts[i]);
    pj_json_write_end(json);
    pj_json_write_end(json);
}

void pj_check_json(const pj_check *check, pj_str *out)
{
    pj_json_writer json = pj_json_writer_new(out, true);
    begin(&json, NULL, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "schema", "picojoule.check/1");
    pj_json_put_text(&json, "version", PICOJOULE_VERSION);
    pj_json_put_text(&json, "budget", check->budget);
    pj_json_put_text(&json, "outcome",
                     pj_check_outcome(check->broken   ? PJ_BROKEN
                                      : check->failed ? PJ_FAILED
                                                      : PJ_PASSED));
    pj_json_put_uint(&json, "passed", check->passed);
    pj_json_put_uint(&json, "failed", check->failed);
    pj_json_put_uint(&json, "errors", check->broken);
    begin(&json, "models", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < check->model_count; i++)
        put_model(&json, check, &check->models[i]);
    pj_json_write_end(&json);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}

/* ---- SARIF ---- */

static void put_message(pj_json_writer *json, const char *key, pj_str *text)
{
    begin(json, key, PJ_JSON_WRITE_OBJECT_LINE);
    put_made(json, "text", text);
    pj_json_write_end(json);
}

static void put_plain(pj_json_writer *json, const char *key, const char *words)
{
    pj_str text = pj_str_new(0);
    pj_str_add(&text, words);
    put_message(json, key, &text);
}

static void put_rules(pj_json_writer *json)
{
    begin(json, "rules", PJ_JSON_WRITE_ARRAY);
    for (int kind = 0; kind <= PJ_RULE_KINDS; kind++) {
        const pj_check_rule *rule = pj_check_rule_of((pj_rule_kind)kind);
        begin(json, NULL, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "id", rule->id);
        put_plain(json, "shortDescription", rule->text);
        begin(json, "defaultConfiguration", PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "level", "error");
        pj_json_write_end(json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

/* A path as a relative reference (RFC 3986): all but unreserved characters and slashes in percent. */
static void put_uri(pj_json_writer *json, const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    pj_str text = pj_str_new(0);
    path += strncmp(path, "./", 2) == 0 ? 2 : 0;
    for (; *path; path++)
        if (strchr(plain, *path))
            pj_str_add_char(&text, *path);
        else
            pj_str_printf(&text, "%%%02X", (unsigned)(unsigned char)*path);
    put_made(json, "uri", &text);
}

/* `layer`: "" where it is about the model. */
static void put_location(pj_json_writer *json, const pj_check *check, size_t line, const char *layer)
{
    begin(json, "locations", PJ_JSON_WRITE_ARRAY);
    begin(json, NULL, PJ_JSON_WRITE_OBJECT);
    begin(json, "physicalLocation", PJ_JSON_WRITE_OBJECT);
    begin(json, "artifactLocation", PJ_JSON_WRITE_OBJECT_LINE);
    put_uri(json, check->budget);
    pj_json_write_end(json);
    begin(json, "region", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_uint(json, "startLine", line ? line : 1);
    pj_json_write_end(json);
    pj_json_write_end(json);
    if (*layer) {
        begin(json, "logicalLocations", PJ_JSON_WRITE_ARRAY_LINE);
        begin(json, NULL, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "fullyQualifiedName", layer);
        pj_json_put_text(json, "kind", "element");
        pj_json_write_end(json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    pj_json_write_end(json);
}

/* One result; `text` is freed. The fingerprint leaves figures out, so that the same limit is the same alert. */
static void put_result(pj_json_writer *json, const pj_check *check, const pj_check_model *model, pj_rule_kind kind,
                       const pj_check_verdict *v, const char *level, pj_str *text)
{
    pj_str print = pj_str_new(0);
    pj_str_printf(&print, "%s|%s|%s|%s", pj_check_rule_of(kind)->id, model->path, v ? v->metric : "", v ? v->what : "");
    begin(json, NULL, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "ruleId", pj_check_rule_of(kind)->id);
    pj_json_put_uint(json, "ruleIndex", (size_t)kind);
    pj_json_put_text(json, "level", level);
    put_message(json, "message", text);
    put_location(json, check, v ? v->line : model->line, v ? v->layer : "");
    begin(json, "partialFingerprints", PJ_JSON_WRITE_OBJECT_LINE);
    put_made(json, "picojouleLimit/v1", &print);
    pj_json_write_end(json);
    pj_json_write_end(json);
}

static void put_exceeded(pj_json_writer *json, const pj_check *check, const pj_check_model *model,
                         const pj_check_verdict *v)
{
    pj_str text = pj_str_new(0);
    pj_text_clean(&text, model->name);
    pj_str_add(&text, ": ");
    pj_check_sentence(model, v, &text);
    if (v->top_count) {
        pj_str_printf(&text, ". %s: ", pj_check_top_title(v));
        pj_check_top(model, v, &text);
    }
    pj_str_add(&text, ". ");
    pj_check_advice(check, model, v, &text);
    put_result(json, check, model, v->kind, v, "error", &text);
}

static void put_results(pj_json_writer *json, const pj_check *check)
{
    begin(json, "results", PJ_JSON_WRITE_ARRAY);
    for (size_t m = 0; m < check->model_count; m++) {
        const pj_check_model *model = &check->models[m];
        pj_str text = pj_str_new(0);
        if (model->outcome == PJ_BROKEN) {
            pj_check_error(model, &text);
            put_result(json, check, model, PJ_RULE_KINDS, NULL, "error", &text);
            continue;
        }
        for (size_t i = 0; i < model->verdict_count; i++)
            if (model->verdicts[i].exceeded)
                put_exceeded(json, check, model, &model->verdicts[i]);
        if (!model->improved)
            continue;
        pj_text_clean(&text, model->name);
        pj_str_add(&text, ": ");
        pj_check_improvement(check, model, &text);
        put_result(json, check, model, PJ_RULE_BASELINE, NULL, "note", &text);
    }
    pj_json_write_end(json);
}

void pj_check_sarif(const pj_check *check, pj_str *out)
{
    pj_json_writer json = pj_json_writer_new(out, true);
    begin(&json, NULL, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "$schema",
                     "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json");
    pj_json_put_text(&json, "version", "2.1.0");
    begin(&json, "runs", PJ_JSON_WRITE_ARRAY);
    begin(&json, NULL, PJ_JSON_WRITE_OBJECT);
    begin(&json, "tool", PJ_JSON_WRITE_OBJECT);
    begin(&json, "driver", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "name", "picojoule");
    pj_json_put_text(&json, "version", PICOJOULE_VERSION);
    pj_json_put_text(&json, "semanticVersion", PICOJOULE_VERSION);
    put_rules(&json);
    pj_json_write_end(&json);
    pj_json_write_end(&json);
    put_results(&json, check);
    pj_json_put_text(&json, "columnKind", "unicodeCodePoints");
    pj_json_write_end(&json);
    pj_json_write_end(&json);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}
