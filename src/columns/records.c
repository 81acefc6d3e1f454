/* A group of rows: the footer says where the pages of its columns are. Sizes are told by the file, so each is checked
 * against what is there, and all that a group takes against MOST_GROUP. */
#include "columns/records.h"

#include "columns/footer.h"
#include "columns/pack.h"
#include "columns/parquet.h"
#include "columns/unthrift.h"

enum { MOST_GROUPS = 1 << 16, MOST_PAGE = 1 << 26, MOST_GROUP = 1 << 29 };

typedef struct cells {
    uint64_t *value; /* by row, as pj_sheet_cells has them; NULL: none is there */
    bool *there;
    const char **word;
} cells;

struct pj_records {
    FILE *file;
    const pj_sheet_column *column;
    size_t columns;
    pj_str ends;
    const uint8_t **group; /* in `ends` */
    size_t groups, next, held;
    cells *cells;
    size_t taken;         /* bytes of the group so far */
    pj_arena *arena, *of; /* of the file; of the group */
};

/* Where a column of a group is. */
typedef struct place {
    int64_t type, codec, values, bytes, data_at, dictionary_at;
    const char *name;
} place;

typedef struct page {
    int64_t type, plain, packed, values, encoding;
    uint8_t *body;
} page;

static pj_status fail(pj_error *err)
{
    return pj_fail(err, PJ_EFORMAT, "its rows are not as they are written, or damaged");
}

/* Memory for the group, whose sum is bounded. */
static pj_status take(pj_records *rows, uint64_t count, size_t size, void *out, pj_error *err)
{
    if (count > (MOST_GROUP - rows->taken) / size)
        return fail(err);
    void *memory = pj_arena_alloc(rows->of, (size_t)count + 1, size);
    rows->taken += (size_t)count * size;
    memcpy(out, &memory, sizeof memory);
    return pj_got(memory, err);
}

/* ---- the footer ---- */

static void read_path(pj_unthrift *r, pj_arena *arena, place *out)
{
    uint64_t count;
    int type = pj_unthrift_list(r, &count);
    if (type != PJ_THRIFT_BINARY || count != 1 || out->name)
        r->failed = true;
    else
        out->name = pj_unthrift_text(r, arena);
}

static void read_numbers(pj_unthrift *r, pj_arena *arena, place *out)
{
    int64_t field = 0, *numbers[] = {[1] = &out->type,  [4] = &out->codec,   [5] = &out->values,
                                     [7] = &out->bytes, [9] = &out->data_at, [11] = &out->dictionary_at};
    const int64_t count = sizeof numbers / sizeof *numbers;
    int type;
    while ((type = pj_unthrift_field(r, &field)) != PJ_THRIFT_STOP) {
        bool is_number = type == PJ_THRIFT_I32 || type == PJ_THRIFT_I64;
        if (is_number && field >= 0 && field < count && numbers[field])
            *numbers[field] = pj_unthrift_int(r);
        else if (type == PJ_THRIFT_LIST && field == 3)
            read_path(r, arena, out);
        else
            pj_unthrift_pass(r, type);
    }
}

static void read_place(pj_unthrift *r, pj_arena *arena, place *out)
{
    int64_t field = 0;
    int type;
    while ((type = pj_unthrift_field(r, &field)) != PJ_THRIFT_STOP) {
        if (type == PJ_THRIFT_STRUCT && field == 3)
            read_numbers(r, arena, out);
        else
            pj_unthrift_pass(r, type);
    }
}

/* The columns of a group and its number of rows. */
static pj_status read_group(pj_records *rows, pj_unthrift *r, place *out, int64_t *held, pj_error *err)
{
    int64_t field = 0;
    uint64_t count = 0;
    int type;
    *held = 0;
    while ((type = pj_unthrift_field(r, &field)) != PJ_THRIFT_STOP) {
        if (type == PJ_THRIFT_I64 && field == 3) {
            *held = pj_unthrift_int(r);
        } else if (type == PJ_THRIFT_LIST && field == 1) {
            if (count || pj_unthrift_list(r, &count) != PJ_THRIFT_STRUCT || count != rows->columns)
                return fail(err);
            for (size_t i = 0; i < rows->columns && !r->failed; i++)
                read_place(r, rows->of, &out[i]);
        } else {
            pj_unthrift_pass(r, type);
        }
    }
    PJ_TRY(pj_got(!pj_arena_failed(rows->of), err));
    bool is_good = !r->failed && count && *held > 0 && *held <= PJ_SHEET_GROUP;
    return is_good ? PJ_OK : fail(err);
}

