/* Parquet: a flat table, a row group for each group of rows, one dictionary and one data page a column.
 *
 * Texts are numbers of a dictionary, and so are numbers where few differ; flags are bits; what may lack has levels. The
 * footer says where everything is, with the least and the most of each column of numbers. The format is the one of
 * parquet-format 2: pages of version 1, encodings PLAIN, RLE, RLE_DICTIONARY. */
#include "columns/parquet.h"

#include "columns/pack.h"
#include "columns/thrift.h"

static const char magic[] = "PAR1";

enum { TYPE_BOOLEAN = 0, TYPE_INT64 = 2, TYPE_DOUBLE = 5, TYPE_BYTES = 6 };

/* Row groups that are written, as the footer has them. */
typedef struct group_text {
    const char *bytes;
    size_t length;
} group_text;

typedef struct state {
    group_text *group;
    size_t groups, room;
    pj_distinct distinct;
    uint32_t number[PJ_SHEET_GROUP]; /* of the values that are there */
    uint64_t value[PJ_SHEET_GROUP];
    bool flag[PJ_SHEET_GROUP];
} state;

/* One column of one group. */
typedef struct chunk {
    pj_sheet *sheet;
    const pj_sheet_column *column;
    const pj_sheet_cells *cells;
    state *s;
    size_t values;                   /* that are there */
    bool by_number;                  /* in the dictionary */
    size_t words;                    /* of it */
    uint64_t plain;                  /* bytes of pages before they were compressed, with their headers ... */
    uint64_t dictionary_at, data_at; /* offsets in the file */
} chunk;

int pj_parquet_type(pj_sheet_kind kind)
{
    switch (kind) {
    case PJ_SHEET_INT:
        return TYPE_INT64;
    case PJ_SHEET_REAL:
        return TYPE_DOUBLE;
    case PJ_SHEET_FLAG:
        return TYPE_BOOLEAN;
    case PJ_SHEET_TEXT:
        break;
    }
    return TYPE_BYTES;
}

static pj_status begin(pj_sheet *sheet, pj_error *err)
{
    pj_str text = pj_str_new(0);
    sheet->state = PJ_NEW(sheet->arena, state, 1);
    PJ_TRY(pj_got(sheet->state, err));
    pj_str_add(&text, magic);
    pj_status status = pj_sheet_put(sheet, &text, err);
    pj_str_free(&text);
    return status;
}

/* ---- pages ---- */

/* Header and compressed body. */
static pj_status put_page(chunk *c, int type, const pj_str *body, size_t values, int encoding, pj_error *err)
{
    pj_str packed = pj_str_new(0), out = pj_str_new(0);
    pj_thrift t = pj_thrift_new(&out);
    pj_pack_compress(body, &packed);
    pj_thrift_int(&t, 1, PJ_THRIFT_I32, type);
    pj_thrift_int(&t, 2, PJ_THRIFT_I32, (int64_t)body->length);
    pj_thrift_int(&t, 3, PJ_THRIFT_I32, (int64_t)packed.length);
    pj_thrift_struct(&t, type == PJ_PARQUET_DATA_PAGE ? 5 : 7);
    pj_thrift_int(&t, 1, PJ_THRIFT_I32, (int64_t)values);
    pj_thrift_int(&t, 2, PJ_THRIFT_I32, encoding);
    if (type == PJ_PARQUET_DATA_PAGE) {
        pj_thrift_int(&t, 3, PJ_THRIFT_I32, PJ_PARQUET_RUNS); /* of definition levels, and of repetition levels */
        pj_thrift_int(&t, 4, PJ_THRIFT_I32, PJ_PARQUET_RUNS);
    }
    pj_thrift_end(&t);
    pj_thrift_end(&t);
    c->plain += out.length + body->length;
    pj_str_add_bytes(&out, packed.data, packed.length);
    pj_str_fail_as(&out, &packed);
    pj_str_fail_as(&out, body);
    pj_status status = pj_sheet_put(c->sheet, &out, err);
    pj_str_free(&packed);
    pj_str_free(&out);
    return status;
}

static pj_status put_dictionary(chunk *c, pj_error *err)
{
    pj_str body = pj_str_new(0);
    for (size_t i = 0; i < c->words; i++) {
        if (c->column->kind == PJ_SHEET_TEXT) {
            pj_pack_u32((uint32_t)strlen(c->cells->word[i]), &body);
            pj_str_add(&body, c->cells->word[i]);
        } else {
            pj_pack_u64(c->s->distinct.value[i], &body);
        }
    }
    c->dictionary_at = c->sheet->bytes;
    pj_status status = put_page(c, PJ_PARQUET_DICTIONARY_PAGE, &body, c->words, PJ_PARQUET_PLAIN, err);
    pj_str_free(&body);
    return status;
}

