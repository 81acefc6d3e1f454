/* Formulas over dimensions: sizes that follow from others, and comparisons that leave points out. */
#include "ir/num.h"
#include "study/study.h"

static bool is_formula(const pj_item *item)
{
    return item->kind == PJ_ITEM_DIM && item->number == PJ_DIM_FORMULA;
}

static bool put(pj_map *map, const char *name, pj_num value)
{
    pj_num *entry = PJ_NEW(map->arena, pj_num, 1);
    if (!entry)
        return false;
    *entry = value;
    return pj_map_put(map, name, entry);
}

static const char *explain(const char *name, const char *formula, const char *what, const char *other, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%.100s = %.200s: %s%s%.100s%s", name, formula, what, *other ? " '" : "", other,
                  *other ? "'" : "");
    return pj_str_keep(&text, arena);
}

/* Finds the sizes whose formulas have all that they ask for; *left: formulas that have not. */
static pj_status find_some(pj_symbols *symbols, const pj_item *const *item, size_t items, pj_map *values, size_t *left,
                           const char **why, pj_error *err)
{
    *left = 0;
    for (size_t i = 0; i < items && !*why; i++) {
        pj_num formula, value;
        if (!is_formula(item[i]) || pj_map_get(values, item[i]->name))
            continue;
        if (!pj_num_read(symbols, item[i]->text, NULL, &formula)) {
            *why = explain(item[i]->name, item[i]->text, "this is no formula", "", values->arena);
            return pj_got(*why && !pj_arena_failed(values->arena), err);
        }
        if (pj_num_missing(formula, values)) {
            *left += 1;
            continue;
        }
        value = pj_num_substitute(symbols, formula, values);
        if (!pj_num_known(value) || value.whole < 0) {
            *why = explain(item[i]->name, item[i]->text, "this is no size from 0 on", "", values->arena);
            return pj_got(*why, err);
        }
        PJ_TRY(pj_got(put(values, item[i]->name, value), err));
    }
    return PJ_OK;
}

static const char *explain_missing(pj_symbols *symbols, const pj_item *const *item, size_t items, pj_map *values)
{
    for (size_t i = 0; i < items; i++) {
        pj_num formula;
        if (!is_formula(item[i]) || pj_map_get(values, item[i]->name))
            continue;
        if (!pj_num_read(symbols, item[i]->text, NULL, &formula))
            continue;
        const char *name = pj_num_missing(formula, values);
        for (size_t k = 0; k < items; k++)
            if (is_formula(item[k]) && strcmp(item[k]->name, name) == 0)
                return explain(item[i]->name, item[i]->text, "formulas go round in a circle by", name, values->arena);
        return explain(item[i]->name, item[i]->text, "there is no dimension", name, values->arena);
    }
    return "";
}

pj_status pj_dims_find(const pj_item *const *item, size_t items, pj_arena *arena, pj_map *out, const char **why,
                       pj_error *err)
{
    pj_symbols *symbols = NULL;
    size_t left = 0, before = SIZE_MAX;
    *why = NULL;
    pj_map_init(out, arena);
    for (size_t i = 0; i < items; i++) {
        if (item[i]->kind == PJ_ITEM_DIM && !is_formula(item[i]))
            PJ_TRY(pj_got(put(out, item[i]->name, pj_num_of(item[i]->number)), err));
        left += is_formula(item[i]);
    }
    if (!left)
        return PJ_OK;
    symbols = pj_symbols_new(arena);
    PJ_TRY(pj_got(symbols, err));
    for (; left && left != before && !*why;) {
        before = left;
        PJ_TRY(find_some(symbols, item, items, out, &left, why, err));
    }
    if (left && !*why)
        *why = explain_missing(symbols, item, items, out);
    return pj_got(!left || *why, err);
}

/* ---- exclusions ---- */

static char *trimmed(const char *begin, const char *end, pj_arena *arena)
{
    while (begin < end && *begin == ' ')
        begin++;
    while (end > begin && end[-1] == ' ')
        end--;
    return pj_arena_strndup(arena, begin, (size_t)(end - begin));
}

