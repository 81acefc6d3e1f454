/* Text for a terminal: paragraphs that are wrapped, and aligned tables. */
#include "page/page.h"

/* Between columns; what a column that wraps gets at least. */
enum { GAP = 2, WRAPPED = 36, INDENT = 2 };

/* A column on its way to the page: printed cells (footers included) after the title. */
typedef struct printed {
    const pj_column *column;
    const char **text; /* [0] is the title */
    size_t width;
    bool chosen;
} printed;

/* The printed cell; `text` is used on the way. */
static const char *print_cell(const pj_cell *cell, const pj_column *column, const char *unit, pj_arena *arena,
                              pj_str *text)
{
    pj_str_clear(text);
    pj_cell_print(cell, column, unit, text);
    if (text->length == 0)
        return text->failed ? NULL : "";
    bool is_itself =
        column->kind == PJ_CELL_TEXT && cell->state == PJ_CELL_GIVEN && strcmp(cell->text, text->data) == 0;
    return is_itself ? cell->text : text->failed ? NULL : pj_arena_strndup(arena, text->data, text->length);
}

static bool print_column(const pj_rows *rows, printed *out)
{
    const pj_column *column = out->column;
    size_t c = (size_t)(column - rows->column);
    pj_str text = pj_str_new(0);
    out->text = PJ_NEW(rows->arena, const char *, rows->count + 1);
    bool ok = out->text != NULL;
    for (size_t r = 0; ok && r <= rows->count; r++) {
        out->text[r] =
            r == 0 ? column->title : print_cell(&rows->row[r - 1][c], column, rows->unit, rows->arena, &text);
        ok = out->text[r] != NULL;
        size_t width = ok ? pj_text_width(out->text[r]) : 0;
        out->width = width > out->width ? width : out->width;
    }
    if (column->wraps && out->width > WRAPPED)
        out->width = WRAPPED;
    pj_str_free(&text);
    return ok;
}

/* The columns that have a title, not yet printed; NULL: no memory. */
static printed *list_columns(const pj_rows *rows, size_t *count)
{
    printed *columns = PJ_NEW(rows->arena, printed, rows->columns);
    *count = 0;
    for (size_t c = 0; columns && c < rows->columns; c++)
        if (rows->column[c].title)
            columns[(*count)++].column = &rows->column[c];
    return columns;
}

static void set_look(pj_str *out, const pj_text_style *style, pj_look look)
{
    static const char *const codes[] = {"\033[0m", "\033[1m", "\033[2m", "\033[33m", "\033[1;31m"};
    if (style->color)
        pj_str_add(out, codes[look]);
}

/* How far a column may be narrowed. */
static size_t least_width(const printed *column, bool in_need)
{
    size_t least = in_need ? column->column->least : column->column->wish;
    return least && least < column->width ? least : column->width;
}

static size_t page_width(const printed *columns, size_t count)
{
    size_t width = 0;
    for (size_t c = 0; c < count; c++)
        width += (c ? GAP : 0) + columns[c].width;
    return width;
}

/* What a column takes at least, before it is printed. */
static size_t title_width(const pj_column *column)
{
    size_t width = pj_text_width(column->title);
    return column->wish && column->wish < width ? column->wish : width;
}

/* Columns of the page that are taken: as texts are wished, and in need. */
typedef struct taken {
    size_t wished, needed;
} taken;

/* Prints the columns of a rank and takes them in if they fit on the page; those of rank 0 always do, those of rank 1
 * may take from texts. False: no memory. */
static bool print_rank(const pj_rows *rows, int rank, size_t page, printed *columns, size_t count, taken *used)
{
    size_t titles = 0;
    taken more = *used;
    for (size_t c = 0; c < count; c++)
        titles += columns[c].column->rank == rank ? GAP + title_width(columns[c].column) : 0;
    if (rank > 0 && (rank == 1 ? used->needed : used->wished) + titles > page + GAP)
        return true;
    for (size_t c = 0; c < count; c++) {
        if (columns[c].column->rank != rank)
            continue;
        if (!print_column(rows, &columns[c]))
            return false;
        more.wished += GAP + least_width(&columns[c], false);
        more.needed += GAP + least_width(&columns[c], true);
    }
    bool fits = rank == 0 || (rank == 1 ? more.needed : more.wished) <= page + GAP;
    for (size_t c = 0; c < count; c++)
        columns[c].chosen = columns[c].chosen || (fits && columns[c].column->rank == rank);
    *used = fits ? more : *used;
    return true;
}

