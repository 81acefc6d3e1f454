/* Rows made at run time: a rules file is read into patterns and formulas, which one shape and one work rule apply.
 *
 * The formulas are pj_num over the names of the file. At a node, each name gets the number that it stands for there (a
 * dimension, which may be a formula of the model's own symbols, or an attribute), all at once. */
#include "ops/custom.h"

#include <string.h>

#include "base/json.h"
#include "base/map.h"
#include "ops/rules.h"

/* One dimension of an input: a name, a number, or (both absent) anything. */
typedef struct dim_pattern {
    const char *name;
    int64_t number; /* < 0: none */
} dim_pattern;

typedef struct input_pattern {
    bool any; /* nothing is said of its shape */
    int rank;
    const dim_pattern *dim;
} input_pattern;

typedef struct output_rule {
    int shape_of; /* number of an input; -1: `dim` has the shape */
    int rank;
    const pj_num *dim; /* formulas */
    int dtype_of;      /* likewise; -1: `dtype` */
    pj_dtype dtype;
} output_rule;

typedef struct attr_rule {
    const char *name;
    int64_t otherwise;
} attr_rule;

typedef struct custom_op {
    pj_op_desc row; /* first: a node's desc points here */
    const char *path;
    int inputs, outputs, attrs;
    const input_pattern *input;
    const output_rule *output;
    const attr_rule *attr;
    pj_num count[PJ_PRIMS];
    pj_num terms;
    struct custom_op *next;
} custom_op;

struct pj_custom_ops {
    const char *path;
    custom_op *first, *last;
};

/* ---- rules ---- */

static const custom_op *rule_of(const pj_ctx *c)
{
    return (const custom_op *)(const void *)c->node->desc;
}

/* Longest of "in12", "out3". */
enum { TENSOR_NAME = 16 };

static const char *tensor_name(pj_ctx *c, const char *what, int i)
{
    pj_str text = pj_str_new(TENSOR_NAME);
    pj_str_printf(&text, "%s%d", what, i);
    return pj_str_keep(&text, c->arena);
}

static pj_status put_name(pj_ctx *c, pj_map *names, const char *name, pj_num value)
{
    pj_num *copy = pj_arena_memdup(c->arena, &value, 1, sizeof value);
    return name && copy && pj_map_put(names, name, copy) ? PJ_OK : pj_fail_memory(c->err);
}

/* The dimension is what the pattern says; a name gets it, and has the same number wherever it stands. */
static pj_status match_dim(pj_ctx *c, const dim_pattern *pattern, int i, int axis, pj_map *names)
{
    pj_str what = pj_str_new(200);
    pj_num dim = pj_in_dim(c, i, axis), before = pj_num_unknown();
    const pj_num *known = pattern->name ? pj_map_get(names, pattern->name) : NULL;
    if (pattern->name)
        pj_str_printf(&what, "dimension '%.60s' of the operator's rule", pattern->name);
    else
        pj_str_printf(&what, "axis %d of input %d and the operator's rule", axis, i);
    if (known)
        before = *known;
    else if (pattern->number >= 0)
        before = pj_num_of(pattern->number);
    pj_status status = pj_same_dim(c, dim, before, what.data, &dim);
    pj_str_free(&what);
    return status == PJ_OK && pattern->name ? put_name(c, names, pattern->name, dim) : status;
}

static pj_status match_input(pj_ctx *c, const input_pattern *pattern, int i, pj_map *names)
{
    int rank = pj_in_rank(c, i);
    for (int k = 0; k < pattern->rank; k++)
        if (pattern->dim[k].name && !pj_map_get(names, pattern->dim[k].name))
            PJ_TRY(put_name(c, names, pattern->dim[k].name, pj_num_unknown()));
    if (pattern->any || rank < 0)
        return PJ_OK;
    if (rank != pattern->rank)
        return pj_fail(c->err, PJ_ESHAPE, "input %d has %d dimensions, its rule in %.150s has %d", i, rank,
                       rule_of(c)->path, pattern->rank);
    for (int k = 0; k < rank; k++)
        PJ_TRY(match_dim(c, &pattern->dim[k], i, k, names));
    return PJ_OK;
}

