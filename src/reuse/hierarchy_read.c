/* Reading and checking a memory hierarchy; the format is documented in hierarchies/README.md. */
#include <ctype.h>

#include "reuse/hierarchy.h"

typedef struct reader {
    pj_hierarchy *out;
    bool relative;
    pj_error *err;
} reader;

static const double bits_per_kib = 8192, most_kib = 1e12, most_bits = 1e15, most_unroll = 1e6, most_rate = 1e9;

static const char *const operands[] = {"I", "W", "O", NULL};

/* A number that is not negative, with the source that stands with it or around it. */
static pj_status take(reader *r, pj_json object, pj_json around, const char *key, const char *unit, double *out)
{
    const pj_json objects[] = {object, around, pj_json_find(around, "read")};
    PJ_TRY(pj_json_get_double(object, key, out, r->err));
    pj_json at = pj_json_find(object, key);
    if (*out < 0)
        return pj_json_fail(at, PJ_EFORMAT, r->err, "%g is negative", *out);
    return pj_figure_inherit(&r->out->figures, objects, 3, at, unit, out, r->err);
}

static pj_status check_range(reader *r, pj_json at, double value, double most)
{
    if (!(value > 0))
        return pj_json_fail(at, PJ_EFORMAT, r->err, "this figure cannot be 0");
    if (value > most)
        return pj_json_fail(at, PJ_EFORMAT, r->err, "%g is more than %g, the most that is possible here", value, most);
    return PJ_OK;
}

static pj_status check_whole(reader *r, pj_json at, double value)
{
    return value == floor(value) ? PJ_OK
                                 : pj_json_fail(at, PJ_EFORMAT, r->err, "%g where a whole number should stand", value);
}

/* `parent`.`name`, an object that may have no other keys than the one of its figure; absent where it is not there. */
static pj_status open_fact(reader *r, pj_json parent, const char *name, const char *key, pj_json *out)
{
    const char *const known[] = {key, "source", "confidence", "note", NULL};
    *out = pj_json_find(parent, name);
    if (!out->node)
        return PJ_OK;
    PJ_TRY(pj_json_as_object(*out, out, r->err));
    return pj_json_only_keys(*out, known, r->err);
}

/* Its figure, more than 0 and at most `most`; *value keeps what it is without one. */
static pj_status read_fact(reader *r, pj_json parent, const char *name, const char *key, const char *unit, double most,
                           double *value)
{
    pj_json object;
    PJ_TRY(open_fact(r, parent, name, key, &object));
    if (!object.node)
        return PJ_OK;
    PJ_TRY(take(r, object, parent, key, unit, value));
    return check_range(r, pj_json_find(object, key), *value, most);
}

/* A share of a whole: more than 0 (or, `or_none`, at least 0), at most 1. */
static pj_status read_share(reader *r, pj_json parent, const char *name, bool or_none, double *value)
{
    pj_json object;
    PJ_TRY(open_fact(r, parent, name, "fraction", &object));
    if (!object.node)
        return PJ_OK;
    PJ_TRY(take(r, object, parent, "fraction", "of it", value));
    return or_none && *value == 0 ? PJ_OK : check_range(r, pj_json_find(object, "fraction"), *value, 1);
}

/* Under unit "relative" figures may be named after it, as in energy tables. */
static const char *energy_key(const reader *r, pj_json object, const char *pj, const char *relative)
{
    return r->relative && pj_json_find(object, relative).node ? relative : pj;
}

static const char *per_bit(const reader *r)
{
    return r->relative ? "relative/bit" : "pJ/bit";
}

/* An energy has a source, its own or that of what stands around it. */
static pj_status check_source(reader *r, pj_json object, pj_json around, pj_json at)
{
    if (pj_json_find(object, "source").node || pj_json_find(around, "source").node)
        return PJ_OK;
    return pj_json_fail(at, PJ_EFORMAT, r->err, "an energy needs a \"source\": beside it, or in what it belongs to");
}

