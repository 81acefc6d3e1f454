/* Reading plans, and finding the nodes that their entries mean. */
#include "quant/plan_file.h"

#include "base/limits.h"
#include "setup/resource.h"

static pj_status read_format(pj_json object, const char *key, pj_format *out, pj_error *err)
{
    const char *word = NULL;
    pj_error why = {0};
    PJ_TRY(pj_json_opt_text(object, key, &word, err));
    if (!word)
        return PJ_OK;
    if (pj_number_parse(word, &out->number, &why) != PJ_OK)
        return pj_json_fail(pj_json_find(object, key), PJ_EFORMAT, err, "%s", why.what);
    out->from = PJ_FROM_PLAN;
    return PJ_OK;
}

/* The N of wNaM; of iN, an integer whatever its width. */
static bool parse_width(const char **at, char letter, pj_number *out)
{
    char word[] = "int00";
    bool is_letter = **at == letter, is_whole = is_letter && (*at)[1] == 'i';
    *at += is_letter + is_whole;
    size_t length = is_letter && **at != '0' ? strspn(*at, "0123456789") : 0;
    if (length < 1 || length > 2)
        return false;
    memcpy(word + 3, *at, length);
    word[3 + length] = 0;
    *at += length;
    if (is_whole)
        return pj_number_parse(word, out, NULL) == PJ_OK;
    if (strcmp(word, "int16") == 0 || strcmp(word, "int32") == 0)
        return pj_number_parse(word[3] == '1' ? "fp16" : "fp32", out, NULL) == PJ_OK;
    return pj_number_parse(word, out, NULL) == PJ_OK;
}

/* Two words with a slash between them. */
static bool parse_pair(const char *spec, pj_number *weights, pj_number *activations)
{
    const char *slash = strchr(spec, '/');
    char word[32];
    size_t length = slash ? (size_t)(slash - spec) : sizeof word;
    if (length >= sizeof word)
        return false;
    memcpy(word, spec, length);
    word[length] = 0;
    return pj_number_parse(word, weights, NULL) == PJ_OK && pj_number_parse(slash + 1, activations, NULL) == PJ_OK;
}

pj_status pj_quantize_parse(const char *option, const char *spec, pj_format *weights, pj_format *activations,
                            pj_error *err)
{
    const char *at = spec, *word = strcmp(spec, "fp8") == 0 ? "fp8e4m3" : spec;
    memset(weights, 0, sizeof *weights);
    weights->from = PJ_FROM_PLAN;
    *activations = *weights;
    if (*spec == 'w' && parse_width(&at, 'w', &weights->number) && parse_width(&at, 'a', &activations->number) &&
        *at == 0)
        return PJ_OK;
    if (pj_number_parse(word, &weights->number, NULL) == PJ_OK) {
        activations->number = weights->number;
        return PJ_OK;
    }
    if (parse_pair(spec, &weights->number, &activations->number))
        return PJ_OK;
    return pj_fail(
        err, PJ_EARGUMENT,
        "%s \"%.64s\": expected a number format for everything (int8, int4, fp16, bf16, fp8 ...), or wNaM for "
        "weights of N and activations of M bits (w4a8, w8a16)",
        option, spec);
}

/* Is it "fp16" or "fp32", whose letter in a pair is none? */
static bool is_plain_float(const pj_number *number)
{
    return number->kind == PJ_FLOAT && number->flavour == PJ_FLOAT_PLAIN && (number->bits == 16 || number->bits == 32);
}

static bool is_plain_integer(const pj_number *number)
{
    return number->kind == PJ_FIXED && number->is_signed && number->int_bits == number->bits - 1;
}

/* "w8", "wi16": integers of the widths of floats have a letter of their own. */
static void print_side(char letter, const pj_number *number, pj_str *out)
{
    bool is_wide = is_plain_integer(number) && (number->bits == 16 || number->bits == 32);
    pj_str_printf(out, "%c%s%d", letter, is_wide ? "i" : "", (int)number->bits);
}

void pj_quantize_print(const pj_number *weights, const pj_number *activations, pj_str *out)
{
    const bool short_form = (is_plain_integer(weights) || is_plain_float(weights)) &&
                            (is_plain_integer(activations) || is_plain_float(activations));
    if (pj_number_equal(weights, activations)) {
        pj_number_print(weights, out);
    } else if (short_form) {
        print_side('w', weights, out);
        print_side('a', activations, out);
    } else {
        pj_number_print(weights, out);
        pj_str_add_char(out, '/');
        pj_number_print(activations, out);
    }
}