/* Where groups begin; they are read when their turn comes. */
static pj_status find_groups(pj_records *rows, pj_unthrift *r, pj_error *err)
{
    uint64_t count;
    if (pj_unthrift_list(r, &count) != PJ_THRIFT_STRUCT && count)
        return fail(err);
    if (rows->group || count > MOST_GROUPS || r->failed)
        return fail(err);
    rows->group = PJ_NEW(rows->arena, const uint8_t *, count + 1);
    PJ_TRY(pj_got(rows->group, err));
    for (uint64_t i = 0; i < count && !r->failed; i++) {
        rows->group[rows->groups++] = r->at;
        pj_unthrift_pass(r, PJ_THRIFT_STRUCT);
    }
    return r->failed ? fail(err) : PJ_OK;
}

static pj_status read_ends(pj_records *rows, pj_error *err)
{
    pj_footer footer; /* which is whole where this can be read */
    int64_t field = 0;
    int type;
    PJ_TRY(pj_footer_ends(rows->file, &rows->ends, err));
    PJ_TRY(pj_footer_parse(rows->ends.data, rows->ends.length, rows->arena, &footer, err));
    const uint8_t *begin = (const uint8_t *)rows->ends.data;
    pj_unthrift r = {begin + PJ_PARQUET_HEAD, begin + rows->ends.length - PJ_PARQUET_TAIL, false};
    while ((type = pj_unthrift_field(&r, &field)) != PJ_THRIFT_STOP) {
        if (type == PJ_THRIFT_LIST && field == 4)
            PJ_TRY(find_groups(rows, &r, err));
        else
            pj_unthrift_pass(&r, type);
    }
    return PJ_OK;
}

/* ---- pages ---- */

static void read_page_head(pj_unthrift *r, page *out)
{
    int64_t field = 0, inner = 0;
    int type;
    while ((type = pj_unthrift_field(r, &field)) != PJ_THRIFT_STOP) {
        int64_t *number = field == 1 ? &out->type : field == 2 ? &out->plain : field == 3 ? &out->packed : NULL;
        if (type == PJ_THRIFT_I32 && number)
            *number = pj_unthrift_int(r);
        else if (type == PJ_THRIFT_STRUCT && (field == 5 || field == 7))
            for (inner = 0; (type = pj_unthrift_field(r, &inner)) != PJ_THRIFT_STOP;)
                if (type == PJ_THRIFT_I32 && (inner == 1 || inner == 2))
                    *(inner == 1 ? &out->values : &out->encoding) = pj_unthrift_int(r);
                else
                    pj_unthrift_pass(r, type);
        else
            pj_unthrift_pass(r, type);
    }
}

/* The next page: head and body, unpacked. */
static pj_status read_page(pj_records *rows, pj_unthrift *r, int type, int64_t codec, page *out, pj_error *err)
{
    *out = (page){.type = -1, .plain = -1, .packed = -1, .values = -1};
    read_page_head(r, out);
    if (r->failed || out->type != type || out->plain < 0 || out->plain > MOST_PAGE || out->packed < 0 ||
        out->packed > r->end - r->at || out->values < 0 || out->values > PJ_SHEET_GROUP)
        return fail(err);
    PJ_TRY(take(rows, (uint64_t)out->plain, 1, &out->body, err));
    bool is_known = codec == 0 || codec == pj_pack_codec();
    bool is_good = is_known && pj_unpack_bytes((int)codec, r->at, (size_t)out->packed, out->body, (size_t)out->plain);
    r->at += out->packed;
    return is_good ? PJ_OK : fail(err);
}

/* All bytes of a column's pages. */
static pj_status read_bytes(pj_records *rows, const place *at, pj_unthrift *out, pj_error *err)
{
    uint8_t *bytes;
    int64_t begin = at->dictionary_at ? at->dictionary_at : at->data_at;
    if (at->bytes < 0 || at->bytes > MOST_PAGE || begin < PJ_PARQUET_HEAD)
        return fail(err);
    PJ_TRY(take(rows, (uint64_t)at->bytes, 1, &bytes, err));
    if (fseeko(rows->file, (off_t)begin, SEEK_SET) != 0 ||
        fread(bytes, 1, (size_t)at->bytes, rows->file) != (size_t)at->bytes)
        return fail(err);
    *out = (pj_unthrift){bytes, bytes + at->bytes, false};
    return PJ_OK;
}