/* What the names of the file are at this node. */
static pj_status find_names(pj_ctx *c, bool outputs, pj_map *names)
{
    const custom_op *rule = rule_of(c);
    pj_map_init(names, c->arena);
    for (int i = 0; i < rule->inputs; i++) {
        PJ_TRY(match_input(c, &rule->input[i], i, names));
        PJ_TRY(put_name(c, names, tensor_name(c, "in", i), pj_in_count(c, i)));
    }
    for (int o = 0; outputs && o < rule->outputs; o++)
        PJ_TRY(put_name(c, names, tensor_name(c, "out", o), pj_out_count(c, o)));
    for (int k = 0; k < rule->attrs; k++) {
        const attr_rule *attr = &rule->attr[k];
        PJ_TRY(put_name(c, names, attr->name, pj_num_of(pj_attr_int(c, attr->name, attr->otherwise))));
    }
    return PJ_OK;
}

static pj_status shape_custom(pj_ctx *c)
{
    const custom_op *rule = rule_of(c);
    pj_map names;
    PJ_TRY(find_names(c, false, &names));
    for (int o = 0; o < rule->outputs; o++) {
        const output_rule *out = &rule->output[o];
        pj_dtype dtype = out->dtype_of >= 0 ? pj_in_dtype(c, out->dtype_of) : out->dtype;
        pj_num dims[PJ_MAX_RANK];
        if (out->shape_of >= 0) {
            PJ_TRY(pj_set_shape_of(c, o, dtype, out->shape_of));
            continue;
        }
        for (int k = 0; k < out->rank; k++)
            dims[k] = pj_num_substitute(c->symbols, out->dim[k], &names);
        PJ_TRY(pj_set(c, o, dtype, out->rank, dims));
    }
    return PJ_OK;
}

static pj_status work_custom(pj_ctx *c, pj_work *work)
{
    const custom_op *rule = rule_of(c);
    pj_map names;
    PJ_TRY(find_names(c, true, &names));
    for (int p = 0; p < PJ_PRIMS; p++) {
        pj_num count = pj_num_substitute(c->symbols, rule->count[p], &names);
        if (pj_num_known(count) && count.whole < 0)
            return pj_fail(c->err, PJ_ESHAPE, "its rule in %.150s counts %lld of \"%s\"", rule->path,
                           (long long)count.whole, pj_prim_word((pj_prim)p));
        pj_work_add(c, work, (pj_prim)p, count);
    }
    work->terms = pj_num_substitute(c->symbols, rule->terms, &names);
    return PJ_OK;
}

/* ---- reading ---- */

typedef struct reader {
    pj_model *model;
    pj_custom_ops *ops;
    custom_op *op;
    pj_map names; /* what formulas may name -> anything */
    pj_error *err;
} reader;

static const char *keep(reader *r, const char *text)
{
    return pj_arena_strdup(r->model->arena, text);
}

/* The number behind `what` in a word like "in3"; -1: it is another word. */
static int number_of(const char *what, const char *word)
{
    size_t length = strlen(what), digits = strncmp(word, what, length) == 0 ? strlen(word + length) : 0;
    int number = 0;
    if (digits == 0 || digits > 4 || strspn(word + length, "0123456789") != digits)
        return -1;
    for (word += length; *word; word++)
        number = 10 * number + *word - '0';
    return number;
}

/* The number of the input that "in1" means; -1: it means none. */
static int input_of_word(const reader *r, const char *word)
{
    int number = number_of("in", word);
    return number < r->op->inputs ? number : -1;
}

