/* Trends as JSON: docs/history.schema.json describes it. */
#include "picojoule/version.h"
#include "report/trend.h"

static void put_energy(pj_json_writer *json, const pj_energy *energy)
{
    pj_json_put_begin(json, "energy_pj", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_double(json, "inputs", energy->inputs);
    pj_json_put_double(json, "outputs", energy->outputs);
    pj_json_put_double(json, "parameters", energy->parameters);
    pj_json_put_double(json, "op_cost", energy->op_cost);
    pj_json_put_double(json, "total", pj_energy_total(energy));
    pj_json_write_end(json);
}

static void put_layers(pj_json_writer *json, const pj_history_entry *entry)
{
    pj_json_put_begin(json, "layers", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < entry->layer_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "name", entry->layers[i].name);
        pj_json_put_text(json, "op", entry->layers[i].op);
        pj_json_put_double(json, "energy_pj", entry->layers[i].energy);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

/* The members of a record. */
static void put_entry(pj_json_writer *json, const pj_history_entry *entry)
{
    pj_json_put_int(json, "id", entry->id);
    pj_json_put_text(json, "time", entry->time);
    pj_json_put_text(json, "commit", entry->commit);
    pj_json_put_text(json, "branch", entry->branch);
    pj_json_put_text(json, "path", entry->path);
    pj_json_put_text(json, "version", entry->version);
    pj_json_put_text(json, "table", entry->table);
    pj_json_put_text(json, "rules", entry->rules);
    pj_json_put_text(json, "unit", entry->unit);
    pj_json_put_text(json, "settings", entry->settings);
    put_energy(json, &entry->energy);
    pj_json_put_int(json, "macs", entry->macs);
    pj_json_put_int(json, "params", entry->params);
    pj_json_put_int(json, "param_bits", entry->param_bits);
    pj_json_put_int(json, "bops", entry->bops);
    pj_json_write_key(json, "peak_bytes");
    if (entry->peak_bytes < 0)
        pj_json_write_null(json);
    else
        pj_json_write_int(json, entry->peak_bytes);
    pj_json_put_int(json, "uncounted", entry->uncounted);
}

static void put_head(pj_json_writer *json, const char *file)
{
    pj_json_put_text(json, "schema", "picojoule.history/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "file", file);
}

void pj_trend_json(const pj_history *history, pj_json_writer *json)
{
    put_head(json, history->file);
    pj_json_put_text(json, "model", history->model);
    pj_json_put_text(json, "layer", history->layer);
    pj_json_put_begin(json, "records", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < history->count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        put_entry(json, &history->entries[i]);
        pj_json_put_bool(json, "compares", pj_trend_compares(history, i));
        if (history->layer)
            put_layers(json, &history->entries[i]);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

void pj_trend_list_json(const pj_history_list *list, pj_json_writer *json)
{
    put_head(json, list->file);
    pj_json_put_begin(json, "models", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < list->count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "model", list->models[i].model);
        pj_json_put_int(json, "records", (int64_t)list->models[i].records);
        pj_json_put_begin(json, "last", PJ_JSON_WRITE_OBJECT);
        put_entry(json, &list->models[i].last);
        pj_json_write_end(json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}
