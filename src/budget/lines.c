/* In which line each value of a JSON text stands: the values of a text come in the order in which a walk through the
 * tree meets them. */
#include <stdlib.h>
#include <string.h>

#include "budget/entry.h"

typedef struct place {
    const void *node;
    size_t line;
} place;

struct pj_budget_lines {
    place *place; /* by node */
    size_t count;
};

/* Values below `at`, itself included; numbers them where there is room. */
static size_t number_values(pj_json at, place *out)
{
    size_t count = 1;
    if (out)
        out[0].node = at.node;
    for (pj_json child = pj_json_first(at); child.node; child = pj_json_next(child))
        count += number_values(child, out ? out + count : NULL); /* as deep as pj_json_parse allows */
    return count;
}

/* Behind a text that starts here. */
static const char *skip_text(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at + 1;
}

static bool is_key(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\n", *at))
        at++;
    return at < end && *at == ':';
}

/* The text is known to be JSON. */
static void find_lines(const char *at, const char *end, place *out, size_t count)
{
    size_t line = 1;
    for (size_t n = 0; at < end && n < count;) {
        if (*at == '"') {
            const char *behind = skip_text(at, end);
            if (!is_key(behind, end))
                out[n++].line = line;
            at = behind;
        } else if (strchr("{[", *at)) {
            out[n++].line = line;
            at++;
        } else if (strchr("]},: \t\r\n", *at)) {
            line += *at++ == '\n';
        } else {
            out[n++].line = line;
            while (at < end && !strchr("]},: \t\r\n", *at))
                at++;
        }
    }
}

static int compare_places(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t)((const place *)a)->node, right = (uintptr_t)((const place *)b)->node;
    return left < right ? -1 : left > right;
}

const pj_budget_lines *pj_budget_lines_of(const pj_json_doc *doc, const char *text, size_t length, pj_arena *arena)
{
    pj_budget_lines *lines = PJ_NEW(arena, pj_budget_lines, 1);
    size_t count = number_values(pj_json_root(doc), NULL);
    place *places = lines ? PJ_NEW(arena, place, count) : NULL;
    if (!places)
        return NULL;
    number_values(pj_json_root(doc), places);
    find_lines(text, text + length, places, count);
    qsort(places, count, sizeof *places, compare_places);
    *lines = (pj_budget_lines){places, count};
    return lines;
}

size_t pj_budget_line(const pj_budget_lines *lines, pj_json at)
{
    place wanted = {at.node, 0};
    const place *found = bsearch(&wanted, lines->place, lines->count, sizeof wanted, compare_places);
    return found ? found->line : 0;
}
