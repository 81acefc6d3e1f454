/* Trends: records of analyses in an SQLite file. The table `texts`, and that of figures, say which column holds what of
 * an entry. */
#include "history/store.h"
#include "picojoule/history.h"
#include "picojoule/version.h"
#include "result/field.h"

/* Columns are described in docs/history.md; within format 1 none is taken away or changed in meaning. */
static const pj_store_kind kind = {
    "history",
    "picojoule analyze MODEL --record FILE",
    0x706a4849, /* "pjHI" */
    1,
    "CREATE TABLE record(id INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, path TEXT, commit_id TEXT,"
    " branch TEXT, time TEXT NOT NULL, version TEXT NOT NULL, energy_table TEXT NOT NULL, rules TEXT NOT NULL,"
    " unit TEXT NOT NULL, settings TEXT NOT NULL, inputs REAL NOT NULL, outputs REAL NOT NULL,"
    " parameters REAL NOT NULL, op_cost REAL NOT NULL, macs INTEGER NOT NULL, params INTEGER NOT NULL,"
    " param_bits INTEGER NOT NULL, bops INTEGER NOT NULL, peak_bytes INTEGER, uncounted INTEGER NOT NULL);"
    "CREATE INDEX record_by_model ON record(model, time, id);"
    "CREATE TABLE layer(record INTEGER NOT NULL REFERENCES record(id), position INTEGER NOT NULL, name TEXT NOT NULL,"
    " op TEXT NOT NULL, energy REAL NOT NULL, PRIMARY KEY(record, position)) WITHOUT ROWID;",
};

typedef enum field_kind {
    FIELD_TEXT,      /* const char * */
    FIELD_OPTIONAL,  /* likewise, or NULL */
    FIELD_REAL,      /* double, finite and not negative */
    FIELD_COUNT,     /* int64_t, not negative */
    FIELD_KNOWN,     /* likewise, or negative, which is null in the file */
    FIELD_KNOWN_REAL /* double, likewise */
} field_kind;

typedef struct field {
    const char *column;
    field_kind kind;
    size_t at; /* in a pj_history_entry */
} field;

#define AT(member) offsetof(pj_history_entry, member)

static const field texts[] = {
    {"model",        FIELD_TEXT,     AT(model)   },
    {"path",         FIELD_OPTIONAL, AT(path)    },
    {"commit_id",    FIELD_OPTIONAL, AT(commit)  },
    {"branch",       FIELD_OPTIONAL, AT(branch)  },
    {"time",         FIELD_TEXT,     AT(time)    },
    {"version",      FIELD_TEXT,     AT(version) },
    {"energy_table", FIELD_TEXT,     AT(table)   },
    {"rules",        FIELD_TEXT,     AT(rules)   },
    {"unit",         FIELD_TEXT,     AT(unit)    },
    {"settings",     FIELD_TEXT,     AT(settings)},
};
enum { TEXTS = sizeof texts / sizeof *texts, MOST_FIELDS = TEXTS + PJ_MOST_FIGURES };

/* The columns: texts, and the figures that the table has in trends. */
typedef struct field_list {
    field of[MOST_FIELDS];
    size_t count;
} field_list;

/* Figures that came after format 1 was settled are unknown in its older records. */
static field_kind kind_of(const pj_field *figure)
{
    bool is_real = figure->type == &pj_field_amount, may_lack = figure->absent < 0;
    return is_real ? (may_lack ? FIELD_KNOWN_REAL : FIELD_REAL) : may_lack ? FIELD_KNOWN : FIELD_COUNT;
}

static field_list list_fields(void)
{
    field_list list = {.count = TEXTS};
    memcpy(list.of, texts, sizeof texts);
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_RECORDS); f; f = pj_figure_next(f, PJ_IN_RECORDS))
        list.of[list.count++] = (field){pj_figure_word(f, PJ_IN_TRENDS), kind_of(f), AT(totals) + f->totals};
    return list;
}

typedef union figure {
    const char *text;
    double real;
    int64_t count;
} figure;