/* 1 where a value is there; led by its length. */
static void add_levels(const chunk *c, pj_str *out)
{
    pj_str levels = pj_str_new(0);
    uint32_t *level = malloc(c->sheet->held * sizeof *level);
    for (size_t r = 0; level && r < c->sheet->held; r++)
        level[r] = c->cells->there[r];
    if (level)
        pj_pack_runs(level, c->sheet->held, 1, &levels);
    else
        levels.failed = levels.no_memory = true;
    pj_pack_u32((uint32_t)levels.length, out);
    pj_str_add_bytes(out, levels.data, levels.length);
    pj_str_fail_as(out, &levels);
    pj_str_free(&levels);
    free(level);
}

static void add_values(chunk *c, pj_str *out)
{
    if (c->by_number) {
        int width = pj_pack_width(c->words);
        pj_str_add_char(out, (char)width);
        pj_pack_runs(c->s->number, c->values, width, out);
    } else if (c->column->kind == PJ_SHEET_FLAG) {
        pj_pack_bits(c->s->flag, c->values, out);
    } else {
        for (size_t i = 0; i < c->values; i++)
            pj_pack_u64(c->s->value[i], out);
    }
}

static pj_status put_data(chunk *c, pj_error *err)
{
    pj_str body = pj_str_new(0);
    if (c->column->may_lack)
        add_levels(c, &body);
    add_values(c, &body);
    c->data_at = c->sheet->bytes;
    pj_status status = put_page(c, PJ_PARQUET_DATA_PAGE, &body, c->sheet->held,
                                c->by_number ? PJ_PARQUET_BY_DICTIONARY : PJ_PARQUET_PLAIN, err);
    pj_str_free(&body);
    return status;
}

/* Values that are there, one after another; in a dictionary where that takes less. */
static void gather(chunk *c)
{
    state *s = c->s;
    const size_t size = sizeof *s->value;
    for (size_t r = 0; r < c->sheet->held; r++) {
        if (!c->cells->there[r])
            continue;
        s->flag[c->values] = c->cells->value[r] != 0;
        s->number[c->values] = (uint32_t)c->cells->value[r];
        s->value[c->values++] = c->cells->value[r];
    }
    switch (c->column->kind) {
    case PJ_SHEET_TEXT:
        c->words = c->cells->words;
        c->by_number = c->words > 0;
        break;
    case PJ_SHEET_INT:
    case PJ_SHEET_REAL:
        c->by_number = c->values && pj_distinct_find(s->value, c->values, &s->distinct, s->number);
        c->words = s->distinct.count;
        c->by_number =
            c->by_number && c->words * size + c->values * (size_t)pj_pack_width(c->words) / 8 < c->values * size;
        break;
    case PJ_SHEET_FLAG:
        break;
    }
}

/* ---- the footer ---- */

static double real_of(uint64_t bits)
{
    double real;
    memcpy(&real, &bits, sizeof real);
    return real;
}

static bool is_less(const chunk *c, uint64_t a, uint64_t b)
{
    return c->column->kind == PJ_SHEET_REAL ? real_of(a) < real_of(b) : (int64_t)a < (int64_t)b;
}

static void add_bound(pj_thrift *t, int field, uint64_t bits)
{
    pj_str text = pj_str_new(0);
    pj_pack_u64(bits, &text);
    pj_thrift_binary(t, field, text.data, text.length);
    pj_str_fail_as(t->out, &text);
    pj_str_free(&text);
}

/* Of reals, a zero that is the least is -0, the most +0: readers compare both as equal. */
static void add_statistics(const chunk *c, pj_thrift *t)
{
    const uint64_t minus_zero = (uint64_t)1 << 63;
    bool is_real = c->column->kind == PJ_SHEET_REAL;
    uint64_t least, most;
    pj_thrift_struct(t, 12);
    pj_thrift_int(t, 3, PJ_THRIFT_I64, (int64_t)c->cells->missing);
    if (c->values && (is_real || c->column->kind == PJ_SHEET_INT)) {
        least = most = c->s->value[0];
        for (size_t i = 1; i < c->values; i++) {
            least = is_less(c, c->s->value[i], least) ? c->s->value[i] : least;
            most = is_less(c, most, c->s->value[i]) ? c->s->value[i] : most;
        }
        add_bound(t, 5, is_real && most == minus_zero ? 0 : most);
        add_bound(t, 6, is_real && least == 0 ? minus_zero : least);
    }
    pj_thrift_end(t);
}

static void add_chunk(const chunk *c, uint64_t begin_at, pj_thrift *t)
{
    pj_thrift_element_struct(t);
    pj_thrift_int(t, 2, PJ_THRIFT_I64, (int64_t)begin_at);
    pj_thrift_struct(t, 3);
    pj_thrift_int(t, 1, PJ_THRIFT_I32, pj_parquet_type(c->column->kind));
    pj_thrift_list(t, 2, 2, PJ_THRIFT_I32);
    pj_thrift_element_int(t, PJ_PARQUET_RUNS);
    pj_thrift_element_int(t, c->by_number ? PJ_PARQUET_BY_DICTIONARY : PJ_PARQUET_PLAIN);
    pj_thrift_list(t, 3, 1, PJ_THRIFT_BINARY);
    pj_thrift_element_text(t, c->column->name);
    pj_thrift_int(t, 4, PJ_THRIFT_I32, pj_pack_codec());
    pj_thrift_int(t, 5, PJ_THRIFT_I64, (int64_t)c->sheet->held);
    pj_thrift_int(t, 6, PJ_THRIFT_I64, (int64_t)c->plain);
    pj_thrift_int(t, 7, PJ_THRIFT_I64, (int64_t)(c->sheet->bytes - begin_at));
    pj_thrift_int(t, 9, PJ_THRIFT_I64, (int64_t)c->data_at);
    if (c->by_number)
        pj_thrift_int(t, 11, PJ_THRIFT_I64, (int64_t)c->dictionary_at);
    add_statistics(c, t);
    pj_thrift_end(t);
    pj_thrift_end(t);
}

