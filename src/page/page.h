/* A report as a value: what there is to tell, and nothing of how it looks.
 *
 * A report has up to six pieces; a builder (report/) makes each when a writer asks for it. A writer is one file here,
 * NAME.c, and one row in the table of formats.h; it prints one piece of any report. So a report offers the formats of
 * the pieces that it has, and neither side knows the other.
 *
 *     static void page_of(const void *input, pj_page *page)
 *     {
 *         pj_page_printf(page, PJ_BLOCK_HEADING, "Layers (energies in %s)", unit);
 *         pj_page_table(page, rows_of(input, page->arena), 0);
 *     }
 *     static const pj_pieces pieces = {.page = page_of, .table = table_of, .list = "layers"};
 *     return pj_tell(&pieces, input, options, sink, payload, err);
 */
#pragma once

#include "base/json_write.h"
#include "page/chart.h"
#include "page/formats.h"
#include "page/rows.h"
#include "page/verdicts.h"
#include "picojoule/report.h"

/* ---- the page: for people ---- */

typedef enum pj_block_kind {
    PJ_BLOCK_TITLE, /* of the page */
    PJ_BLOCK_HEADING,
    PJ_BLOCK_PARAGRAPH,
    PJ_BLOCK_ITEM, /* of a list */
    PJ_BLOCK_FACT, /* `lead` is its name */
    PJ_BLOCK_TABLE,
    PJ_BLOCK_FOLDED, /* a table below its title, which is all that is seen at first; in text it is in the open */
    PJ_BLOCK_RAW     /* in the language of the one writer that it is for */
} pj_block_kind;

/* Where words differ, a builder says both, each for its readers; writers for other media take those of Markdown. */
enum { PJ_IN_TEXT = 1, PJ_IN_MARKDOWN = 2, PJ_IN_ALL = 3 };

typedef enum pj_look { PJ_PLAIN, PJ_BOLD, PJ_DIM, PJ_WARN, PJ_BAD } pj_look;

/* All texts are clean (pj_text_clean). */
typedef struct pj_block {
    pj_block_kind kind;
    const char *lead;   /* what comes first ... */
    const char *strong; /* ... then, emphasized as `look` says ... */
    const char *text;   /* ... then the text, which is wrapped */
    pj_look look;
    bool ours;              /* written by us, with code in backquotes: Markdown prints it as it is */
    bool whole;             /* text: one line, however long */
    bool gap;               /* text: an empty line before it */
    size_t level;           /* of an item: 0, 1 */
    size_t indent, hang;    /* text: spaces before the first line and before the others */
    size_t at;              /* text: columns that what stands before `text` is taken to have; 0: those that it has */
    const pj_rows *rows;    /* of a table */
    const char *one, *many; /* of a folded table that may be cut: what a row is, "layer" and "layers" */
    struct pj_block *next;
} pj_block;

typedef struct pj_page {
    pj_arena *arena;
    pj_block head, *last; /* blocks follow `head` */
    pj_block spare;       /* what nobody reads: a block that is not wanted, or found no memory */
    unsigned in;          /* of the blocks to come */
    unsigned wanted;      /* whose reader the page is made: others are left out */
    size_t width;         /* columns that text has */
    bool gap;             /* of the next one; then it is false again */
    bool failed;          /* no memory */
} pj_page;

/* Appends a block. `text` is borrowed (NULL: no memory), or taken out of a pj_str, which is empty then. Never NULL; its
 * members may be set until the page is written. */
pj_block *pj_page_say(pj_page *page, pj_block_kind kind, const char *text);
pj_block *pj_page_add(pj_page *page, pj_block_kind kind, pj_str *text);
pj_block *pj_page_printf(pj_page *page, pj_block_kind kind, const char *format, ...) PJ_PRINTF(3, 4);

/* The sentence that a report of one table begins with. It is emptied. */
void pj_page_lead(pj_page *page, pj_str *text);

/* A remark that nobody sees, of who has written this: a comment of a pull request is found by it when it is updated.
 * `of` (clean or not, without "--") says which of several it is. */
void pj_page_mark(pj_page *page, const char *command, const char *of);

/* Appends a table; NULL: there was no memory for it. */
pj_block *pj_page_table(pj_page *page, const pj_rows *rows, size_t indent);

/* A text that lives as long as the page; `text` is empty then. */
const char *pj_page_keep(pj_page *page, pj_str *text);

/* ---- the report ---- */

/* A piece that a report has not is NULL. Memory comes from the arena; the lack of it shows in page->failed, in
 * json->out->failed, or as NULL. */
typedef struct pj_pieces {
    void (*page)(const void *input, pj_page *page);
    pj_rows *(*table)(const void *input, pj_arena *arena);                  /* for programs: columns that have a key */
    void (*json)(const void *input, pj_arena *arena, pj_json_writer *json); /* the members of a document with a schema
                                                                             * of its own */
    /* Object `at` of a report that is one object after the other; false: there is none. */
    bool (*line)(const void *input, size_t at, pj_arena *arena, pj_json_writer *json);
    const char *list; /* without `json`: the name of the member that holds the table */
    const pj_chart *(*chart)(const void *input, pj_arena *arena);
    const pj_verdicts *(*verdicts)(const void *input, pj_arena *arena);
    bool is_model;        /* what a model costs: its page asks, and is not only told */
    const char *no_chart; /* without `chart`: what to say to those who ask for it; NULL: that there is no such format */
} pj_pieces;

/* How text is laid out. */
typedef struct pj_text_style {
    size_t width; /* columns of the terminal */
    bool color;
} pj_text_style;

/* A report on its way to a writer. */
typedef struct pj_telling {
    const pj_pieces *pieces;
    const void *input;
    pj_arena *arena;
    pj_text_style style;
    const pj_skeleton *skeleton; /* for pages that ask "what if"; or NULL */
} pj_telling;

/* Writes the report in the format that the options name; `options` may be NULL. The text is complete before its first
 * byte goes to the sink. PJ_EARGUMENT: the report is not to be had in that format; PJ_EIO, PJ_ENOMEM. */
pj_status pj_tell(const pj_pieces *pieces, const void *input, const pj_report_options *options, pj_sink sink,
                  void *payload, pj_error *err);

/* Hands the text to the sink and frees it. PJ_ENOMEM where the text has failed, PJ_EIO where the sink refuses. */
pj_status pj_emit(pj_str *text, pj_sink sink, void *payload, pj_error *err);

/* Can a report in that format be told part by part? NULL and words that are no format: false. */
bool pj_format_streams(const char *name);

/* The page of a report for one of the readers PJ_IN_..., in the arena of the report. */
void pj_page_make(const pj_telling *t, unsigned wanted, pj_page *page);

/* ---- writers: append the whole report; out->failed tells of missing memory ---- */

#define PJ_WRITER(name, piece, write, streams) void write(const pj_telling *t, pj_str *out);
PJ_FORMATS(PJ_WRITER)

/* The members of a struct as members of the object that is open. */
void pj_members_json(const pj_column *columns, size_t count, const void *item, pj_json_writer *json);

/* Does this build have the engine that "html" puts into pages? */
bool pj_page_has_engine(void);

/* A table alone. Text: aligned, led by `indent` spaces, in `style->width` columns where that can be. */
void pj_rows_text(const pj_rows *rows, const pj_text_style *style, size_t indent, pj_str *out);
void pj_rows_markdown(const pj_rows *rows, pj_str *out);
void pj_rows_csv(const pj_rows *rows, pj_str *out);
void pj_rows_json(const pj_rows *rows, pj_json_writer *json); /* an array of objects, one a line; NULL: no memory */