static bool is_real(const field *f)
{
    return f->kind == FIELD_REAL || f->kind == FIELD_KNOWN_REAL;
}

static bool may_be_null(const field *f)
{
    return f->kind == FIELD_KNOWN || f->kind == FIELD_KNOWN_REAL;
}

static figure field_of(const pj_history_entry *entry, const field *f)
{
    const char *at = (const char *)entry + f->at;
    figure value = {0};
    if (is_real(f))
        memcpy(&value.real, at, sizeof value.real);
    else if (f->kind == FIELD_COUNT || f->kind == FIELD_KNOWN)
        memcpy(&value.count, at, sizeof value.count);
    else
        memcpy(&value.text, at, sizeof value.text);
    return value;
}

/* What is wrong with a value; NULL: nothing. */
static const char *wrong(const field *f, figure value)
{
    switch (f->kind) {
    case FIELD_TEXT:
        return value.text ? NULL : "is missing";
    case FIELD_REAL:
        return isfinite(value.real) && value.real >= 0 ? NULL : "is no number from 0 on";
    case FIELD_COUNT:
        return value.count >= 0 ? NULL : "is negative";
    case FIELD_KNOWN_REAL:
        return isnan(value.real) || isinf(value.real) ? "is no number" : NULL;
    case FIELD_OPTIONAL:
    case FIELD_KNOWN:
        break;
    }
    return NULL;
}

static pj_status check_entry(const pj_history_entry *entry, pj_error *err)
{
    const field_list fields = list_fields();
    for (size_t i = 0; i < fields.count; i++) {
        const char *what = wrong(&fields.of[i], field_of(entry, &fields.of[i]));
        if (what)
            return pj_fail(err, PJ_EARGUMENT, "the record's %s %s", fields.of[i].column, what);
    }
    if (!pj_time_is_valid(entry->time))
        return pj_fail(err, PJ_EARGUMENT, "time \"%s\" is not of the form 2026-11-20T22:09:24Z", entry->time);
    for (size_t i = 0; i < entry->layer_count; i++) {
        const pj_history_layer *layer = &entry->layers[i];
        if (!layer->name || !layer->op || !isfinite(layer->energy) || layer->energy < 0)
            return pj_fail(err, PJ_EARGUMENT, "layer %zu of the record has no name, operator or energy", i);
    }
    return PJ_OK;
}

/* Does the file have the column? Those of figures that came later it may lack. */
static pj_status has_column(pj_store *store, const field *f, bool *out)
{
    int64_t count = 1;
    pj_str sql = pj_str_new(0);
    if (may_be_null(f))
        pj_str_printf(&sql, "SELECT count(*) FROM pragma_table_info('record') WHERE name = '%s'", f->column);
    pj_status status = sql.failed       ? pj_fail_memory(store->err)
                       : may_be_null(f) ? pj_store_ask(store, sql.data, &count)
                                        : PJ_OK;
    pj_str_free(&sql);
    *out = count > 0;
    return status;
}

static pj_status run(pj_store *store, pj_str *sql)
{
    pj_statement s;
    pj_status status = sql->failed ? pj_fail_memory(store->err) : pj_statement_new(store, sql->data, &s);
    pj_str_free(sql);
    PJ_TRY(status);
    status = pj_statement_step(&s, NULL);
    pj_statement_free(&s);
    return status;
}

/* Columns of figures that came later than the file. */
static pj_status add_missing(pj_store *store, const field_list *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        bool is_there;
        PJ_TRY(has_column(store, &fields->of[i], &is_there));
        pj_str sql = pj_str_new(0);
        if (is_there)
            continue;
        pj_str_printf(&sql, "ALTER TABLE record ADD COLUMN %s %s", fields->of[i].column,
                      is_real(&fields->of[i]) ? "REAL" : "INTEGER");
        PJ_TRY(run(store, &sql));
    }
    return PJ_OK;
}

