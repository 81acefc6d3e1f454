/* The text of a formula, which reads back as the same formula. */
#include <ctype.h>

#include "ir/formula.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t pj_formula_plain_name(const char *text)
{
    size_t length = 0;
    if (is_letter(*text))
        while (is_letter(text[length]) || (text[length] >= '0' && text[length] <= '9') || text[length] == '.' ||
               text[length] == ':')
            length++;
    return length;
}

static void print_name(const char *name, pj_str *out)
{
    if (!name[pj_formula_plain_name(name)]) {
        pj_str_add(out, name);
        return;
    }
    pj_str_add_char(out, '\'');
    for (; *name; name++) {
        if (*name == '\'')
            pj_str_add_char(out, '\'');
        pj_str_add_char(out, *name);
    }
    pj_str_add_char(out, '\'');
}

static void print_sum(pj_num sum, pj_str *out);

/* A part of a fraction, in parentheses unless it is a number, one atom or, at the top, one product. */
static void print_fraction_part(pj_num part, bool top, pj_str *out)
{
    pj_term one;
    int count;
    const pj_term *terms = pj_formula_terms(part, &one, &count);
    bool bare = count == 1 && terms[0].coefficient > 0 &&
                (top || pj_num_known(part) || (terms[0].coefficient == 1 && terms[0].product->count == 1));
    if (!bare)
        pj_str_add_char(out, '(');
    print_sum(part, out);
    if (!bare)
        pj_str_add_char(out, ')');
}

static void print_atom(const pj_formula *atom, pj_str *out)
{
    static const char *const names[] = {
        [PJ_FORMULA_FLOOR] = "floor(", [PJ_FORMULA_MOD] = "mod(", [PJ_FORMULA_MIN] = "min(", [PJ_FORMULA_MAX] = "max("};
    if (atom->kind == PJ_FORMULA_SYMBOL) {
        print_name(atom->name, out);
        return;
    }
    pj_str_add(out, names[atom->kind]);
    for (int i = 0; i < atom->count; i++) {
        if (atom->kind == PJ_FORMULA_FLOOR) {
            pj_str_add(out, i ? "/" : "");
            print_fraction_part(atom->args[i], i == 0, out);
        } else {
            pj_str_add(out, i ? ", " : "");
            print_sum(atom->args[i], out);
        }
    }
    pj_str_add_char(out, ')');
}

static void print_product(const pj_formula *product, pj_str *out)
{
    for (int i = 0; i < product->count;) {
        int power = 1;
        while (i + power < product->count && product->factors[i + power] == product->factors[i])
            power++;
        pj_str_add(out, i ? "*" : "");
        print_atom(product->factors[i], out);
        if (power > 1)
            pj_str_printf(out, "**%d", power);
        i += power;
    }
}

static void print_term(int64_t coefficient, const pj_formula *product, bool first, pj_str *out)
{
    if (coefficient == INT64_MIN) { /* the number alone does not read back */
        print_term(INT64_MIN + 1, product, first, out);
        print_term(-1, product, false, out);
        return;
    }
    bool negative = coefficient < 0;
    int64_t number = negative ? -coefficient : coefficient;
    if (first)
        pj_str_add(out, negative ? "-" : "");
    else
        pj_str_add(out, negative ? " - " : " + ");
    if (number != 1 || !product->count)
        pj_str_printf(out, "%" PRId64 "%s", number, product->count ? "*" : "");
    print_product(product, out);
}

static void print_sum(pj_num sum, pj_str *out)
{
    pj_term one;
    int count;
    const pj_term *terms = pj_formula_terms(sum, &one, &count);
    if (!count)
        pj_str_add_char(out, '0');
    for (int i = 0; i < count; i++)
        print_term(terms[i].coefficient, terms[i].product, i == 0, out);
}

static void print_real(double real, pj_str *out)
{
    if (isnan(real))
        pj_str_add(out, "nan");
    else if (isinf(real))
        pj_str_add(out, real < 0 ? "-inf" : "inf");
    else
        pj_str_add_double(out, real);
}

void pj_num_print(pj_num a, pj_str *out)
{
    const pj_formula *symbol = NULL;
    if (pj_num_symbolic(a))
        symbol = pj_formula_atom(a, PJ_FORMULA_SYMBOL);
    if (pj_num_known(a))
        pj_str_printf(out, "%" PRId64, a.whole);
    else if (pj_num_is_real(a))
        print_real(a.real, out);
    else if (pj_num_is_unknown(a))
        pj_str_add(out, "?");
    else if (pj_num_overflowed(a))
        pj_str_add(out, "overflow");
    else if (symbol)
        pj_str_add(out, symbol->name); /* alone, an opaque name needs no quotes */
    else
        print_sum(a, out);
}
