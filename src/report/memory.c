/* The peak of activation memory in reports. */
#include "report/memory.h"

#include <string.h>

#include "page/humane.h"

/* ---- sentences ---- */

/* "1.500 MiB at once, at conv1 (3 tensors)" */
static void add_peak(const pj_peak *peak, pj_str *out)
{
    pj_human_bits(out, 8.0 * (double)peak->bytes);
    pj_str_add(out, " at once, ");
    if (*peak->node) {
        pj_str_add(out, "at ");
        pj_text_clean(out, peak->node);
    } else {
        pj_str_add(out, "before the first node");
    }
    pj_str_add(out, " (");
    pj_human_plural(out, peak->alive_count, "tensor", "tensors");
    pj_str_add_char(out, ')');
}

void pj_memory_sentence(const pj_activation_memory *memory, pj_str *out)
{
    pj_str_add(out, memory->unknown ? "Activations take at least " : "Activations take up to ");
    add_peak(&memory->graph, out);
    if (!memory->unknown)
        return;
    pj_str_add(out, "; the size of ");
    pj_human_plural(out, memory->unknown, "tensor is", "tensors are");
    pj_str_add(out, " not known");
}

void pj_memory_best_sentence(const pj_activation_memory *memory, pj_str *out)
{
    if (memory->best->bytes >= memory->graph.bytes) {
        pj_str_add(out, "The order of nodes \"least-growth\" takes no less than that of the graph.");
        return;
    }
    pj_str_printf(out, "In the order of nodes \"%s\" it is ", memory->best->order);
    add_peak(memory->best, out);
    pj_str_add_char(out, '.');
}

/* ---- what is alive ---- */

static const char *bytes_text(int64_t bytes, pj_rows *rows)
{
    pj_str text = pj_str_new(0);
    pj_human_bits(&text, 8.0 * (double)bytes);
    const char *kept = pj_str_keep(&text, rows->arena);
    rows->failed = rows->failed || !kept;
    return kept;
}

pj_rows *pj_memory_rows(const pj_peak *peak, size_t most, pj_arena *arena)
{
    /* clang-format off */
    static const pj_column columns[] = {
        {.title = "tensor", .kind = PJ_CELL_TEXT, .wish = 48, .least = 16},
        {.title = "size", .kind = PJ_CELL_TEXT},
        {.title = "share", .kind = PJ_CELL_SHARE},
        {.title = "in place of", .kind = PJ_CELL_TEXT, .wish = 32, .least = 12, .rank = 1},
    };
    /* clang-format on */
    pj_rows *rows = pj_rows_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; rows && i < peak->alive_count && (most == 0 || i < most); i++) {
        const pj_live_tensor *tensor = &peak->alive[i];
        pj_cell *cell = pj_rows_add(rows);
        pj_cell_text(&cell[0], tensor->name);
        pj_cell_unknown(&cell[1]);
        pj_cell_unknown(&cell[2]);
        pj_cell_text(&cell[3], tensor->replaces);
        if (tensor->bytes < 0)
            continue;
        pj_cell_text(&cell[1], bytes_text(tensor->bytes, rows));
        pj_cell_number(&cell[2], peak->bytes ? (double)tensor->bytes / (double)peak->bytes : 0);
    }
    return rows && !rows->failed ? rows : NULL;
}

/* ---- JSON ---- */

static void put_peak(const char *key, const pj_peak *peak, pj_json_writer *json)
{
    pj_json_write_key(json, key);
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_write_key(json, "order");
    pj_json_write_text(json, peak->order);
    pj_json_write_key(json, "peak_bytes");
    pj_json_write_int(json, peak->bytes);
    pj_json_write_key(json, "node");
    pj_json_write_text(json, *peak->node ? peak->node : NULL);
    pj_json_write_key(json, "alive");
    pj_json_write_begin(json, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < peak->alive_count; i++) {
        const pj_live_tensor *tensor = &peak->alive[i];
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_write_key(json, "name");
        pj_json_write_text(json, tensor->name);
        pj_json_write_key(json, "bytes");
        if (tensor->bytes < 0)
            pj_json_write_null(json);
        else
            pj_json_write_int(json, tensor->bytes);
        if (tensor->replaces) {
            pj_json_write_key(json, "in_place_of");
            pj_json_write_text(json, tensor->replaces);
        }
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    pj_json_write_end(json);
}

void pj_memory_json(const pj_activation_memory *memory, pj_json_writer *json)
{
    pj_json_write_key(json, "memory");
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_write_key(json, "is_lower_bound");
    pj_json_write_bool(json, memory->unknown > 0);
    pj_json_write_key(json, "unknown_tensors");
    pj_json_write_uint(json, memory->unknown);
    put_peak("graph_order", &memory->graph, json);
    if (memory->best)
        put_peak("best_order", memory->best, json);
    pj_json_write_end(json);
}
