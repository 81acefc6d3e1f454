/* Reading a rules file: rows made at run time, with the patterns and formulas that custom.c applies. */
#include "ops/custom_data.h"
#include "ops/rules.h"
#include "setup/resource.h"

typedef struct reader {
    pj_model *model;
    pj_custom_ops *ops;
    pj_custom_op *op;
    pj_map names; /* what formulas may name -> anything */
    pj_error *err;
} reader;

/* The number after `what` in a word like "in3"; -1: it is another word. */
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
    return pj_got(name && pj_map_put(&r->names, name, r), r->err);
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
static pj_status read_dim_pattern(reader *r, pj_json value, pj_dim_pattern *out)
{
    const char *text;
    *out = (pj_dim_pattern){NULL, -1};
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
    out->name = pj_arena_strdup(r->model->arena, text);
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
static pj_status read_input(reader *r, pj_json value, pj_input_pattern *out)
{
    pj_json list;
    int k = 0;
    out->any = pj_json_kind_of(value) == PJ_JSON_NULL;
    if (out->any)
        return PJ_OK;
    PJ_TRY(pj_json_as_array(value, &list, r->err));
    PJ_TRY(check_rank(r, list));
    pj_dim_pattern *dims = PJ_NEW(r->model->arena, pj_dim_pattern, pj_json_count(list));
    PJ_TRY(pj_got(dims, r->err));
    out->dim = dims;
    out->rank = (int)pj_json_count(list);
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
        PJ_TRY(read_dim_pattern(r, at, &dims[k++]));
    return PJ_OK;
}

static pj_status name_tensors(reader *r, const char *what, int count)
{
    for (int i = 0; i < count; i++) {
        pj_str text = pj_str_new(PJ_TENSOR_NAME);
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
    pj_input_pattern *inputs = PJ_NEW(r->model->arena, pj_input_pattern, r->op->inputs);
    PJ_TRY(pj_got(inputs, r->err));
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
    pj_attr_rule *attrs = PJ_NEW(r->model->arena, pj_attr_rule, r->op->attrs);
    PJ_TRY(pj_got(attrs, r->err));
    r->op->attr = attrs;
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at), k++) {
        attrs[k].name = pj_arena_strdup(r->model->arena, pj_json_key(at));
        if (!is_name(pj_json_key(at)) || pj_map_get(&r->names, pj_json_key(at)))
            return pj_json_fail(at, PJ_EFORMAT, r->err, "\"%.100s\" is no name, or stands for a dimension already",
                                pj_json_key(at));
        PJ_TRY(pj_json_as_int(at, &attrs[k].otherwise, r->err));
        PJ_TRY(add_name(r, attrs[k].name));
    }
    return PJ_OK;
}

static pj_status read_size(reader *r, pj_json value, pj_num *out)
{
    const char *text = "";
    if (pj_json_kind_of(value) == PJ_JSON_TEXT)
        PJ_TRY(pj_json_as_text(value, &text, r->err));
    if (strcmp(text, "?") != 0)
        return read_formula(r, value, out);
    *out = pj_num_unknown();
    return PJ_OK;
}

/* "in0", or a list of formulas, "?" among them for sizes that follow from data; null: nothing is said. */
static pj_status read_shape(reader *r, pj_json object, pj_output_rule *out)
{
    pj_json shape = pj_json_find(object, "shape"), list;
    const char *word;
    int k = 0;
    out->shape_of = out->rank = -1;
    if (pj_json_kind_of(shape) == PJ_JSON_NULL)
        return PJ_OK;
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
    PJ_TRY(pj_got(dims, r->err));
    out->shape_of = -1;
    out->dim = dims;
    out->rank = (int)pj_json_count(list);
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
        PJ_TRY(read_size(r, at, &dims[k++]));
    return PJ_OK;
}

static pj_status read_output(reader *r, pj_json value, pj_output_rule *out)
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
    pj_output_rule *outputs = PJ_NEW(r->model->arena, pj_output_rule, r->op->outputs);
    PJ_TRY(pj_got(outputs, r->err));
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
    r->op->row.roles = pj_arena_strdup(r->model->arena, roles);
    return pj_got(r->op->row.roles, r->err);
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
    r->op->row.work = pj_work_custom;
    return PJ_OK;
}