static void put_entry(pj_statement *s, const field_list *fields, const pj_history_entry *entry)
{
    for (size_t i = 0; i < fields->count; i++) {
        const field *f = &fields->of[i];
        figure value = field_of(entry, f);
        if (may_be_null(f) && (is_real(f) ? value.real < 0 : value.count < 0))
            pj_store_put_text(s, NULL);
        else if (is_real(f))
            pj_store_put_real(s, value.real);
        else if (f->kind == FIELD_COUNT || f->kind == FIELD_KNOWN)
            pj_store_put_int(s, value.count);
        else
            pj_store_put_text(s, value.text);
    }
}

static pj_status write_record(pj_store *store, const pj_history_entry *entry)
{
    pj_statement s;
    const field_list fields = list_fields();
    pj_str sql = pj_str_new(0);
    PJ_TRY(add_missing(store, &fields));
    pj_str_add(&sql, "INSERT INTO record(");
    for (size_t i = 0; i < fields.count; i++)
        pj_str_printf(&sql, "%s%s", i ? ", " : "", fields.of[i].column);
    pj_str_add(&sql, ") VALUES(?");
    for (size_t i = 1; i < fields.count; i++)
        pj_str_add(&sql, ", ?");
    pj_str_add(&sql, ")");
    pj_status status = sql.failed ? pj_fail_memory(store->err) : pj_statement_new(store, sql.data, &s);
    pj_str_free(&sql);
    PJ_TRY(status);
    put_entry(&s, &fields, entry);
    status = pj_statement_step(&s, NULL);
    pj_statement_free(&s);
    return status;
}

static pj_status write_layers(pj_store *store, const pj_history_entry *entry)
{
    pj_statement s;
    int64_t record;
    PJ_TRY(pj_store_ask(store, "SELECT last_insert_rowid()", &record));
    PJ_TRY(pj_statement_new(store, "INSERT INTO layer(record, position, name, op, energy) VALUES(?, ?, ?, ?, ?)", &s));
    pj_status status = PJ_OK;
    for (size_t i = 0; status == PJ_OK && i < entry->layer_count; i++) {
        pj_store_put_int(&s, record);
        pj_store_put_int(&s, (int64_t)i);
        pj_store_put_text(&s, entry->layers[i].name);
        pj_store_put_text(&s, entry->layers[i].op);
        pj_store_put_real(&s, entry->layers[i].energy);
        status = pj_statement_step(&s, NULL);
    }
    pj_statement_free(&s);
    return status;
}

pj_status pj_history_append(const char *file, const pj_history_entry *entry, pj_error *err)
{
    pj_store store;
    pj_history_entry whole = *entry;
    if (!whole.version)
        whole.version = PICOJOULE_VERSION;
    PJ_TRY(check_entry(&whole, err));
    PJ_TRY(pj_store_open(file, &kind, true, &store, err));
    pj_status status = write_record(&store, &whole);
    if (status == PJ_OK)
        status = write_layers(&store, &whole);
    return pj_store_close(&store, status);
}

/* What the caller gets, and what frees it. */
typedef struct trend {
    pj_history result; /* first: this is what is handed out */
    pj_arena *arena;
} trend;

typedef struct list {
    pj_history_list result; /* first: likewise */
    pj_arena *arena;
} list;

static pj_status get_field(pj_statement *s, pj_arena *arena, const field *f, pj_history_entry *out)
{
    char *at = (char *)out + f->at;
    figure value = {0};
    bool unknown = may_be_null(f) && pj_store_next_is_null(s);
    if (is_real(f)) {
        value.real = -1;
        if (unknown)
            s->at++;
        else
            PJ_TRY(pj_store_get_real(s, &value.real));
        memcpy(at, &value.real, sizeof value.real);
    } else if (f->kind == FIELD_COUNT || f->kind == FIELD_KNOWN) {
        value.count = -1;
        if (unknown)
            s->at++;
        else
            PJ_TRY(pj_store_get_int(s, &value.count));
        memcpy(at, &value.count, sizeof value.count);
    } else {
        PJ_TRY(pj_store_get_text(s, arena, &value.text));
        memcpy(at, &value.text, sizeof value.text);
    }
    const char *what = wrong(f, value);
    return what ? pj_store_fail(s->store, PJ_EFORMAT, "record %lld is damaged: its %s %s", (long long)out->id,
                                f->column, what)
                : PJ_OK;
}

