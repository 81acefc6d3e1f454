/* Reads formulas as exporters write them into names of dimensions: Python and sympy syntax.
 *
 *   sum     = product { (+ | -) product }
 *   product = signed { (* | / | // | %) signed }
 *   signed  = - signed | + signed | primary [ ** digits ]
 *   primary = number | name | 'opaque name' | function ( sum { , sum } ) | ( sum )
 *
 * A plain / makes a fraction, as in floor(h/2 - 1/2); the whole text has to be a whole number again. */
#include "ir/formula.h"

typedef struct fraction {
    pj_num top;
    pj_num bottom;
} fraction;

typedef struct parser {
    pj_symbols *s;
    const char *at;
    const char *name_end; /* the end of the last name, to tell "batch-size" from "batch - size" */
    const pj_map *values; /* numbers for names, or NULL */
    int depth;
    bool list;
    bool met_bound; /* the value depends on what the user bound */
    bool failed;
} parser;

typedef enum call { FLOOR, CEIL, TRUNC, DIVIDE, FLOOR_DIVIDE, CEIL_DIVIDE, MODULO, MINIMUM, MAXIMUM } call;

/* Lower case: sympy and PyTorch write Min, Mod, FloorDiv. To support one more name, add a row. */
static const struct {
    const char *name;
    call call;
    int least; /* arguments */
    int most;
} functions[] = {
    {"floor",      FLOOR,        1, 1                  },
    {"floortoint", FLOOR,        1, 1                  },
    {"ceil",       CEIL,         1, 1                  },
    {"ceiling",    CEIL,         1, 1                  },
    {"ceiltoint",  CEIL,         1, 1                  },
    {"trunc",      TRUNC,        1, 1                  },
    {"trunctoint", TRUNC,        1, 1                  },
    {"floordiv",   FLOOR_DIVIDE, 2, 2                  },
    {"cleandiv",   FLOOR_DIVIDE, 2, 2                  },
    {"ceildiv",    CEIL_DIVIDE,  2, 2                  },
    {"inttruediv", DIVIDE,       2, 2                  },
    {"mod",        MODULO,       2, 2                  },
    {"pythonmod",  MODULO,       2, 2                  },
    {"min",        MINIMUM,      1, PJ_MAX_FORMULA_ARGS},
    {"max",        MAXIMUM,      1, PJ_MAX_FORMULA_ARGS},
};

static fraction whole_fraction(pj_num a)
{
    return (fraction){a, pj_num_of(1)};
}

static fraction fail(parser *p)
{
    p->failed = true;
    return whole_fraction(pj_num_unknown());
}

static void skip_blanks(parser *p)
{
    while (*p->at == ' ' || *p->at == '\t')
        p->at++;
}

static bool take(parser *p, const char *token)
{
    skip_blanks(p);
    size_t length = strlen(token);
    if (strncmp(p->at, token, length) != 0)
        return false;
    p->at += length;
    return true;
}

static fraction divide(parser *p, fraction a, fraction b)
{
    return (fraction){pj_num_mul(p->s, a.top, b.bottom), pj_num_mul(p->s, a.bottom, b.top)};
}

static fraction multiply(parser *p, fraction a, fraction b)
{
    return (fraction){pj_num_mul(p->s, a.top, b.top), pj_num_mul(p->s, a.bottom, b.bottom)};
}

static fraction add(parser *p, fraction a, fraction b, bool subtract)
{
    pj_num left = a.top;
    pj_num right = b.top;
    pj_num bottom = a.bottom;
    if (!pj_num_equal(a.bottom, b.bottom)) {
        left = pj_num_mul(p->s, a.top, b.bottom);
        right = pj_num_mul(p->s, b.top, a.bottom);
        bottom = pj_num_mul(p->s, a.bottom, b.bottom);
    }
    return (fraction){subtract ? pj_num_sub(p->s, left, right) : pj_num_add(p->s, left, right), bottom};
}

/* The whole number that the fraction is; fails if it is none. */
static pj_num settle(parser *p, fraction a)
{
    if (pj_num_is(a.bottom, 1))
        return a.top;
    if (pj_num_is(pj_num_mod(p->s, a.top, a.bottom), 0))
        return pj_num_floor_div(p->s, a.top, a.bottom);
    return fail(p).top;
}

static pj_num call_one(parser *p, call how, fraction a)
{
    if (how == FLOOR)
        return pj_num_floor_div(p->s, a.top, a.bottom);
    return how == CEIL ? pj_num_ceil_div(p->s, a.top, a.bottom) : pj_num_trunc_div(p->s, a.top, a.bottom);
}