static pj_status read_points(reader *r, pj_json object, pj_curve *curve, double *least_kib)
{
    static const char *const known[] = {"points", "smallest", NULL};
    pj_json points = pj_json_find(object, "points");
    pj_json first = pj_json_kind_of(points) == PJ_JSON_ARRAY ? pj_json_first(points) : points;
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    PJ_TRY(pj_curve_read_points(&r->out->figures, object, "kib", energy_key(r, first, "pj_per_bit", "relative_per_bit"),
                                per_bit(r), curve, r->err));
    *least_kib = 0;
    return read_fact(r, object, "smallest", "kib", "KiB", most_kib, least_kib);
}

/* `parent`.`name`: one figure, or points over the size. */
static pj_status read_energy(reader *r, pj_json parent, const char *name, bool has_size, pj_curve *curve,
                             double *least_kib)
{
    pj_json object;
    PJ_TRY(pj_json_get_object(parent, name, &object, r->err));
    if (pj_json_find(object, "points").node) {
        if (!has_size)
            return pj_json_fail(object, PJ_EFORMAT, r->err, "points over the size need a \"size\" beside \"%s\"", name);
        return read_points(r, object, curve, least_kib);
    }
    const char *key = energy_key(r, object, "pj_per_bit", "relative_per_bit");
    const char *const known[] = {key, "source", "confidence", "note", NULL};
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    PJ_TRY(take(r, object, parent, key, per_bit(r), curve->y));
    curve->form = PJ_CURVE_CONSTANT;
    curve->count = 1;
    return check_source(r, object, parent, pj_json_find(object, key));
}

/* Both ends of an access, each one figure. */
static pj_status read_access(reader *r, pj_json parent, pj_access *out)
{
    pj_curve read, write;
    double ignored;
    PJ_TRY(read_energy(r, parent, "read", false, &read, &ignored));
    PJ_TRY(read_energy(r, parent, "write", false, &write, &ignored));
    *out = (pj_access){read.y[0], write.y[0]};
    return PJ_OK;
}

static pj_status read_name(reader *r, pj_json object, pj_level *level)
{
    enum { MOST = 32 };
    const char *name;
    PJ_TRY(pj_json_get_text(object, "name", &name, r->err));
    pj_json at = pj_json_find(object, "name");
    bool good = *name && strlen(name) <= MOST;
    for (const char *c = name; *c; c++)
        good = good && (isalnum((unsigned char)*c) || *c == '_' || *c == '-');
    if (!good)
        return pj_json_fail(at, PJ_EFORMAT, r->err, "a name has 1 to %d letters, digits, \"-\" and \"_\"", MOST);
    if (strcmp(name, "registers") == 0 || strcmp(name, "weight_buffer") == 0)
        return pj_json_fail(at, PJ_EFORMAT, r->err, "\"%s\" has a place of its own in the file", name);
    if (level != r->out->level && strcmp(name, r->out->level[0].name) == 0)
        return pj_json_fail(at, PJ_EFORMAT, r->err, "two levels cannot both be \"%s\"", name);
    level->name = pj_arena_strdup(r->out->arena, name);
    return pj_got(level->name, r->err);
}

static pj_status read_holds(reader *r, pj_json object, pj_level *level)
{
    pj_json list = {0};
    PJ_TRY(pj_json_opt_array(object, "holds", &list, r->err));
    for (int i = 0; i < PJ_NEST_OPERANDS; i++)
        level->holds[i] = list.node == NULL;
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at)) {
        int operand;
        PJ_TRY(pj_json_as_word(at, operands, &operand, r->err));
        level->holds[operand] = true;
    }
    if (!level->holds[PJ_NEST_I] || !level->holds[PJ_NEST_O])
        return pj_json_fail(list, PJ_EFORMAT, r->err, "\"I\" and \"O\" have to be here: only weights can pass a level");
    return PJ_OK;
}

static pj_status read_size(reader *r, pj_json object, double *bits)
{
    double kib = 0;
    PJ_TRY(read_fact(r, object, "size", "kib", "KiB", most_kib, &kib));
    *bits = kib * bits_per_kib;
    return PJ_OK;
}

