/* Reading and checking an energy table; the format is documented in energy_tables/README.md. */
#include "cost/table_data.h"

typedef struct reader {
    pj_table *table;
    bool relative;
    pj_error *err;
} reader;

/* What a number is an energy of, as it ends its key, and as people read it. */
typedef enum quantity { PER_OPERATION, PER_BIT, PER_WORD, PER_OPERATION_POLYNOMIAL, PER_WORD_POLYNOMIAL } quantity;

static const char *key_of(const reader *r, quantity what)
{
    static const char *const keys[][2] = {
        {"pj",                     "relative"                    },
        {"pj_per_bit",             "relative_per_bit"            },
        {"pj_per_word",            "relative_per_word"           },
        {"pj_polynomial",          "relative_polynomial"         },
        {"pj_per_word_polynomial", "relative_per_word_polynomial"},
    };
    return keys[what][r->relative];
}

static const char *unit_of(const reader *r, quantity what)
{
    static const char *const units[][2] = {
        {"pJ",          "relative"         },
        {"pJ per bit",  "relative per bit" },
        {"pJ per word", "relative per word"},
        {"pJ",          "relative"         },
        {"pJ per word", "relative per word"},
    };
    return units[what][r->relative];
}

/* Exactly one of the ways in which a curve can be given. */
static pj_status read_fixed(reader *r, pj_json object, int op, pj_curve *out)
{
    const char *const known[] = {key_of(r, PER_OPERATION_POLYNOMIAL), "points", "source", "confidence", "note", NULL};
    bool is_linear = op != PJ_CIRCUIT_MUL && op != PJ_OPERATION_MAC; /* an adder is, an array multiplier is not */
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    bool has_points = pj_json_find(object, "points").node != NULL;
    if (has_points == (pj_json_find(object, known[0]).node != NULL))
        return pj_json_fail(object, PJ_EFORMAT, r->err, "either \"%s\" or \"points\" should stand here", known[0]);
    if (has_points)
        return pj_curve_read_points(&r->table->figures, object, "bits", key_of(r, PER_OPERATION),
                                    unit_of(r, PER_OPERATION), out, r->err);
    int count = is_linear ? 2 : 3;
    PJ_TRY(pj_curve_read_polynomial(&r->table->figures, object, known[0], count, count, unit_of(r, PER_OPERATION),
                                    "bit", out, r->err));
    for (int bits = 1; bits <= 64; bits++) {
        double y = 0;
        for (int i = 0; i < out->count; i++)
            y = y * bits + out->y[i];
        if (y < 0)
            return pj_json_fail(object, PJ_EFORMAT, r->err, "the energy at %d bits is %g, negative", bits, y);
    }
    return PJ_OK;
}

static pj_status read_operation(reader *r, pj_json object, int op)
{
    enum { FIXED = 1 };
    const char *known[FIXED + PJ_FLOAT_FORMATS + 1] = {"fixed"};
    bool has_floats = op == PJ_CIRCUIT_MUL || op == PJ_CIRCUIT_ADD || op == PJ_OPERATION_MAC;
    pj_operation *operation = &r->table->operations[op];
    for (int i = 0; has_floats && i < PJ_FLOAT_FORMATS; i++)
        known[FIXED + i] = pj_float_formats[i].word;
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at)) {
        int format = pj_float_format_of_word(pj_json_key(at));
        if (format < 0) {
            PJ_TRY(read_fixed(r, at, op, &operation->fixed));
            continue;
        }
        PJ_TRY(pj_figure_read(&r->table->figures, at, key_of(r, PER_OPERATION), unit_of(r, PER_OPERATION),
                              &operation->floats[format].pj, r->err));
        operation->floats[format].given = true;
    }
    if (op != PJ_OPERATION_MAC && operation->fixed.form == PJ_CURVE_NONE)
        return pj_json_fail(object, PJ_EFORMAT, r->err, "\"fixed\" is missing");
    return PJ_OK;
}

