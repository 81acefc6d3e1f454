/* Writing and reading fields: tables are walked here, and the types of their rows are here. */
#include "result/field.h"

#include "result/result.h"

const void *pj_field_at(const pj_field *field, unsigned of, const void *base)
{
    return (const char *)base + (of == PJ_OF_ONE ? field->at : field->totals);
}

static void *member_at(const pj_field *field, unsigned of, void *base)
{
    return (char *)base + (of == PJ_OF_ONE ? field->at : field->totals);
}

void pj_fields_write(const pj_field_writer *w, const pj_field *fields, size_t count, unsigned of, const void *base)
{
    const char *open = NULL;
    for (size_t i = 0; i < count; i++) {
        const pj_field *field = &fields[i];
        if (!(field->of & of) || !field->type->write)
            continue;
        const pj_seen it = {field, pj_field_at(field, of, base), base};
        bool is_absent = field->type->is_absent && field->type->is_absent(&it);
        if (is_absent && field->rule & PJ_LEFT_OUT)
            continue;
        if (open && open != field->object)
            pj_json_write_end(w->json);
        if (field->object && open != field->object)
            pj_json_put_begin(w->json, field->object,
                              field->is_line ? PJ_JSON_WRITE_OBJECT_LINE : PJ_JSON_WRITE_OBJECT);
        open = field->object;
        pj_json_write_key(w->json, field->key);
        if (is_absent && field->rule & PJ_NULL)
            pj_json_write_null(w->json);
        else
            field->type->write(w, &it);
    }
    if (open)
        pj_json_write_end(w->json);
}

/* The object that the field stands in; absent where it may be. */
static pj_status find_object(const pj_field *field, pj_json object, pj_json *out, pj_error *err)
{
    *out = field->object ? (pj_json){0} : object;
    if (!field->object)
        return PJ_OK;
    return field->rule & (PJ_MAY_LACK_OBJECT | PJ_MAY_LACK) ? pj_json_opt_object(object, field->object, out, err)
                                                            : pj_json_get_object(object, field->object, out, err);
}

static pj_status read_field(pj_field_reader *r, pj_json object, const pj_slot *of)
{
    const pj_field *field = of->field;
    pj_json inside = {0};
    PJ_TRY(find_object(field, object, &inside, r->err));
    pj_json value = pj_json_find(inside, field->key);
    bool is_null = field->rule & PJ_NULL && pj_json_kind_of(value) == PJ_JSON_NULL;
    if (value.node && !is_null)
        return field->type->read(r, value, of);
    if (!is_null && inside.node && !(field->rule & PJ_MAY_LACK))
        return pj_json_fail(inside, PJ_EFORMAT, r->err, "\"%s\" is missing", field->key);
    if (field->type->clear)
        field->type->clear(of);
    return PJ_OK;
}

pj_status pj_fields_read(pj_field_reader *r, const pj_field *fields, size_t count, unsigned of, pj_json object,
                         void *base)
{
    PJ_TRY(pj_json_as_object(object, &object, r->err));
    for (size_t i = 0; i < count; i++) {
        const pj_slot slot = {&fields[i], member_at(&fields[i], of, base), base};
        if (fields[i].of & of && fields[i].type->read)
            PJ_TRY(read_field(r, object, &slot));
    }
    return PJ_OK;
}

void pj_array_write(const pj_field_writer *w, const pj_array *list, const void *first, size_t count)
{
    pj_json_write_begin(w->json, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < count; i++) {
        pj_json_write_begin(w->json, list->is_line ? PJ_JSON_WRITE_OBJECT_LINE : PJ_JSON_WRITE_OBJECT);
        pj_fields_write(w, list->fields, list->count, PJ_OF_ONE, (const char *)first + i * list->size);
        pj_json_write_end(w->json);
    }
    pj_json_write_end(w->json);
}

pj_status pj_array_read(pj_field_reader *r, const pj_array *list, pj_json array, const void **out, size_t *count)
{
    PJ_TRY(pj_json_as_array(array, &array, r->err));
    char *structs = pj_arena_alloc(r->arena, pj_json_count(array), list->size);
    PJ_TRY(pj_got(structs, r->err));
    *count = 0;
    for (pj_json at = pj_json_first(array); at.node; at = pj_json_next(at))
        PJ_TRY(pj_fields_read(r, list->fields, list->count, PJ_OF_ONE, at, structs + (*count)++ * list->size));
    *out = structs;
    return PJ_OK;
}