static pj_status read_words(pj_records *rows, const page *from, cells *out, pj_error *err)
{
    const uint8_t *at = from->body, *end = at + from->plain;
    PJ_TRY(take(rows, (uint64_t)from->values, sizeof *out->word, &out->word, err));
    for (int64_t i = 0; i < from->values; i++) {
        uint32_t length = end - at < 4 ? UINT32_MAX : pj_unpack_u32(at);
        char *word;
        if (end - at < 4 || length > end - at - 4 || memchr(at + 4, 0, length))
            return fail(err);
        PJ_TRY(take(rows, length, 1, &word, err));
        memcpy(word, at + 4, length);
        out->word[i] = word;
        at += 4 + length;
    }
    return at == end ? PJ_OK : fail(err);
}

/* ---- cells ---- */

/* Which cells are there, and how many. */
static pj_status read_levels(pj_records *rows, size_t column, const uint8_t **at, const uint8_t *end, size_t *count,
                             pj_error *err)
{
    uint32_t *level;
    bool *there;
    bool may_lack = rows->column[column].may_lack;
    PJ_TRY(take(rows, rows->held, sizeof *there, &there, err));
    PJ_TRY(take(rows, rows->held, sizeof *level, &level, err));
    if (may_lack) {
        uint32_t length = end - *at < 4 ? UINT32_MAX : pj_unpack_u32(*at);
        if (end - *at < 4 || length > end - *at - 4)
            return fail(err);
        const uint8_t *levels = *at + 4;
        *at = levels + length;
        if (!pj_unpack_runs(&levels, *at, rows->held, 1, level) || levels != *at)
            return fail(err);
    }
    *count = 0;
    for (size_t row = 0; row < rows->held; row++) {
        there[row] = !may_lack || level[row] == 1;
        *count += there[row];
    }
    rows->cells[column].there = there;
    return PJ_OK;
}

/* Values by the numbers of a dictionary: a text keeps the number. */
static pj_status read_numbered(pj_records *rows, size_t column, const page *words, const uint8_t *at,
                               const uint8_t *end, size_t count, uint64_t *value, pj_error *err)
{
    uint32_t *number;
    PJ_TRY(take(rows, count, sizeof *number, &number, err));
    if (at == end)
        return fail(err);
    int width = *at++;
    if (!pj_unpack_runs(&at, end, count, width, number) || at != end)
        return fail(err);
    for (size_t i = 0; i < count; i++) {
        if (number[i] >= words->values)
            return fail(err);
        value[i] =
            rows->column[column].kind == PJ_SHEET_TEXT ? number[i] : pj_unpack_u64(words->body + 8 * (size_t)number[i]);
    }
    return PJ_OK;
}

static pj_status read_plain(const pj_records *rows, size_t column, const uint8_t *at, const uint8_t *end, size_t count,
                            uint64_t *value, pj_error *err)
{
    bool is_flag = rows->column[column].kind == PJ_SHEET_FLAG;
    size_t bytes = is_flag ? (count + 7) / 8 : 8 * count;
    if ((size_t)(end - at) != bytes || (count && rows->column[column].kind == PJ_SHEET_TEXT))
        return fail(err);
    for (size_t i = 0; i < count; i++)
        value[i] = is_flag ? (uint64_t)at[i / 8] >> i % 8 & 1 : pj_unpack_u64(at + 8 * i);
    return PJ_OK;
}

/* From one after another to one a row. */
static void spread(const pj_records *rows, const bool *there, size_t count, uint64_t *value)
{
    for (size_t row = rows->held; row-- > 0;)
        value[row] = there[row] ? value[--count] : 0;
}

static pj_status read_column(pj_records *rows, size_t column, const place *at, pj_error *err)
{
    cells *out = &rows->cells[column];
    const pj_sheet_kind kind = rows->column[column].kind;
    page words = {0}, data;
    pj_unthrift r;
    size_t count;
    uint64_t *value;
    if (at->type != pj_parquet_type(kind) || !at->name || strcmp(at->name, rows->column[column].name) != 0 ||
        at->values != (int64_t)rows->held)
        return fail(err);
    PJ_TRY(read_bytes(rows, at, &r, err));
    if (at->dictionary_at)
        PJ_TRY(read_page(rows, &r, PJ_PARQUET_DICTIONARY_PAGE, at->codec, &words, err));
    if (at->dictionary_at && kind == PJ_SHEET_TEXT)
        PJ_TRY(read_words(rows, &words, out, err));
    else if (words.plain != 8 * words.values || (kind == PJ_SHEET_FLAG && at->dictionary_at))
        return fail(err);
    PJ_TRY(read_page(rows, &r, PJ_PARQUET_DATA_PAGE, at->codec, &data, err));
    const uint8_t *body = data.body, *end = body + data.plain;
    if (data.values != (int64_t)rows->held ||
        data.encoding != (at->dictionary_at ? PJ_PARQUET_BY_DICTIONARY : PJ_PARQUET_PLAIN))
        return fail(err);
    PJ_TRY(read_levels(rows, column, &body, end, &count, err));
    if (!count)
        return PJ_OK;
    PJ_TRY(take(rows, rows->held, sizeof *value, &value, err));
    PJ_TRY(at->dictionary_at ? read_numbered(rows, column, &words, body, end, count, value, err)
                             : read_plain(rows, column, body, end, count, value, err));
    spread(rows, out->there, count, value);
    out->value = value;
    return PJ_OK;
}

