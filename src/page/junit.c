/* JUnit XML, in the form that Jenkins and Surefire read: docs/ci.md. */
#include "page/page.h"

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

static void write_case(const pj_verdicts *all, const pj_subject *subject, const pj_judged *j, pj_str *out)
{
    pj_str_add(out, "    <testcase classname=\"");
    add_xml(out, subject->name);
    pj_str_add(out, "\" name=\"");
    add_xml(out, j->name);
    pj_str_add(out, "\" time=\"0\"");
    if (!j->exceeded && !j->error) {
        pj_str_add(out, "/>\n");
        return;
    }
    const char *element = j->error ? "error" : "failure";
    pj_str_printf(out, ">\n      <%s type=\"%s\" message=\"", element,
                  all->rules[j->error ? all->error_rule : j->rule].id);
    add_xml(out, j->sentence);
    pj_str_add(out, "\">");
    add_xml(out, j->top ? j->top : "");
    pj_str_add(out, j->top ? "\nNext: " : "Next: ");
    add_xml(out, j->advice);
    pj_str_add(out, "\nLimit: ");
    add_xml(out, j->path);
    pj_str_printf(out, ", line %zu</%s>\n    </testcase>\n", j->line, element);
}

static size_t count_errors(const pj_subject *subject)
{
    return subject->error ? 1 : subject->unjudged;
}

static void write_suite(const pj_verdicts *all, const pj_subject *subject, pj_str *out)
{
    pj_str_add(out, "  <testsuite name=\"");
    add_xml(out, subject->name);
    pj_str_printf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\" time=\"0\">\n",
                  subject->error ? (size_t)1 : subject->count, subject->exceeded, count_errors(subject));
    if (subject->error) {
        pj_str_add(out, "    <testcase classname=\"");
        add_xml(out, subject->name);
        pj_str_printf(out, "\" name=\"can be checked\" time=\"0\">\n      <error type=\"%s\" message=\"",
                      all->rules[all->error_rule].id);
        add_xml(out, subject->error);
        pj_str_add(out, "\"/>\n    </testcase>\n");
    }
    for (size_t i = 0; i < subject->count; i++)
        write_case(all, subject, &subject->judged[i], out);
    if (subject->better) {
        pj_str_add(out, "    <system-out>");
        add_xml(out, subject->better);
        pj_str_add(out, "</system-out>\n");
    }
    pj_str_add(out, "  </testsuite>\n");
}

void pj_write_junit(const pj_telling *t, pj_str *out)
{
    const pj_verdicts *all = t->pieces->verdicts(t->input, t->arena);
    size_t tests = 0, failures = 0, errors = 0;
    for (size_t i = 0; all && i < all->count; i++) {
        tests += all->subjects[i].error ? 1 : all->subjects[i].count;
        failures += all->subjects[i].exceeded;
        errors += count_errors(&all->subjects[i]);
    }
    out->failed = out->failed || !all;
    if (!all)
        return;
    pj_str_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    pj_str_printf(out, "<testsuites name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"0\">\n",
                  all->title, tests, failures, errors);
    for (size_t i = 0; i < all->count; i++)
        write_suite(all, &all->subjects[i], out);
    pj_str_add(out, "</testsuites>\n");
}