static pj_status read_operations(reader *r, pj_json root)
{
    const char *words[PJ_OPERATIONS + 1] = {NULL};
    pj_json object;
    for (int op = PJ_CIRCUIT_NONE + 1; op < PJ_CIRCUITS; op++)
        words[op] = pj_circuit_word((pj_circuit)op);
    words[PJ_OPERATION_MAC] = "mac";
    PJ_TRY(pj_json_get_object(root, "operations", &object, r->err));
    PJ_TRY(pj_json_only_keys(object, words + 1, r->err));
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at))
        for (int op = PJ_CIRCUIT_NONE + 1; op < PJ_OPERATIONS; op++)
            if (strcmp(words[op], pj_json_key(at)) == 0)
                PJ_TRY(read_operation(r, at, op));
    for (int op = PJ_CIRCUIT_MUL; op <= PJ_CIRCUIT_ADD; op++)
        if (r->table->operations[op].fixed.form == PJ_CURVE_NONE)
            return pj_json_fail(object, PJ_EFORMAT, r->err, "\"%s\" is missing", words[op]);
    return PJ_OK;
}

static pj_status read_stand_in(reader *r, pj_json member)
{
    const char *word;
    int format = pj_float_format_of_word(pj_json_key(member));
    if (format < 0)
        return pj_json_fail(member, PJ_EFORMAT, r->err, "\"%.64s\" is no float format", pj_json_key(member));
    PJ_TRY(pj_json_as_text(member, &word, r->err));
    int by = pj_float_format_of_word(word);
    if (by < 0)
        return pj_json_fail(member, PJ_EFORMAT, r->err, "\"%.64s\" is no float format", word);
    r->table->stand_in[format] = by;
    int at = by;
    while (at >= 0 && at != format) /* ends: without this format there was no circle */
        at = r->table->stand_in[at];
    if (at >= 0)
        return pj_json_fail(member, PJ_EFORMAT, r->err, "%s and %s stand in for each other in a circle",
                            pj_float_formats[format].word, word);
    return PJ_OK;
}

/* Every format has a figure or someone who stands in, in every arithmetic operation. */
static pj_status read_stand_ins(reader *r, pj_json root)
{
    pj_json object = pj_json_find(root, "stand_ins");
    for (int i = 0; i < PJ_FLOAT_FORMATS; i++)
        r->table->stand_in[i] = -1;
    if (object.node)
        PJ_TRY(pj_json_as_object(object, &object, r->err));
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at))
        PJ_TRY(read_stand_in(r, at));
    for (int op = PJ_CIRCUIT_MUL; op <= PJ_CIRCUIT_ADD; op++)
        for (int i = 0; i < PJ_FLOAT_FORMATS; i++)
            if (pj_table_resolve(r->table, op, i) < 0)
                return pj_json_fail(object.node ? object : root, PJ_EFORMAT, r->err,
                                    "%s has neither a figure in \"%s\" nor a format that stands in",
                                    pj_float_formats[i].word, pj_circuit_word((pj_circuit)op));
    return PJ_OK;
}

static pj_status read_compound(reader *r, pj_json object, pj_compound *out)
{
    static const char *const known[] = {"mul", "add", "fixed_add", "source", "confidence", "note", NULL};
    static const char *const units[] = {"multiplications", "additions", "fixed-point additions"};
    double *const counts[] = {&out->mul, &out->add, &out->fixed_add};
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    for (int i = 0; i < 3; i++)
        if (pj_json_find(object, known[i]).node) {
            PJ_TRY(pj_figure_take(&r->table->figures, object, known[i], units[i], counts[i], r->err));
            out->given = true;
        }
    return out->given ? PJ_OK
                      : pj_json_fail(object, PJ_EFORMAT, r->err, "none of \"mul\", \"add\", \"fixed_add\" is here");
}

static pj_status read_compounds(reader *r, pj_json object)
{
    static const char *const words[] = {
#define PRIM_WORD(name, text, what) text,
        PJ_PRIM_LIST(PRIM_WORD)
#undef PRIM_WORD
            NULL};
    /* the first three are what compounds are made of */
    PJ_TRY(pj_json_only_keys(object, words + PJ_CMP, r->err));
    for (int i = PJ_CMP; i < PJ_PRIMS; i++) {
        pj_json member = pj_json_find(object, words[i]);
        if (member.node)
            PJ_TRY(read_compound(r, member, &r->table->compounds[i]));
    }
    return PJ_OK;
}