static pj_status read_header(reader *r, pj_json object)
{
    const char *domain = "", *op;
    PJ_TRY(pj_json_opt_text(object, "domain", &domain, r->err));
    PJ_TRY(pj_json_get_text(object, "op", &op, r->err));
    domain = strcmp(domain, "ai.onnx") == 0 ? "" : domain;
    for (const pj_custom_op *at = r->ops->first; at; at = at->next)
        if (strcmp(at->row.op, op) == 0 && strcmp(at->row.domain, domain) == 0)
            return pj_json_fail(object, PJ_EFORMAT, r->err, "operator \"%.100s\" has two rules", op);
    r->op->row.domain = pj_arena_strdup(r->model->arena, domain);
    r->op->row.op = pj_arena_strdup(r->model->arena, op);
    r->op->row.since = 1;
    r->op->row.shape = pj_shape_custom;
    r->op->path = r->ops->path;
    return pj_got(r->op->row.domain && r->op->row.op, r->err);
}

static pj_status read_operator(reader *r, pj_json value)
{
    static const char *const known[] = {"domain", "op",   "inputs", "outputs", "attributes", "roles",
                                        "traits", "work", "terms",  "note",    NULL};
    pj_json object;
    r->op = PJ_NEW(r->model->arena, pj_custom_op, 1);
    PJ_TRY(pj_got(r->op, r->err));
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
    for (const pj_custom_op *at = r->ops->first; at; at = at->next)
        if (pj_op_find(at->row.domain, at->row.op, pj_model_opset(r->model, at->row.domain)))
            pj_diag_add(&r->model->diags, PJ_DIAG_OP_RULE, NULL,
                        "operator %s%s%s is as %s describes it, not as built in", at->row.domain,
                        *at->row.domain ? "::" : "", at->row.op, r->ops->path);
}

static pj_status start(reader *r)
{
    r->ops = PJ_NEW(r->model->arena, pj_custom_ops, 1);
    return pj_got(r->ops, r->err);
}

pj_status pj_custom_read(const pj_setup *setup, pj_model *model, pj_error *err)
{
    reader r = {.model = model, .err = err};
    pj_json_doc *doc = NULL;
    PJ_TRY(start(&r));
    r.ops->path = pj_arena_strdup(r.model->arena, setup->op_rules);
    pj_status status = pj_resource_json(setup, PJ_RESOURCE_OP_RULES, setup->op_rules, &doc, r.ops->sha256, err);
    if (status == PJ_OK)
        status = r.ops->path ? read_file(&r, pj_json_root(doc)) : pj_fail_memory(err);
    pj_json_free(doc);
    if (status != PJ_OK)
        return status;
    note_overrides(&r);
    model->custom = r.ops;
    return PJ_OK;
}

static pj_status read_shipped(pj_model *model, pj_error *err)
{
    reader r = {.model = model, .err = err};
    PJ_TRY(start(&r));
    for (const pj_builtin *at = pj_builtin_op_rules; at->name; at++) {
        pj_json_doc *doc = NULL;
        r.ops->path = at->name;
        PJ_TRY(pj_builtin_json(at, "op_rules/", &doc, err));
        pj_status status = read_file(&r, pj_json_root(doc));
        pj_json_free(doc);
        PJ_TRY(status);
    }
    model->shipped = r.ops;
    return PJ_OK;
}

/* Is the word in a file that comes along? Most unknown operators are in none, and the files need not be read; in the
 * engine of pages it may be. */
static bool is_mentioned(const char *op)
{
    size_t length = strlen(op);
    for (const pj_builtin *at = pj_builtin_op_rules; at->name && length; at++) {
        if (!at->json)
            return true;
        for (const char *hit = at->json; (hit = strstr(hit, op)) != NULL; hit += length)
            if (hit > at->json && hit[-1] == '"' && hit[length] == '"')
                return true;
    }
    return false;
}

pj_status pj_custom_shipped(pj_model *model, const char *domain, const char *op, pj_diags *diags,
                            const pj_op_desc **out, pj_error *err)
{
    *out = NULL;
    if (!model->shipped && !is_mentioned(op))
        return PJ_OK;
    if (!model->shipped)
        PJ_TRY(read_shipped(model, err));
    const pj_custom_op *at = model->shipped->first;
    while (at && (strcmp(at->row.op, op) != 0 || (*domain && strcmp(at->row.domain, domain) != 0)))
        at = at->next;
    if (!at)
        return PJ_OK;
    *out = &at->row;
    pj_diag_add(diags, PJ_DIAG_OP_RULE, NULL, "operator %s%s%s is as op_rules/%s.json describes it, which comes along",
                domain, *domain ? "::" : "", op, at->path);
    return PJ_OK;
}

bool pj_custom_is_shipped(const pj_model *model, const pj_op_desc *desc)
{
    const pj_custom_op *at = model->shipped ? model->shipped->first : NULL;
    while (at && &at->row != desc)
        at = at->next;
    return at != NULL;
}