/* A letter, then letters and digits; "in0" and the like stand for tensors. */
static bool is_name(const char *text)
{
    for (const char *at = text; *at; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_';
        if (!letter && (at == text || *at < '0' || *at > '9'))
            return false;
    }
    return *text && number_of("in", text) < 0 && number_of("out", text) < 0;
}

static pj_status add_name(reader *r, const char *name)
{
    return name && pj_map_put(&r->names, name, r) ? PJ_OK : pj_fail_memory(r->err);
}

/* pj_num_read takes "H-R" for a name, as in the dimensions of models; names of rules have no hyphens. */
static bool read_spaced(reader *r, const char *text, pj_num *out)
{
    pj_str spaced = pj_str_new(0);
    for (; *text; text++) {
        if (*text == '-')
            pj_str_add_char(&spaced, ' ');
        pj_str_add_char(&spaced, *text);
    }
    const char *kept = pj_str_keep(&spaced, r->model->arena);
    return kept && pj_num_read(r->model->symbols, kept, NULL, out);
}

/* A formula of known names. */
static pj_status read_formula(reader *r, pj_json value, pj_num *out)
{
    const char *text, *unknown;
    if (pj_json_kind_of(value) == PJ_JSON_NUMBER) {
        int64_t number;
        PJ_TRY(pj_json_as_int(value, &number, r->err));
        *out = pj_num_of(number);
        return PJ_OK;
    }
    PJ_TRY(pj_json_as_text(value, &text, r->err));
    if (!read_spaced(r, text, out))
        return pj_arena_failed(r->model->arena)
                   ? pj_fail_memory(r->err)
                   : pj_json_fail(
                         value, PJ_EFORMAT, r->err,
                         "\"%.100s\" is no formula: names, whole numbers, + - * / // %% **, floor, ceil, min, max, "
                         "mod; the result must be whole",
                         text);
    unknown = pj_num_missing(*out, &r->names);
    if (unknown)
        return pj_json_fail(value, PJ_EFORMAT, r->err,
                            "\"%.100s\" is no dimension of the inputs, no attribute, and no tensor like in0", unknown);
    return PJ_OK;
}

/* "N", 3, or "?" */
static pj_status read_dim_pattern(reader *r, pj_json value, dim_pattern *out)
{
    const char *text;
    *out = (dim_pattern){NULL, -1};
    if (pj_json_kind_of(value) == PJ_JSON_NUMBER) {
        uint64_t number;
        PJ_TRY(pj_json_as_uint(value, &number, r->err));
        out->number = (int64_t)number; /* at most 2^53 */
        return PJ_OK;
    }
    PJ_TRY(pj_json_as_text(value, &text, r->err));
    if (strcmp(text, "?") == 0)
        return PJ_OK;
    if (!is_name(text))
        return pj_json_fail(value, PJ_EFORMAT, r->err, "\"%.100s\" should be a name like N, a number or \"?\"", text);
    out->name = keep(r, text);
    return add_name(r, out->name);
}

static pj_status check_rank(reader *r, pj_json list)
{
    if (pj_json_count(list) <= PJ_MAX_RANK)
        return PJ_OK;
    return pj_json_fail(list, PJ_ELIMIT, r->err, "%zu dimensions; at most %d are accepted", pj_json_count(list),
                        PJ_MAX_RANK);
}

/* ["N", "C", "H", "W"], or null for a shape of which nothing is said. */
static pj_status read_input(reader *r, pj_json value, input_pattern *out)
{
    pj_json list;
    int k = 0;
    out->any = pj_json_kind_of(value) == PJ_JSON_NULL;
    if (out->any)
        return PJ_OK;
    PJ_TRY(pj_json_as_array(value, &list, r->err));
    PJ_TRY(check_rank(r, list));
    dim_pattern *dims = PJ_NEW(r->model->arena, dim_pattern, pj_json_count(list));
    if (!dims)
        return pj_fail_memory(r->err);
    out->dim = dims;
    out->rank = (int)pj_json_count(list);
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
        PJ_TRY(read_dim_pattern(r, at, &dims[k++]));
    return PJ_OK;
}

