/* The nodes of symbolic formulas: interning, range of values, order. */
#include "ir/formula.h"

enum { FIRST_TABLE = 64 };

const pj_formula pj_mark_real = {.kind = PJ_FORMULA_MARK};
const pj_formula pj_mark_unknown = {.kind = PJ_FORMULA_MARK};
const pj_formula pj_mark_overflow = {.kind = PJ_FORMULA_MARK};
/* The product of no atoms: the term 3 is 3 times this. */
static const pj_formula unit = {
    .kind = PJ_FORMULA_PRODUCT, .range = {1, 1}
};

const pj_term *pj_formula_terms(pj_num a, pj_term *one, int *count)
{
    if (a.formula) {
        *count = a.formula->count;
        return a.formula->terms;
    }
    *one = (pj_term){a.whole, &unit};
    *count = a.whole != 0;
    return one;
}

const pj_formula *pj_formula_atom(pj_num a, pj_formula_kind kind)
{
    if (!a.formula || a.formula->count != 1 || a.formula->terms[0].coefficient != 1)
        return NULL;
    const pj_formula *product = a.formula->terms[0].product;
    return product->count == 1 && product->factors[0]->kind == kind ? product->factors[0] : NULL;
}

pj_range pj_formula_range(pj_num a)
{
    return a.formula ? a.formula->range : (pj_range){a.whole, a.whole};
}

static int64_t saturated_product(int64_t a, int64_t b)
{
    int64_t product;
    if (pj_mul_i64(a, b, &product))
        return product;
    return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
}

static pj_range product_range(pj_range a, pj_range b)
{
    const int64_t corners[4] = {saturated_product(a.low, b.low), saturated_product(a.low, b.high),
                                saturated_product(a.high, b.low), saturated_product(a.high, b.high)};
    pj_range range = {corners[0], corners[0]};
    for (int i = 1; i < 4; i++) {
        range.low = corners[i] < range.low ? corners[i] : range.low;
        range.high = corners[i] > range.high ? corners[i] : range.high;
    }
    return range;
}

void pj_range_add(pj_range_sum *sum, int64_t coefficient, const pj_formula *product)
{
    pj_range term = product_range((pj_range){coefficient, coefficient}, product->range);
    sum->no_low |= !pj_add_i64(sum->range.low, term.low, &sum->range.low);
    sum->no_high |= !pj_add_i64(sum->range.high, term.high, &sum->range.high);
}

pj_range pj_range_of_sum(pj_range_sum sum)
{
    return (pj_range){sum.no_low ? INT64_MIN : sum.range.low, sum.no_high ? INT64_MAX : sum.range.high};
}

static pj_range floor_range(pj_num top, pj_num bottom)
{
    pj_range range = pj_formula_range(top);
    if (pj_num_known(bottom) && bottom.whole > 0)
        return (pj_range){pj_floor_div(range.low, bottom.whole), pj_floor_div(range.high, bottom.whole)};
    if (range.low >= 0 && pj_num_at_least(bottom, 0))
        return (pj_range){0, range.high};
    return (pj_range){INT64_MIN, INT64_MAX};
}

static pj_range mod_range(pj_num value, pj_num divisor)
{
    pj_range range = pj_formula_range(value);
    int64_t most = pj_formula_range(divisor).high;
    if (most < 1 || !pj_num_at_least(divisor, 0))
        return (pj_range){INT64_MIN, INT64_MAX};
    most = most == INT64_MAX ? most : most - 1;
    return (pj_range){0, range.low >= 0 && range.high < most ? range.high : most};
}

static pj_range extreme_range(pj_formula_kind kind, const pj_num *args, int count)
{
    pj_range range = pj_formula_range(args[0]);
    for (int i = 1; i < count; i++) {
        pj_range other = pj_formula_range(args[i]);
        if (kind == PJ_FORMULA_MIN ? other.low < range.low : other.low > range.low)
            range.low = other.low;
        if (kind == PJ_FORMULA_MIN ? other.high < range.high : other.high > range.high)
            range.high = other.high;
    }
    return range;
}