static pj_status get_entry(pj_statement *s, const field_list *fields, pj_arena *arena, pj_history_entry *out)
{
    PJ_TRY(pj_store_get_int(s, &out->id));
    for (size_t i = 0; i < fields->count; i++)
        PJ_TRY(get_field(s, arena, &fields->of[i], out));
    if (!pj_time_is_valid(out->time))
        return pj_store_fail(s->store, PJ_EFORMAT, "record %lld is damaged: its time is \"%.40s\"", (long long)out->id,
                             out->time);
    return PJ_OK;
}

/* A query for the newest records; columns that the file lacks are null. */
static pj_status select_statement(pj_store *store, const field_list *fields, pj_statement *out)
{
    pj_str sql = pj_str_new(0);
    pj_status status = PJ_OK;
    pj_str_add(&sql, "SELECT id");
    for (size_t i = 0; i < fields->count && status == PJ_OK; i++) {
        bool is_there = true;
        status = has_column(store, &fields->of[i], &is_there);
        pj_str_printf(&sql, ", %s", is_there ? fields->of[i].column : "NULL");
    }
    pj_str_add(&sql, " FROM record WHERE model = ?1 AND (?2 IS NULL OR branch = ?2)"
                     " ORDER BY time DESC, id DESC LIMIT ?3");
    if (status == PJ_OK)
        status = sql.failed ? pj_fail_memory(store->err) : pj_statement_new(store, sql.data, out);
    pj_str_free(&sql);
    return status;
}

/* The newest `most` records of a model, newest first; *out has room for them. */
static pj_status select_entries(pj_store *store, const char *model, const char *branch, size_t most, pj_arena *arena,
                                pj_history_entry *out, size_t *count)
{
    pj_statement s;
    pj_status status = PJ_OK;
    const field_list fields = list_fields();
    PJ_TRY(select_statement(store, &fields, &s));
    pj_store_put_text(&s, model);
    pj_store_put_text(&s, branch);
    pj_store_put_int(&s, (int64_t)most);
    bool row = true;
    *count = 0;
    while (status == PJ_OK && *count < most) {
        status = pj_statement_step(&s, &row);
        if (status != PJ_OK || !row)
            break;
        status = get_entry(&s, &fields, arena, &out[(*count)++]);
    }
    pj_statement_free(&s);
    return status;
}

static pj_status count_entries(pj_store *store, const char *model, const char *branch, size_t *out)
{
    pj_statement s;
    bool row;
    PJ_TRY(pj_statement_new(store, "SELECT count(*) FROM record WHERE model = ?1 AND (?2 IS NULL OR branch = ?2)", &s));
    pj_store_put_text(&s, model);
    pj_store_put_text(&s, branch);
    pj_status status = pj_statement_step(&s, &row);
    int64_t count = 0;
    if (status == PJ_OK && row)
        status = pj_store_get_int(&s, &count);
    pj_statement_free(&s);
    PJ_TRY(status);
    if (count > PJ_HISTORY_MOST)
        return pj_store_fail(store, PJ_ELIMIT, "has more than %d records of the model", PJ_HISTORY_MOST);
    *out = (size_t)count;
    return PJ_OK;
}

/* The next row as a layer. */
static pj_status get_layer(pj_statement *s, pj_arena *arena, int64_t record, pj_history_layer *out)
{
    PJ_TRY(pj_store_get_text(s, arena, &out->name));
    PJ_TRY(pj_store_get_text(s, arena, &out->op));
    PJ_TRY(pj_store_get_real(s, &out->energy));
    if (!out->name || !out->op || !isfinite(out->energy) || out->energy < 0)
        return pj_store_fail(s->store, PJ_EFORMAT, "record %lld is damaged: a layer has no name, operator or energy",
                             (long long)record);
    return PJ_OK;
}