static pj_status name_tensors(reader *r, const char *what, int count)
{
    for (int i = 0; i < count; i++) {
        pj_str text = pj_str_new(TENSOR_NAME);
        pj_str_printf(&text, "%s%d", what, i);
        PJ_TRY(add_name(r, pj_str_keep(&text, r->model->arena)));
    }
    return PJ_OK;
}

static pj_status read_inputs(reader *r, pj_json object)
{
    pj_json list;
    int i = 0;
    PJ_TRY(pj_json_get_array(object, "inputs", &list, r->err));
    r->op->inputs = (int)pj_json_count(list);
    input_pattern *inputs = PJ_NEW(r->model->arena, input_pattern, r->op->inputs);
    if (!inputs)
        return pj_fail_memory(r->err);
    r->op->input = inputs;
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
        PJ_TRY(read_input(r, at, &inputs[i++]));
    return name_tensors(r, "in", r->op->inputs);
}

/* {"stride": 1}: integer attributes that formulas may name, with the value where a node has none. */
static pj_status read_attributes(reader *r, pj_json object)
{
    pj_json list = {0};
    int k = 0;
    PJ_TRY(pj_json_opt_object(object, "attributes", &list, r->err));
    r->op->attrs = (int)pj_json_count(list);
    attr_rule *attrs = PJ_NEW(r->model->arena, attr_rule, r->op->attrs);
    if (!attrs)
        return pj_fail_memory(r->err);
    r->op->attr = attrs;
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at), k++) {
        attrs[k].name = keep(r, pj_json_key(at));
        if (!is_name(pj_json_key(at)) || pj_map_get(&r->names, pj_json_key(at)))
            return pj_json_fail(at, PJ_EFORMAT, r->err, "\"%.100s\" is no name, or stands for a dimension already",
                                pj_json_key(at));
        PJ_TRY(pj_json_as_int(at, &attrs[k].otherwise, r->err));
        PJ_TRY(add_name(r, attrs[k].name));
    }
    return PJ_OK;
}

/* "in0", or a list of formulas. */
static pj_status read_shape(reader *r, pj_json object, output_rule *out)
{
    pj_json shape = pj_json_find(object, "shape"), list;
    const char *word;
    int k = 0;
    if (pj_json_kind_of(shape) == PJ_JSON_TEXT) {
        PJ_TRY(pj_json_as_text(shape, &word, r->err));
        out->shape_of = input_of_word(r, word);
        if (out->shape_of < 0)
            return pj_json_fail(shape, PJ_EFORMAT, r->err,
                                "\"%.100s\" should be an input, like \"in0\", or a list of formulas", word);
        return PJ_OK;
    }
    PJ_TRY(pj_json_get_array(object, "shape", &list, r->err));
    PJ_TRY(check_rank(r, list));
    pj_num *dims = PJ_NEW(r->model->arena, pj_num, pj_json_count(list));
    if (!dims)
        return pj_fail_memory(r->err);
    out->shape_of = -1;
    out->dim = dims;
    out->rank = (int)pj_json_count(list);
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
        PJ_TRY(read_formula(r, at, &dims[k++]));
    return PJ_OK;
}

static pj_status read_output(reader *r, pj_json value, output_rule *out)
{
    static const char *const known[] = {"shape", "dtype", NULL};
    const char *word = "in0";
    pj_json object;
    PJ_TRY(pj_json_as_object(value, &object, r->err));
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    PJ_TRY(read_shape(r, object, out));
    PJ_TRY(pj_json_opt_text(object, "dtype", &word, r->err));
    out->dtype_of = input_of_word(r, word);
    out->dtype = pj_dtype_of_word(word);
    if (out->dtype_of >= 0 || out->dtype != PJ_UNDEFINED)
        return PJ_OK;
    pj_json at = pj_json_find(object, "dtype");
    return pj_json_fail(at.node ? at : object, PJ_EFORMAT, r->err,
                        "\"%.100s\" is neither an element type nor an input, like \"in0\"", word);
}

