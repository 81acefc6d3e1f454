/* The table of formats, and the way of a report to the sink. */
#include "page/page.h"
#include "picojoule/budget.h"
#include "picojoule/diff.h"
#include "picojoule/history.h"

typedef enum piece { PAGE, DATA, TABLE, CHART, VERDICTS, LINES } piece;

typedef struct format {
    const char *name;
    piece piece;
    void (*write)(const pj_telling *t, pj_str *out);
    bool streams;
} format;

static const format formats[] = {
#define ROW(name, piece, write, streams) {name, piece, write, streams},
    PJ_FORMATS(ROW)
#undef ROW
};
enum { COUNT = sizeof formats / sizeof *formats };

static bool has_piece(const pj_pieces *pieces, piece which)
{
    switch (which) {
    case PAGE:
        return pieces->page;
    case DATA:
        return pieces->json || pieces->list;
    case TABLE:
        return pieces->table;
    case CHART:
        return pieces->chart;
    case VERDICTS:
        return pieces->verdicts;
    case LINES:
        return pieces->line;
    }
    return false;
}

#define REPORT_PAGE(name)  name,
#define REPORT_DATA(name)  name,
#define REPORT_TABLE(name) name,
#define REPORT_CHART(name)
#define REPORT_VERDICTS(name)
#define REPORT_LINES(name)
#define CHART_PAGE(name)  name,
#define CHART_DATA(name)  name,
#define CHART_TABLE(name) name,
#define CHART_CHART(name) name,
#define CHART_VERDICTS(name)
#define CHART_LINES(name)
#define CHECK_PAGE(name) name,
#define CHECK_DATA(name) name,
#define CHECK_TABLE(name)
#define CHECK_CHART(name)
#define CHECK_VERDICTS(name) name,
#define CHECK_LINES(name)    name,

#define DIFF_PAGE(name)  name,
#define DIFF_DATA(name)  name,
#define DIFF_TABLE(name) name,
#define DIFF_CHART(name)
#define DIFF_VERDICTS(name) name,
#define DIFF_LINES(name)

const char *const *pj_diff_formats(void)
{
#define NAME(name, piece, write, streams) DIFF_##piece(name)
    static const char *const names[] = {PJ_FORMATS(NAME) NULL};
#undef NAME
    return names;
}

const char *const *pj_report_formats(void)
{
#define NAME(name, piece, write, streams) REPORT_##piece(name)
    static const char *const names[] = {PJ_FORMATS(NAME) NULL};
#undef NAME
    return names;
}

const char *const *pj_chart_formats(void)
{
#define NAME(name, piece, write, streams) CHART_##piece(name)
    static const char *const names[] = {PJ_FORMATS(NAME) NULL};
#undef NAME
    return names;
}

const char *const *pj_check_formats(void)
{
#define NAME(name, piece, write, streams) CHECK_##piece(name)
    static const char *const names[] = {PJ_FORMATS(NAME) NULL};
#undef NAME
    return names;
}

pj_report_options pj_report_options_default(void)
{
    pj_report_options options = {.format = "text", .width = 100};
    return options;
}

/* "there is no format "x"; there are text, json and csv" */
static pj_status fail_format(const pj_pieces *pieces, const char *name, pj_error *err)
{
    pj_str list = pj_str_new(0);
    size_t left = 0;
    for (size_t i = 0; i < COUNT; i++)
        left += has_piece(pieces, formats[i].piece);
    for (size_t i = 0; i < COUNT; i++)
        if (has_piece(pieces, formats[i].piece))
            pj_str_printf(&list, "%s%s", formats[i].name, --left > 1 ? ", " : left ? " and " : "");
    pj_status status = pj_fail(err, PJ_EARGUMENT, "there is no format \"%s\"; there are %s", name, list.data);
    pj_str_free(&list);
    return status;
}

static pj_status find_format(const pj_pieces *pieces, const char *name, const format **out, pj_error *err)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(formats[i].name, name) != 0)
            continue;
        if (formats[i].piece == CHART && !pieces->chart && pieces->no_chart)
            return pj_fail(err, PJ_EARGUMENT, "%s", pieces->no_chart);
        *out = &formats[i];
        if (has_piece(pieces, formats[i].piece))
            return PJ_OK;
    }
    return fail_format(pieces, name, err);
}

bool pj_format_streams(const char *name)
{
    for (size_t i = 0; name && i < COUNT; i++)
        if (strcmp(formats[i].name, name) == 0)
            return formats[i].streams;
    return false;
}

pj_status pj_tell(const pj_pieces *pieces, const void *input, const pj_report_options *options, pj_sink sink,
                  void *payload, pj_error *err)
{
    const format *asked = NULL;
    PJ_TRY(find_format(pieces, options && options->format ? options->format : formats[0].name, &asked, err));
    pj_telling t = {
        .pieces = pieces, .input = input, .arena = pj_arena_new(0), .style = {100, false}
    };
    pj_str text = pj_str_new(0);
    if (options) {
        t.style.width = options->width > 0 ? (size_t)options->width : t.style.width;
        t.style.color = options->color;
        t.skeleton = options->skeleton;
    }
    text.failed = !t.arena;
    if (t.arena)
        asked->write(&t, &text);
    text.failed = text.failed || (t.arena && pj_arena_failed(t.arena));
    pj_arena_free(t.arena);
    return pj_emit(&text, sink, payload, err);
}

pj_status pj_emit(pj_str *text, pj_sink sink, void *payload, pj_error *err)
{
    pj_status status = PJ_OK;
    if (text->failed)
        status = pj_fail_memory(err);
    else if (!sink(text->data, text->length, payload))
        status = pj_fail(err, PJ_EIO, "the report cannot be written");
    pj_str_free(text);
    return status;
}