static pj_status group(pj_sheet *sheet, pj_error *err)
{
    state *s = sheet->state;
    pj_str text = pj_str_new(0);
    pj_thrift t = pj_thrift_new(&text);
    pj_status status = PJ_OK;
    uint64_t plain = 0;
    pj_thrift_list(&t, 1, sheet->columns, PJ_THRIFT_STRUCT);
    for (size_t i = 0; i < sheet->columns && status == PJ_OK; i++) {
        chunk c = {.sheet = sheet, .column = &sheet->column[i], .cells = &sheet->cells[i], .s = s};
        uint64_t begin_at = sheet->bytes;
        gather(&c);
        if (c.by_number)
            status = put_dictionary(&c, err);
        if (status == PJ_OK)
            status = put_data(&c, err);
        add_chunk(&c, begin_at, &t);
        plain += c.plain;
    }
    pj_thrift_int(&t, 2, PJ_THRIFT_I64, (int64_t)plain);
    pj_thrift_int(&t, 3, PJ_THRIFT_I64, (int64_t)sheet->held);
    pj_thrift_end(&t);
    size_t length = text.length;
    char *kept = pj_str_keep(&text, sheet->arena);
    PJ_TRY(status);
    PJ_TRY(pj_got(kept && PJ_GROW(sheet->arena, s->group, s->groups, s->room), err));
    s->group[s->groups++] = (group_text){kept, length};
    return PJ_OK;
}

static void add_schema(const pj_sheet *sheet, pj_thrift *t)
{
    pj_thrift_list(t, 2, sheet->columns + 1, PJ_THRIFT_STRUCT);
    pj_thrift_element_struct(t);
    pj_thrift_text(t, 4, "row");
    pj_thrift_int(t, 5, PJ_THRIFT_I32, (int64_t)sheet->columns);
    pj_thrift_end(t);
    for (size_t i = 0; i < sheet->columns; i++) {
        const pj_sheet_column *column = &sheet->column[i];
        pj_thrift_element_struct(t);
        pj_thrift_int(t, 1, PJ_THRIFT_I32, pj_parquet_type(column->kind));
        pj_thrift_int(t, 3, PJ_THRIFT_I32, column->may_lack);
        pj_thrift_text(t, 4, column->name);
        if (column->kind == PJ_SHEET_TEXT) {
            pj_thrift_int(t, 6, PJ_THRIFT_I32, 0); /* UTF8, for readers of before there were logical types */
            pj_thrift_struct(t, 10);
            pj_thrift_struct(t, 1); /* STRING */
            pj_thrift_end(t);
            pj_thrift_end(t);
        }
        pj_thrift_end(t);
    }
}

static void add_footer(const pj_sheet *sheet, pj_str *out)
{
    const state *s = sheet->state;
    pj_thrift t = pj_thrift_new(out);
    pj_thrift_int(&t, 1, PJ_THRIFT_I32, 2);
    add_schema(sheet, &t);
    pj_thrift_int(&t, 3, PJ_THRIFT_I64, (int64_t)sheet->rows);
    pj_thrift_list(&t, 4, s->groups, PJ_THRIFT_STRUCT);
    for (size_t i = 0; i < s->groups; i++)
        pj_str_add_bytes(out, s->group[i].bytes, s->group[i].length);
    pj_thrift_list(&t, 5, sheet->facts, PJ_THRIFT_STRUCT);
    for (size_t i = 0; i < sheet->facts; i++) {
        pj_thrift_element_struct(&t);
        pj_thrift_text(&t, 1, sheet->fact[i].key);
        pj_thrift_text(&t, 2, sheet->fact[i].value);
        pj_thrift_end(&t);
    }
    pj_thrift_text(&t, 6, "picojoule");
    pj_thrift_end(&t);
}

static pj_status end(pj_sheet *sheet, pj_error *err)
{
    pj_str text = pj_str_new(0);
    PJ_TRY(pj_got(!sheet->failed, err));
    add_footer(sheet, &text);
    uint32_t length = (uint32_t)text.length;
    pj_pack_u32(length, &text);
    pj_str_add(&text, magic);
    pj_status status = pj_sheet_put(sheet, &text, err);
    pj_str_free(&text);
    return status;
}

const pj_sheet_writer pj_sheet_parquet = {begin, group, end};
