/* Sequences of tensors.
 *
 * The type of a sequence holds what its tensors have in common: equal dims, the rest unknown. What single tensors are,
 * and how many, is followed back through the nodes that made the sequence, where the question comes up.
 *
 * A sequence is a list of references to its tensors: building and taking apart lists costs nothing. Splitting a tensor
 * into a sequence and joining one into a tensor move every element once. */
#include "ops/families.h"
#include "ops/subgraph.h"

/* How far back sequences are followed, and how many tensors of one are looked at singly. */
enum { MOST_STEPS = 64, MOST_TENSORS = 64 };

/* What a sequence holds; NULL where the input is none. */
static const pj_type *content_of(const pj_ctx *c, int i)
{
    const pj_type *type = pj_in_type(c, i);
    return type->kind == PJ_SEQUENCE ? type->of : NULL;
}

static pj_status set_sequence(pj_ctx *c, int o, pj_type content)
{
    pj_type type = pj_type_unknown();
    pj_type *of = pj_arena_memdup(c->arena, &content, 1, sizeof content);
    PJ_TRY(pj_got(of, c->err));
    type.kind = PJ_SEQUENCE;
    type.of = of;
    return pj_set_type(c, o, type);
}

/* Narrows `common`, the type of some tensors, to what it has in common with `type`. */
static pj_status merge(pj_ctx *c, const pj_type *type, pj_type *common)
{
    if (!pj_type_is_tensor(common) || !pj_type_is_tensor(type)) {
        *common = pj_type_unknown();
        return PJ_OK;
    }
    if (common->dtype != type->dtype && common->dtype != PJ_UNDEFINED && type->dtype != PJ_UNDEFINED)
        return pj_fail(c->err, PJ_ESHAPE, "a tensor of %s cannot be in a sequence of %s", pj_dtype_word(type->dtype),
                       pj_dtype_word(common->dtype));
    if (common->dtype == PJ_UNDEFINED)
        common->dtype = type->dtype;
    if (common->rank != type->rank)
        common->rank = -1;
    if (common->rank < 0)
        return PJ_OK;
    pj_num *dims = PJ_NEW(c->arena, pj_num, common->rank);
    PJ_TRY(pj_got(dims, c->err));
    for (int k = 0; k < common->rank; k++)
        dims[k] = pj_num_equal(common->dims[k], type->dims[k]) ? common->dims[k] : pj_num_unknown();
    common->dims = dims;
    return PJ_OK;
}

typedef struct split {
    int axis;
    bool keeps;   /* the split axis stays */
    bool listed;  /* one length for each part; else all `length` long but the last */
    pj_num whole; /* length of the split axis */
    pj_num parts;
    pj_num length; /* of a part; unknown where they differ */
} split;

/* A list of lengths: it must add up to the whole. */
static pj_status read_list(pj_ctx *c, split *out)
{
    int64_t count;
    const pj_num *data = pj_in_data(c, 1, &count);
    out->listed = true;
    out->parts = pj_in_dim(c, 1, 0);
    out->length = pj_num_is(out->parts, 1) ? out->whole : pj_num_unknown();
    if (!data || count < 1)
        return PJ_OK;
    pj_num sum = pj_num_of(0);
    out->length = data[0];
    for (int64_t k = 0; k < count; k++) {
        sum = pj_num_add(c->symbols, sum, data[k]);
        if (!pj_num_equal(data[k], out->length))
            out->length = pj_num_unknown();
    }
    return pj_same_dim(c, sum, out->whole, "the parts' lengths together against the split axis", &sum);
}

static pj_status read_scalar(pj_ctx *c, pj_num length, split *out)
{
    if (pj_num_known(length) && length.whole < 1)
        return pj_fail(c->err, PJ_ESHAPE, "a part of %lld is no part; it must be 1 or more long",
                       (long long)length.whole);
    out->parts = pj_num_ceil_div(c->symbols, out->whole, length);
    if (pj_num_known(out->whole) && pj_num_known(length) && length.whole > out->whole.whole)
        length = out->whole;
    bool even = pj_num_is(length, 1) || pj_num_is(pj_num_mod(c->symbols, out->whole, length), 0);
    out->length = even || pj_num_is(out->parts, 1) ? length : pj_num_unknown();
    return PJ_OK;
}

