/* Finds places by their words. */
#include "run/places.h"

typedef struct finder {
    pj_model *model;
    pj_arena *arena;
    pj_places *out;
    const char *word; /* that is looked for, as it was given */
    size_t before;    /* places in front of those of this word */
    pj_error *err;
} finder;

/* ---- arrays that may be written to ---- */

static bool own_dims(pj_type *type, pj_arena *arena)
{
    if (!pj_type_is_tensor(type) || type->rank <= 0)
        return true;
    type->dims = pj_arena_memdup(arena, type->dims, (size_t)type->rank, sizeof *type->dims);
    return type->dims;
}

static bool own_numbers(const pj_node *node, pj_arena *arena)
{
    bool ok = true;
    for (int i = 0; ok && i < node->attrs; i++) {
        pj_attr *attr = &node->attr[i];
        if (attr->kind != PJ_ATTR_INTS)
            continue;
        attr->ints = pj_arena_memdup(arena, attr->ints, (size_t)attr->count, sizeof *attr->ints);
        ok = attr->ints;
    }
    return ok;
}

pj_status pj_places_open(pj_model *model, pj_error *err)
{
    const pj_graph *graph = model->graph;
    pj_arena *arena = model->arena;
    bool ok = true;
    for (int i = 0; ok && i < graph->inputs; i++)
        ok = own_dims(&graph->in[i]->declared, arena);
    for (int i = 0; ok && i < graph->initializers; i++)
        ok = own_dims(&graph->initializer[i]->type, arena);
    for (int i = 0; ok && i < graph->nodes; i++)
        ok = own_numbers(graph->node[i], arena);
    return pj_got(ok, err);
}

/* ---- one place ---- */

static pj_status add(finder *f, pj_num *dim, int64_t *number)
{
    for (size_t i = 0; i < f->out->count; i++)
        if (dim ? f->out->at[i].dim == dim : f->out->at[i].number == number)
            return pj_fail(f->err, PJ_EARGUMENT, "%.200s: this place has a column already", f->word);
    PJ_TRY(pj_got(PJ_GROW(f->arena, f->out->at, f->out->count, f->out->room), f->err));
    f->out->at[f->out->count++] = (pj_place_at){dim, number};
    return PJ_OK;
}

/* Cuts the number off "NAME[7]"; -1: there is none. */
static int64_t cut_index(char *word)
{
    char *open = strrchr(word, '[');
    size_t digits = open ? strspn(open + 1, "0123456789") : 0;
    if (!digits || digits > 9 || strcmp(open + 1 + digits, "]") != 0)
        return -1;
    *open = 0;
    return strtoll(open + 1, NULL, 10);
}

/* An input or initializer of the main graph, or NULL. */
static pj_value *find_tensor(const pj_graph *graph, const char *name)
{
    pj_value *value = pj_map_get(&graph->values, name);
    return value && (value->tensor || value->is_input) ? value : NULL;
}

/* Contents of a tensor that changes its size are nobody's business. */
static void forget_contents(pj_value *value)
{
    value->tensor->storage = PJ_STORED_ABSENT;
    value->tensor->bytes = NULL;
    value->tensor->data = value->data = NULL;
    value->tensor->strings = NULL;
    value->data_count = 0;
}

static pj_status find_axis(finder *f, pj_value *value, int64_t axis)
{
    pj_type *type = value->tensor ? &value->type : &value->declared;
    int rank = pj_type_is_tensor(type) && type->rank > 0 ? type->rank : 0;
    if (axis >= rank)
        return pj_fail(f->err, PJ_EARGUMENT, "%.200s: the tensor has %d dimensions, counted from 0", f->word, rank);
    if (value->tensor)
        forget_contents(value);
    return add(f, (pj_num *)(uintptr_t)&type->dims[axis], NULL);
}