static fraction parse_sum(parser *p);

static fraction parse_arguments(parser *p, size_t row)
{
    fraction value = parse_sum(p);
    int count = 1;
    call how = functions[row].call;
    for (; !p->failed && take(p, ","); count++) {
        if (count == functions[row].most)
            return fail(p);
        fraction next = parse_sum(p);
        if (how == DIVIDE || how == FLOOR_DIVIDE || how == CEIL_DIVIDE)
            value = divide(p, value, next);
        else if (how == MODULO)
            value = whole_fraction(pj_num_mod(p->s, settle(p, value), settle(p, next)));
        else if (how == MINIMUM)
            value = whole_fraction(pj_num_min(p->s, settle(p, value), settle(p, next)));
        else
            value = whole_fraction(pj_num_max(p->s, settle(p, value), settle(p, next)));
    }
    if (count < functions[row].least || !take(p, ")"))
        return fail(p);
    if (how == FLOOR || how == FLOOR_DIVIDE)
        return whole_fraction(call_one(p, FLOOR, value));
    if (how == CEIL || how == CEIL_DIVIDE)
        return whole_fraction(call_one(p, CEIL, value));
    return how == TRUNC ? whole_fraction(call_one(p, TRUNC, value)) : value;
}

/* Is this the word, which is given in lower case, whatever its case? */
static bool same_word(const char *text, size_t length, const char *lower)
{
    if (strlen(lower) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool capital = text[i] >= 'A' && text[i] <= 'Z';
        if ((capital ? text[i] - 'A' + 'a' : text[i]) != lower[i])
            return false;
    }
    return true;
}

static fraction find_symbol(parser *p, const char *name)
{
    if (!name)
        return fail(p);
    const pj_num *given = p->values ? pj_map_get(p->values, name) : NULL;
    pj_num symbol = given ? *given : pj_symbols_find(p->s, name, p->list);
    p->met_bound |= pj_num_known(symbol);
    return whole_fraction(symbol);
}

