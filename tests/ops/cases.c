/* Reads operator cases. */
#include "cases.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64 * 1024 };

void die(const test_case *t, const char *what, const char *text)
{
    printf("%s:%d: the case cannot be read: %s: %s\n", t->file, t->line, what, text);
    exit(2);
}

static char *skip(char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

/* Cuts the next word off at a blank; brackets and quotes keep blanks inside. */
static char *word(char **at)
{
    char *start = skip(*at), *end = start;
    int depth = 0;
    bool quoted = false;
    for (; *end && (depth || quoted || (*end != ' ' && *end != '\t')); end++) {
        if (*end == '"')
            quoted = !quoted;
        else if (!quoted && strchr("[{(", *end))
            depth++;
        else if (!quoted && strchr("]})", *end))
            depth--;
    }
    *at = *end ? end + 1 : end;
    *end = 0;
    return start;
}

static pj_num num_of_text(test_case *t, const char *text)
{
    char *end;
    long long whole = strtoll(text, &end, 10);
    if (end != text && !*end)
        return pj_num_of(whole);
    double real = strtod(text, &end);
    if (end != text && !*end)
        return pj_num_of_real(real);
    return strcmp(text, "?") == 0 ? pj_num_unknown() : pj_num_symbol(t->model->symbols, text);
}

/* "[1,3,?]" -> dims; "?" -> -1 */
static int read_dims(test_case *t, const char *text, pj_num *dims)
{
    char copy[1024], *part = copy;
    int rank = 0, depth = 0;
    if (strcmp(text, "?") == 0)
        return -1;
    if (text[0] != '[' || strlen(text) >= sizeof copy)
        die(t, "dims", text);
    snprintf(copy, sizeof copy, "%s", text + 1);
    for (char *at = copy; *at && rank < MAX_LIST; at++) { /* max(0, n) has a comma of its own */
        depth += (*at == '(') - (*at == ')');
        if ((*at != ',' && *at != ']') || depth)
            continue;
        *at = 0;
        if (*skip(part))
            dims[rank++] = num_of_text(t, skip(part));
        part = at + 1;
    }
    return rank;
}

/* "seq(TYPE DIMS)", "optional(TYPE DIMS)", "map(KEY, TYPE DIMS)", or a tensor's "TYPE DIMS" */
pj_type read_type(test_case *t, char **at)
{
    static const struct {
        const char *word;
        pj_kind kind;
    } holders[] = {
        {"seq(",      PJ_SEQUENCE},
        {"optional(", PJ_OPTIONAL},
        {"map(",      PJ_MAP     }
    };
    pj_num dims[MAX_LIST];
    char *dtype = word(at);
    for (size_t k = 0; k < sizeof holders / sizeof *holders; k++) {
        if (strncmp(dtype, holders[k].word, strlen(holders[k].word)) != 0)
            continue;
        char *inner = strchr(dtype, '(') + 1, *close = strrchr(inner, ')'), *comma = strchr(inner, ',');
        pj_type type = pj_type_unknown(), *of = PJ_NEW(t->arena, pj_type, 1);
        if (close)
            *close = 0;
        type.kind = holders[k].kind;
        if (type.kind == PJ_MAP && comma) {
            *comma = 0;
            type.key = pj_dtype_of_word(inner);
            inner = comma + 1;
        }
        *of = read_type(t, &inner);
        type.of = of;
        return type;
    }
    int rank = read_dims(t, word(at), dims);
    pj_num *copy = rank > 0 ? pj_arena_memdup(t->arena, dims, (size_t)rank, sizeof *dims) : dims;
    return pj_type_tensor(pj_dtype_of_word(dtype), rank, rank > 0 ? copy : NULL);
}

pj_value *add_value(test_case *t, pj_graph *graph, const char *name)
{
    pj_value *value = PJ_NEW(t->arena, pj_value, 1);
    value->name = pj_arena_strdup(t->arena, name);
    value->graph = graph;
    value->type = value->declared = pj_type_unknown();
    pj_map_put(&graph->values, value->name, value);
    return value;
}

/* "a, , b" -> values, NULL for an empty place. Names that nothing stands for yet are made in `graph`. */
static int read_names(test_case *t, char *text, pj_graph *graph, pj_value **out)
{
    int count = 0;
    for (char *next; *skip(text); text = next) {
        next = text + strcspn(text, ",");
        bool last = !*next;
        *next = 0;
        char *name = skip(text);
        name[strcspn(name, " ")] = 0;
        pj_value *known = *name ? pj_graph_find(t->graph, name) : NULL;
        out[count++] = !*name ? NULL : known ? known : add_value(t, graph, name);
        next += !last;
    }
    return count;
}

static int read_nums(test_case *t, char *text, pj_num *out, int most)
{
    char *save = NULL;
    int count = 0;
    for (char *part = strtok_r(text, " ,", &save); part && count < most; part = strtok_r(NULL, " ,", &save))
        out[count++] = num_of_text(t, part);
    return count;
}

/* in NAME DTYPE DIMS [const] [= numbers] */
static void read_input(test_case *t, char *at)
{
    char *name = word(&at);
    pj_value *value = pj_graph_find(t->graph, name);
    if (!value && t->graph != t->model->graph)
        value = add_value(t, t->graph, name);
    if (!value)
        die(t, "no such input of the node", name);
    value->type = read_type(t, &at);
    if (t->graph != t->model->graph)
        value->declared = value->type;
    at = skip(at);
    if (strncmp(at, "const", 5) == 0) {
        value->is_constant = value->is_folded = true;
        at = skip(at + 5);
    }
    if (*at == '=') {
        pj_num *nums = PJ_NEW(t->arena, pj_num, 8192);
        value->data_count = read_nums(t, at + 1, nums, 8192);
        value->data = nums;
        if (value->type.rank == 1 && !pj_num_known(value->type.dims[0]))
            die(t, "contents of an unknown shape", name);
    }
}

/* int64[2]{3,4} */
static pj_tensor *read_tensor(test_case *t, char *text)
{
    pj_tensor *tensor = PJ_NEW(t->arena, pj_tensor, 1);
    pj_num dims[MAX_LIST], nums[1024];
    char *bracket = strchr(text, '['), *brace = strchr(text, '{');
    if (!bracket || !brace)
        die(t, "tensor", text);
    char shape[256];
    snprintf(shape, sizeof shape, "%.*s", (int)(brace - bracket), bracket);
    *bracket = 0;
    tensor->dtype = pj_dtype_of_word(text);
    tensor->rank = read_dims(t, shape, dims);
    int64_t *sizes = PJ_NEW(t->arena, int64_t, tensor->rank);
    tensor->count = 1;
    for (int k = 0; k < tensor->rank; k++)
        tensor->count *= sizes[k] = dims[k].whole;
    tensor->dims = sizes;
    char *close = strrchr(brace, '}');
    if (close)
        *close = 0;
    int given = read_nums(t, brace + 1, nums, 1024);
    if (given)
        tensor->data = pj_arena_memdup(t->arena, nums, (size_t)given, sizeof *nums);
    return tensor;
}

static void read_attr_list(test_case *t, pj_attr *attr, char *text)
{
    char *parts[MAX_LIST], *save = NULL;
    bool real = false;
    int count = 0;
    text[strlen(text) - 1] = 0;
    for (char *part = strtok_r(text + 1, ", ", &save); part && count < MAX_LIST; part = strtok_r(NULL, ", ", &save)) {
        real = real || strpbrk(part, ".eE") != NULL;
        parts[count++] = part;
    }
    attr->count = count;
    if (count && parts[0][0] == '"') {
        const char **strings = PJ_NEW(t->arena, const char *, count);
        for (int k = 0; k < count; k++)
            strings[k] = pj_arena_strndup(t->arena, parts[k] + 1, strlen(parts[k]) - 2);
        attr->kind = PJ_ATTR_STRINGS;
        attr->strings = strings;
    } else if (real) {
        float *floats = PJ_NEW(t->arena, float, count);
        for (int k = 0; k < count; k++)
            floats[k] = strtof(parts[k], NULL);
        attr->kind = PJ_ATTR_FLOATS;
        attr->floats = floats;
    } else {
        int64_t *ints = PJ_NEW(t->arena, int64_t, count);
        for (int k = 0; k < count; k++)
            ints[k] = strtoll(parts[k], NULL, 10);
        attr->kind = PJ_ATTR_INTS;
        attr->ints = ints;
    }
}

/* name=1  name=0.5  name="text"  name=[1,2]  name=int64[2]{1,2} */
static void read_attr(test_case *t, pj_attr *attr, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals)
        die(t, "attribute", text);
    *equals = 0;
    char *value = equals + 1;
    attr->name = pj_arena_strdup(t->arena, text);
    attr->count = 1;
    if (value[0] == '[') {
        read_attr_list(t, attr, value);
    } else if (value[0] == '"') {
        attr->kind = PJ_ATTR_STRING;
        attr->s = pj_arena_strndup(t->arena, value + 1, strlen(value) - 2);
    } else if (strchr(value, '{')) {
        attr->kind = PJ_ATTR_TENSOR;
        attr->tensor = read_tensor(t, value);
    } else if (strpbrk(value, ".eEni")) {
        attr->kind = PJ_ATTR_FLOAT;
        attr->f = strtof(value, NULL);
    } else {
        attr->kind = PJ_ATTR_INT;
        attr->i = strtoll(value, NULL, 10);
    }
}