/* Those of the record's layers that match, in room for all. */
static pj_status select_layers(pj_store *store, const char *glob, pj_arena *arena, pj_history_entry *entry)
{
    static const char sql[] = "SELECT name, op, energy, count(*) OVER () FROM layer WHERE record = ? ORDER BY position";
    pj_statement s;
    pj_history_layer *layers = NULL;
    bool row;
    PJ_TRY(pj_statement_new(store, sql, &s));
    pj_store_put_int(&s, entry->id);
    pj_status status = pj_statement_step(&s, &row);
    while (status == PJ_OK && row) {
        pj_history_layer layer;
        if (!layers)
            layers = PJ_NEW(arena, pj_history_layer, pj_store_peek_int(&s, 3));
        status = layers ? get_layer(&s, arena, entry->id, &layer) : pj_fail_memory(store->err);
        if (status == PJ_OK && pj_text_glob(glob, layer.name))
            layers[entry->layer_count++] = layer;
        if (status == PJ_OK)
            status = pj_statement_step(&s, &row);
        s.at = 0;
    }
    pj_statement_free(&s);
    entry->layers = layers;
    return status;
}

/* Names of models, one a row. */
static const char models_sql[] = "SELECT DISTINCT model FROM record ORDER BY model";

/* "; it has those of a.onnx, b.onnx and 3 more" */
static pj_status add_models(pj_store *store, pj_arena *arena, pj_str *out)
{
    enum { NAMED = 5 };
    pj_statement s;
    bool row;
    size_t count = 0;
    PJ_TRY(pj_statement_new(store, models_sql, &s));
    pj_status status = pj_statement_step(&s, &row);
    for (; status == PJ_OK && row; status = pj_statement_step(&s, &row), count++) {
        const char *name;
        if (count >= NAMED)
            continue;
        status = pj_store_get_text(&s, arena, &name);
        pj_str_printf(out, "%s%.80s", count ? ", " : "; it has those of ", status == PJ_OK && name ? name : "?");
    }
    if (count > NAMED)
        pj_str_printf(out, " and %zu more", count - NAMED);
    pj_statement_free(&s);
    return status;
}

static pj_status fail_empty(pj_store *store, const pj_history_query *query, pj_arena *arena)
{
    pj_str models = pj_str_new(0);
    if (query->branch)
        return pj_store_fail(store, PJ_EARGUMENT, "has no records of %.200s on branch %.100s", query->model,
                             query->branch);
    pj_status status = add_models(store, arena, &models);
    if (status == PJ_OK)
        status = pj_store_fail(store, PJ_EARGUMENT, "has no records of %.200s%s", query->model, models.data);
    pj_str_free(&models);
    return status;
}

static pj_status read_trend(pj_store *store, const pj_history_query *query, trend *out)
{
    size_t count, matched = 0;
    PJ_TRY(count_entries(store, query->model, query->branch, &count));
    if (count == 0)
        return fail_empty(store, query, out->arena);
    if (query->last && query->last < count)
        count = query->last;
    pj_history_entry *entries = PJ_NEW(out->arena, pj_history_entry, count);
    PJ_TRY(pj_got(entries, store->err));
    PJ_TRY(select_entries(store, query->model, query->branch, count, out->arena, entries, &count));
    for (size_t i = 0; i < count / 2; i++) { /* oldest first */
        pj_history_entry swap = entries[i];
        entries[i] = entries[count - 1 - i];
        entries[count - 1 - i] = swap;
    }
    for (size_t i = 0; query->layer && i < count; i++) {
        PJ_TRY(select_layers(store, query->layer, out->arena, &entries[i]));
        matched += entries[i].layer_count;
    }
    if (query->layer && matched == 0)
        return pj_store_fail(store, PJ_EARGUMENT, "no layer of %.200s matches '%.100s'", query->model, query->layer);
    out->result.entries = entries;
    out->result.count = count;
    return PJ_OK;
}

/* An object with an arena of its own, as every reader here hands out. */
static void *keep(pj_arena *arena, size_t size)
{
    return arena ? pj_arena_alloc(arena, 1, size) : NULL;
}