static pj_status read_access_bits(reader *r, pj_json object, double *out)
{
    if (!pj_json_find(object, "access_bits").node)
        return PJ_OK;
    PJ_TRY(take(r, object, object, "access_bits", "bits", out));
    pj_json at = pj_json_find(object, "access_bits");
    PJ_TRY(check_whole(r, at, *out));
    return *out == 0 ? PJ_OK : check_range(r, at, *out, most_bits);
}

static pj_status read_level(reader *r, pj_json object, int index)
{
    static const char *const keys[][13] = {
        {"name",  "read",      "write",  "size",       "bandwidth", "source", "confidence", "note",        NULL},
        { "name", "read", "write", "size", "bandwidth",      "source", "confidence",      "note", "usable",                                                                                                   "holds", "access_bits",
         NULL},
    };
    pj_level *level = &r->out->level[index];
    pj_machine *machine = &r->out->machine;
    double *rate = index == 0 ? &machine->far_bits_per_cycle : &machine->near_bits_per_cycle;
    PJ_TRY(pj_json_as_object(object, &object, r->err));
    PJ_TRY(pj_json_only_keys(object, keys[index > 0], r->err));
    PJ_TRY(read_name(r, object, level));
    PJ_TRY(read_size(r, object, &level->size_bits));
    level->has_size = level->size_bits > 0;
    level->usable = 1;
    PJ_TRY(read_energy(r, object, "read", level->has_size, &level->cost.read, &level->cost.least_read_kib));
    PJ_TRY(read_energy(r, object, "write", level->has_size, &level->cost.write, &level->cost.least_write_kib));
    PJ_TRY(read_fact(r, object, "bandwidth", "bits_per_cycle", "bits per cycle", most_rate, rate));
    if (index == 0)
        return PJ_OK;
    if (!level->has_size)
        return pj_json_fail(object, PJ_EFORMAT, r->err, "\"size\" is missing: only the farthest level needs none");
    PJ_TRY(read_share(r, object, "usable", false, &level->usable));
    PJ_TRY(read_access_bits(r, object, &machine->near_access));
    return read_holds(r, object, level);
}

static pj_status read_levels(reader *r, pj_json root)
{
    pj_json list;
    PJ_TRY(pj_json_get_array(root, "levels", &list, r->err));
    if (pj_json_count(list) != PJ_MAX_LEVELS)
        return pj_json_fail(list, PJ_EFORMAT, r->err, "two levels should stand here, the farthest first; there are %zu",
                            pj_json_count(list));
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
        PJ_TRY(read_level(r, at, r->out->level_count++));
    return PJ_OK;
}

static pj_status read_weight_buffer(reader *r, pj_json root)
{
    static const char *const known[] = {"size", "access_bits", "read", "write", "source", "confidence", "note", NULL};
    pj_machine *machine = &r->out->machine;
    pj_json object = pj_json_find(root, "weight_buffer");
    if (!object.node)
        return PJ_OK;
    PJ_TRY(pj_json_as_object(object, &object, r->err));
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    if (r->out->level[PJ_MAX_LEVELS - 1].holds[PJ_NEST_W])
        return pj_json_fail(object, PJ_EFORMAT, r->err,
                            "weights pass it only if the \"holds\" of the last level has no \"W\"");
    PJ_TRY(read_size(r, object, &machine->weight_bits));
    if (machine->weight_bits == 0)
        return pj_json_fail(object, PJ_EFORMAT, r->err, "\"size\" is missing");
    PJ_TRY(read_access_bits(r, object, &machine->weight_access));
    machine->has_weight_buffer = true;
    return read_access(r, object, &machine->weight_buffer);
}

static const char *const directions[] = {"m", "n", "r", "g", NULL};

static pj_status read_shared(reader *r, pj_json object, bool *shared)
{
    pj_json list = {0};
    PJ_TRY(pj_json_opt_array(object, "shared_over", &list, r->err));
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at)) {
        int direction;
        PJ_TRY(pj_json_as_word(at, directions, &direction, r->err));
        shared[direction] = true;
    }
    return PJ_OK;
}

