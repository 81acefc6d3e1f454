/* Pairing the layers of two networks: by name, by what they do, by where they stand. */
#include "diff/match.h"

#include "base/map.h"
#include "base/str.h"
#include "diff/align.h"

/* What quantization and fusion put around the name of an operator. */
static const char *const prefixes[] = {"QLinear", "Fused", "Q", NULL}, *const suffixes[] = {"Integer", "NBits", NULL};

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

const char *pj_match_op(const char *op, size_t *length)
{
    *length = strlen(op);
    for (const char *const *prefix = prefixes; *prefix; prefix++) {
        size_t cut = strlen(*prefix);
        if (strncmp(op, *prefix, cut) == 0 && is_capital(op[cut])) {
            op += cut;
            *length -= cut;
            break;
        }
    }
    for (const char *const *suffix = suffixes; *suffix; suffix++) {
        size_t cut = strlen(*suffix);
        if (*length > cut && strncmp(op + *length - cut, *suffix, cut) == 0)
            *length -= cut;
    }
    return op;
}

/* By what layers are alike; each is a text, and equal texts get equal numbers from 1 on. */
typedef enum likeness { BY_NAME, BY_WORK, BY_SHAPE, BY_PARAMS, BY_OP, LIKENESSES } likeness;

typedef struct side {
    const pj_layer *layer;
    size_t count;
    uint32_t *key[LIKENESSES];
    size_t *other; /* what it is paired with */
    size_t *free;  /* layers of a gap that are not paired */
    size_t frees;
} side;

typedef struct matcher {
    pj_arena *arena;
    pj_aligner *aligner;
    side a, b;
    uint32_t keys;           /* numbers given so far, and 0 */
    size_t *value;           /* of the pairs in the order of a: the layer of b */
    bool *kept;              /* of them, those that do not cross */
    size_t *once_a, *once_b; /* by name: 1 + the layer that has it; SEVERAL */
} matcher;

#define SEVERAL SIZE_MAX

static void print_key(const pj_layer *layer, likeness by, pj_str *out)
{
    size_t length;
    const char *op = pj_match_op(layer->op, &length);
    pj_str_printf(out, "%d ", (int)by);
    if (by == BY_NAME) {
        pj_str_add(out, layer->name);
        return;
    }
    pj_str_add_bytes(out, op, length);
    if (by == BY_PARAMS)
        pj_str_printf(out, " %" PRId64, layer->params);
    if (by == BY_WORK)
        pj_str_printf(out, layer->macs ? " %" PRId64 " macs" : " %" PRId64, layer->macs ? layer->macs : layer->params);
    if (by == BY_SHAPE || by == BY_WORK) {
        pj_str_printf(out, " %d", layer->rank);
        for (int k = 0; k < layer->rank; k++)
            pj_str_printf(out, "x%" PRId64 "%s", layer->dims[k].value,
                          layer->dims[k].symbol ? layer->dims[k].symbol : "");
    }
}

static pj_status number_keys(matcher *m, side *s, likeness by, pj_map *numbers, pj_error *err)
{
    pj_str text = pj_str_new(0);
    s->key[by] = PJ_NEW(m->arena, uint32_t, s->count);
    bool ok = s->key[by] != NULL;
    for (size_t i = 0; ok && i < s->count; i++) {
        if (by == BY_PARAMS && s->layer[i].params == 0)
            continue; /* nothing to go by */
        pj_str_clear(&text);
        print_key(&s->layer[i], by, &text);
        uint32_t *number = pj_map_get(numbers, text.data);
        if (!number) {
            const char *kept = text.failed ? NULL : pj_arena_strdup(m->arena, text.data);
            number = PJ_NEW(m->arena, uint32_t, 1);
            ok = kept && number && pj_map_put(numbers, kept, number);
        }
        if (ok && !*number)
            *number = m->keys++;
        if (ok)
            s->key[by][i] = *number;
    }
    ok = ok && !text.failed;
    pj_str_free(&text);
    return pj_got(ok, err);
}

static pj_status start(matcher *m, pj_error *err)
{
    side *sides[] = {&m->a, &m->b};
    pj_map numbers;
    pj_map_init(&numbers, m->arena);
    m->keys = 1;
    for (int s = 0; s < 2; s++) {
        for (likeness by = BY_NAME; by < LIKENESSES; by++)
            PJ_TRY(number_keys(m, sides[s], by, &numbers, err));
        sides[s]->other = PJ_NEW(m->arena, size_t, sides[s]->count);
        sides[s]->free = PJ_NEW(m->arena, size_t, sides[s]->count);
        for (size_t i = 0; sides[s]->other && i < sides[s]->count; i++)
            sides[s]->other[i] = PJ_NO_LAYER;
    }
    m->aligner = pj_aligner_new(m->arena, m->a.count + m->b.count, m->keys);
    m->value = PJ_NEW(m->arena, size_t, m->a.count);
    m->kept = PJ_NEW(m->arena, bool, m->a.count);
    m->once_a = PJ_NEW(m->arena, size_t, m->keys);
    m->once_b = PJ_NEW(m->arena, size_t, m->keys);
    return pj_got(m->aligner && !pj_arena_failed(m->arena), err);
}

static void pair(size_t a, size_t b, void *payload)
{
    matcher *m = payload;
    m->a.other[a] = b;
    m->b.other[b] = a;
}

