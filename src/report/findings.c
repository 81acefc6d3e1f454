/* Findings grouped by code. */
#include "report/findings.h"

#include <string.h>

/* What helps, by code; a code without a row has it in its message. */
typedef struct remedy {
    const char *code, *text;
} remedy;

static const remedy remedies[] = {
    {"unknown-operator", "Their energy is missing from the total; `picojoule ops` lists what is known."          },
    {"unknown-shape",    "Give the shapes of the inputs with --input NAME=DIMS, or dimensions with --dim NAME=N."},
    {"uncounted",        "Their energy is missing from the total."                                               },
    {"stand-in-price",   "The table has no figure for the format; another table may: `picojoule tables`."        },
    {"unpriced",         "Their energy is missing from the total; another table may have it: `picojoule tables`."},
};

enum { MESSAGES_SHOWN = 3 };

/* The findings of one code. */
typedef struct bunch {
    const char *code, *severity;
    size_t count;
    const pj_finding *shown[MESSAGES_SHOWN];
} bunch;

/* One of each code; NULL: no memory. `bunches` codes come out. */
static bunch *collect(const pj_finding *findings, size_t count, pj_arena *arena, size_t *bunches)
{
    bunch *list = PJ_NEW(arena, bunch, count);
    *bunches = 0;
    for (size_t i = 0; list && i < count; i++) {
        size_t b = 0;
        while (b < *bunches && strcmp(list[b].code, findings[i].code) != 0)
            b++;
        if (b == *bunches) {
            list[b].code = findings[i].code;
            list[b].severity = findings[i].severity;
            (*bunches)++;
        }
        if (list[b].count < MESSAGES_SHOWN)
            list[b].shown[list[b].count] = &findings[i];
        list[b].count++;
    }
    return list;
}

static size_t shown(const bunch *b)
{
    return b->count < MESSAGES_SHOWN ? b->count : MESSAGES_SHOWN;
}

static const char *remedy_of(const char *code)
{
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (strcmp(remedies[i].code, code) == 0)
            return remedies[i].text;
    return NULL;
}

/* "node 'conv1': there is no ..." */
static void message(const pj_finding *finding, pj_str *out)
{
    if (*finding->node) {
        pj_str_add(out, "node '");
        pj_text_clean(out, finding->node);
        pj_str_add(out, "': ");
    }
    pj_text_clean(out, finding->message);
}

/* Appends "  text", wrapped; `text` is emptied. */
static void paragraph(pj_str *text, size_t indent, const pj_text_style *style, pj_str *out)
{
    for (size_t i = 0; i < indent; i++)
        pj_str_add_char(out, ' ');
    pj_text_wrap(out, text->data, indent, indent + 2, style->width);
    pj_str_add_char(out, '\n');
    pj_str_clear(text);
}

void pj_findings_text(const pj_finding *findings, size_t count, const pj_text_style *style, pj_arena *arena,
                      pj_str *out)
{
    size_t bunches;
    const bunch *list = collect(findings, count, arena, &bunches);
    pj_str text = pj_str_new(0);
    out->failed = out->failed || !list;
    for (size_t b = 0; list && b < bunches; b++) {
        pj_str_add(out, "  ");
        if (strcmp(list[b].severity, "warning") == 0)
            pj_text_look(out, style, PJ_WARN);
        pj_str_printf(out, "%s", list[b].code);
        pj_text_look(out, style, PJ_PLAIN);
        pj_str_add(out, " (");
        pj_human_plural(out, list[b].count, list[b].severity,
                        strcmp(list[b].severity, "note") == 0 ? "notes" : "warnings");
        pj_str_add(out, ")\n");
        for (size_t i = 0; i < shown(&list[b]); i++) {
            message(list[b].shown[i], &text);
            paragraph(&text, 4, style, out);
        }
        if (list[b].count > shown(&list[b])) {
            pj_str_printf(&text, "... and %zu more; --format json lists all", list[b].count - shown(&list[b]));
            paragraph(&text, 4, style, out);
        }
        if (remedy_of(list[b].code)) {
            pj_str_add(&text, remedy_of(list[b].code));
            paragraph(&text, 4, style, out);
        }
    }
    out->failed = out->failed || text.failed;
    pj_str_free(&text);
}

void pj_findings_markdown(const pj_finding *findings, size_t count, pj_arena *arena, pj_str *out)
{
    size_t bunches;
    const bunch *list = collect(findings, count, arena, &bunches);
    pj_str text = pj_str_new(0);
    out->failed = out->failed || !list;
    for (size_t b = 0; list && b < bunches; b++) {
        pj_str_printf(out, "- **%s** (%zu)\n", list[b].code, list[b].count);
        for (size_t i = 0; i < shown(&list[b]); i++) {
            message(list[b].shown[i], &text);
            pj_str_add(out, "  - ");
            pj_markdown_escape(out, text.data);
            pj_str_add_char(out, '\n');
            pj_str_clear(&text);
        }
        if (list[b].count > shown(&list[b]))
            pj_str_printf(out, "  - and %zu more\n", list[b].count - shown(&list[b]));
        if (remedy_of(list[b].code))
            pj_str_printf(out, "  - %s\n", remedy_of(list[b].code));
    }
    out->failed = out->failed || text.failed;
    pj_str_free(&text);
}

void pj_findings_json(const pj_finding *findings, size_t count, pj_json_writer *json)
{
    pj_json_write_begin(json, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_write_key(json, "code");
        pj_json_write_text(json, findings[i].code);
        pj_json_write_key(json, "severity");
        pj_json_write_text(json, findings[i].severity);
        pj_json_write_key(json, "node");
        pj_json_write_text(json, findings[i].node);
        pj_json_write_key(json, "message");
        pj_json_write_text(json, findings[i].message);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}