static pj_status read_comparison(pj_study *study, pj_json value, pj_exclusion *out, pj_error *err)
{
    const char *text;
    PJ_TRY(pj_json_as_text(value, &text, err));
    const char *sign = text + strcspn(text, "<>=!"), *after = sign + strspn(sign, "<>=!");
    size_t length = (size_t)(after - sign);
    static const struct {
        const char *word;
        pj_comparison compare;
    } signs[] = {
        {"<",  PJ_LESS      },
        {"<=", PJ_LESS_EQUAL},
        {"=",  PJ_EQUAL     },
        {"==", PJ_EQUAL     },
        {"!=", PJ_UNEQUAL   },
        {">=", PJ_MORE_EQUAL},
        {">",  PJ_MORE      }
    };
    size_t i = 0, count = sizeof signs / sizeof *signs;
    while (i < count && (strlen(signs[i].word) != length || memcmp(signs[i].word, sign, length) != 0))
        i++;
    *out = (pj_exclusion){.left = trimmed(text, sign, study->arena),
                          .right = trimmed(after, after + strlen(after), study->arena)};
    PJ_TRY(pj_got(out->left && out->right, err));
    pj_symbols *symbols = pj_symbols_new(study->arena);
    pj_num number;
    PJ_TRY(pj_got(symbols, err));
    if (i == count || !pj_num_read(symbols, out->left, NULL, &number) ||
        !pj_num_read(symbols, out->right, NULL, &number))
        return pj_arena_failed(study->arena)
                   ? pj_fail_memory(err)
                   : pj_json_fail(value, PJ_EFORMAT, err,
                                  "'%.100s' compares no two formulas; for example \"batch * total > 65536\"", text);
    out->compare = signs[i].compare;
    return PJ_OK;
}

pj_status pj_exclusion_read(pj_study *study, pj_json value, pj_exclusion *out, pj_error *err)
{
    size_t count = pj_json_count(value), at = 0;
    if (pj_json_kind_of(value) != PJ_JSON_OBJECT)
        return read_comparison(study, value, out, err);
    const char **key = PJ_NEW(study->arena, const char *, count), **glob = PJ_NEW(study->arena, const char *, count);
    PJ_TRY(pj_got(key && glob, err));
    if (!count)
        return pj_json_fail(value, PJ_EFORMAT, err, "what is left out has to be said: {\"model\": \"*tiny*\"}");
    for (pj_json member = pj_json_first(value); member.node; member = pj_json_next(member), at++) {
        const char *text;
        PJ_TRY(pj_json_as_text(member, &text, err));
        key[at] = pj_arena_strdup(study->arena, pj_json_key(member));
        glob[at] = pj_arena_strdup(study->arena, text);
        PJ_TRY(pj_got(key[at] && glob[at], err));
    }
    *out = (pj_exclusion){.key = key, .glob = glob, .globs = count};
    return PJ_OK;
}

static bool globs_match(const pj_exclusion *e, const pj_item *const *item, size_t items)
{
    for (size_t g = 0; g < e->globs; g++) {
        bool found = false;
        for (size_t i = 0; i < items && !found; i++)
            found = strcmp(item[i]->name, e->key[g]) == 0 && item[i]->text && pj_text_glob(e->glob[g], item[i]->text);
        if (!found)
            return false;
    }
    return true;
}

static bool holds(const pj_exclusion *e, int64_t left, int64_t right)
{
    switch (e->compare) {
    case PJ_LESS:
        return left < right;
    case PJ_LESS_EQUAL:
        return left <= right;
    case PJ_EQUAL:
        return left == right;
    case PJ_UNEQUAL:
        return left != right;
    case PJ_MORE_EQUAL:
        return left >= right;
    case PJ_MORE:
        return left > right;
    }
    return false;
}

pj_status pj_point_excluded(const pj_block *block, const pj_item *const *item, size_t items, pj_arena *arena, bool *out,
                            pj_error *err)
{
    pj_symbols *symbols = NULL;
    pj_map values;
    const char *why = NULL;
    *out = false;
    for (size_t i = 0; i < block->exclusions && !*out; i++) {
        const pj_exclusion *e = &block->exclusion[i];
        pj_num left, right;
        if (!e->left) {
            *out = globs_match(e, item, items);
            continue;
        }
        if (!symbols) {
            symbols = pj_symbols_new(arena);
            PJ_TRY(pj_got(symbols, err));
            PJ_TRY(pj_dims_find(item, items, arena, &values, &why, err));
        }
        *out = pj_num_read(symbols, e->left, &values, &left) && pj_num_read(symbols, e->right, &values, &right) &&
               pj_num_known(left) && pj_num_known(right) && holds(e, left.whole, right.whole);
        PJ_TRY(pj_got(!pj_arena_failed(arena), err));
    }
    return PJ_OK;
}