static pj_status read_outputs(reader *r, pj_json object)
{
    pj_json list;
    int o = 0;
    PJ_TRY(pj_json_get_array(object, "outputs", &list, r->err));
    r->op->outputs = (int)pj_json_count(list);
    output_rule *outputs = PJ_NEW(r->model->arena, output_rule, r->op->outputs);
    if (!outputs)
        return pj_fail_memory(r->err);
    r->op->output = outputs;
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
        PJ_TRY(read_output(r, at, &outputs[o++]));
    return name_tensors(r, "out", r->op->outputs);
}

static pj_status read_roles(reader *r, pj_json object)
{
    const char *roles = "x*";
    PJ_TRY(pj_json_opt_text(object, "roles", &roles, r->err));
    if (!*roles || *roles == '*' || roles[strspn(roles, "xwbpszic*")])
        return pj_json_fail(pj_json_find(object, "roles"), PJ_EFORMAT, r->err,
                            "\"%.100s\" should be one letter per input: x activation, w weight, b bias, p parameter, s "
                            "scale, z zero point, i index, c control; * repeats the one before",
                            roles);
    r->op->row.roles = keep(r, roles);
    return r->op->row.roles ? PJ_OK : pj_fail_memory(r->err);
}

static pj_status read_traits(reader *r, pj_json object)
{
    static const char *const words[] = {"view", "move", "keep", "random", NULL};
    static const unsigned bits[] = {PJ_VIEW, PJ_MOVE, PJ_KEEP, PJ_RANDOM};
    pj_json list = {0};
    PJ_TRY(pj_json_opt_array(object, "traits", &list, r->err));
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at)) {
        const char *word;
        int k = 0;
        PJ_TRY(pj_json_as_text(at, &word, r->err));
        while (words[k] && strcmp(words[k], word) != 0)
            k++;
        if (!words[k])
            return pj_json_fail(at, PJ_EFORMAT, r->err, "\"%.100s\" is no trait; there are view, move, keep, random",
                                word);
        r->op->row.traits |= bits[k];
    }
    return PJ_OK;
}

/* {"mac": "N*K*H*W*C*9", "add": ...}; without it, the operator's work is not known. */
static pj_status read_work(reader *r, pj_json object)
{
    const char *known[PJ_PRIMS + 1] = {NULL};
    pj_json work = {0};
    for (int p = 0; p < PJ_PRIMS; p++)
        known[p] = pj_prim_word((pj_prim)p);
    PJ_TRY(pj_json_opt_object(object, "work", &work, r->err));
    if (!work.node)
        return PJ_OK;
    PJ_TRY(pj_json_only_keys(work, known, r->err));
    if (r->op->row.traits & (PJ_VIEW | PJ_MOVE) && pj_json_count(work))
        return pj_json_fail(work, PJ_EFORMAT, r->err, "a view or a move does no arithmetic");
    for (int p = 0; p < PJ_PRIMS; p++)
        if (pj_json_find(work, known[p]).node)
            PJ_TRY(read_formula(r, pj_json_find(work, known[p]), &r->op->count[p]));
    r->op->row.work = work_custom;
    return PJ_OK;
}

static pj_status read_header(reader *r, pj_json object)
{
    const char *domain = "", *op;
    PJ_TRY(pj_json_opt_text(object, "domain", &domain, r->err));
    PJ_TRY(pj_json_get_text(object, "op", &op, r->err));
    domain = strcmp(domain, "ai.onnx") == 0 ? "" : domain;
    for (const custom_op *at = r->ops->first; at; at = at->next)
        if (strcmp(at->row.op, op) == 0 && strcmp(at->row.domain, domain) == 0)
            return pj_json_fail(object, PJ_EFORMAT, r->err, "operator \"%.100s\" has two rules", op);
    r->op->row.domain = keep(r, domain);
    r->op->row.op = keep(r, op);
    r->op->row.since = 1;
    r->op->row.shape = shape_custom;
    r->op->path = r->ops->path;
    return r->op->row.domain && r->op->row.op ? PJ_OK : pj_fail_memory(r->err);
}