/* What all entries share. */
typedef struct matcher {
    pj_node *const *order; /* nodes that may be layers */
    int nodes;
    pj_arena *arena;
    pj_plan *plan;
    pj_map by_label; /* label -> pj_node */
    int globs;
    uint64_t steps; /* that they may still take */
} matcher;

/* The label that is nearest to what an entry names. */
static const char *nearest_label(const matcher *m, const char *match)
{
    const char *best = NULL;
    size_t most = strlen(match) / 3 + 1;
    for (int i = 0; i < m->nodes && most > 0; i++) {
        size_t distance = pj_text_distance(match, m->order[i]->label, most);
        if (distance > most || (best && distance >= most))
            continue;
        best = m->order[i]->label;
        most = distance;
    }
    return best;
}

static pj_status fail_unmatched(pj_json entry, const char *match, const char *op, const matcher *m, pj_error *err)
{
    const char *near = nearest_label(m, match);
    pj_str text = pj_str_new(900);
    pj_str_printf(&text, "\"%.200s\" matches no layer of the model", match);
    if (op)
        pj_str_printf(&text, " with operator %.100s", op);
    if (near)
        pj_str_printf(&text, "; did you mean \"%.200s\"?", near);
    bool no_memory = text.no_memory;
    pj_status status = pj_json_fail(pj_json_find(entry, "match"), PJ_EFORMAT, err, "%s", text.data);
    pj_str_free(&text);
    return no_memory ? pj_fail_memory(err) : status;
}

static bool give(matcher *m, const pj_node *node, const char *op, const pj_plan_formats *formats)
{
    if (op && strcmp(op, node->op) != 0)
        return false;
    m->plan->node[node->id] = formats;
    return true;
}

/* A label is a label even if it looks like a glob. */
static pj_status match_nodes(matcher *m, pj_json entry, const char *match, const char *op,
                             const pj_plan_formats *formats, pj_error *err)
{
    const pj_node *exact = pj_map_get(&m->by_label, match);
    bool found = exact && give(m, exact, op, formats);
    if (!exact && strpbrk(match, "*?[")) {
        if (++m->globs > PJ_MAX_PLAN_GLOBS)
            return pj_json_fail(pj_json_find(entry, "match"), PJ_ELIMIT, err, "more than %d entries match by wildcards",
                                (int)PJ_MAX_PLAN_GLOBS);
        for (int i = 0; i < m->nodes; i++)
            if (pj_text_glob_within(match, m->order[i]->label, &m->steps) && give(m, m->order[i], op, formats))
                found = true;
        if (m->steps == 0)
            return pj_json_fail(pj_json_find(entry, "match"), PJ_ELIMIT, err,
                                "the wildcards up to here take too long to compare with all names of layers");
    }
    return found ? PJ_OK : fail_unmatched(entry, match, op, m, err);
}

static pj_status read_entry(matcher *m, pj_json entry, pj_error *err)
{
    static const char *const keys[] = {"match", "op", "weights", "activations", "accumulator", "output", NULL};
    const char *match, *op = NULL;
    pj_plan_formats *formats = PJ_NEW(m->arena, pj_plan_formats, 1);
    PJ_TRY(pj_got(formats, err));
    PJ_TRY(pj_json_as_object(entry, &entry, err));
    PJ_TRY(pj_json_only_keys(entry, keys, err));
    PJ_TRY(pj_json_get_text(entry, "match", &match, err));
    PJ_TRY(pj_json_opt_text(entry, "op", &op, err));
    PJ_TRY(read_format(entry, "weights", &formats->weights, err));
    PJ_TRY(read_format(entry, "activations", &formats->activations, err));
    PJ_TRY(read_format(entry, "accumulator", &formats->accumulator, err));
    PJ_TRY(read_format(entry, "output", &formats->output, err));
    return match_nodes(m, entry, match, op, formats, err);
}

static pj_status read_layers(pj_json layers, const pj_model *model, pj_arena *arena, pj_plan *plan, pj_error *err)
{
    matcher m = {.arena = arena, .plan = plan, .steps = PJ_MAX_GLOB_STEPS};
    m.order = pj_model_order(model, arena, &m.nodes);
    PJ_TRY(pj_got(m.order, err));
    pj_map_init(&m.by_label, arena);
    for (int i = 0; layers.node && i < m.nodes; i++)
        PJ_TRY(pj_got(pj_map_put(&m.by_label, m.order[i]->label, m.order[i]), err));
    for (pj_json at = pj_json_first(layers); at.node; at = pj_json_next(at))
        PJ_TRY(read_entry(&m, at, err));
    return PJ_OK;
}