static pj_status read_registers(reader *r, pj_json root)
{
    static const char *const known[] = {"bits", "read", "write", "shared_over", "source", "confidence", "note", NULL};
    pj_json all = {0};
    PJ_TRY(pj_json_opt_object(root, "registers", &all, r->err));
    if (!all.node)
        return PJ_OK;
    PJ_TRY(pj_json_only_keys(all, operands, r->err));
    for (int i = 0; i < PJ_NEST_OPERANDS; i++) {
        pj_registers *registers = &r->out->machine.registers[i];
        pj_json object = pj_json_find(all, operands[i]);
        if (!object.node)
            continue;
        PJ_TRY(pj_json_as_object(object, &object, r->err));
        PJ_TRY(pj_json_only_keys(object, known, r->err));
        PJ_TRY(take(r, object, object, "bits", "bits", &registers->bits));
        PJ_TRY(check_range(r, pj_json_find(object, "bits"), registers->bits, most_bits));
        PJ_TRY(read_access(r, object, &registers->price));
        PJ_TRY(read_shared(r, object, registers->shared));
        registers->given = true;
    }
    return PJ_OK;
}

static pj_status read_array(reader *r, pj_json root)
{
    static const char *const known[] = {"unroll", "window", "source", "confidence", "note", NULL};
    static const char *const windows[] = {"spatial", "temporal", "rows", NULL};
    pj_json object = {0}, unroll = {0};
    int window = 0;
    PJ_TRY(pj_json_opt_object(root, "array", &object, r->err));
    if (!object.node)
        return PJ_OK;
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    PJ_TRY(pj_json_opt_object(object, "unroll", &unroll, r->err));
    if (unroll.node)
        PJ_TRY(pj_json_only_keys(unroll, directions, r->err));
    for (int i = 0; i < PJ_DIRECTIONS; i++) {
        pj_json at = pj_json_find(unroll, directions[i]);
        if (!at.node)
            continue;
        PJ_TRY(take(r, unroll, object, directions[i], "processing elements", &r->out->machine.unroll[i]));
        PJ_TRY(check_whole(r, at, r->out->machine.unroll[i]));
        PJ_TRY(check_range(r, at, r->out->machine.unroll[i], most_unroll));
    }
    if (pj_json_find(object, "window").node)
        PJ_TRY(pj_json_get_word(object, "window", windows, &window, r->err));
    r->out->machine.unrolls_window = window != 1;
    return PJ_OK;
}

static pj_status read_mac(reader *r, pj_json root)
{
    pj_json mac = pj_json_find(root, "mac"), object;
    r->out->mac_pj = -1;
    if (!mac.node)
        return PJ_OK;
    const char *key = energy_key(r, mac, "pj", "relative");
    PJ_TRY(open_fact(r, root, "mac", key, &object));
    PJ_TRY(take(r, object, object, key, r->relative ? "relative" : "pJ", &r->out->mac_pj));
    return check_source(r, object, object, pj_json_find(object, key));
}

static pj_status read_weights_from(reader *r, pj_json root)
{
    static const char *const known[] = {"name", "read", "source", "confidence", "note", NULL};
    pj_machine *machine = &r->out->machine;
    pj_json object = {0};
    pj_curve read = {0};
    double ignored;
    machine->weights = machine->far;
    PJ_TRY(pj_json_opt_object(root, "weights_from", &object, r->err));
    if (!object.node)
        return PJ_OK;
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    PJ_TRY(read_energy(r, object, "read", false, &read, &ignored));
    machine->weights.read = read.y[0];
    return PJ_OK;
}

static pj_status read_fuse(reader *r, pj_json root)
{
    pj_json list = {0};
    PJ_TRY(pj_json_opt_array(root, "fuse", &list, r->err));
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at)) {
        int word;
        PJ_TRY(pj_json_as_word(at, pj_fuse_words + 1, &word, r->err));
        r->out->fuse |= 1u << (word + 1);
    }
    return PJ_OK;
}