static pj_status read_operator(reader *r, pj_json value)
{
    static const char *const known[] = {"domain", "op",   "inputs", "outputs", "attributes", "roles",
                                        "traits", "work", "terms",  "note",    NULL};
    pj_json object;
    r->op = PJ_NEW(r->model->arena, custom_op, 1);
    if (!r->op)
        return pj_fail_memory(r->err);
    pj_map_init(&r->names, r->model->arena);
    PJ_TRY(pj_json_as_object(value, &object, r->err));
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    PJ_TRY(read_header(r, object));
    PJ_TRY(read_inputs(r, object));
    PJ_TRY(read_attributes(r, object));
    PJ_TRY(read_outputs(r, object));
    PJ_TRY(read_roles(r, object));
    PJ_TRY(read_traits(r, object));
    PJ_TRY(read_work(r, object));
    if (pj_json_find(object, "terms").node)
        PJ_TRY(read_formula(r, pj_json_find(object, "terms"), &r->op->terms));
    if (r->op->row.traits & PJ_VIEW)
        r->op->row.value = pj_value_same;
    if (r->ops->last)
        r->ops->last->next = r->op;
    else
        r->ops->first = r->op;
    r->ops->last = r->op;
    return PJ_OK;
}

static pj_status read_file(reader *r, pj_json root)
{
    static const char *const known[] = {"schema", "operators", "note", NULL};
    static const char *const schemas[] = {"picojoule.op-rules/1", NULL};
    pj_json list;
    int schema;
    PJ_TRY(pj_json_as_object(root, &root, r->err));
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &schema, r->err));
    PJ_TRY(pj_json_only_keys(root, known, r->err));
    PJ_TRY(pj_json_get_array(root, "operators", &list, r->err));
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
        PJ_TRY(read_operator(r, at));
    return PJ_OK;
}

static void note_overrides(const reader *r)
{
    for (const custom_op *at = r->ops->first; at; at = at->next)
        if (pj_op_find(at->row.domain, at->row.op, pj_model_opset(r->model, at->row.domain)))
            pj_diag_add(&r->model->diags, PJ_DIAG_OP_RULE, NULL,
                        "operator %s%s%s is as %s describes it, not as built in", at->row.domain,
                        *at->row.domain ? "::" : "", at->row.op, r->ops->path);
}

pj_status pj_custom_read(const char *path, pj_model *model, pj_error *err)
{
    reader r = {.model = model, .err = err};
    pj_json_doc *doc = NULL;
    r.ops = PJ_NEW(model->arena, pj_custom_ops, 1);
    if (!r.ops)
        return pj_fail_memory(err);
    r.ops->path = keep(&r, path);
    pj_status status = pj_json_read(path, PJ_MAX_TABLE_BYTES, &doc, err);
    if (status == PJ_OK)
        status = r.ops->path ? read_file(&r, pj_json_root(doc)) : pj_fail_memory(err);
    pj_json_free(doc);
    if (status != PJ_OK)
        return status;
    note_overrides(&r);
    model->custom = r.ops;
    return PJ_OK;
}

const pj_op_desc *pj_custom_find(const pj_model *model, const char *domain, const char *op)
{
    const custom_op *at = model->custom ? model->custom->first : NULL;
    while (at && (strcmp(at->row.op, op) != 0 || strcmp(at->row.domain, domain) != 0))
        at = at->next;
    return at ? &at->row : NULL;
}

const char *pj_custom_path(const pj_model *model)
{
    return model->custom ? model->custom->path : NULL;
}