static void describe_call(pj_formula *node)
{
    node->size = 1;
    for (int i = 0; i < node->count; i++) {
        const pj_formula *arg = node->args[i].formula;
        node->size += arg ? arg->size : 1;
        if (arg && arg->depth > node->depth)
            node->depth = arg->depth;
    }
    node->depth++;
    if (node->kind == PJ_FORMULA_FLOOR)
        node->range = floor_range(node->args[0], node->args[1]);
    else if (node->kind == PJ_FORMULA_MOD)
        node->range = mod_range(node->args[0], node->args[1]);
    else
        node->range = extreme_range(node->kind, node->args, node->count);
}

static void describe_product(pj_formula *node)
{
    node->range = (pj_range){1, 1};
    for (int i = 0; i < node->count; i++) {
        const pj_formula *factor = node->factors[i];
        node->size += factor->size;
        node->depth = factor->depth > node->depth ? factor->depth : node->depth;
        node->range = product_range(node->range, factor->range);
    }
}

static void describe_sum(pj_formula *node)
{
    pj_range_sum sum = {
        {0, 0},
        false, false
    };
    for (int i = 0; i < node->count; i++) {
        const pj_formula *product = node->terms[i].product;
        node->size += 1 + product->size;
        node->depth = product->depth > node->depth ? product->depth : node->depth;
        pj_range_add(&sum, node->terms[i].coefficient, product);
    }
    node->range = pj_range_of_sum(sum);
}

/* Fills in what follows from the parts; false: past a limit. */
static bool describe(pj_formula *node)
{
    int most = PJ_MAX_FORMULA_ARGS;
    if (node->kind == PJ_FORMULA_PRODUCT) {
        most = PJ_MAX_FORMULA_DEGREE;
        describe_product(node);
    } else if (node->kind == PJ_FORMULA_SUM) {
        most = PJ_MAX_FORMULA_TERMS;
        describe_sum(node);
    } else {
        describe_call(node);
    }
    return node->count <= most && node->depth <= PJ_MAX_FORMULA_DEPTH && node->size <= PJ_MAX_FORMULA_SIZE;
}

static size_t part_width(pj_formula_kind kind)
{
    if (kind == PJ_FORMULA_PRODUCT)
        return sizeof(const pj_formula *);
    return kind == PJ_FORMULA_SUM ? sizeof(pj_term) : sizeof(pj_num);
}

/* Part i of a node as two words. */
typedef struct part {
    uint64_t words[2];
} part;

static part part_of(pj_formula_kind kind, const void *parts, int i)
{
    if (kind == PJ_FORMULA_PRODUCT)
        return (part){
            {(uintptr_t)((const pj_formula *const *)parts)[i], 0}
        };
    if (kind == PJ_FORMULA_SUM) {
        const pj_term *term = (const pj_term *)parts + i;
        return (part){
            {(uintptr_t)term->product, (uint64_t)term->coefficient}
        };
    }
    const pj_num *arg = (const pj_num *)parts + i;
    return (part){
        {(uintptr_t)arg->formula, (uint64_t)arg->whole}
    };
}

/* Parts are addresses, so a file cannot choose formulas that all collide. */
static uint64_t hash_of(pj_formula_kind kind, const void *parts, int count)
{
    uint64_t hash = (uint64_t)kind + 1;
    for (int i = 0; i < count; i++) {
        part next = part_of(kind, parts, i);
        for (int k = 0; k < 2; k++) {
            hash = (hash ^ next.words[k]) * 0x9E3779B97F4A7C15u;
            hash ^= hash >> 29;
        }
    }
    return hash;
}

static bool same_node(const pj_formula *a, const pj_formula *b)
{
    bool same = a->hash == b->hash && a->kind == b->kind && a->count == b->count;
    for (int i = 0; i < a->count && same; i++) {
        part x = part_of(a->kind, a->parts, i);
        part y = part_of(b->kind, b->parts, i);
        same = x.words[0] == y.words[0] && x.words[1] == y.words[1];
    }
    return same;
}

/* The slot of the node that is equal to `key`, or the free slot where it belongs. The table has a free slot. */
static const pj_formula **slot_of(pj_symbols *s, const pj_formula *key)
{
    size_t mask = s->interned_capacity - 1;
    for (size_t at = (size_t)(key->hash >> 7) & mask;; at = (at + 1) & mask)
        if (!s->interned[at] || same_node(s->interned[at], key))
            return &s->interned[at];
}

