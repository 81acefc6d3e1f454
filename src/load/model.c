/* The way from bytes to the model: look, walk, unpack, build. */
#include "base/limits.h"
#include "load/foreign.h"
#include "load/load.h"
#include "load/loader.h"
#include "load/wire.h"

/* Does the file begin with a field of ModelProto? Then it is broken, else it is something else. */
static bool begins_like_model(uint8_t first)
{
    switch (first) {
    case 0x08: /* ir_version */
    case 0x12: /* producer_name */
    case 0x1a: /* producer_version */
    case 0x22: /* domain */
    case 0x28: /* model_version */
    case 0x32: /* doc_string */
    case 0x3a: /* graph */
    case 0x42: /* opset_import */
    case 0x72: /* metadata_props */
        return true;
    default:
        return first >= 0x80; /* a field number above 15 */
    }
}

static pj_status read_skeleton(pj_source *source, pj_str *skeleton, pj_error *err)
{
    pj_error inner = {PJ_OK, "", "", "", ""};
    if (!pj_source_fill(source, PJ_FOREIGN_BYTES))
        return source->failed ? pj_fail(err, PJ_EIO, "cannot read the file: %s", strerror(source->failed))
                              : pj_fail(err, PJ_EFORMAT, "the file is empty");
    const char *sentence = pj_foreign_sentence(source->window, source->held);
    if (sentence)
        return pj_fail(err, PJ_EFORMAT, "%s", sentence);
    uint8_t first = source->window[0];
    pj_status status = pj_wire_skeleton(source, skeleton, &inner);
    if (status == PJ_EFORMAT && !begins_like_model(first))
        return pj_fail(err, status, "this is not an ONNX model (%.300s)", inner.what);
    return status == PJ_OK ? PJ_OK : pj_fail(err, status, "%s", inner.what);
}

/* Adds the import of a domain, or raises its version: of several the highest counts. */
static void add_opset(pj_opset *opsets, int *count, const char *domain, int64_t version)
{
    int at = 0;
    while (at < *count && strcmp(opsets[at].domain, domain) != 0)
        at++;
    if (at == *count)
        opsets[(*count)++] = (pj_opset){domain, version};
    else if (version > opsets[at].version)
        opsets[at].version = version;
}

static pj_status read_opsets(pj_loader *loader, const PjOnnx__ModelProto *proto)
{
    pj_model *model = loader->model;
    pj_opset *opsets = PJ_NEW(loader->arena, pj_opset, proto->n_opset_import + 1);
    PJ_TRY(pj_got(opsets, loader->err));
    for (size_t i = 0; i < proto->n_opset_import; i++) {
        const char *domain = pj_load_intern(loader, pj_load_domain(proto->opset_import[i]->domain));
        PJ_TRY(pj_got(domain, loader->err));
        add_opset(opsets, &model->opsets, domain, proto->opset_import[i]->version);
    }
    model->opset = opsets;
    if (model->ir_version < 3 && pj_model_opset(model, "") == 0)
        add_opset(opsets, &model->opsets, "", 1); /* before IR version 3 there was one operator set */
    return PJ_OK;
}

static pj_status read_producer(pj_loader *loader, const PjOnnx__ModelProto *proto)
{
    pj_str text = pj_str_new(0);
    const char *name = pj_text(proto->producer_name), *version = pj_text(proto->producer_version);
    pj_str_printf(&text, "%s%s%s", name, *name && *version ? " " : "", version);
    loader->model->producer = text.failed ? NULL : pj_arena_strdup(loader->arena, text.data);
    pj_str_free(&text);
    return pj_got(loader->model->producer, loader->err);
}

static pj_status build(pj_loader *loader, const pj_str *skeleton)
{
    pj_model *model = loader->model;
    pj_graph_text graph;
    bool has_graph;
    const PjOnnx__ModelProto *proto = pj_unpack_model(loader, skeleton, &has_graph, &graph);
    PJ_TRY(pj_got(proto, loader->err));
    if (!has_graph)
        return pj_fail(loader->err, PJ_EFORMAT,
                       "there is no graph in this file: it is not an ONNX model, or was cut "
                       "off (TensorFlow, Core ML and tensor files look similar)");
    model->ir_version = proto->ir_version;
    PJ_TRY(read_producer(loader, proto));
    PJ_TRY(read_opsets(loader, proto));
    PJ_TRY(pj_load_functions(loader, proto));
    PJ_TRY(pj_load_graph(loader, NULL, NULL, &graph, &model->graph));
    if (loader->stripped > 0)
        pj_diag_add(&model->diags, PJ_DIAG_WEIGHTS_ABSENT, NULL, "initializers that have sizes, but no contents: %d",
                    loader->stripped);
    PJ_TRY(pj_load_labels(loader, model->graph));
    if (pj_symbols_out_of_memory(model->symbols) || pj_arena_failed(model->arena))
        return pj_fail_memory(loader->err); /* a dimension or a finding is missing */
    return PJ_OK;
}