/* Says which columns have found no room, and how to see them. */
static void add_left_out(const pj_rows *rows, const printed *columns, size_t count, pj_str *out)
{
    const char *last = NULL;
    for (size_t c = 0; c < count; c++) {
        const char *title = columns[c].column->title;
        if (columns[c].chosen || !*title || (last && strcmp(title, last) == 0))
            continue;
        pj_str_printf(out, "%s%s", last ? ", " : "no room for ", title);
        last = title;
    }
    if (last)
        pj_str_printf(out, " (%s)", rows->how);
}

/* Prints the columns that find room: those of rank 0, then each rank as a whole if it still fits; `left_out` says which
 * do not. NULL: no memory. */
static printed *choose(const pj_rows *rows, size_t page, size_t *count, pj_str *left_out)
{
    size_t all;
    taken used = {0, 0};
    int most = 0;
    printed *columns = list_columns(rows, &all);
    for (size_t c = 0; columns && c < all; c++)
        most = columns[c].column->rank > most ? columns[c].column->rank : most;
    for (int rank = 0; columns && rank <= most; rank++)
        if (!print_rank(rows, rank, page, columns, all, &used))
            return NULL;
    *count = 0;
    if (columns)
        add_left_out(rows, columns, all, left_out);
    for (size_t c = 0; columns && c < all; c++)
        if (columns[c].chosen)
            columns[(*count)++] = columns[c];
    return columns;
}

/* Narrows the widest column that may be elided, until the page fits or none is left. */
static void narrow(printed *columns, size_t count, size_t width, bool in_need)
{
    for (size_t page = page_width(columns, count); page > width; page--) {
        printed *widest = NULL;
        for (size_t c = 0; c < count; c++)
            if (columns[c].width > least_width(&columns[c], in_need) && (!widest || columns[c].width > widest->width))
                widest = &columns[c];
        if (!widest)
            return;
        widest->width--;
    }
}

static void pad(pj_str *out, size_t columns)
{
    while (columns--)
        pj_str_add_char(out, ' ');
}

static void text_cell(const printed *column, size_t r, size_t at, bool last, size_t page, pj_str *out)
{
    const char *text = column->text[r];
    size_t width = pj_text_width(text);
    if (column->column->wraps) {
        pj_text_wrap(out, text, at, at, page > at + WRAPPED ? page : at + WRAPPED);
        return;
    }
    if (!pj_column_is_left(column->column))
        pad(out, column->width - width);
    size_t before = out->length;
    pj_text_elide(out, text, column->width);
    width = out->failed ? column->width : pj_text_width(out->data + before);
    if (pj_column_is_left(column->column) && !last)
        pad(out, column->width - width);
}

static void text_line(const printed *columns, size_t count, size_t r, size_t indent, size_t page, pj_str *out)
{
    size_t at = indent, end = count;
    while (end > 1 && !*columns[end - 1].text[r])
        end--;
    pad(out, indent);
    for (size_t c = 0; c < end; c++) {
        if (c)
            pad(out, GAP);
        at += c ? GAP : 0;
        text_cell(&columns[c], r, at, c + 1 == end, page, out);
        at += columns[c].width;
    }
}

/* What was left out, below a table. */
static void add_remark(pj_str *remark, const pj_text_style *style, size_t indent, pj_str *out)
{
    if (remark->length) {
        pad(out, indent);
        set_look(out, style, PJ_DIM);
        pj_text_wrap(out, remark->data, indent, indent + INDENT, style->width);
        set_look(out, style, PJ_PLAIN);
        pj_str_add_char(out, '\n');
    }
    pj_str_free(remark);
}

