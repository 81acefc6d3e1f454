/* Reading a footer: Thrift's compact protocol, of which all but a few fields are passed over. The file may be anything.
 */
#include "columns/footer.h"

#include "columns/parquet.h"
#include "columns/unthrift.h"

enum { FRAME = PJ_PARQUET_HEAD, TAIL = PJ_PARQUET_TAIL, MOST_FOOTER = 16 * 1024 * 1024, MOST_FACTS = 1000 };

static void read_fact(pj_unthrift *r, pj_arena *arena, pj_sheet_fact *out)
{
    int64_t field = 0;
    int type;
    while ((type = pj_unthrift_field(r, &field)) != PJ_THRIFT_STOP) {
        if (type == PJ_THRIFT_BINARY && field == 1)
            out->key = pj_unthrift_text(r, arena);
        else if (type == PJ_THRIFT_BINARY && field == 2)
            out->value = pj_unthrift_text(r, arena);
        else
            pj_unthrift_pass(r, type);
    }
}

static pj_status read_facts(pj_unthrift *r, pj_arena *arena, pj_footer *out, pj_error *err)
{
    uint64_t count;
    int type = pj_unthrift_list(r, &count);
    if (type != PJ_THRIFT_STRUCT || count > MOST_FACTS || out->fact || r->failed) {
        r->failed = true;
        return PJ_OK;
    }
    pj_sheet_fact *fact = PJ_NEW(arena, pj_sheet_fact, count);
    PJ_TRY(pj_got(fact, err));
    for (; out->facts < count && !r->failed; out->facts++)
        read_fact(r, arena, &fact[out->facts]);
    out->fact = fact;
    return pj_got(!pj_arena_failed(arena), err);
}

static pj_status read_footer(pj_unthrift *r, pj_arena *arena, pj_footer *out, pj_error *err)
{
    int64_t field = 0;
    int type;
    while ((type = pj_unthrift_field(r, &field)) != PJ_THRIFT_STOP) {
        if (type == PJ_THRIFT_I64 && field == 3)
            out->rows = (uint64_t)pj_unthrift_int(r);
        else if (type == PJ_THRIFT_LIST && field == 5)
            PJ_TRY(read_facts(r, arena, out, err));
        else
            pj_unthrift_pass(r, type);
    }
    return PJ_OK;
}

static pj_status fail(pj_error *err)
{
    return pj_fail(err, PJ_EFORMAT, "this is no Parquet file, or not all of one");
}

static size_t footer_length(const uint8_t tail[TAIL])
{
    return tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
}

pj_status pj_footer_parse(const void *bytes, size_t length, pj_arena *arena, pj_footer *out, pj_error *err)
{
    const uint8_t *begin = bytes, *tail = begin + length - TAIL;
    *out = (pj_footer){0};
    if (length < FRAME + TAIL || memcmp(begin, "PAR1", FRAME) != 0 || memcmp(tail + FRAME, "PAR1", FRAME) != 0)
        return fail(err);
    size_t footer = footer_length(tail);
    if (footer > length - FRAME - TAIL || footer > MOST_FOOTER)
        return fail(err);
    pj_unthrift r = {tail - footer, tail, false};
    PJ_TRY(read_footer(&r, arena, out, err));
    return r.failed ? fail(err) : PJ_OK;
}

pj_status pj_footer_ends(FILE *file, pj_str *out, pj_error *err)
{
    char head[FRAME];
    uint8_t tail[TAIL];
    if (fread(head, 1, FRAME, file) != FRAME || fseeko(file, -TAIL, SEEK_END) != 0 ||
        fread(tail, 1, TAIL, file) != TAIL)
        return fail(err);
    size_t length = footer_length(tail);
    if (length > MOST_FOOTER || fseeko(file, -(off_t)(TAIL + length), SEEK_END) != 0 || ftello(file) < FRAME)
        return fail(err);
    pj_str_add_bytes(out, head, FRAME);
    char buffer[4096];
    for (size_t left = length + TAIL, got; left > 0; left -= got) {
        got = fread(buffer, 1, left < sizeof buffer ? left : sizeof buffer, file);
        if (!got)
            return fail(err);
        pj_str_add_bytes(out, buffer, got);
    }
    return pj_got(!out->failed, err);
}

pj_status pj_footer_read(const char *path, pj_arena *arena, pj_footer *out, pj_error *err)
{
    FILE *file = fopen(path, "rb");
    pj_str ends = pj_str_new(0);
    *out = (pj_footer){0};
    if (!file) {
        pj_error_at(err, path, NULL, NULL);
        return pj_fail(err, PJ_EIO, "cannot be opened");
    }
    pj_status status = pj_footer_ends(file, &ends, err);
    (void)fclose(file);
    if (status == PJ_OK)
        status = pj_footer_parse(ends.data, ends.length, arena, out, err);
    if (status != PJ_OK)
        pj_error_at(err, path, NULL, NULL);
    pj_str_free(&ends);
    return status;
}

const char *pj_footer_fact(const pj_footer *footer, const char *key)
{
    for (size_t i = 0; i < footer->facts; i++)
        if (footer->fact[i].key && strcmp(footer->fact[i].key, key) == 0)
            return footer->fact[i].value;
    return NULL;
}