/* Folder of a path: "models" of models/a.onnx, "." of a.onnx. */
static const char *folder_of(pj_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return pj_arena_strdup(arena, ".");
    return pj_arena_strndup(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

static pj_status start_model(pj_loader *loader, const char *path, const pj_load_options *options)
{
    pj_model *model = loader->model = PJ_NEW(loader->arena, pj_model, 1);
    PJ_TRY(pj_got(model, loader->err));
    model->arena = loader->arena;
    model->file_bytes = loader->file_bytes;
    pj_diags_init(&model->diags, loader->arena);
    model->symbols = pj_symbols_new(loader->arena);
    model->path = pj_arena_strdup(loader->arena, path);
    PJ_TRY(pj_got(model->symbols && model->path, loader->err));
    loader->follow_links = options && options->follow_links;
    for (size_t i = 0; options && i < options->binding_count; i++)
        PJ_TRY(pj_got(pj_symbols_bind(model->symbols, options->bindings[i].name, options->bindings[i].value),
                      loader->err));
    pj_map_init(&loader->files, loader->scratch);
    pj_map_init(&loader->texts, loader->scratch);
    pj_map_init(&loader->functions, loader->scratch);
    pj_map_init(&loader->labels, loader->scratch);
    return PJ_OK;
}

static pj_status build_from(pj_loader *loader, const pj_str *skeleton, const char *path, bool is_file,
                            const pj_load_options *options)
{
    PJ_TRY(start_model(loader, path, options));
    if (is_file && !(loader->folder = folder_of(loader->arena, path)))
        return pj_fail_memory(loader->err);
    return build(loader, skeleton);
}

/* Bytes of memory that a skeleton is worth. */
static size_t budget(size_t skeleton_bytes)
{
    uint64_t bytes = (uint64_t)skeleton_bytes * PJ_MODEL_BYTES_PER_BYTE + PJ_MODEL_BYTES_FLOOR;
    return bytes < SIZE_MAX ? (size_t)bytes : SIZE_MAX;
}

/* Was it the budget, and not the system, that had no more? Tables grow by doubling, hence the half. */
static bool is_used_up(const pj_arena *arena, size_t limit)
{
    return arena && pj_arena_bytes(arena) > limit / 2;
}

static pj_status load(pj_source *source, pj_origin *origin, const char *path, bool is_file,
                      const pj_load_options *options, pj_model **out, pj_error *err)
{
    pj_str skeleton = pj_str_new(PJ_MAX_SKELETON_BYTES);
    pj_loader loader = {.err = err, .origin = origin};
    pj_status status = read_skeleton(source, &skeleton, err);
    if (status == PJ_OK) {
        size_t size = skeleton.length, limit = budget(size);
        loader.file_bytes = pj_source_position(source);
        loader.arena = pj_arena_new(limit);
        loader.scratch = pj_arena_new(limit);
        loader.part = pj_arena_new(limit);
        status = loader.arena && loader.scratch && loader.part ? build_from(&loader, &skeleton, path, is_file, options)
                                                               : pj_fail_memory(err);
        if (status == PJ_ENOMEM &&
            (is_used_up(loader.arena, limit) || is_used_up(loader.scratch, limit) || is_used_up(loader.part, limit)))
            status = pj_fail(err, PJ_ELIMIT,
                             "the model unfolds to more than %zu MiB, but without its weights the file has only "
                             "%zu bytes",
                             limit >> 20, size);
    }
    pj_str_free(&skeleton);
    pj_arena_free(loader.part);
    pj_arena_free(loader.scratch);
    if (status == PJ_OK) {
        *out = loader.model;
        loader.model->is_file = is_file && source->size != UINT64_MAX;
        loader.model->origin = origin;
    } else {
        pj_arena_free(loader.arena);
    }
    return status;
}

static pj_status finish(pj_source *source, pj_status status, const char *path, pj_error *err)
{
    pj_source_close(source);
    if (status != PJ_OK)
        pj_error_at(err, path, NULL, NULL);
    return status;
}

static void clear(pj_error *err, pj_model **out)
{
    *out = NULL;
    if (err)
        memset(err, 0, sizeof *err);
}

pj_status pj_load(const char *path, const pj_load_options *options, pj_model **out, pj_error *err)
{
    pj_source source;
    clear(err, out);
    pj_status status = pj_source_open(&source, path, err);
    if (status == PJ_OK)
        status = load(&source, NULL, path, strcmp(path, "-") != 0, options, out, err);
    return finish(&source, status, strcmp(path, "-") == 0 ? "standard input" : path, err);
}

pj_status pj_load_memory(const void *bytes, size_t size, const char *name, const pj_load_options *options,
                         pj_model **out, pj_error *err)
{
    pj_source source;
    clear(err, out);
    pj_source_memory(&source, bytes, size);
    const char *path = name ? name : "memory";
    return finish(&source, load(&source, NULL, path, false, options, out, err), path, err);
}

pj_status pj_load_resource(const pj_resource *given, const pj_load_options *options, pj_model **out, pj_error *err)
{
    pj_source source;
    pj_origin *origin = NULL;
    clear(err, out);
    PJ_TRY(pj_origin_new(given, &origin, err));
    pj_status status = pj_source_resource(&source, &origin->self, err);
    if (status == PJ_OK)
        status = load(&source, origin, origin->name, false, options, out, err);
    finish(&source, status, origin->name, err);
    if (status != PJ_OK)
        pj_origin_free(origin);
    return status;
}

void pj_unload(pj_model *model)
{
    if (!model)
        return;
    pj_origin_free(model->origin);
    pj_arena_free(model->arena);
}
