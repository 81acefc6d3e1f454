/* GitLab's code quality report: an issue for each limit that is exceeded. */
#include "base/sha256.h"
#include "page/page.h"

/* `key` leaves figures out, so that the same limit is the same issue. Frees the text. */
static void put_issue(pj_json_writer *json, const pj_verdicts *all, size_t rule, const char *severity, size_t line,
                      const char *key, pj_str *text)
{
    char digits[PJ_SHA256_DIGITS + 1];
    pj_sha256 sum = pj_sha256_new();
    const char *path = all->file;
    pj_sha256_add(&sum, key, strlen(key));
    pj_sha256_end(&sum, digits);
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_made(json, "description", text);
    pj_json_put_text(json, "check_name", all->rules[rule].id);
    pj_json_put_text(json, "fingerprint", digits);
    pj_json_put_text(json, "severity", severity);
    pj_json_put_begin(json, "location", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_text(json, "path", strncmp(path, "./", 2) == 0 ? path + 2 : path);
    pj_json_put_begin(json, "lines", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_uint(json, "begin", line ? line : 1);
    pj_json_write_end(json);
    pj_json_write_end(json);
    pj_json_write_end(json);
}

static void put_subject(pj_json_writer *json, const pj_verdicts *all, const pj_subject *subject)
{
    pj_str text = pj_str_new(0);
    if (subject->error) {
        pj_str_add(&text, subject->error);
        put_issue(json, all, all->error_rule, "critical", subject->line, subject->error_key, &text);
    }
    for (size_t i = 0; i < subject->count; i++) {
        const pj_judged *j = &subject->judged[i];
        if (!j->exceeded && !j->error)
            continue;
        pj_str_printf(&text, "%s: %s%s%s", subject->name, j->sentence, j->top ? ". " : "", j->top ? j->top : "");
        put_issue(json, all, j->error ? all->error_rule : j->rule, j->error ? "critical" : "major", j->line, j->key,
                  &text);
    }
}

void pj_write_gitlab(const pj_telling *t, pj_str *out)
{
    const pj_verdicts *all = t->pieces->verdicts(t->input, t->arena);
    pj_json_writer json = pj_json_writer_new(out, true);
    out->failed = out->failed || !all;
    if (!all)
        return;
    pj_json_write_begin(&json, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < all->count; i++)
        put_subject(&json, all, &all->subjects[i]);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}
