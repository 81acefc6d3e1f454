/* Reading budgets as a person writes them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "picojoule/plan.h"

const char *pj_plan_measure_word(pj_plan_measure measure)
{
    static const char *const words[] = {"energy", "param_bytes", "bops", "noise", ""};
    return words[measure];
}

static const struct {
    const char *suffix;
    pj_plan_measure measure; /* that it is a unit of; PJ_PLAN_MEASURES: of all */
    double factor;
    bool relative;
} units[] = {
    {"%",   PJ_PLAN_MEASURES,    0.01,         true },
    {"pJ",  PJ_PLAN_ENERGY,      1,            false},
    {"nJ",  PJ_PLAN_ENERGY,      1e3,          false},
    {"uJ",  PJ_PLAN_ENERGY,      1e6,          false},
    {"mJ",  PJ_PLAN_ENERGY,      1e9,          false},
    {"J",   PJ_PLAN_ENERGY,      1e12,         false},
    {"",    PJ_PLAN_PARAM_BYTES, 1,            false},
    {"B",   PJ_PLAN_PARAM_BYTES, 1,            false},
    {"kB",  PJ_PLAN_PARAM_BYTES, 1e3,          false},
    {"MB",  PJ_PLAN_PARAM_BYTES, 1e6,          false},
    {"GB",  PJ_PLAN_PARAM_BYTES, 1e9,          false},
    {"KiB", PJ_PLAN_PARAM_BYTES, 1024,         false},
    {"MiB", PJ_PLAN_PARAM_BYTES, 1024 * 1024,  false},
    {"GiB", PJ_PLAN_PARAM_BYTES, 1073741824.0, false},
    {"",    PJ_PLAN_BOPS,        1,            false},
    {"",    PJ_PLAN_NOISE,       1,            false},
};

/* A number without a sign, the same in every locale; *end is what follows. */
static bool read_number(const char *text, double *out, const char **end)
{
    size_t length = strspn(text, "0123456789.");
    pj_json_doc *doc = NULL;
    if (length && (text[length] == 'e' || text[length] == 'E')) {
        size_t digits = length + 1 + (text[length + 1] == '-' || text[length + 1] == '+');
        if (strspn(text + digits, "0123456789"))
            length = digits + strspn(text + digits, "0123456789");
    }
    bool is_number = length && pj_json_parse(text, length, "", &doc, NULL) == PJ_OK &&
                     pj_json_as_double(pj_json_root(doc), out, NULL) == PJ_OK && *out >= 0;
    pj_json_free(doc);
    *end = text + length;
    return is_number;
}

const char *pj_plan_budget_read(const char *text, pj_plan_budget *out)
{
    static const char wants[] =
        "MEASURE<=AMOUNT with a unit, for example 'energy<=40%', 'energy<=2.5mJ', 'param_bytes<=1MiB', "
        "'bops<=3e9' or 'noise<=0.01'";
    const char *sign = strstr(text, "<="), *end;
    double amount;
    if (!sign || !read_number(sign + 2 + strspn(sign + 2, " "), &amount, &end))
        return wants;
    size_t length = (size_t)(sign - text);
    while (length && text[length - 1] == ' ')
        length--;
    end += strspn(end, " ");
    for (int m = 0; m < (int)PJ_PLAN_MEASURES; m++) {
        const char *word = pj_plan_measure_word((pj_plan_measure)m);
        if (strlen(word) != length || memcmp(word, text, length) != 0)
            continue;
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (strcmp(units[i].suffix, end) == 0 &&
                (units[i].measure == (pj_plan_measure)m || units[i].measure == PJ_PLAN_MEASURES) &&
                !(units[i].relative && m == (int)PJ_PLAN_NOISE)) {
                *out = (pj_plan_budget){(pj_plan_measure)m, amount * units[i].factor, units[i].relative};
                return NULL;
            }
    }
    return wants;
}