/* Without lengths, parts are 1 long and `keepdims` says whether that axis stays; with lengths it always does. The rank
 * of the input is known. */
static pj_status read_split(pj_ctx *c, split *out)
{
    PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), pj_in_rank(c, 0), &out->axis));
    out->keeps = pj_has(c, 1) || pj_attr_int(c, "keepdims", 1) != 0;
    out->listed = false;
    out->whole = pj_in_dim(c, 0, out->axis);
    out->parts = out->length = pj_num_unknown();
    if (!pj_has(c, 1))
        return read_scalar(c, pj_num_of(1), out);
    if (pj_in_rank(c, 1) == 0)
        return read_scalar(c, pj_in_scalar(c, 1), out);
    return pj_in_rank(c, 1) == 1 ? read_list(c, out) : PJ_OK;
}

/* A part that is `length` long. */
static pj_status part_type(pj_ctx *c, const split *how, pj_num length, pj_type *out)
{
    int rank = 0;
    pj_num *dims = PJ_NEW(c->arena, pj_num, pj_in_rank(c, 0));
    PJ_TRY(pj_got(dims, c->err));
    for (int k = 0; k < pj_in_rank(c, 0); k++)
        if (k != how->axis || how->keeps)
            dims[rank++] = k == how->axis ? length : pj_in_dim(c, 0, k);
    *out = pj_type_tensor(pj_in_dtype(c, 0), rank, dims);
    return PJ_OK;
}

static pj_status shape_split(pj_ctx *c)
{
    pj_type part;
    split how;
    if (pj_in_rank(c, 0) < 0)
        return set_sequence(c, 0, pj_type_tensor(pj_in_dtype(c, 0), -1, NULL));
    PJ_TRY(read_split(c, &how));
    PJ_TRY(part_type(c, &how, how.length, &part));
    return set_sequence(c, 0, part);
}

PJ_WORK(split, work->written[0] = pj_in_count(c, 0))

PJ_SHAPE(empty, set_sequence(c, 0, pj_type_tensor(pj_attr_dtype(c, "dtype", PJ_FLOAT32), -1, NULL)))

static pj_status shape_construct(pj_ctx *c)
{
    pj_type content = *pj_in_type(c, 0);
    for (int i = 1; i < c->node->inputs; i++)
        PJ_TRY(merge(c, pj_in_type(c, i), &content));
    return set_sequence(c, 0, content);
}

static bool is_made_by(const pj_value *sequence, const char *op)
{
    return sequence && sequence->producer && !*sequence->producer->domain && strcmp(sequence->producer->op, op) == 0;
}

static pj_status shape_insert(pj_ctx *c)
{
    const pj_type *content = content_of(c, 0), *inserted = pj_in_type(c, 1);
    pj_type common = content ? *content : *inserted;
    PJ_TRY(merge(c, inserted, &common));
    return set_sequence(c, 0, is_made_by(pj_in(c, 0), "SequenceEmpty") ? *inserted : common);
}

/* The context of another node, to read it with the words of rules. */
static pj_ctx at_node(const pj_ctx *c, pj_node *node)
{
    pj_ctx other = *c;
    other.node = node;
    return other;
}

/* Tensors in the sequence. */
static pj_num length_of(pj_ctx *c, const pj_value *sequence, int steps)
{
    if (!sequence || !sequence->producer || steps <= 0)
        return pj_num_unknown();
    pj_ctx at = at_node(c, sequence->producer);
    if (is_made_by(sequence, "SequenceEmpty"))
        return pj_num_of(0);
    if (is_made_by(sequence, "SequenceConstruct"))
        return pj_num_of(at.node->inputs);
    if (is_made_by(sequence, "SequenceInsert"))
        return pj_num_add(c->symbols, length_of(c, pj_in(&at, 0), steps - 1), pj_num_of(1));
    if (is_made_by(sequence, "SequenceErase"))
        return pj_num_sub(c->symbols, length_of(c, pj_in(&at, 0), steps - 1), pj_num_of(1));
    if (is_made_by(sequence, "SequenceMap") || is_made_by(sequence, "Identity"))
        return length_of(c, pj_in(&at, 0), steps - 1);
    split how;
    if (is_made_by(sequence, "SplitToSequence") && pj_in_rank(&at, 0) >= 0 && read_split(&at, &how) == PJ_OK)
        return how.parts;
    return pj_num_unknown();
}