/* Marks the pairs that do not cross each other, as many as can be: m->kept, by layer of a. */
static void find_frame(matcher *m)
{
    size_t count = 0;
    for (size_t i = 0; i < m->a.count; i++)
        if (m->a.other[i] != PJ_NO_LAYER)
            m->value[count++] = m->a.other[i];
    pj_align_increasing(m->aligner, m->value, count, m->kept);
    for (size_t i = m->a.count; i-- > 0;) /* spread from the count-th pair to the layers, from the back */
        m->kept[i] = m->a.other[i] != PJ_NO_LAYER && m->kept[--count];
}

static void collect_free(side *s, size_t from, size_t to)
{
    s->frees = 0;
    for (size_t i = from; i < to; i++)
        if (s->other[i] == PJ_NO_LAYER)
            s->free[s->frees++] = i;
}

static void align_gap(matcher *m, likeness by)
{
    const pj_align_side a = {m->a.free, m->a.frees, m->a.key[by]}, b = {m->b.free, m->b.frees, m->b.key[by]};
    if (by != BY_OP) {
        pj_align(m->aligner, &a, &b, pair, m);
        return;
    }
    bool alike = a.count == b.count;
    for (size_t i = 0; alike && i < a.count; i++)
        alike = a.key[a.place[i]] == b.key[b.place[i]];
    for (size_t i = 0; alike && i < a.count; i++)
        pair(a.place[i], b.place[i], m);
}

/* Aligns what is not paired between the pairs that frame it. */
static void align_gaps(matcher *m, likeness by)
{
    size_t from_a = 0, from_b = 0;
    find_frame(m);
    for (size_t i = 0; i <= m->a.count; i++) {
        bool end = i == m->a.count;
        if (!end && !m->kept[i])
            continue;
        size_t to_b = end ? m->b.count : m->a.other[i];
        collect_free(&m->a, from_a, i);
        collect_free(&m->b, from_b, to_b);
        if (m->a.frees && m->b.frees)
            align_gap(m, by);
        from_a = i + 1;
        from_b = to_b + 1;
    }
}

static void find_once(const side *s, size_t *once)
{
    for (size_t i = 0; i < s->count; i++) {
        size_t *at = &once[s->key[BY_NAME][i]];
        *at = *at ? SEVERAL : i + 1;
    }
}

/* The layer of b that alone has the name that layer `i` of a alone has. */
static size_t namesake(const matcher *m, size_t i)
{
    uint32_t name = m->a.key[BY_NAME][i];
    bool once = m->once_a[name] != SEVERAL && m->once_b[name] != SEVERAL && m->once_b[name];
    return once ? m->once_b[name] - 1 : PJ_NO_LAYER;
}

static bool alike(const matcher *m, size_t a, size_t b, likeness by)
{
    return m->a.key[by][a] == m->b.key[by][b];
}

/* A layer that has changed keeps its operator; one whose operator has changed, its work or at least its parameters. */
static bool may_have_changed(const matcher *m, size_t a, size_t b)
{
    const pj_layer *x = &m->a.layer[a], *y = &m->b.layer[b];
    return alike(m, a, b, BY_OP) || (x->macs && x->macs == y->macs) || (x->params && x->params == y->params);
}

/* Pairs the namesakes that are alike, or all that may have changed. */
static void pair_names(matcher *m, bool changed)
{
    for (size_t i = 0; i < m->a.count; i++) {
        size_t k = namesake(m, i);
        if (k == PJ_NO_LAYER || m->a.other[i] != PJ_NO_LAYER || m->b.other[k] != PJ_NO_LAYER)
            continue;
        if (changed ? may_have_changed(m, i, k) : alike(m, i, k, BY_WORK))
            pair(i, k, m);
    }
}

/* Namesakes that are not alike, and how many of these layers have found one that is. */
static bool names_have_shifted(const matcher *m)
{
    size_t changed = 0, found = 0;
    for (size_t i = 0; i < m->a.count; i++) {
        size_t k = namesake(m, i);
        if (k == PJ_NO_LAYER || alike(m, i, k, BY_WORK))
            continue;
        changed++;
        found += m->a.other[i] != PJ_NO_LAYER;
        found += m->b.other[k] != PJ_NO_LAYER;
    }
    return found > changed;
}

static pj_status match_names(matcher *m, pj_error *err)
{
    find_once(&m->a, m->once_a);
    find_once(&m->b, m->once_b);
    pair_names(m, false);
    const size_t *a = pj_arena_memdup(m->arena, m->a.other, m->a.count, sizeof *a);
    const size_t *b = pj_arena_memdup(m->arena, m->b.other, m->b.count, sizeof *b);
    PJ_TRY(pj_got(a && b, err));
    align_gaps(m, BY_WORK);
    if (names_have_shifted(m))
        return PJ_OK;
    memcpy(m->a.other, a, m->a.count * sizeof *a);
    memcpy(m->b.other, b, m->b.count * sizeof *b);
    pair_names(m, true);
    return PJ_OK;
}

pj_status pj_match_layers(const pj_result *a, const pj_result *b, pj_arena *arena, pj_matching *out, pj_error *err)
{
    matcher m = {
        .arena = arena,
        .a = {.layer = a->layers, .count = a->layer_count},
        .b = {.layer = b->layers, .count = b->layer_count}
    };
    PJ_TRY(start(&m, err));
    PJ_TRY(match_names(&m, err));
    for (likeness by = BY_WORK; by < LIKENESSES; by++)
        align_gaps(&m, by);
    out->b_of_a = m.a.other;
    out->a_of_b = m.b.other;
    return PJ_OK;
}