/* node Op(a, b, , c) attr=.. opset=13 domain=com.microsoft [-> outputs, in a subgraph] */
static void read_node(test_case *t, char *at)
{
    char *call = word(&at), *open = strchr(call, '('), *text;
    pj_node *node = t->last = t->graph == t->model->graph ? t->node : PJ_NEW(t->arena, pj_node, 1);
    if (!open)
        die(t, "node", call);
    *open++ = 0;
    node->op = node->label = node->name = pj_arena_strdup(t->arena, call);
    node->domain = node->scope = node->overload = "";
    node->opset = 24;
    node->graph = t->graph;
    node->in = PJ_NEW(t->arena, pj_value *, MAX_LIST);
    node->out = PJ_NEW(t->arena, pj_value *, MAX_LIST);
    node->attr = PJ_NEW(t->arena, pj_attr, MAX_LIST);
    open[strcspn(open, ")")] = 0;
    node->inputs = read_names(t, open, t->model->graph, node->in);
    while (*(text = word(&at))) {
        if (strncmp(text, "opset=", 6) == 0)
            node->opset = strtoll(text + 6, NULL, 10);
        else if (strncmp(text, "domain=", 7) == 0)
            node->domain = pj_arena_strdup(t->arena, text + 7);
        else if (strcmp(text, "->") == 0)
            break;
        else
            read_attr(t, &node->attr[node->attrs++], text);
    }
    node->outputs = read_names(t, at, t->graph, node->out);
    if (node != t->node)
        t->graph->node[t->graph->nodes++] = node;
}