static pj_status keep_text(pj_arena *arena, const char *text, const char **out, pj_error *err)
{
    *out = pj_arena_strdup(arena, text);
    return pj_got(*out || !text, err);
}

pj_status pj_history_read(const char *file, const pj_history_query *query, pj_history **out, pj_error *err)
{
    pj_store store;
    PJ_TRY(pj_store_open(file, &kind, false, &store, err));
    pj_arena *arena = pj_arena_new(PJ_MAX_STORE_BYTES);
    trend *made = keep(arena, sizeof *made);
    pj_status status = made ? PJ_OK : pj_fail_memory(err);
    if (status == PJ_OK) {
        made->arena = arena;
        status = keep_text(arena, file, &made->result.file, err);
    }
    if (status == PJ_OK)
        status = keep_text(arena, query->model, &made->result.model, err);
    if (status == PJ_OK)
        status = keep_text(arena, query->layer, &made->result.layer, err);
    if (status == PJ_OK)
        status = read_trend(&store, query, made);
    status = pj_store_close(&store, status);
    if (status == PJ_OK)
        *out = &made->result;
    else
        pj_arena_free(arena);
    return status;
}

void pj_history_free(pj_history *history)
{
    if (history)
        pj_arena_free(((trend *)(void *)history)->arena);
}

static pj_status read_names(pj_store *store, pj_arena *arena, pj_history_model **out, size_t *count)
{
    pj_statement s;
    int64_t names;
    bool row;
    PJ_TRY(pj_store_ask(store, "SELECT count(DISTINCT model) FROM record", &names));
    if (names > PJ_HISTORY_MOST)
        return pj_store_fail(store, PJ_ELIMIT, "has more than %d models", PJ_HISTORY_MOST);
    pj_history_model *models = PJ_NEW(arena, pj_history_model, names);
    PJ_TRY(pj_got(models, store->err));
    PJ_TRY(pj_statement_new(store, models_sql, &s));
    pj_status status = pj_statement_step(&s, &row);
    for (*count = 0; status == PJ_OK && row && *count < (size_t)names; ++*count) {
        status = pj_store_get_text(&s, arena, &models[*count].model);
        if (status == PJ_OK && !models[*count].model)
            status = pj_store_fail(store, PJ_EFORMAT, "is damaged: a record has no model");
        if (status == PJ_OK)
            status = pj_statement_step(&s, &row);
    }
    pj_statement_free(&s);
    *out = models;
    return status;
}

static pj_status read_models(pj_store *store, pj_arena *arena, pj_history_list *out)
{
    pj_history_model *models = NULL;
    size_t one;
    PJ_TRY(read_names(store, arena, &models, &out->count));
    for (size_t i = 0; i < out->count; i++) {
        PJ_TRY(count_entries(store, models[i].model, NULL, &models[i].records));
        PJ_TRY(select_entries(store, models[i].model, NULL, 1, arena, &models[i].last, &one));
        if (one == 0) /* its name is not found again, as names that are no UTF-8 are not */
            return pj_store_fail(store, PJ_EFORMAT, "is damaged: a name of a model is no text");
    }
    out->models = models;
    return PJ_OK;
}

pj_status pj_history_models(const char *file, pj_history_list **out, pj_error *err)
{
    pj_store store;
    PJ_TRY(pj_store_open(file, &kind, false, &store, err));
    pj_arena *arena = pj_arena_new(PJ_MAX_STORE_BYTES);
    list *made = keep(arena, sizeof *made);
    pj_status status = made ? keep_text(arena, file, &made->result.file, err) : pj_fail_memory(err);
    if (status == PJ_OK) {
        made->arena = arena;
        status = read_models(&store, arena, &made->result);
    }
    status = pj_store_close(&store, status);
    if (status == PJ_OK)
        *out = &made->result;
    else
        pj_arena_free(arena);
    return status;
}

void pj_history_list_free(pj_history_list *models)
{
    if (models)
        pj_arena_free(((list *)(void *)models)->arena);
}