/* Multiples of mul and add hold for any technology: a table may take those of a built-in one. */
static pj_status read_compounds_like(reader *r, pj_json member)
{
    const char *name;
    pj_json_doc *doc;
    PJ_TRY(pj_json_as_text(member, &name, r->err));
    for (const pj_builtin *at = pj_builtin_tables; at->name; at++) {
        if (strcmp(at->name, name) != 0)
            continue;
        PJ_TRY(pj_resource_json(NULL, PJ_RESOURCE_TABLE, at->name, &doc, NULL, r->err));
        const pj_json compounds = pj_json_find(pj_json_root(doc), "compounds");
        pj_status status = compounds.node ? read_compounds(r, compounds)
                                          : pj_json_fail(member, PJ_EFORMAT, r->err,
                                                         "the table \"%.64s\" has no compounds of its own", name);
        pj_json_free(doc);
        return status;
    }
    return pj_json_fail(member, PJ_EFORMAT, r->err, "there is no built-in table \"%.64s\"", name);
}

static pj_status read_all_compounds(reader *r, pj_json root)
{
    pj_json own = pj_json_find(root, "compounds"), like = pj_json_find(root, "compounds_like");
    if (own.node && like.node)
        return pj_json_fail(like, PJ_EFORMAT, r->err, "\"compounds\" and \"compounds_like\" cannot both be here");
    if (own.node)
        return read_compounds(r, own);
    return like.node ? read_compounds_like(r, like) : PJ_OK;
}

/* rules qtools: energy of a word, a polynomial of degree 2 or 3 in log2(bits) */
static pj_status read_sram_words(reader *r, pj_json object)
{
    const char *const known[] = {key_of(r, PER_WORD_POLYNOMIAL), "word", "source", "confidence", "note", NULL};
    pj_json word;
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    PJ_TRY(pj_curve_read_polynomial(&r->table->figures, object, known[0], 3, 4, unit_of(r, PER_WORD), "log2(bits)",
                                    &r->table->sram, r->err));
    PJ_TRY(pj_json_get_object(object, "word", &word, r->err));
    PJ_TRY(pj_figure_read(&r->table->figures, word, "bits", "bits", &r->table->sram_word_bits, r->err));
    if (!(r->table->sram_word_bits >= 1))
        return pj_json_fail(word, PJ_EFORMAT, r->err, "a word of %g bits", r->table->sram_word_bits);
    return PJ_OK;
}

/* rules picojoule: energy of a bit, points over the size, or one figure for all sizes */
static pj_status read_sram_bits(reader *r, pj_json object)
{
    static const char *const known[] = {"points", "smallest", NULL};
    pj_json smallest;
    r->table->sram_word_bits = 1;
    if (!pj_json_find(object, "points").node) {
        r->table->sram.form = PJ_CURVE_CONSTANT;
        r->table->sram.count = 1;
        return pj_figure_read(&r->table->figures, object, key_of(r, PER_BIT), unit_of(r, PER_BIT), r->table->sram.y,
                              r->err);
    }
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    PJ_TRY(pj_curve_read_points(&r->table->figures, object, "kib", key_of(r, PER_BIT), unit_of(r, PER_BIT),
                                &r->table->sram, r->err));
    PJ_TRY(pj_json_get_object(object, "smallest", &smallest, r->err));
    return pj_figure_read(&r->table->figures, smallest, "kib", "KiB", &r->table->sram_least_kib, r->err);
}

static pj_status read_memory(reader *r, pj_json root)
{
    static const char *const known[] = {"sram", "dram", NULL};
    pj_json memory, sram, dram;
    PJ_TRY(pj_json_get_object(root, "memory", &memory, r->err));
    PJ_TRY(pj_json_only_keys(memory, known, r->err));
    PJ_TRY(pj_json_get_object(memory, "sram", &sram, r->err));
    PJ_TRY(pj_json_get_object(memory, "dram", &dram, r->err));
    PJ_TRY(r->table->rules == PJ_RULES_QTOOLS ? read_sram_words(r, sram) : read_sram_bits(r, sram));
    return pj_figure_read(&r->table->figures, dram, key_of(r, PER_BIT), unit_of(r, PER_BIT), &r->table->dram, r->err);
}