/* One tensor of a sequence. */
typedef struct item {
    pj_type type;
    const pj_num *data; /* NULL: contents not known */
    int64_t count;
} item;

/* Where input `i` of SequenceInsert or SequenceErase points: one of `places`, from the end of a sequence of `length`
 * where negative; `otherwise` when absent; -1 where it is not known or outside. */
static int64_t place_of(const pj_ctx *c, int i, int64_t length, int64_t places, int64_t otherwise)
{
    pj_num place = pj_has(c, i) ? pj_in_scalar(c, i) : pj_num_of(otherwise);
    if (!pj_num_known(place))
        return -1;
    int64_t from_start = place.whole < 0 ? place.whole + length : place.whole;
    return from_start < 0 || from_start >= places ? -1 : from_start;
}

/* Where part `place` of a split begins and how long it is. */
static void locate_part(pj_ctx *c, const split *how, int64_t place, pj_num *start, pj_num *length)
{
    int64_t count;
    const pj_num *lengths = pj_in_data(c, 1, &count);
    pj_num usual = pj_has(c, 1) ? pj_in_scalar(c, 1) : pj_num_of(1);
    if (!how->listed) {
        *start = pj_num_mul(c->symbols, pj_num_of(place), usual);
        *length = place + 1 < how->parts.whole ? usual : pj_num_sub(c->symbols, how->whole, *start);
        return;
    }
    *start = lengths && place < count ? pj_num_of(0) : pj_num_unknown();
    *length = lengths && place < count ? lengths[place] : how->length;
    for (int64_t k = 0; k < place && pj_num_known(*start); k++)
        *start = pj_num_add(c->symbols, *start, lengths[k]);
}

/* Part `place` of a split, with its contents where a vector is split. */
static bool find_part(pj_ctx *c, int64_t place, item *out)
{
    pj_num start, length;
    int64_t count;
    const pj_num *data = pj_in_data(c, 0, &count);
    split how;
    if (pj_in_rank(c, 0) < 0 || read_split(c, &how) != PJ_OK || !pj_num_known(how.parts) || place >= how.parts.whole)
        return false;
    locate_part(c, &how, place, &start, &length);
    bool inside = pj_num_known(start) && pj_num_known(length) && start.whole >= 0 && start.whole <= count &&
                  length.whole >= 0 && length.whole <= count - start.whole;
    if (data && pj_in_rank(c, 0) == 1 && inside) {
        out->data = data + start.whole;
        out->count = length.whole;
    }
    return part_type(c, &how, length, &out->type) == PJ_OK;
}

/* One step back from a sequence of `*length` tensors: either its tensor at `*place` is found in *tensor, or *place is
 * where it was before in input 0 of the node, of *length tensors. False: not known. */
static bool step_back(const pj_ctx *at, const pj_value *sequence, int64_t *place, int64_t *length,
                      const pj_value **tensor)
{
    *tensor = NULL;
    if (is_made_by(sequence, "SequenceConstruct")) {
        *tensor = pj_in(at, (int)*place);
        return *tensor != NULL;
    }
    if (is_made_by(sequence, "SequenceInsert")) {
        --*length;
        int64_t inserted = place_of(at, 2, *length, *length + 1, *length);
        if (*place == inserted)
            *tensor = pj_in(at, 1);
        *place -= *place > inserted;
        return inserted >= 0;
    }
    if (is_made_by(sequence, "SequenceErase")) {
        ++*length;
        int64_t erased = place_of(at, 1, *length, *length, *length - 1);
        *place += *place >= erased;
        return erased >= 0;
    }
    return is_made_by(sequence, "Identity");
}

