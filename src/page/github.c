/* Workflow commands of GitHub Actions: an annotation for each limit that is exceeded. */
#include "page/page.h"

/* What would end it, in percent. */
static void add_escaped(pj_str *out, const char *text, const char *ends)
{
    for (; *text; text++)
        if (strchr(ends, *text))
            pj_str_printf(out, "%%%02X", (unsigned)*text);
        else
            pj_str_add_char(out, *text);
}

static void add_value(pj_str *out, const char *text)
{
    add_escaped(out, text, "%\r\n");
}

static void add_property(pj_str *out, const char *text)
{
    add_escaped(out, text, "%\r\n:,");
}

/* Up to the message. */
static void begin(const char *level, const pj_verdicts *all, size_t line, const pj_subject *subject, const char *title,
                  pj_str *out)
{
    pj_str_printf(out, "::%s file=", level);
    add_property(out, all->file);
    pj_str_printf(out, ",line=%zu,title=", line ? line : 1);
    add_property(out, subject->name);
    add_property(out, ": ");
    add_property(out, title);
    pj_str_add(out, "::");
}

static void write_judged(const pj_verdicts *all, const pj_subject *subject, const pj_judged *j, pj_str *out)
{
    begin("error", all, j->line, subject, j->error ? "cannot be checked" : "energy budget", out);
    add_value(out, j->sentence);
    add_value(out, j->top ? "\n" : "");
    add_value(out, j->top ? j->top : "");
    add_value(out, "\nNext: ");
    add_value(out, j->advice);
    pj_str_add_char(out, '\n');
}

static void write_subject(const pj_verdicts *all, const pj_subject *subject, pj_str *out)
{
    if (subject->error) {
        begin("error", all, subject->line, subject, "cannot be checked", out);
        add_value(out, subject->error);
        pj_str_add_char(out, '\n');
    }
    for (size_t i = 0; i < subject->count; i++)
        if (subject->judged[i].exceeded || subject->judged[i].error)
            write_judged(all, subject, &subject->judged[i], out);
    if (subject->better) {
        begin("notice", all, subject->line, subject, "better than its baseline", out);
        add_value(out, subject->better);
        pj_str_add_char(out, '\n');
    }
}

void pj_write_github(const pj_telling *t, pj_str *out)
{
    const pj_verdicts *all = t->pieces->verdicts(t->input, t->arena);
    out->failed = out->failed || !all;
    for (size_t i = 0; all && i < all->count; i++)
        write_subject(all, &all->subjects[i], out);
    if (!all || !all->headline) /* a part of the whole */
        return;
    pj_str_add(out, all->headline);
    pj_str_add_char(out, '\n');
}