/* graph NAME(inputs) -> outputs: an attribute of the node before it, up to the line `end` */
static void start_graph(test_case *t, char *at)
{
    char *name = word(&at), *open = strchr(name, '('), *arrow = strstr(at, "->");
    pj_graph *graph = PJ_NEW(t->arena, pj_graph, 1);
    if (!open || !t->last)
        die(t, "graph", name);
    *open++ = 0;
    open[strcspn(open, ")")] = 0;
    pj_map_init(&graph->values, t->arena);
    graph->parent = t->graph;
    graph->holder = t->last;
    graph->name = arrow ? pj_arena_strdup(t->arena, arrow + 2) : ""; /* the outputs, until they are there */
    graph->in = PJ_NEW(t->arena, pj_value *, MAX_LIST);
    graph->out = PJ_NEW(t->arena, pj_value *, MAX_LIST);
    graph->node = PJ_NEW(t->arena, pj_node *, MAX_LIST);
    for (char *save = NULL, *part = strtok_r(open, ", ", &save); part; part = strtok_r(NULL, ", ", &save))
        graph->in[graph->inputs++] = add_value(t, graph, part);
    t->last->attr[t->last->attrs++] =
        (pj_attr){.name = pj_arena_strdup(t->arena, name), .kind = PJ_ATTR_GRAPH, .count = 1, .graph = graph};
    t->graph = graph;
}