/* Tensor `place` of the sequence; false: not known. */
static bool find_item(pj_ctx *c, const pj_value *sequence, int64_t place, item *out)
{
    pj_num all = length_of(c, sequence, MOST_STEPS);
    const pj_value *tensor;
    memset(out, 0, sizeof *out);
    if (!pj_num_known(all) || place < 0 || place >= all.whole)
        return false;
    for (int64_t length = all.whole; sequence && sequence->producer;) {
        pj_ctx at = at_node(c, sequence->producer);
        if (is_made_by(sequence, "SplitToSequence"))
            return find_part(&at, place, out);
        if (!step_back(&at, sequence, &place, &length, &tensor))
            return false;
        if (tensor) {
            *out = (item){tensor->type, tensor->data, tensor->data_count};
            return true;
        }
        sequence = pj_in(&at, 0);
    }
    return false;
}

/* Elements of all tensors of the sequence together. */
static pj_num elements_of(pj_ctx *c, const pj_value *sequence)
{
    pj_num length = length_of(c, sequence, MOST_STEPS), sum = pj_num_of(0);
    if (!sequence || sequence->type.kind != PJ_SEQUENCE)
        return pj_num_unknown();
    pj_num each = pj_type_count(c->symbols, sequence->type.of);
    if (!pj_num_is_unknown(each) || !pj_num_known(length) || length.whole > MOST_TENSORS)
        return pj_num_mul(c->symbols, length, each);
    for (int64_t place = 0; place < length.whole; place++) {
        item one;
        if (!find_item(c, sequence, place, &one))
            return pj_num_unknown();
        sum = pj_num_add(c->symbols, sum, pj_type_count(c->symbols, &one.type));
    }
    return sum;
}

/* The tensor of SequenceAt, where it is known which. */
static pj_status find_taken(pj_ctx *c, bool *found, item *out)
{
    pj_num length = length_of(c, pj_in(c, 0), MOST_STEPS), place = pj_in_scalar(c, 1);
    *found = false;
    if (!pj_num_known(place) || (place.whole < 0 && !pj_num_known(length)))
        return PJ_OK;
    int64_t from_start = place.whole < 0 ? place.whole + length.whole : place.whole;
    if (from_start < 0 || (pj_num_known(length) && from_start >= length.whole))
        return pj_fail(c->err, PJ_ESHAPE, "position %lld is outside of a sequence of %lld tensors",
                       (long long)place.whole, (long long)length.whole);
    *found = find_item(c, pj_in(c, 0), from_start, out);
    return PJ_OK;
}

static pj_status shape_at(pj_ctx *c)
{
    const pj_type *content = content_of(c, 0);
    bool found;
    item taken;
    PJ_TRY(find_taken(c, &found, &taken));
    return pj_set_type(c, 0, found ? taken.type : content ? *content : pj_type_unknown());
}

static pj_status value_at(pj_ctx *c)
{
    bool found;
    item taken;
    PJ_TRY(find_taken(c, &found, &taken));
    return found && taken.data ? pj_set_data(c, 0, taken.data, taken.count) : PJ_OK;
}

PJ_SHAPE(length, pj_set_scalar(c, 0, PJ_INT64))

static pj_status value_length(pj_ctx *c)
{
    pj_num length = length_of(c, pj_in(c, 0), MOST_STEPS);
    return pj_set_data(c, 0, &length, 1);
}

/* Length of the joined axis, the tensors' lengths together; `each`: what they have in common. */
static pj_num joined_length(pj_ctx *c, pj_num each, int axis)
{
    pj_num tensors = length_of(c, pj_in(c, 0), MOST_STEPS), sum = pj_num_of(0);
    if (!pj_num_is_unknown(each) || !pj_num_known(tensors) || tensors.whole > MOST_TENSORS)
        return pj_num_mul(c->symbols, tensors, each);
    for (int64_t place = 0; place < tensors.whole; place++) {
        item one;
        if (!find_item(c, pj_in(c, 0), place, &one) || one.type.rank <= axis)
            return pj_num_unknown();
        sum = pj_num_add(c->symbols, sum, one.type.dims[axis]);
    }
    return sum;
}

