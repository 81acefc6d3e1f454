/* One HTML file: the page of a report as it is read without scripts, its document as data, and the page's own code,
 * which makes of it something to sort, search and zoom; for a model also the engine and what it reads, to ask "what
 * if".
 *
 * Nothing is fetched, and the policy of the file forbids it. All texts are escaped; names from a model never become
 * markup, and scripts put them into the page as texts. */
#include "base/base64.h"
#include "base/sha256.h"
#include "page/assets.h"
#include "page/page.h"

static void escape(pj_str *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            pj_str_add(out, "&amp;");
            break;
        case '<':
            pj_str_add(out, "&lt;");
            break;
        case '>':
            pj_str_add(out, "&gt;");
            break;
        case '"':
            pj_str_add(out, "&quot;");
            break;
        default:
            pj_str_add_char(out, *text);
        }
}

/* Our own texts have code in backquotes. */
static void add_text(pj_str *out, const char *text, bool ours)
{
    if (!ours) {
        escape(out, text);
        return;
    }
    pj_str part = pj_str_new(0);
    bool code = false;
    for (; *text; text++) {
        if (*text != '`') {
            pj_str_add_char(&part, *text);
            continue;
        }
        escape(out, part.data);
        pj_str_clear(&part);
        pj_str_add(out, code ? "</code>" : "<code>");
        code = !code;
    }
    escape(out, part.data);
    pj_str_add(out, code ? "</code>" : "");
    pj_str_fail_as(out, &part);
    pj_str_free(&part);
}

/* ---- blocks ---- */

static bool is_shown(const pj_column *column)
{
    return column->title && !column->only_text;
}

static void write_cell(const pj_rows *rows, size_t c, const pj_cell *cell, bool head, pj_str *text, pj_str *out)
{
    const pj_column *column = &rows->column[c];
    const char *tag = head && *column->title ? "th" : "td";
    pj_str_clear(text);
    pj_str_printf(out, "<%s%s%s>", tag, tag[1] == 'h' ? " scope=\"col\"" : "",
                  pj_column_is_left(column) ? " class=\"left\"" : "");
    if (cell)
        pj_cell_print(cell, column, rows->unit, text);
    else
        pj_str_add(text, column->title);
    add_text(out, text->data, column->ours);
    pj_str_printf(out, "</%s>", tag);
}

static void write_row(const pj_rows *rows, const pj_cell *cells, pj_str *out)
{
    pj_str text = pj_str_new(0);
    pj_str_add(out, "<tr>");
    for (size_t c = 0; c < rows->columns; c++)
        if (is_shown(&rows->column[c]))
            write_cell(rows, c, cells ? &cells[c] : NULL, !cells, &text, out);
    pj_str_add(out, "</tr>\n");
    pj_str_fail_as(out, &text);
    pj_str_free(&text);
}