static bool make_room(pj_symbols *s)
{
    if (s->interned_count < s->interned_capacity / 4 * 3)
        return true;
    const pj_formula **old = s->interned;
    size_t old_capacity = s->interned_capacity;
    size_t capacity = old_capacity ? old_capacity * 2 : FIRST_TABLE;
    const pj_formula **bigger = PJ_NEW(s->arena, const pj_formula *, capacity);
    if (!bigger)
        return false;
    s->interned = bigger;
    s->interned_capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i])
            *slot_of(s, old[i]) = old[i];
    return true;
}

/* The node with these parts; NULL: past a limit or out of memory. */
static const pj_formula *intern(pj_symbols *s, pj_formula_kind kind, const void *parts, int count)
{
    pj_formula key = {.kind = kind, .count = count, .hash = hash_of(kind, parts, count), .parts = parts};
    if (!make_room(s)) {
        s->out_of_memory = true;
        return NULL;
    }
    const pj_formula **slot = slot_of(s, &key);
    if (*slot)
        return *slot;
    if (!describe(&key))
        return NULL;
    key.parts = pj_arena_memdup(s->arena, parts, (size_t)count, part_width(kind));
    const pj_formula *node = key.parts ? pj_arena_memdup(s->arena, &key, 1, sizeof key) : NULL;
    s->out_of_memory |= !node;
    if (node) {
        *slot = node;
        s->interned_count++;
    }
    return node;
}

const pj_formula *pj_formula_product(pj_symbols *s, const pj_formula *const *factors, int count)
{
    return count ? intern(s, PJ_FORMULA_PRODUCT, factors, count) : &unit;
}

pj_num pj_formula_sum(pj_symbols *s, const pj_term *terms, int count)
{
    if (!count)
        return pj_num_of(0);
    if (count == 1 && terms[0].product == &unit)
        return pj_num_of(terms[0].coefficient);
    const pj_formula *sum = count <= PJ_MAX_FORMULA_TERMS ? intern(s, PJ_FORMULA_SUM, terms, count) : NULL;
    return sum ? (pj_num){sum, {.whole = 0}} : pj_num_unknown();
}

pj_num pj_formula_of_atom(pj_symbols *s, const pj_formula *atom)
{
    pj_term term = {1, pj_formula_product(s, &atom, 1)};
    return term.product ? pj_formula_sum(s, &term, 1) : pj_num_unknown();
}

pj_num pj_formula_call(pj_symbols *s, pj_formula_kind kind, const pj_num *args, int count)
{
    const pj_formula *call = intern(s, kind, args, count);
    if (!call)
        return pj_num_unknown();
    return call->range.low == call->range.high ? pj_num_of(call->range.low) : pj_formula_of_atom(s, call);
}

/* By kind, symbols by name, calls by their arguments. Equal nodes are the same pointer, so that of two formulas only
 * the first difference is followed down: the time is linear in their size. */
int pj_formula_compare_atoms(const pj_formula *a, const pj_formula *b)
{
    if (a == b)
        return 0;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == PJ_FORMULA_SYMBOL)
        return strcmp(a->name, b->name);
    for (int i = 0; i < a->count && i < b->count; i++) {
        int order = pj_formula_compare(a->args[i], b->args[i]);
        if (order)
            return order;
    }
    return a->count - b->count;
}

/* By degree from high to low, then by the first atom that differs. The order survives multiplication: a < b gives
 * a*c < b*c, so a row of a multiplication is in order by itself, and division may go by the first term. */
int pj_formula_compare_products(const pj_formula *a, const pj_formula *b)
{
    if (a == b)
        return 0;
    if (a->count != b->count)
        return b->count - a->count;
    int order = 0;
    for (int i = 0; i < a->count && !order; i++)
        order = pj_formula_compare_atoms(a->factors[i], b->factors[i]);
    return order;
}

int pj_formula_compare(pj_num a, pj_num b)
{
    if (!a.formula || !b.formula) {
        if (a.formula || b.formula)
            return a.formula ? 1 : -1;
        return (a.whole > b.whole) - (a.whole < b.whole);
    }
    if (a.formula == b.formula)
        return 0;
    const pj_formula *x = a.formula;
    const pj_formula *y = b.formula;
    for (int i = 0; i < x->count && i < y->count; i++) {
        int order = pj_formula_compare_products(x->terms[i].product, y->terms[i].product);
        if (order)
            return order;
        if (x->terms[i].coefficient != y->terms[i].coefficient)
            return x->terms[i].coefficient < y->terms[i].coefficient ? -1 : 1;
    }
    return x->count - y->count;
}
