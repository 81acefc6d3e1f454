/* The result of a check as JUnit XML and as GitHub workflow commands. */
#include <string.h>

#include "report/check.h"

/* ---- JUnit, in the form that Jenkins and Surefire read: docs/ci.md ---- */

/* Clean text (no control characters) for attributes and elements. */
static void add_xml(pj_str *out, const char *text)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {
        {'&',  "&amp;" },
        {'<',  "&lt;"  },
        {'>',  "&gt;"  },
        {'"',  "&quot;"},
        {'\'', "&apos;"}
    };
    for (; *text; text++) {
        const char *entity = NULL;
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            entity = *text == entities[i].c ? entities[i].entity : entity;
        if (entity)
            pj_str_add(out, entity);
        else
            pj_str_add_char(out, *text);
    }
}

static void add_clean_xml(pj_str *out, const char *text)
{
    pj_str clean = pj_str_new(0);
    pj_text_clean(&clean, text);
    pj_check_escaped(&clean, add_xml, out);
}

/* "limits.total": the path without what is the same for all limits of the model; forbidden things by name. */
static void add_case_name(const pj_check_verdict *v, pj_str *out)
{
    const char *close = strchr(v->path, ']');
    pj_str name = pj_str_new(0);
    pj_str_add(&name, close && close[1] ? close + 2 : v->metric);
    if (*v->what && v->kind != PJ_RULE_DEVICE) {
        pj_str_add_char(&name, ' ');
        pj_text_clean(&name, v->what);
    }
    pj_check_escaped(&name, add_xml, out);
}

static void junit_case(const pj_check *check, const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    pj_str sentence = pj_str_new(0), more = pj_str_new(0);
    pj_check_sentence(model, v, &sentence);
    pj_str_add(out, "    <testcase classname=\"");
    add_clean_xml(out, model->name);
    pj_str_add(out, "\" name=\"");
    add_case_name(v, out);
    pj_str_add(out, "\" time=\"0\"");
    if (!v->exceeded) {
        pj_str_add(out, "/>\n");
        pj_str_free(&sentence);
        return;
    }
    pj_str_printf(out, ">\n      <failure type=\"%s\" message=\"", pj_check_rule_of(v->kind)->id);
    pj_check_escaped(&sentence, add_xml, out);
    pj_str_add(out, "\">");
    if (v->top_count) {
        pj_str_printf(&more, "%s: ", pj_check_top_title(v));
        pj_check_top(model, v, &more);
        pj_str_add_char(&more, '\n');
    }
    pj_str_add(&more, "Next: ");
    pj_check_advice(check, model, v, &more);
    pj_str_printf(&more, "\nLimit: %s, line %zu", v->path, v->line);
    pj_check_escaped(&more, add_xml, out);
    pj_str_add(out, "</failure>\n    </testcase>\n");
}

static void junit_broken(const pj_check_model *model, pj_str *out)
{
    pj_str error = pj_str_new(0);
    pj_check_error(model, &error);
    pj_str_add(out, "    <testcase classname=\"");
    add_clean_xml(out, model->name);
    pj_str_add(out, "\" name=\"can be checked\" time=\"0\">\n      <error type=\"cannot-check\" message=\"");
    pj_check_escaped(&error, add_xml, out);
    pj_str_add(out, "\"/>\n    </testcase>\n");
}

static void junit_suite(const pj_check *check, const pj_check_model *model, pj_str *out)
{
    bool broken = model->outcome == PJ_BROKEN;
    pj_str better = pj_str_new(0);
    pj_str_add(out, "  <testsuite name=\"");
    add_clean_xml(out, model->name);
    pj_str_printf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" skipped=\"0\" time=\"0\">\n",
                  broken ? (size_t)1 : model->verdict_count, model->exceeded, broken ? 1 : 0);
    if (broken)
        junit_broken(model, out);
    for (size_t i = 0; i < model->verdict_count; i++)
        junit_case(check, model, &model->verdicts[i], out);
    pj_check_improvement(check, model, &better);
    if (better.length) {
        pj_str_add(out, "    <system-out>");
        add_xml(out, better.data);
        pj_str_add(out, "</system-out>\n");
    }
    out->failed = out->failed || better.failed;
    pj_str_free(&better);
    pj_str_add(out, "  </testsuite>\n");
}

void pj_check_junit(const pj_check *check, pj_str *out)
{
    size_t tests = check->broken;
    for (size_t i = 0; i < check->model_count; i++)
        tests += check->models[i].verdict_count;
    pj_str_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    pj_str_printf(out,
                  "<testsuites name=\"picojoule check\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"0\">\n",
                  tests, check->exceeded, check->broken);
    for (size_t i = 0; i < check->model_count; i++)
        junit_suite(check, &check->models[i], out);
    pj_str_add(out, "</testsuites>\n");
}

/* ---- GitHub workflow commands ---- */

/* A value of a command: what would end it, in percent. */
static void add_value(pj_str *out, const char *text)
{
    for (; *text; text++)
        if (strchr("%\r\n", *text))
            pj_str_printf(out, "%%%02X", (unsigned)*text);
        else
            pj_str_add_char(out, *text);
}

static void add_property(pj_str *out, const char *text)
{
    for (; *text; text++)
        if (strchr("%\r\n:,", *text))
            pj_str_printf(out, "%%%02X", (unsigned)*text);
        else
            pj_str_add_char(out, *text);
}

/* Frees the message. */
static void github_line(const char *level, const pj_check *check, size_t line, const char *title, const char *name,
                        pj_str *message, pj_str *out)
{
    pj_str clean = pj_str_new(0);
    pj_text_clean(&clean, name);
    pj_str_printf(out, "::%s file=", level);
    add_property(out, check->budget);
    pj_str_printf(out, ",line=%zu,title=", line ? line : 1);
    pj_str_printf(&clean, ": %s", title);
    pj_check_escaped(&clean, add_property, out);
    pj_str_add(out, "::");
    pj_check_escaped(message, add_value, out);
    pj_str_add_char(out, '\n');
}

static void github_verdict(const pj_check *check, const pj_check_model *model, const pj_check_verdict *v, pj_str *out)
{
    pj_str text = pj_str_new(0);
    pj_check_sentence(model, v, &text);
    if (v->top_count) {
        pj_str_printf(&text, "\n%s: ", pj_check_top_title(v));
        pj_check_top(model, v, &text);
    }
    pj_str_add(&text, "\nNext: ");
    pj_check_advice(check, model, v, &text);
    github_line("error", check, v->line, "energy budget", model->name, &text, out);
}

void pj_check_github(const pj_check *check, pj_str *out)
{
    pj_str headline = pj_str_new(0);
    for (size_t m = 0; m < check->model_count; m++) {
        const pj_check_model *model = &check->models[m];
        pj_str text = pj_str_new(0);
        if (model->outcome == PJ_BROKEN) {
            pj_check_error(model, &text);
            github_line("error", check, model->line, "cannot be checked", model->name, &text, out);
            continue;
        }
        for (size_t i = 0; i < model->verdict_count; i++)
            if (model->verdicts[i].exceeded)
                github_verdict(check, model, &model->verdicts[i], out);
        if (!model->improved)
            continue;
        pj_check_improvement(check, model, &text);
        github_line("notice", check, model->line, "better than its baseline", model->name, &text, out);
    }
    pj_check_headline(check, &headline);
    pj_str_add_bytes(out, headline.data, headline.length);
    pj_str_add_char(out, '\n');
    out->failed = out->failed || headline.failed;
    pj_str_free(&headline);
}