pj_status pj_json_as_count(pj_json value, int64_t *out, pj_error *err)
{
    const double beyond = 9223372036854775808.0; /* 2^63; what the largest counts are rounded to */
    double number = 0;
    PJ_TRY(pj_json_as_double(value, &number, err));
    if (pj_json_whole(value, out) && *out >= 0)
        return PJ_OK;
    if (number < 0)
        return pj_json_fail(value, PJ_EFORMAT, err, "%.17g is negative", number);
    if (number != floor(number) || number > beyond)
        return pj_json_fail(value, PJ_EFORMAT, err, "%.17g is not a whole number below 2^63", number);
    *out = pj_count_of(number);
    return PJ_OK;
}

static void write_count(const pj_field_writer *w, const pj_seen *of)
{
    pj_json_write_int(w->json, *(const int64_t *)of->at);
}

static pj_status read_count(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    return pj_json_as_count(value, of->at, r->err);
}

static double value_of_count(const void *at)
{
    return (double)*(const int64_t *)at;
}

static bool is_absent_count(const pj_seen *of)
{
    return *(const int64_t *)of->at == of->field->absent;
}

static void clear_count(const pj_slot *of)
{
    *(int64_t *)of->at = of->field->absent;
}

static void write_size(const pj_field_writer *w, const pj_seen *of)
{
    pj_json_write_uint(w->json, *(const size_t *)of->at);
}

static pj_status read_size(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    int64_t count = 0;
    PJ_TRY(pj_json_as_count(value, &count, r->err));
    *(size_t *)of->at = (size_t)count;
    return PJ_OK;
}

static pj_status read_whole(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    return pj_json_as_int(value, of->at, r->err);
}

static void write_bytes(const pj_field_writer *w, const pj_seen *of)
{
    pj_json_write_uint(w->json, *(const uint64_t *)of->at);
}

static pj_status read_bytes(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    int64_t count = 0;
    PJ_TRY(pj_json_as_count(value, &count, r->err));
    *(uint64_t *)of->at = (uint64_t)count;
    return PJ_OK;
}

const pj_field_type pj_field_count = {write_count, read_count, is_absent_count, clear_count, value_of_count};
const pj_field_type pj_field_size = {write_size, read_size, NULL, NULL, NULL};
const pj_field_type pj_field_bytes = {write_bytes, read_bytes, NULL, NULL, NULL};
const pj_field_type pj_field_whole = {write_count, read_whole, NULL, NULL, NULL};

static void write_amount(const pj_field_writer *w, const pj_seen *of)
{
    pj_json_write_double(w->json, *(const double *)of->at);
}

static pj_status read_amount(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    double *out = of->at;
    PJ_TRY(pj_json_as_double(value, out, r->err));
    if (*out < 0)
        return pj_json_fail(value, PJ_EFORMAT, r->err, "%.17g is negative", *out);
    *out += 0.0; /* no -0 */
    return PJ_OK;
}

static double value_of_amount(const void *at)
{
    return *(const double *)at;
}

/* Not known is negative; what is left out is nothing. */
static bool is_absent_amount(const pj_seen *of)
{
    double value = *(const double *)of->at;
    return of->field->absent < 0 ? value < 0 : !(value > 0);
}

static void clear_amount(const pj_slot *of)
{
    *(double *)of->at = (double)of->field->absent;
}

const pj_field_type pj_field_amount = {write_amount, read_amount, is_absent_amount, clear_amount, value_of_amount};

static void write_flag(const pj_field_writer *w, const pj_seen *of)
{
    pj_json_write_bool(w->json, *(const bool *)of->at);
}

static pj_status read_flag(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    return pj_json_as_bool(value, of->at, r->err);
}

static void clear_flag(const pj_slot *of)
{
    *(bool *)of->at = of->field->absent != 0;
}

static void write_text(const pj_field_writer *w, const pj_seen *of)
{
    pj_json_write_text(w->json, *(const char *const *)of->at);
}

static pj_status read_name(pj_field_reader *r, pj_json value, const char **out)
{
    PJ_TRY(pj_json_as_text(value, out, r->err));
    *out = pj_arena_strdup(r->arena, *out);
    return pj_got(*out, r->err);
}