/* Along `axis`, or along a new axis there. */
static pj_status shape_concat(pj_ctx *c)
{
    const pj_type *content = content_of(c, 0);
    bool fresh = pj_attr_int(c, "new_axis", 0) != 0;
    pj_num dims[PJ_MAX_RANK + 1];
    int axis;
    if (!pj_attr_present(c, "axis"))
        return pj_fail(c->err, PJ_ESHAPE, "attribute 'axis' is missing");
    if (!content || content->rank < 0)
        return pj_set_dtype(c, 0, content ? content->dtype : PJ_UNDEFINED);
    int rank = content->rank + fresh;
    PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", 0), rank, &axis));
    for (int k = 0; k < rank; k++)
        if (k != axis)
            dims[k] = content->dims[fresh && k > axis ? k - 1 : k];
    dims[axis] = fresh ? length_of(c, pj_in(c, 0), MOST_STEPS) : joined_length(c, content->dims[axis], axis);
    return pj_set(c, 0, content->dtype, rank, dims);
}

PJ_WORK(concat, work->read[0] = pj_out_count(c, 0))

/* SequenceMap: the body, once for each tensor of input 0 */
static pj_status shape_map(pj_ctx *c)
{
    pj_graph *body = pj_attr_graph(c, "body");
    if (!body)
        return pj_fail(c->err, PJ_ESHAPE, "attribute 'body' is missing");
    if (body->inputs != c->node->inputs || body->outputs < c->node->outputs)
        return pj_fail(c->err, PJ_ESHAPE, "the body takes %d and gives %d values, the node %d and %d", body->inputs,
                       body->outputs, c->node->inputs, c->node->outputs);
    for (int i = 0; i < body->inputs; i++) {
        const pj_type *type = pj_in_type(c, i);
        body->in[i]->type = type->kind == PJ_SEQUENCE ? *type->of : *type;
    }
    body->runs = length_of(c, pj_in(c, 0), MOST_STEPS);
    PJ_TRY(c->driver->infer_graph(c, body));
    for (int o = 0; o < c->node->outputs; o++)
        PJ_TRY(set_sequence(c, o, body->out[o]->type));
    return PJ_OK;
}

/* length * work of the body; tensors are read and written once. */
static pj_status work_map(pj_ctx *c, pj_work *work)
{
    PJ_TRY(pj_subgraph_work(c, work, pj_attr_graph(c, "body"), length_of(c, pj_in(c, 0), MOST_STEPS)));
    for (int i = 0; i < c->node->inputs; i++)
        if (pj_in_type(c, i)->kind == PJ_SEQUENCE)
            work->read[i] = elements_of(c, pj_in(c, i));
    for (int o = 0; o < c->node->outputs; o++)
        if (pj_wants(c, o))
            work->written[o] = elements_of(c, pj_out(c, o));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "SequenceEmpty",      11, "",    PJ_VIEW,                   shape_empty,     NULL,         NULL       },
    {"", "SequenceConstruct",  11, "x*",  PJ_VIEW,                   shape_construct, NULL,         NULL       },
    {"", "SequenceInsert",     11, "xxc", PJ_VIEW,                   shape_insert,    NULL,         NULL       },
    {"", "SequenceErase",      11, "xc",  PJ_VIEW,                   pj_shape_same,   NULL,         NULL       },
    {"", "SequenceAt",         11, "xc",  PJ_VIEW,                   shape_at,        value_at,     NULL       },
    {"", "SequenceLength",     11, "x",   PJ_SHAPE_ONLY,             shape_length,    value_length, NULL       },
    {"", "SequenceMap",        17, "x*",  PJ_CONTROL | PJ_RUNS_BODY, shape_map,       NULL,         work_map   },
    {"", "SplitToSequence",    11, "xc",  PJ_MOVE,                   shape_split,     NULL,         work_split },
    {"", "ConcatFromSequence", 11, "x",   PJ_MOVE,                   shape_concat,    NULL,         work_concat},
};

PJ_FAMILY(sequence);