/* ---- from outside ---- */

pj_status pj_records_next(pj_records *rows, pj_error *err)
{
    int64_t held;
    rows->held = rows->taken = 0;
    if (rows->next == rows->groups)
        return PJ_OK;
    pj_arena_reset(rows->of);
    memset(rows->cells, 0, rows->columns * sizeof *rows->cells);
    place *places;
    PJ_TRY(take(rows, rows->columns, sizeof *places, &places, err));
    memset(places, 0, rows->columns * sizeof *places);
    pj_unthrift r = {rows->group[rows->next++], (const uint8_t *)rows->ends.data + rows->ends.length, false};
    PJ_TRY(read_group(rows, &r, places, &held, err));
    rows->held = (size_t)held;
    pj_status status = PJ_OK;
    for (size_t i = 0; i < rows->columns && status == PJ_OK; i++)
        status = read_column(rows, i, &places[i], err);
    rows->held = status == PJ_OK ? rows->held : 0;
    return status;
}

size_t pj_records_held(const pj_records *rows)
{
    return rows->held;
}

static bool has(const pj_records *rows, size_t row, size_t column, pj_sheet_kind kind)
{
    const cells *of = &rows->cells[column];
    return rows->column[column].kind == kind && of->value && of->there[row];
}

int64_t pj_records_int(const pj_records *rows, size_t row, size_t column)
{
    return has(rows, row, column, PJ_SHEET_INT) ? (int64_t)rows->cells[column].value[row] : 0;
}

const char *pj_records_text(const pj_records *rows, size_t row, size_t column)
{
    const cells *of = &rows->cells[column];
    return has(rows, row, column, PJ_SHEET_TEXT) ? of->word[of->value[row]] : NULL;
}

void pj_records_put(const pj_records *rows, size_t row, size_t column, pj_sheet *sheet)
{
    const pj_sheet_kind kind = rows->column[column].kind;
    double real;
    if (!has(rows, row, column, kind))
        return;
    const uint64_t value = rows->cells[column].value[row];
    switch (kind) {
    case PJ_SHEET_INT:
        pj_sheet_int(sheet, column, (int64_t)value);
        break;
    case PJ_SHEET_REAL:
        memcpy(&real, &value, sizeof real);
        pj_sheet_real(sheet, column, real);
        break;
    case PJ_SHEET_FLAG:
        pj_sheet_flag(sheet, column, value != 0);
        break;
    case PJ_SHEET_TEXT:
        pj_sheet_text(sheet, column, rows->cells[column].word[value]);
        break;
    }
}

pj_status pj_records_take(FILE *file, const pj_sheet_column *columns, size_t count, pj_records **out, pj_error *err)
{
    pj_records *rows = calloc(1, sizeof *rows);
    *out = NULL;
    if (!rows) {
        (void)fclose(file);
        return pj_fail_memory(err);
    }
    *rows = (pj_records){.file = file,
                         .column = columns,
                         .columns = count,
                         .ends = pj_str_new(0),
                         .arena = pj_arena_new(0),
                         .of = pj_arena_new(0)};
    pj_status status = pj_got(rows->arena && rows->of, err);
    if (status == PJ_OK) {
        rows->cells = PJ_NEW(rows->arena, cells, count + 1);
        status = pj_got(rows->cells, err);
    }
    if (status == PJ_OK)
        status = read_ends(rows, err);
    if (status == PJ_OK)
        *out = rows;
    else
        pj_records_free(rows);
    return status;
}

pj_status pj_records_open(const char *path, const pj_sheet_column *columns, size_t count, pj_records **out,
                          pj_error *err)
{
    FILE *file = fopen(path, "rb");
    *out = NULL;
    pj_status status =
        file ? pj_records_take(file, columns, count, out, err) : pj_fail(err, PJ_EIO, "cannot be opened");
    if (status != PJ_OK)
        pj_error_at(err, path, NULL, NULL);
    return status;
}

void pj_records_free(pj_records *rows)
{
    if (!rows)
        return;
    (void)fclose(rows->file);
    pj_str_free(&rows->ends);
    pj_arena_free(rows->of);
    pj_arena_free(rows->arena);
    free(rows);
}