static void end_graph(test_case *t)
{
    pj_graph *graph = t->graph;
    if (!graph->parent)
        die(t, "no graph to end", "");
    char *outputs = pj_arena_strdup(t->arena, graph->name);
    graph->outputs = read_names(t, outputs, graph, graph->out);
    t->graph = graph->parent;
    t->last = graph->holder;
}

static void start_case(test_case *t, const char *file, int line)
{
    memset(t, 0, sizeof *t);
    t->file = file;
    t->line = line;
    t->arena = pj_arena_new(0);
    t->model = PJ_NEW(t->arena, pj_model, 1);
    t->model->arena = t->arena;
    t->model->symbols = pj_symbols_new(t->arena);
    t->model->path = file;
    t->model->graph = PJ_NEW(t->arena, pj_graph, 1);
    pj_map_init(&t->model->graph->values, t->arena);
    t->graph = t->model->graph;
    t->node = PJ_NEW(t->arena, pj_node, 1);
}

static void read_line(test_case *t, char *line)
{
    char *at = line, *key = word(&at);
    at = skip(at);
    if (strcmp(key, "node") == 0)
        read_node(t, at);
    else if (strcmp(key, "in") == 0)
        read_input(t, at);
    else if (strcmp(key, "graph") == 0)
        start_graph(t, at);
    else if (strcmp(key, "end") == 0)
        end_graph(t);
    else if (strcmp(key, "out") == 0 && t->out_count < MAX_LIST)
        snprintf(t->outs[t->out_count++], sizeof t->outs[0], "%s", at);
    else if (strcmp(key, "data") == 0 && t->data_count < 8)
        snprintf(t->data[t->data_count++], sizeof t->data[0], "%s", at);
    else if (strcmp(key, "error") == 0)
        snprintf(t->error, sizeof t->error, "%s", at);
    else if (strcmp(key, "finding") == 0)
        snprintf(t->finding, sizeof t->finding, "%s", at);
    else if (strcmp(key, "work") == 0) {
        snprintf(t->work, sizeof t->work, "%s", at);
        t->has_work = true;
    } else if (strcmp(key, "read") == 0) {
        snprintf(t->read, sizeof t->read, "%s", at);
        t->has_read = true;
    } else
        die(t, "unknown line", key);
}

void each_case(const char *path, void (*visit)(test_case *t, void *payload), void *payload)
{
    static char line[LINE];
    test_case t;
    bool open = false;
    int number = 0;
    FILE *file = fopen(path, "r");
    if (!file) {
        printf("%s: cannot be opened\n", path);
        exit(2);
    }
    for (;;) {
        bool got = fgets(line, sizeof line, file) != NULL;
        number++;
        line[strcspn(line, "\r\n")] = 0;
        char *comment = strchr(line, '#');
        if (got && comment)
            *comment = 0;
        for (size_t length = strlen(line); got && length && isspace((unsigned char)line[length - 1]);)
            line[--length] = 0;
        bool blank = !got || !*skip(line);
        if (blank && open && (!got || !comment)) {
            if (!t.node->op)
                die(&t, "no node line", "");
            visit(&t, payload);
            pj_arena_free(t.arena);
            open = false;
        }
        if (!got)
            break;
        if (blank)
            continue;
        if (!open)
            start_case(&t, path, number);
        open = true;
        read_line(&t, line);
    }
    fclose(file);
}
