/* Reading a footer: Thrift's compact protocol, of which all but a few fields are passed over. The file may be anything.
 */
#include "columns/footer.h"

enum { FRAME = 4, TAIL = 8, MOST_FOOTER = 16 * 1024 * 1024, MOST_DEPTH = 16, MOST_FACTS = 1000 };

/* Types of fields; those that are passed over, too. */
enum { STOP, YES, NO, BYTE, I16, I32, I64, REAL, BINARY, LIST, SET, MAP, STRUCT };

typedef struct reader {
    const uint8_t *at, *end;
    bool failed;
} reader;

static uint64_t read_varint(reader *r)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (r->at == r->end)
            break;
        uint8_t byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    r->failed = true;
    return 0;
}

static int64_t read_zigzag(reader *r)
{
    uint64_t value = read_varint(r);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static void pass(reader *r, uint64_t bytes)
{
    if (bytes > (uint64_t)(r->end - r->at))
        r->failed = true;
    else
        r->at += bytes;
}

/* The type of the next field, whose number is *field; STOP at the end of the struct. */
static int next_field(reader *r, int64_t *field)
{
    if (r->failed || r->at == r->end) {
        r->failed = true;
        return STOP;
    }
    uint8_t head = *r->at++;
    int type = head & 0x0f;
    if (type == STOP)
        return STOP;
    *field = head >> 4 ? *field + (head >> 4) : read_zigzag(r);
    return r->failed ? STOP : type;
}

static int list_head(reader *r, uint64_t *count)
{
    if (r->at == r->end) {
        r->failed = true;
        *count = 0;
        return STOP;
    }
    uint8_t head = *r->at++;
    *count = head >> 4 == 15 ? read_varint(r) : head >> 4;
    if (*count > (uint64_t)(r->end - r->at)) /* each takes a byte at least */
        r->failed = true;
    return head & 0x0f;
}

static void pass_value(reader *r, int type, int depth)
{
    int64_t field = 0;
    uint64_t count = 0;
    int inner;
    if (depth > MOST_DEPTH) {
        r->failed = true;
        return;
    }
    switch (type) {
    case YES:
    case NO:
        break;
    case BYTE:
        pass(r, 1);
        break;
    case I16:
    case I32:
    case I64:
        (void)read_varint(r);
        break;
    case REAL:
        pass(r, 8);
        break;
    case BINARY:
        pass(r, read_varint(r));
        break;
    case LIST:
    case SET:
        inner = list_head(r, &count);
        for (uint64_t i = 0; i < count && !r->failed; i++)
            pass_value(r, inner == YES || inner == NO ? BYTE : inner, depth + 1);
        break;
    case STRUCT:
        while ((inner = next_field(r, &field)) != STOP)
            pass_value(r, inner, depth + 1);
        break;
    default: /* maps: nothing that we look at has any */
        r->failed = true;
    }
}

static const char *read_text(reader *r, pj_arena *arena)
{
    uint64_t length = read_varint(r);
    const char *at = (const char *)r->at;
    pass(r, length);
    return r->failed ? NULL : pj_arena_strndup(arena, at, (size_t)length);
}

static void read_fact(reader *r, pj_arena *arena, pj_sheet_fact *out)
{
    int64_t field = 0;
    int type;
    while ((type = next_field(r, &field)) != STOP) {
        if (type == BINARY && field == 1)
            out->key = read_text(r, arena);
        else if (type == BINARY && field == 2)
            out->value = read_text(r, arena);
        else
            pass_value(r, type, 0);
    }
}

static pj_status read_facts(reader *r, pj_arena *arena, pj_footer *out, pj_error *err)
{
    uint64_t count;
    int type = list_head(r, &count);
    if (type != STRUCT || count > MOST_FACTS || out->fact || r->failed) {
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

static pj_status read_footer(reader *r, pj_arena *arena, pj_footer *out, pj_error *err)
{
    int64_t field = 0;
    int type;
    while ((type = next_field(r, &field)) != STOP) {
        if (type == I64 && field == 3)
            out->rows = (uint64_t)read_zigzag(r);
        else if (type == LIST && field == 5)
            PJ_TRY(read_facts(r, arena, out, err));
        else
            pass_value(r, type, 0);
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
    reader r = {tail - footer, tail, false};
    PJ_TRY(read_footer(&r, arena, out, err));
    return r.failed ? fail(err) : PJ_OK;
}

/* The head, and the tail with its footer. */
static pj_status read_ends(FILE *file, pj_str *out, pj_error *err)
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
    pj_status status = read_ends(file, &ends, err);
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