static pj_status read_text(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    const char *text = NULL;
    PJ_TRY(read_name(r, value, &text));
    memcpy(of->at, &text, sizeof text);
    return PJ_OK;
}

static bool is_absent_text(const pj_seen *of)
{
    return !*(const char *const *)of->at;
}

static bool is_absent_word(const pj_seen *of)
{
    return is_absent_text(of) || !**(const char *const *)of->at;
}

static void clear_word(const pj_slot *of)
{
    const char *none = "";
    memcpy(of->at, &none, sizeof none);
}

const pj_field_type pj_field_flag = {write_flag, read_flag, NULL, clear_flag, NULL};
const pj_field_type pj_field_text = {write_text, read_text, is_absent_text, NULL, NULL};
const pj_field_type pj_field_word = {write_text, read_text, is_absent_word, clear_word, NULL};

static void write_names(const pj_field_writer *w, const pj_seen *of)
{
    const char *const *names = *(const char *const *const *)of->at;
    size_t count = *(const size_t *)((const char *)of->base + of->field->count_at);
    pj_json_write_begin(w->json, PJ_JSON_WRITE_ARRAY_LINE);
    for (size_t i = 0; i < count; i++)
        pj_json_write_text(w->json, names[i]);
    pj_json_write_end(w->json);
}

static pj_status read_names(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    size_t *count = (size_t *)((char *)of->base + of->field->count_at);
    PJ_TRY(pj_json_as_array(value, &value, r->err));
    const char **names = PJ_NEW(r->arena, const char *, pj_json_count(value));
    PJ_TRY(pj_got(names, r->err));
    memcpy(of->at, &names, sizeof names);
    for (pj_json name = pj_json_first(value); name.node; name = pj_json_next(name))
        PJ_TRY(read_name(r, name, &names[(*count)++]));
    return PJ_OK;
}

void pj_shape_json(int rank, const pj_dim_info *dims, pj_json_writer *json)
{
    if (rank < 0) {
        pj_json_write_null(json);
        return;
    }
    pj_json_write_begin(json, PJ_JSON_WRITE_ARRAY_LINE);
    for (int k = 0; k < rank; k++) {
        if (dims[k].symbol)
            pj_json_write_text(json, dims[k].symbol);
        else if (dims[k].value < 0)
            pj_json_write_null(json);
        else
            pj_json_write_int(json, dims[k].value);
    }
    pj_json_write_end(json);
}

static void write_shape(const pj_field_writer *w, const pj_seen *of)
{
    pj_shape_json(*(const int *)((const char *)of->base + of->field->count_at), *(const pj_dim_info *const *)of->at,
                  w->json);
}

static pj_status read_dim(pj_field_reader *r, pj_json at, pj_dim_info *out)
{
    out->value = -1;
    if (pj_json_kind_of(at) == PJ_JSON_NULL)
        return PJ_OK;
    if (pj_json_kind_of(at) == PJ_JSON_TEXT)
        return read_name(r, at, &out->symbol);
    return pj_json_as_count(at, &out->value, r->err);
}

static pj_status read_shape(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    PJ_TRY(pj_json_as_array(value, &value, r->err));
    size_t rank = pj_json_count(value), k = 0;
    if (rank > PJ_MAX_RANK)
        return pj_json_fail(value, PJ_ELIMIT, r->err, "%zu dimensions; at most %d are accepted", rank,
                            (int)PJ_MAX_RANK);
    pj_dim_info *dims = PJ_NEW(r->arena, pj_dim_info, rank);
    PJ_TRY(pj_got(dims, r->err));
    for (pj_json dim = pj_json_first(value); dim.node; dim = pj_json_next(dim))
        PJ_TRY(read_dim(r, dim, &dims[k++]));
    memcpy(of->at, &dims, sizeof dims);
    *(int *)((char *)of->base + of->field->count_at) = (int)rank;
    return PJ_OK;
}

static void clear_shape(const pj_slot *of)
{
    *(int *)((char *)of->base + of->field->count_at) = PJ_RANK_UNKNOWN;
}

const pj_field_type pj_field_names = {write_names, read_names, NULL, NULL, NULL};
const pj_field_type pj_field_shape = {write_shape, read_shape, NULL, clear_shape, NULL};