/* Carried and shown, not priced. */
static pj_status read_remarks(reader *r, pj_json root)
{
    pj_json calibration = {0}, noc;
    double pj = 0;
    PJ_TRY(open_fact(r, root, "noc", "pj_per_bit", &noc));
    if (noc.node)
        PJ_TRY(take(r, noc, noc, "pj_per_bit", per_bit(r), &pj));
    PJ_TRY(pj_json_opt_object(root, "calibration", &calibration, r->err));
    for (pj_json at = pj_json_first(calibration); at.node; at = pj_json_next(at))
        if (pj_json_kind_of(at) != PJ_JSON_TEXT)
            PJ_TRY(pj_json_as_double(at, &pj, r->err));
    return PJ_OK;
}

static pj_status read_background(reader *r, pj_json root)
{
    pj_json object;
    PJ_TRY(open_fact(r, root, "background", "pj_per_cycle", &object));
    return object.node ? take(r, object, object, "pj_per_cycle", "pJ per cycle", &r->out->background_pj) : PJ_OK;
}

static pj_status read_accumulator(reader *r, pj_json root)
{
    const double most = 1024;
    PJ_TRY(read_fact(r, root, "accumulator", "bits", "bits", most, &r->out->accumulator_bits));
    pj_json at = pj_json_find(pj_json_find(root, "accumulator"), "bits");
    return at.node ? check_whole(r, at, r->out->accumulator_bits) : PJ_OK;
}

static pj_status copy_text(reader *r, pj_json root, const char *key, const char **out)
{
    const char *text = "";
    PJ_TRY(pj_json_opt_text(root, key, &text, r->err));
    *out = pj_arena_strdup(r->out->arena, text);
    return pj_got(*out, r->err);
}

static pj_status read_head(reader *r, pj_json root)
{
    static const char *const schemas[] = {"picojoule.hierarchy/1", NULL}, *const units[] = {"pJ", "relative", NULL};
    const char *title;
    int schema, unit = 0;
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &schema, r->err));
    PJ_TRY(pj_json_get_text(root, "title", &title, r->err));
    PJ_TRY(copy_text(r, root, "title", &r->out->title));
    PJ_TRY(copy_text(r, root, "notes", &r->out->notes));
    if (pj_json_find(root, "unit").node)
        PJ_TRY(pj_json_get_word(root, "unit", units, &unit, r->err));
    r->out->unit = units[unit];
    r->relative = unit == 1;
    return PJ_OK;
}

/* The farthest level's figures and those of the buffer at their sizes. */
static void settle(pj_hierarchy *hierarchy)
{
    for (int i = 0; i < hierarchy->level_count; i++)
        hierarchy->machine = pj_hierarchy_resized(hierarchy, i, hierarchy->level[i].size_bits);
    hierarchy->machine.holds_weights = hierarchy->level[PJ_MAX_LEVELS - 1].holds[PJ_NEST_W];
}

pj_status pj_hierarchy_fill(pj_hierarchy *hierarchy, pj_json root, pj_error *err)
{
    static const char *const known[] = {"$schema", "schema",      "title",       "notes",         "unit",
                                        "sources", "levels",      "registers",   "weight_buffer", "array",
                                        "mac",     "fuse",        "reserve",     "clock",         "background",
                                        "noc",     "accumulator", "calibration", "weights_from",  NULL};
    reader r = {hierarchy, false, err};
    pj_machine *machine = &hierarchy->machine;
    *machine = pj_machine_free();
    PJ_TRY(pj_json_only_keys(root, known, err));
    PJ_TRY(read_head(&r, root));
    PJ_TRY(read_levels(&r, root));
    settle(hierarchy);
    PJ_TRY(read_weights_from(&r, root));
    PJ_TRY(read_weight_buffer(&r, root));
    PJ_TRY(read_registers(&r, root));
    PJ_TRY(read_array(&r, root));
    PJ_TRY(read_mac(&r, root));
    PJ_TRY(read_fuse(&r, root));
    PJ_TRY(read_share(&r, root, "reserve", true, &machine->reserve));
    PJ_TRY(read_fact(&r, root, "clock", "mhz", "MHz", most_unroll, &machine->mhz));
    PJ_TRY(read_accumulator(&r, root));
    PJ_TRY(read_background(&r, root));
    return read_remarks(&r, root);
}
