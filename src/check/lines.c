/* Where each value of a JSON text stands, line and path: the values of a text come in the order in which a walk through
 * the tree meets them. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "check/entry.h"

typedef struct place {
    const void *node, *parent; /* parent: NULL for the root */
    size_t index;              /* among its parent's */
    size_t line;
} place;

struct pj_budget_lines {
    const pj_json_doc *doc;
    place *place; /* by node */
    size_t count;
};

/* Values below `at`, itself included; notes them where there is room. */
static size_t list_values(pj_json at, place *out)
{
    size_t count = 1, index = 0;
    if (out)
        out[0].node = at.node;
    for (pj_json child = pj_json_first(at); child.node; child = pj_json_next(child), index++) {
        size_t first = count;
        count += list_values(child, out ? out + count : NULL); /* as deep as pj_json_parse allows */
        if (!out)
            continue;
        out[first].parent = at.node;
        out[first].index = index;
    }
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
    size_t count = list_values(pj_json_root(doc), NULL);
    place *places = lines ? PJ_NEW(arena, place, count) : NULL;
    if (!places)
        return NULL;
    list_values(pj_json_root(doc), places);
    find_lines(text, text + length, places, count);
    qsort(places, count, sizeof *places, compare_places);
    *lines = (pj_budget_lines){doc, places, count};
    return lines;
}

static const place *find_place(const pj_budget_lines *lines, const void *node)
{
    place wanted = {.node = node};
    return bsearch(&wanted, lines->place, lines->count, sizeof wanted, compare_places);
}

size_t pj_budget_line(const pj_budget_lines *lines, pj_json at)
{
    const place *found = find_place(lines, at.node);
    return found ? found->line : 0;
}

const char *pj_budget_path(const pj_budget_lines *lines, pj_json at, pj_arena *arena)
{
    const place *way[PJ_MAX_JSON_DEPTH + 1];
    int depth = 0;
    pj_str text = pj_str_new(0);
    for (const place *step = find_place(lines, at.node); step && step->parent && depth <= PJ_MAX_JSON_DEPTH;
         step = find_place(lines, step->parent))
        way[depth++] = step;
    pj_str_add_char(&text, '$');
    while (depth-- > 0) {
        const char *key = pj_json_key((pj_json){lines->doc, way[depth]->node});
        if (*key)
            pj_json_path_key(key, &text);
        else
            pj_str_printf(&text, "[%zu]", way[depth]->index);
    }
    return pj_str_keep(&text, arena);
}
