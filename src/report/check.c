/* pj_check_write: from the result of a check to bytes. */
#include "report/check.h"

#include <string.h>

#include "report/emit.h"

static void write_text(const pj_check *check, const pj_report_options *options, pj_str *out)
{
    pj_text_style style = pj_style_of(options);
    pj_check_text(check, &style, out);
}

/*  name, writer (NULL: text, which has a style) */
#define FORMATS(X)                   \
    X("text", NULL)                  \
    X("json", pj_check_json)         \
    X("markdown", pj_check_markdown) \
    X("junit", pj_check_junit)       \
    X("sarif", pj_check_sarif)       \
    X("github", pj_check_github)

static const struct {
    const char *name;
    void (*write)(const pj_check *check, pj_str *out);
} writers[] = {
#define WRITER(name, writer) {name, writer},
    FORMATS(WRITER)
#undef WRITER
};
enum { WRITERS = sizeof writers / sizeof *writers };

const char *const *pj_check_formats(void)
{
    static const char *const names[] = {
#define NAME(name, writer) name,
        FORMATS(NAME)
#undef NAME
            NULL};
    return names;
}

pj_status pj_check_write(const pj_check *check, const pj_report_options *options, pj_sink sink, void *payload,
                         pj_error *err)
{
    const char *format = options && options->format ? options->format : "text";
    pj_str text = pj_str_new(0);
    for (int i = 0; i < WRITERS; i++) {
        if (strcmp(writers[i].name, format) != 0)
            continue;
        if (writers[i].write)
            writers[i].write(check, &text);
        else
            write_text(check, options, &text);
        return pj_emit(&text, sink, payload, err);
    }
    return pj_fail(err, PJ_EARGUMENT,
                   "there is no format \"%s\"; there are text, json, markdown, junit, sarif and github", format);
}