/* A plan that was made for one file is refused for another. The digest is of the whole file, weights included. */
static pj_status check_digest(pj_json about, const char *wanted, const pj_model *model, pj_error *err)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    pj_json at = pj_json_find(about, "sha256");
    char digits[PJ_SHA256_DIGITS + 1];
    size_t length = strlen(wanted), same = 0;
    if (length != PJ_SHA256_DIGITS || strspn(wanted, hex) != length)
        return pj_json_fail(at, PJ_EFORMAT, err, "expected the 64 hexadecimal digits of SHA-256, not \"%.80s\"",
                            wanted);
    if (!model->is_file && !model->origin)
        return pj_json_fail(at, PJ_EFORMAT, err,
                            "the model is read from a stream, so its digest cannot be compared: give it as a file, or "
                            "leave \"sha256\" out");
    PJ_TRY(model->origin ? pj_sha256_input(&model->origin->self, digits, err)
                         : pj_sha256_file(model->path, digits, err));
    while (same < length &&
           digits[same] == (wanted[same] >= 'A' && wanted[same] <= 'F' ? wanted[same] + 32 : wanted[same]))
        same++;
    if (same == length)
        return PJ_OK;
    return pj_json_fail(at, PJ_EFORMAT, err,
                        "this plan is for another model: it names SHA-256 %.64s, but %.300s has %s", wanted,
                        model->path, digits);
}

static pj_status read_document(pj_json root, const pj_model *model, pj_arena *arena, pj_plan *plan, pj_error *err)
{
    static const char *const keys[] = {"schema", "model", "default", "layers", "report", NULL};
    static const char *const model_keys[] = {"sha256", NULL}, *const default_keys[] = {"weights", "activations", NULL};
    static const char *const schemas[] = {"picojoule.plan/1", NULL};
    pj_json defaults = {0}, layers = {0}, about = {0};
    const char *sha256 = NULL;
    int schema;
    PJ_TRY(pj_json_as_object(root, &root, err));
    PJ_TRY(pj_json_only_keys(root, keys, err));
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &schema, err));
    PJ_TRY(pj_json_opt_object(root, "model", &about, err));
    PJ_TRY(pj_json_opt_object(root, "default", &defaults, err));
    PJ_TRY(pj_json_opt_array(root, "layers", &layers, err));
    if (about.node) {
        PJ_TRY(pj_json_only_keys(about, model_keys, err));
        PJ_TRY(pj_json_opt_text(about, "sha256", &sha256, err));
        if (sha256)
            PJ_TRY(check_digest(about, sha256, model, err));
    }
    if (defaults.node) {
        PJ_TRY(pj_json_only_keys(defaults, default_keys, err));
        PJ_TRY(read_format(defaults, "weights", &plan->weights, err));
        PJ_TRY(read_format(defaults, "activations", &plan->activations, err));
    }
    return read_layers(layers, model, arena, plan, err);
}

pj_status pj_plan_take(const pj_json_doc *doc, const char *quantize, const pj_model *model, pj_arena *arena,
                       pj_plan *out, pj_error *err)
{
    memset(out, 0, sizeof *out);
    out->node = PJ_NEW(arena, const pj_plan_formats *, model->nodes);
    PJ_TRY(pj_got(out->node, err));
    if (quantize)
        PJ_TRY(pj_quantize_parse("--quantize", quantize, &out->weights, &out->activations, err));
    return doc ? read_document(pj_json_root(doc), model, arena, out, err) : PJ_OK;
}

pj_status pj_plan_parse(const char *json, size_t length, const char *name, const pj_model *model, pj_arena *arena,
                        pj_plan *out, pj_error *err)
{
    pj_json_doc *doc = NULL;
    PJ_TRY(pj_json_parse(json, length, name, &doc, err));
    pj_status status = pj_plan_take(doc, NULL, model, arena, out, err);
    pj_json_free(doc);
    return status;
}

pj_status pj_plan_read(const pj_setup *setup, const pj_model *model, pj_arena *arena, pj_plan *out, pj_error *err)
{
    pj_json_doc *doc = NULL;
    if (setup->plan)
        PJ_TRY(pj_resource_json(setup, PJ_RESOURCE_FILE, setup->plan, &doc, NULL, err));
    pj_status status = pj_plan_take(doc, setup->quantize, model, arena, out, err);
    pj_json_free(doc);
    return status;
}
