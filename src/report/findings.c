/* Findings grouped by code. */
#include "report/findings.h"

#include "page/say.h"

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
static void add_message(const pj_finding *finding, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (*finding->node)
        pj_say(&text, "node '{}': ", pj_w_text(finding->node));
    pj_text_clean(&text, finding->message);
    pj_page_add(page, PJ_BLOCK_ITEM, &text)->level = 1;
}

/* "unknown-operator (2 warnings)" */
static void add_code(const bunch *b, pj_page *page)
{
    bool is_note = strcmp(b->severity, "note") == 0;
    for (page->in = PJ_IN_TEXT; page->in <= PJ_IN_MARKDOWN; page->in++) {
        pj_str text = pj_str_new(0);
        pj_str_add(&text, " (");
        if (page->in == PJ_IN_TEXT)
            pj_human_plural(&text, b->count, b->severity, is_note ? "notes" : "warnings");
        else
            pj_str_printf(&text, "%zu", b->count);
        pj_str_add(&text, ")");
        pj_block *block = pj_page_add(page, PJ_BLOCK_ITEM, &text);
        block->strong = b->code;
        block->look = strcmp(b->severity, "warning") == 0 ? PJ_WARN : PJ_PLAIN;
        block->ours = block->whole = true;
    }
    page->in = PJ_IN_ALL;
}

static void add_rest(size_t count, pj_page *page)
{
    page->in = PJ_IN_TEXT;
    pj_page_printf(page, PJ_BLOCK_ITEM, "... and %zu more; --format json lists all", count)->level = 1;
    page->in = PJ_IN_MARKDOWN;
    pj_page_printf(page, PJ_BLOCK_ITEM, "and %zu more", count)->level = 1;
    page->in = PJ_IN_ALL;
}

void pj_findings_page(const pj_finding *findings, size_t count, pj_page *page)
{
    size_t bunches;
    const bunch *list = collect(findings, count, page->arena, &bunches);
    page->failed = page->failed || !list;
    for (size_t b = 0; list && b < bunches; b++) {
        add_code(&list[b], page);
        for (size_t i = 0; i < shown(&list[b]); i++)
            add_message(list[b].shown[i], page);
        if (list[b].count > shown(&list[b]))
            add_rest(list[b].count - shown(&list[b]), page);
        if (!remedy_of(list[b].code))
            continue;
        pj_block *help = pj_page_say(page, PJ_BLOCK_ITEM, remedy_of(list[b].code));
        help->level = 1;
        help->ours = true;
    }
}

void pj_findings_section(const pj_finding *findings, size_t count, pj_page *page)
{
    if (count) {
        page->in = PJ_IN_TEXT;
        page->gap = true;
        pj_page_say(page, PJ_BLOCK_PARAGRAPH, "Assumed or not known");
        page->in = PJ_IN_MARKDOWN;
        pj_page_say(page, PJ_BLOCK_PARAGRAPH, "Assumed or not known:");
        page->in = PJ_IN_ALL;
    }
    pj_findings_page(findings, count, page);
}