static pj_status read_accumulator(reader *r, pj_json root)
{
    static const char *const known[] = {"fixed", "float", NULL};
    static const char *const floats[] = {"widest", "fp32", NULL}, *const grow[] = {"grow", NULL};
    pj_json object = pj_json_find(root, "accumulator");
    int word = 0;
    int64_t bits = 0;
    if (!object.node)
        return PJ_OK;
    PJ_TRY(pj_json_only_keys(object, known, r->err));
    if (pj_json_find(object, "float").node)
        PJ_TRY(pj_json_get_word(object, "float", floats, &word, r->err));
    r->table->accumulator.float_is_fp32 = word == 1;
    pj_json fixed = pj_json_find(object, "fixed");
    if (!fixed.node)
        return PJ_OK;
    if (pj_json_kind_of(fixed) == PJ_JSON_TEXT)
        return pj_json_get_word(object, "fixed", grow, &word, r->err);
    PJ_TRY(pj_json_as_int(fixed, &bits, r->err));
    if (bits < 8 || bits > 128)
        return pj_json_fail(fixed, PJ_EFORMAT, r->err, "%lld where \"grow\" or 8 to 128 bits should stand",
                            (long long)bits);
    r->table->accumulator.fixed_bits = (int)bits;
    return PJ_OK;
}

static pj_status copy_text(reader *r, pj_json root, const char *key, const char **out)
{
    const char *text = "";
    PJ_TRY(pj_json_opt_text(root, key, &text, r->err));
    *out = pj_arena_strdup(r->table->arena, text);
    return pj_got(*out, r->err);
}

/* An optional fact of the technology. */
static pj_status read_fact(reader *r, pj_json root, const char *name, const char *key, const char *unit, double *out)
{
    pj_json object = pj_json_find(root, name);
    return object.node ? pj_figure_read(&r->table->figures, object, key, unit, out, r->err) : PJ_OK;
}

static pj_status read_head(reader *r, pj_json root)
{
    static const char *const schemas[] = {"picojoule.table/1", NULL}, *const rules[] = {"picojoule", "qtools", NULL};
    static const char *const units[] = {"pJ", "relative", NULL};
    const char *title;
    int schema, rule = 0, unit = 0;
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &schema, r->err));
    PJ_TRY(pj_json_get_text(root, "title", &title, r->err));
    PJ_TRY(copy_text(r, root, "title", &r->table->title));
    PJ_TRY(copy_text(r, root, "notes", &r->table->notes));
    PJ_TRY(pj_json_get_word(root, "rules", rules, &rule, r->err));
    PJ_TRY(pj_json_get_word(root, "unit", units, &unit, r->err));
    r->relative = unit == 1;
    r->table->unit = units[unit];
    r->table->rules = rule == 1 ? PJ_RULES_QTOOLS : PJ_RULES_PICOJOULE;
    PJ_TRY(read_fact(r, root, "process", "nm", "nm", &r->table->process_nm));
    return read_fact(r, root, "voltage", "v", "V", &r->table->voltage_v);
}

/* "macs": nothing but multiply-accumulates costs anything. */
static pj_status read_counts(reader *r, pj_json root)
{
    static const char *const words[] = {"all", "macs", NULL};
    int word = 0;
    if (pj_json_find(root, "counts").node)
        PJ_TRY(pj_json_get_word(root, "counts", words, &word, r->err));
    r->table->macs_only = word == 1;
    return PJ_OK;
}

pj_status pj_table_fill(pj_table *table, pj_json root, pj_error *err)
{
    static const char *const known[] = {"$schema",   "schema",    "title",          "notes",   "sources",
                                        "rules",     "unit",      "process",        "voltage", "operations",
                                        "stand_ins", "compounds", "compounds_like", "memory",  "accumulator",
                                        "counts",    NULL};
    reader r = {table, false, err};
    PJ_TRY(pj_json_only_keys(root, known, err));
    PJ_TRY(read_head(&r, root));
    PJ_TRY(read_operations(&r, root));
    PJ_TRY(read_stand_ins(&r, root));
    PJ_TRY(read_all_compounds(&r, root));
    PJ_TRY(read_memory(&r, root));
    PJ_TRY(read_counts(&r, root));
    return read_accumulator(&r, root);
}
