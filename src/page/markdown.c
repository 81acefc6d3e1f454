/* GitHub Markdown, for pull requests and job summaries. */
#include "page/page.h"

static void escape(pj_str *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*_[]<>|~", *text))
            pj_str_add_char(out, '\\');
        pj_str_add_char(out, *text);
    }
}

static void add_text(pj_str *out, const char *text, bool ours)
{
    if (ours)
        pj_str_add(out, text);
    else
        escape(out, text);
}

static bool is_shown(const pj_column *column)
{
    return column->title && !column->only_text;
}

static void add_cell(const pj_column *column, const char *text, bool first, bool strong, pj_str *out)
{
    const char *mark = strong && *text ? "**" : "";
    pj_str_add(out, first ? "|" : " |");
    if (*text || !column->ours) /* a column of ours without title is a narrow one */
        pj_str_add_char(out, ' ');
    pj_str_add(out, mark);
    add_text(out, text, column->ours);
    pj_str_add(out, mark);
}

/* `cells`: NULL for the titles. */
static void write_line(const pj_rows *rows, const pj_cell *cells, bool strong, pj_str *out)
{
    pj_str text = pj_str_new(0);
    bool first = true;
    for (size_t c = 0; c < rows->columns; c++) {
        const pj_column *column = &rows->column[c];
        if (!is_shown(column))
            continue;
        pj_str_clear(&text);
        if (cells)
            pj_cell_print(&cells[c], column, rows->unit, &text);
        else
            pj_str_add(&text, column->title);
        add_cell(column, text.data, first, strong, out);
        first = false;
    }
    pj_str_add(out, " |\n");
    pj_str_fail_as(out, &text);
    pj_str_free(&text);
}

void pj_rows_markdown(const pj_rows *rows, pj_str *out)
{
    write_line(rows, NULL, false, out);
    for (size_t c = 0; c < rows->columns; c++)
        if (is_shown(&rows->column[c]))
            pj_str_add(out, pj_column_is_left(&rows->column[c]) ? "|---" : "|---:");
    pj_str_add(out, "|\n");
    for (size_t r = 0; r < rows->count; r++)
        write_line(rows, rows->row[r], r >= rows->count - rows->footers, out);
}

/* The first `count` rows. */
static void write_part(const pj_rows *rows, size_t count, pj_str *out)
{
    pj_rows part = *rows;
    part.count = count;
    pj_rows_markdown(&part, out);
}

/* Of rows that may be cut, as many as a comment has room for: GitHub takes 65,536 characters. */
static void write_folded(const pj_block *block, pj_str *out)
{
    enum { MOST_BYTES = 60000 };
    size_t room = out->length < MOST_BYTES ? MOST_BYTES - out->length : 0, count = block->rows->count, shown = count;
    pj_str text = pj_str_new(0);
    for (;; shown /= 2) {
        pj_str_clear(&text);
        write_part(block->rows, shown, &text);
        if (!block->one || text.length <= room || shown == 0 || text.failed)
            break;
    }
    pj_str_printf(out, "<details><summary>%s</summary>\n\n%s", block->text, shown ? text.data : "");
    if (shown < count) {
        pj_str_add(out, "\nNot shown here: ");
        pj_human_plural(out, count - shown, block->one, block->many);
        pj_str_add(out, "; CSV and JSON have all.\n");
    }
    pj_str_add(out, "\n</details>\n");
    pj_str_fail_as(out, &text);
    pj_str_free(&text);
}

static void add_words(const pj_block *block, const char *before, pj_str *out)
{
    pj_str_add(out, before);
    add_text(out, block->lead, block->ours);
    if (block->kind == PJ_BLOCK_FACT)
        pj_str_add(out, ": ");
    if (block->strong) {
        pj_str_add(out, "**");
        add_text(out, block->strong, block->ours);
        pj_str_add(out, "**");
    }
    add_text(out, block->text, block->ours);
    pj_str_add_char(out, '\n');
}

static void write_block(const pj_block *block, pj_str *out)
{
    switch (block->kind) {
    case PJ_BLOCK_TITLE:
        add_words(block, "## ", out);
        break;
    case PJ_BLOCK_HEADING:
        add_words(block, "### ", out);
        break;
    case PJ_BLOCK_PARAGRAPH:
        add_words(block, "", out);
        break;
    case PJ_BLOCK_ITEM:
    case PJ_BLOCK_FACT:
        add_words(block, block->level ? "  - " : "- ", out);
        break;
    case PJ_BLOCK_TABLE:
        pj_rows_markdown(block->rows, out);
        break;
    case PJ_BLOCK_FOLDED:
        write_folded(block, out);
        break;
    case PJ_BLOCK_RAW:
        pj_str_add(out, block->text);
        break;
    }
}

static bool is_listed(const pj_block *block)
{
    return block && (block->kind == PJ_BLOCK_ITEM || block->kind == PJ_BLOCK_FACT);
}

void pj_write_markdown(const pj_telling *t, pj_str *out)
{
    pj_page page;
    const pj_block *last = NULL;
    pj_page_make(t, PJ_IN_MARKDOWN, &page);
    out->failed = out->failed || page.failed;
    for (const pj_block *block = page.head.next; block && !page.failed; block = block->next) {
        if (last && !(is_listed(last) && is_listed(block)))
            pj_str_add_char(out, '\n');
        write_block(block, out);
        last = block;
    }
}