/* A part of its own, which scrolls where the table is wide; so it can be reached by key. */
static void write_table(const pj_rows *rows, const char *name, pj_str *out)
{
    pj_str_add(out, "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"");
    escape(out, name);
    pj_str_add(out, "\"><table>\n<thead>");
    write_row(rows, NULL, out);
    pj_str_add(out, "</thead>\n<tbody>\n");
    for (size_t r = 0; r < rows->count; r++) {
        if (rows->footers && r == rows->count - rows->footers)
            pj_str_add(out, "</tbody>\n<tfoot>\n");
        write_row(rows, rows->row[r], out);
    }
    pj_str_add(out, rows->footers ? "</tfoot></table></div>\n" : "</tbody></table></div>\n");
}

static void write_words(const pj_block *block, const char *tag, pj_str *out)
{
    static const char *const looks[] = {
        [PJ_PLAIN] = "", [PJ_BOLD] = "", [PJ_DIM] = "dim", [PJ_WARN] = "warn", [PJ_BAD] = "bad"};
    pj_str_printf(out, "<%s>", tag);
    add_text(out, block->lead, block->ours);
    if (block->kind == PJ_BLOCK_FACT)
        pj_str_add(out, ": ");
    if (block->strong) {
        pj_str_printf(out, *looks[block->look] ? "<strong class=\"%s\">" : "<strong>", looks[block->look]);
        add_text(out, block->strong, block->ours);
        pj_str_add(out, "</strong>");
    }
    add_text(out, block->text, block->ours);
    pj_str_printf(out, "</%s>\n", tag);
}

static void write_folded(const pj_block *block, pj_str *out)
{
    pj_str_add(out, "<details><summary>");
    add_text(out, block->text, block->ours);
    pj_str_add(out, "</summary>\n");
    write_table(block->rows, block->text, out);
    pj_str_add(out, "</details>\n");
}

static bool is_listed(const pj_block *block)
{
    return block && (block->kind == PJ_BLOCK_ITEM || block->kind == PJ_BLOCK_FACT);
}

/* `heading`: the last one, which says what a table shows. */
static void write_block(const pj_block *block, const char *heading, pj_str *out)
{
    switch (block->kind) {
    case PJ_BLOCK_TITLE:
        write_words(block, "h1", out);
        break;
    case PJ_BLOCK_HEADING:
        write_words(block, "h2", out);
        break;
    case PJ_BLOCK_PARAGRAPH:
        write_words(block, "p", out);
        break;
    case PJ_BLOCK_ITEM:
    case PJ_BLOCK_FACT:
        write_words(block, "li", out);
        break;
    case PJ_BLOCK_TABLE:
        write_table(block->rows, heading, out);
        break;
    case PJ_BLOCK_FOLDED:
        write_folded(block, out);
        break;
    case PJ_BLOCK_RAW: /* for Markdown */
        break;
    }
}

/* The charts of the report, one below the other, in the colours of the page; a group that scrolls where it is narrow.
 */
static void write_charts(const pj_telling *t, pj_str *out)
{
    const pj_chart *chart = t->pieces->chart ? t->pieces->chart(t->input, t->arena) : NULL;
    size_t points = 0;
    for (size_t i = 0; chart && i < chart->count; i++)
        points += chart->series[i].count;
    if (!points || pj_arena_failed(t->arena))
        return;
    pj_str_add(out, "<div class=\"wide drawn\" tabindex=\"0\" role=\"group\" aria-label=\"Chart\">\n");
    pj_svg_draw(chart, false, out);
    pj_str_add(out, "</div>\n");
}

/* Charts stand below the title. */
static void write_blocks(const pj_telling *t, const pj_page *page, pj_str *out)
{
    const char *heading = "Figures";
    const pj_block *last = NULL;
    for (const pj_block *block = page->head.next; block && !page->failed; block = block->next) {
        if (block->kind == PJ_BLOCK_HEADING)
            heading = block->text;
        if (is_listed(block) && !is_listed(last))
            pj_str_add(out, "<ul>\n");
        if (!is_listed(block) && is_listed(last))
            pj_str_add(out, "</ul>\n");
        write_block(block, heading, out);
        if (block->kind == PJ_BLOCK_TITLE)
            write_charts(t, out);
        last = block;
    }
    pj_str_add(out, is_listed(last) ? "</ul>\n" : "");
}

static const pj_block *find_title(const pj_page *page)
{
    const pj_block *title = page->head.next;
    while (title && title->kind != PJ_BLOCK_TITLE)
        title = title->next;
    return title;
}

static void write_title(const pj_page *page, pj_str *out)
{
    const pj_block *title = find_title(page);
    pj_str_add(out, "<title>");
    if (title) {
        escape(out, title->lead);
        escape(out, title->text);
        pj_str_add(out, " - ");
    }
    pj_str_add(out, "picojoule</title>\n");
}

/* ---- what scripts read ---- */

/* 'sha256-...', as a policy names what it allows. */
static void add_hash(pj_str *out, const pj_asset *asset)
{
    char digits[PJ_SHA256_DIGITS + 1];
    unsigned char bytes[PJ_SHA256_BYTES];
    pj_sha256 sum = pj_sha256_new();
    pj_sha256_add(&sum, asset->bytes, asset->length);
    pj_sha256_end(&sum, digits);
    for (size_t i = 0; i < PJ_SHA256_BYTES; i++) {
        const char pair[] = {digits[2 * i], digits[2 * i + 1], 0};
        bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    pj_str_add(out, "'sha256-");
    pj_base64_add(out, bytes, sizeof bytes);
    pj_str_add_char(out, '\'');
}

static void add_asset(pj_str *out, const pj_asset *asset)
{
    pj_str_add_bytes(out, (const char *)asset->bytes, asset->length);
}

static bool has_engine(const pj_telling *t)
{
    return t->skeleton && pj_page_has_engine();
}

/* The scripts of a page, in their order; ends with NULL. */
static const pj_asset *const *scripts_of(const pj_telling *t)
{
    static const pj_asset *const told[] = {&pj_page_told, NULL}, *const shown[] = {&pj_page_js, &pj_page_view, NULL},
                                 *const asked[] = {&pj_page_js, &pj_page_view, &pj_page_ask, NULL};
    return !t->pieces->is_model ? told : has_engine(t) ? asked : shown;
}

/* Nothing is loaded from anywhere; what runs are the scripts whose digests these are, and WebAssembly. */
static void write_policy(const pj_telling *t, pj_str *out)
{
    pj_str_add(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src");
    for (const pj_asset *const *at = scripts_of(t); *at; at++) {
        pj_str_add_char(out, ' ');
        add_hash(out, *at);
    }
    pj_str_add(out, " 'wasm-unsafe-eval'; worker-src blob:; style-src ");
    add_hash(out, &pj_page_css);
    pj_str_add(out, "; base-uri 'none'; form-action 'none'\">\n");
}

/* JSON inside of markup: '<' stands in texts alone. */
static void add_json(pj_str *out, const char *json)
{
    for (const char *next; (next = strchr(json, '<')); json = next + 1) {
        pj_str_add_bytes(out, json, (size_t)(next - json));
        pj_str_add(out, "\\u003c");
    }
    pj_str_add(out, json);
}

static void open_data(pj_str *out, const char *id)
{
    pj_str_printf(out, "<script type=\"application/json\" id=\"%s\">", id);
}

static void write_data(const pj_telling *t, pj_str *out)
{
    pj_str text = pj_str_new(0);
    if (!t->pieces->json && !t->pieces->list)
        return;
    pj_write_json(t, &text);
    open_data(out, "data");
    add_json(out, text.data);
    pj_str_add(out, "</script>\n");
    pj_str_fail_as(out, &text);
    pj_str_free(&text);
}

static void put_file(const pj_skeleton_file *file, pj_json_writer *json)
{
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "name", file->name);
    pj_json_put_uint(json, "size", file->size);
    pj_json_put_begin(json, "parts", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < file->part_count; i++) {
        pj_str bytes = pj_str_new(0);
        pj_base64_add(&bytes, file->parts[i].bytes, (size_t)file->parts[i].length);
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_uint(json, "at", file->parts[i].at);
        pj_json_put_text(json, "bytes", bytes.data);
        pj_json_write_end(json);
        pj_str_fail_as(json->out, &bytes);
        pj_str_free(&bytes);
    }
    pj_json_write_end(json);
    pj_json_write_end(json);
}

static void write_engine(const pj_skeleton *skeleton, pj_str *out)
{
    pj_str text = pj_str_new(0);
    pj_json_writer json = pj_json_writer_new(&text, false);
    pj_str_add(out, "<script type=\"text/plain\" id=\"engine\">");
    pj_base64_add(out, pj_page_engine.bytes, pj_page_engine.length);
    pj_str_add(out, "</script>\n<script type=\"text/plain\" id=\"worker\">");
    add_asset(out, &pj_page_worker);
    pj_str_add(out, "</script>\n");
    pj_json_write_begin(&json, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < skeleton->file_count; i++)
        put_file(&skeleton->files[i], &json);
    pj_json_write_end(&json);
    open_data(out, "asked");
    add_json(out, skeleton->request);
    pj_str_add(out, "</script>\n");
    open_data(out, "files");
    add_json(out, text.data);
    pj_str_add(out, "</script>\n");
    pj_str_fail_as(out, &text);
    pj_str_free(&text);
}

bool pj_page_has_engine(void)
{
    return pj_page_engine.length > 0;
}

void pj_write_html(const pj_telling *t, pj_str *out)
{
    pj_page page;
    pj_page_make(t, PJ_IN_MARKDOWN, &page);
    pj_str_add(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n");
    write_policy(t, out);
    write_title(&page, out);
    pj_str_add(out, "<style>");
    add_asset(out, &pj_page_css);
    pj_str_add(out, "</style>\n</head>\n<body>\n<main id=\"told\">\n");
    if (!find_title(&page)) {
        pj_str_add(out, "<h1>picojoule</h1>\n");
        write_charts(t, out);
    }
    write_blocks(t, &page, out);
    pj_str_add(out, "</main>\n");
    write_data(t, out);
    if (has_engine(t))
        write_engine(t->skeleton, out);
    for (const pj_asset *const *at = scripts_of(t); *at; at++) {
        pj_str_add(out, "<script>");
        add_asset(out, *at);
        pj_str_add(out, "</script>\n");
    }
    pj_str_add(out, "</body>\n</html>\n");
    out->failed = out->failed || page.failed;
}
