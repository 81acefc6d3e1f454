/* SARIF 2.1.0. */
#include "page/page.h"
#include "picojoule/version.h"

static void put_message(pj_json_writer *json, const char *key, const char *text)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_text(json, "text", text);
    pj_json_write_end(json);
}

static void put_rules(pj_json_writer *json, const pj_verdicts *all)
{
    pj_json_put_begin(json, "rules", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < all->rule_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "id", all->rules[i].id);
        put_message(json, "shortDescription", all->rules[i].text);
        pj_json_put_begin(json, "defaultConfiguration", PJ_JSON_WRITE_OBJECT_LINE);
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
    pj_json_put_made(json, "uri", &text);
}

/* `layer`: "" where it is about the whole. */
static void put_location(pj_json_writer *json, const pj_verdicts *all, size_t line, const char *layer)
{
    pj_json_put_begin(json, "locations", PJ_JSON_WRITE_ARRAY);
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_begin(json, "physicalLocation", PJ_JSON_WRITE_OBJECT);
    pj_json_put_begin(json, "artifactLocation", PJ_JSON_WRITE_OBJECT_LINE);
    put_uri(json, all->file);
    pj_json_write_end(json);
    pj_json_put_begin(json, "region", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_uint(json, "startLine", line ? line : 1);
    pj_json_write_end(json);
    pj_json_write_end(json);
    if (*layer) {
        pj_json_put_begin(json, "logicalLocations", PJ_JSON_WRITE_ARRAY_LINE);
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "fullyQualifiedName", layer);
        pj_json_put_text(json, "kind", "element");
        pj_json_write_end(json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    pj_json_write_end(json);
}

/* What one result says; `key` leaves figures out, so that the same limit is the same alert. Frees the text. */
static void put_result(pj_json_writer *json, const pj_verdicts *all, size_t rule, const char *level, size_t line,
                       const char *layer, const char *key, pj_str *text)
{
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "ruleId", all->rules[rule].id);
    pj_json_put_uint(json, "ruleIndex", rule);
    pj_json_put_text(json, "level", level);
    put_message(json, "message", text->data);
    put_location(json, all, line, layer);
    pj_json_put_begin(json, "partialFingerprints", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_text(json, "picojouleLimit/v1", key);
    pj_json_write_end(json);
    pj_json_write_end(json);
    pj_str_fail_as(json->out, text);
    pj_str_free(text);
}

static void put_judged(pj_json_writer *json, const pj_verdicts *all, const pj_subject *subject, const pj_judged *j)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s: %s%s%s. %s", subject->name, j->sentence, j->top ? ". " : "", j->top ? j->top : "",
                  j->advice);
    put_result(json, all, j->error ? all->error_rule : j->rule, "error", j->line, j->layer, j->key, &text);
}

static void put_results(pj_json_writer *json, const pj_verdicts *all)
{
    pj_json_put_begin(json, "results", PJ_JSON_WRITE_ARRAY);
    for (size_t m = 0; m < all->count; m++) {
        const pj_subject *subject = &all->subjects[m];
        pj_str text = pj_str_new(0);
        if (subject->error) {
            pj_str_add(&text, subject->error);
            put_result(json, all, all->error_rule, "error", subject->line, "", subject->error_key, &text);
        }
        for (size_t i = 0; i < subject->count; i++)
            if (subject->judged[i].exceeded || subject->judged[i].error)
                put_judged(json, all, subject, &subject->judged[i]);
        if (subject->better) {
            pj_str_printf(&text, "%s: %s", subject->name, subject->better);
            put_result(json, all, all->better_rule, "note", subject->line, "", subject->better_key, &text);
        }
    }
    pj_json_write_end(json);
}

void pj_write_sarif(const pj_telling *t, pj_str *out)
{
    const pj_verdicts *all = t->pieces->verdicts(t->input, t->arena);
    pj_json_writer json = pj_json_writer_new(out, true);
    out->failed = out->failed || !all;
    if (!all)
        return;
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "$schema",
                     "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json");
    pj_json_put_text(&json, "version", "2.1.0");
    pj_json_put_begin(&json, "runs", PJ_JSON_WRITE_ARRAY);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_begin(&json, "tool", PJ_JSON_WRITE_OBJECT);
    pj_json_put_begin(&json, "driver", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "name", "picojoule");
    pj_json_put_text(&json, "version", PICOJOULE_VERSION);
    pj_json_put_text(&json, "semanticVersion", PICOJOULE_VERSION);
    put_rules(&json, all);
    pj_json_write_end(&json);
    pj_json_write_end(&json);
    put_results(&json, all);
    pj_json_put_text(&json, "columnKind", "unicodeCodePoints");
    pj_json_write_end(&json);
    pj_json_write_end(&json);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}