/* All dimensions of inputs that the file declares by that name alone. */
static pj_status find_dimension(finder *f, const char *name)
{
    const pj_num symbol = pj_num_symbol(f->model->symbols, name);
    for (int i = 0; i < f->model->declareds; i++) {
        const pj_declared *declared = &f->model->declared[i];
        for (int k = 0; k < f->model->graph->inputs; k++) {
            pj_type *type = &f->model->graph->in[k]->declared;
            for (int d = 0; declared->type == type && d < declared->original.rank; d++)
                if (pj_num_symbolic(symbol) && pj_num_equal(declared->original.dims[d], symbol))
                    PJ_TRY(add(f, (pj_num *)(uintptr_t)&type->dims[d], NULL));
        }
    }
    return PJ_OK;
}

static bool is_node(const finder *f, const pj_node *node, const char *label)
{
    return *label ? strcmp(node->label, label) == 0 : f->model->graph->nodes == 1;
}

/* `index` -1: the attribute is no list. */
static pj_status find_number(finder *f, const pj_node *node, const char *name, int64_t index)
{
    for (int i = 0; i < node->attrs; i++) {
        pj_attr *attr = &node->attr[i];
        if (strcmp(attr->name, name) != 0)
            continue;
        if (attr->kind == PJ_ATTR_INT && index < 0)
            return add(f, NULL, &attr->i);
        if (attr->kind == PJ_ATTR_INTS && index >= 0 && index < attr->count)
            return add(f, NULL, (int64_t *)(uintptr_t)&attr->ints[index]);
        return pj_fail(f->err, PJ_EARGUMENT, "%.200s: the attribute has %d whole numbers%s", f->word,
                       attr->kind == PJ_ATTR_INT || attr->kind == PJ_ATTR_INTS ? attr->count : 0,
                       attr->kind == PJ_ATTR_INTS ? ", counted from [0]" : "");
    }
    return PJ_OK;
}

static pj_status find_attribute(finder *f, char *word, int64_t index)
{
    char *dot = strrchr(word, '.');
    if (!dot)
        return PJ_OK;
    *dot = 0;
    for (int n = 0; n < f->model->graph->nodes; n++)
        if (is_node(f, f->model->graph->node[n], word))
            PJ_TRY(find_number(f, f->model->graph->node[n], dot + 1, index));
    *dot = '.';
    return PJ_OK;
}

static pj_status find_word(finder *f, char *word)
{
    int64_t index = cut_index(word);
    pj_value *value = index >= 0 ? find_tensor(f->model->graph, word) : NULL;
    f->before = f->out->count;
    if (value)
        return find_axis(f, value, index);
    PJ_TRY(find_attribute(f, word, index));
    if (index < 0 && f->out->count == f->before)
        PJ_TRY(find_dimension(f, word));
    if (f->out->count > f->before)
        return PJ_OK;
    return pj_fail(f->err, PJ_EARGUMENT,
                   "%.200s: the model has no such place: TENSOR[AXIS] of an input or initializer, DIMENSION of inputs, "
                   "NODE.ATTRIBUTE of a whole number or NODE.ATTRIBUTE[INDEX]",
                   f->word);
}

pj_status pj_places_find(pj_model *model, const char *text, pj_arena *arena, pj_places *out, pj_error *err)
{
    finder f = {model, arena, out, NULL, 0, err};
    for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        char *word = pj_arena_strndup(arena, at, length);
        f.word = pj_arena_strndup(arena, at, length);
        PJ_TRY(pj_got(word && f.word, err));
        PJ_TRY(find_word(&f, word));
        at += length;
    }
    return out->count ? PJ_OK : pj_fail(err, PJ_EARGUMENT, "a column without a place");
}

pj_status pj_places_cover(const pj_model *model, const pj_places *places, pj_error *err)
{
    for (int i = 0; i < model->graph->inputs; i++) {
        const pj_value *in = model->graph->in[i];
        for (int k = 0; pj_type_is_tensor(&in->declared) && k < in->declared.rank; k++) {
            bool found = pj_num_known(in->declared.dims[k]);
            for (size_t p = 0; !found && p < places->count; p++)
                found = places->at[p].dim == &in->declared.dims[k];
            if (!found)
                return pj_fail(err, PJ_EARGUMENT,
                               "%.200s[%d] is not known: it wants a column, or a size when the model is "
                               "opened",
                               in->name, k);
        }
    }
    return PJ_OK;
}