static fraction parse_name(parser *p, size_t length)
{
    const char *name = p->at;
    p->at += length;
    p->name_end = p->at;
    if (!take(p, "(")) {
        p->at = p->name_end;
        return find_symbol(p, pj_arena_strndup(p->s->arena, name, length));
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (same_word(name, length, functions[i].name))
            return parse_arguments(p, i);
    return fail(p);
}

/* What exporters write where they know nothing. Two such dimensions need not be equal, so they are no symbols. */
static const char *const unknown_words[] = {"", "?", "*", "-1", "none", "null", "nan", "unk", "unknown"};

static bool is_unknown_word(const char *text)
{
    for (size_t i = 0; i < sizeof unknown_words / sizeof *unknown_words; i++)
        if (same_word(text, strlen(text), unknown_words[i]))
            return true;
    return false;
}

static bool parse(pj_symbols *s, const char *text, int depth, const pj_map *values, bool list, pj_num *out);

/* 'opaque name', a quote within is doubled. Only a name that cannot stand alone as a formula may be quoted, so that a
 * name has one spelling. */
static fraction parse_quoted(parser *p)
{
    char *name = pj_arena_strdup(p->s->arena, p->at);
    if (!name)
        return fail(p);
    size_t length = 0;
    bool closed = false;
    for (; *p->at && !closed; p->at++) {
        closed = p->at[0] == '\'' && p->at[1] != '\'';
        if (!closed)
            name[length++] = *p->at;
        if (!closed && *p->at == '\'')
            p->at++;
    }
    name[length] = '\0';
    pj_num value;
    if (!closed || is_unknown_word(name) || parse(p->s, name, p->depth + 1, p->values, false, &value))
        return fail(p);
    return find_symbol(p, name);
}

/* Digits, with a fraction: 2.5 is 25/10. */
static fraction parse_number(parser *p)
{
    int64_t top = 0;
    int64_t bottom = 1;
    bool point = false;
    for (;; p->at++) {
        if (*p->at == '.' && !point && p->at[1] >= '0' && p->at[1] <= '9') {
            point = true;
            continue;
        }
        if (*p->at < '0' || *p->at > '9')
            break;
        if (!pj_mul_i64(top, 10, &top) || !pj_add_i64(top, *p->at - '0', &top) ||
            (point && !pj_mul_i64(bottom, 10, &bottom)))
            return fail(p);
    }
    if (pj_formula_plain_name(p->at) || *p->at == '.' || *p->at == ':')
        return fail(p); /* "3d" */
    return (fraction){pj_num_of(top), pj_num_of(bottom)};
}

static fraction parse_primary(parser *p)
{
    skip_blanks(p);
    size_t length = pj_formula_plain_name(p->at);
    if (length)
        return parse_name(p, length);
    if (*p->at >= '0' && *p->at <= '9')
        return parse_number(p);
    if (take(p, "'"))
        return parse_quoted(p);
    if (!take(p, "("))
        return fail(p);
    fraction value = parse_sum(p);
    return take(p, ")") ? value : fail(p);
}

static fraction parse_signed(parser *p)
{
    bool negative = false;
    for (;;) {
        if (take(p, "-"))
            negative = !negative;
        else if (!take(p, "+"))
            break;
    }
    fraction value = parse_primary(p);
    if (!p->failed && take(p, "**")) {
        skip_blanks(p);
        fraction power = *p->at >= '0' && *p->at <= '9' ? parse_number(p) : fail(p);
        if (!pj_num_is(power.bottom, 1) || !pj_num_known(power.top) || power.top.whole > PJ_MAX_FORMULA_DEGREE)
            return fail(p);
        fraction base = value;
        value = whole_fraction(pj_num_of(1));
        for (int64_t i = 0; i < power.top.whole; i++)
            value = multiply(p, value, base);
    }
    if (negative)
        value.top = pj_num_neg(p->s, value.top);
    return value;
}

static fraction parse_product(parser *p)
{
    fraction value = parse_signed(p);
    while (!p->failed) {
        if (take(p, "//")) {
            value = divide(p, value, parse_signed(p));
            value = whole_fraction(call_one(p, FLOOR, value));
        } else if (take(p, "/")) {
            value = divide(p, value, parse_signed(p));
        } else if (take(p, "%")) {
            pj_num divisor = settle(p, parse_signed(p));
            value = whole_fraction(pj_num_mod(p->s, settle(p, value), divisor));
        } else if (take(p, "*")) {
            value = multiply(p, value, parse_signed(p));
        } else {
            break;
        }
    }
    return value;
}

/* "batch-size" is a name, not a difference. */
static bool at_hyphen(const parser *p)
{
    return p->at == p->name_end && p->at[0] == '-' && pj_formula_plain_name(p->at + 1);
}

static fraction parse_sum(parser *p)
{
    if (p->depth++ >= PJ_MAX_FORMULA_DEPTH)
        return fail(p);
    fraction value = parse_product(p);
    while (!p->failed) {
        if (at_hyphen(p))
            return fail(p);
        bool subtract = take(p, "-");
        if (!subtract && !take(p, "+"))
            break;
        value = add(p, value, parse_product(p), subtract);
    }
    p->depth--;
    return value;
}

/* Reads what may be read as a formula; false: the text is one opaque name. Names in `values` (may be NULL) stand for
 * these numbers. `list`: the other names in it are listed as used. */
static bool parse(pj_symbols *s, const char *text, int depth, const pj_map *values, bool list, pj_num *out)
{
    parser p = {.s = s, .at = text, .values = values, .depth = depth, .list = list};
    *out = settle(&p, parse_sum(&p));
    skip_blanks(&p);
    return !p.failed && !*p.at && (p.met_bound || !(pj_num_is_unknown(*out) || pj_num_overflowed(*out)));
}

bool pj_num_read(pj_symbols *s, const char *text, const pj_map *values, pj_num *out)
{
    return parse(s, text, 0, values, false, out);
}

/* A text that is a formula is read twice, so that only the names of one that can be read are listed. */
static pj_num read_meaning(pj_symbols *s, const char *text)
{
    pj_num meaning;
    if (is_unknown_word(text))
        return pj_num_unknown();
    if (!parse(s, text, 0, NULL, false, &meaning))
        return pj_symbols_find(s, text, true);
    parse(s, text, 0, NULL, true, &meaning);
    /* a dimension is not negative */
    return pj_num_known(meaning) && meaning.whole < 0 ? pj_num_unknown() : meaning;
}

pj_num pj_num_symbol(pj_symbols *s, const char *name)
{
    pj_symbol *entry = pj_symbols_entry(s, name);
    if (!entry)
        return pj_num_unknown();
    if (entry->bound)
        return pj_symbols_find(s, name, true);
    if (!entry->read) {
        entry->meaning = read_meaning(s, name);
        entry->read = true;
    }
    return entry->meaning;
}