void pj_rows_text(const pj_rows *rows, const pj_text_style *style, size_t indent, pj_str *out)
{
    size_t count, space = style->width > indent ? style->width - indent : 1;
    pj_str left_out = pj_str_new(0);
    printed *columns = choose(rows, space, &count, &left_out);
    out->failed = out->failed || !columns || left_out.failed;
    if (out->failed) {
        pj_str_free(&left_out);
        return;
    }
    narrow(columns, count, space, false);
    narrow(columns, count, space, true);
    for (size_t r = 0; r <= rows->count; r++) {
        bool is_sum = rows->footers && r == rows->count;
        pj_look look = r == 0 || is_sum ? PJ_BOLD : r > rows->count - rows->footers ? PJ_DIM : PJ_PLAIN;
        if (look != PJ_PLAIN)
            set_look(out, style, look);
        text_line(columns, count, r, indent, style->width, out);
        if (look != PJ_PLAIN)
            set_look(out, style, PJ_PLAIN);
        pj_str_add_char(out, '\n');
    }
    add_remark(&left_out, style, indent + INDENT, out);
}

enum { NAME_OF_FACT = 10 };

static size_t indent_of(const pj_block *block)
{
    return block->indent + (block->kind == PJ_BLOCK_ITEM   ? INDENT * (1 + block->level)
                            : block->kind == PJ_BLOCK_FACT ? INDENT
                                                           : 0);
}

/* Lead, emphasis, and the text, wrapped. */
static void paragraph(const pj_block *block, const pj_text_style *style, pj_str *out)
{
    bool is_fact = block->kind == PJ_BLOCK_FACT, is_item = block->kind == PJ_BLOCK_ITEM;
    size_t indent = indent_of(block), at = indent + pj_text_width(block->lead);
    size_t hang = is_item ? indent + INDENT : block->hang;
    pad(out, indent);
    pj_str_add(out, block->lead);
    if (is_fact) {
        pad(out, at < indent + NAME_OF_FACT ? indent + NAME_OF_FACT + 1 - at : 1);
        at = hang = indent + NAME_OF_FACT + 1;
    }
    if (block->strong) {
        if (block->look != PJ_PLAIN)
            set_look(out, style, block->look);
        pj_str_add(out, block->strong);
        set_look(out, style, PJ_PLAIN);
        at += pj_text_width(block->strong);
    }
    if (block->whole)
        pj_str_add(out, block->text);
    else
        pj_text_wrap(out, block->text, block->at ? block->at : at, hang, style->width);
    pj_str_add_char(out, '\n');
}

static void heading(const pj_block *block, const pj_text_style *style, pj_str *out)
{
    if (block->kind == PJ_BLOCK_HEADING)
        pj_str_add_char(out, '\n');
    set_look(out, style, PJ_BOLD);
    pj_str_add(out, block->text);
    set_look(out, style, PJ_PLAIN);
    pj_str_add_char(out, '\n');
}

static void write_block(const pj_block *block, const pj_text_style *style, pj_str *out)
{
    if (block->gap)
        pj_str_add_char(out, '\n');
    switch (block->kind) {
    case PJ_BLOCK_TITLE:
    case PJ_BLOCK_HEADING:
        heading(block, style, out);
        break;
    case PJ_BLOCK_PARAGRAPH:
    case PJ_BLOCK_ITEM:
    case PJ_BLOCK_FACT:
        paragraph(block, style, out);
        break;
    case PJ_BLOCK_FOLDED:
        heading(block, style, out);
        pj_rows_text(block->rows, style, block->indent, out);
        break;
    case PJ_BLOCK_TABLE:
        pj_rows_text(block->rows, style, block->indent, out);
        break;
    case PJ_BLOCK_RAW:
        pj_str_add(out, block->text);
        break;
    }
}

void pj_write_text(const pj_telling *t, pj_str *out)
{
    pj_page page;
    pj_page_make(t, PJ_IN_TEXT, &page);
    out->failed = out->failed || page.failed;
    for (const pj_block *block = page.head.next; block && !page.failed; block = block->next)
        write_block(block, &t->style, out);
}
