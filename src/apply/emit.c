/* The changed model around its graph, and its bytes. */
#include "apply/emit.h"

#include <string.h>

#include "apply/layout.h"
#include "apply/onnx_fields.h"
#include "base/ckd.h"

#define MOST_MESSAGE   ((uint64_t)INT32_MAX)
#define EXTERNAL_ABOVE ((uint64_t)1 << 30)

/* ---- the model ---- */

static void put_opset(pj_str *out, const char *domain, int64_t version)
{
    pj_str body = pj_str_new(0);
    if (*domain)
        pj_put_text(&body, 1, domain);
    pj_put_number(&body, 2, (uint64_t)version);
    pj_put_bytes(out, 8, body.data, body.length);
    out->failed = out->failed || body.failed;
    pj_str_free(&body);
}

/* The version that a domain is to have; 0: as it is. */
static int64_t version_of(const pj_edit *edit, const char *domain)
{
    if (!*domain || strcmp(domain, "ai.onnx") == 0)
        return edit->opset != pj_model_opset(edit->model, "") ? edit->opset : 0;
    return strcmp(domain, "com.microsoft") == 0 && edit->ms_opset != pj_model_opset(edit->model, domain)
               ? edit->ms_opset
               : 0;
}

static pj_status add_opset(pj_layout *l, const pj_field_at *field)
{
    pj_field_at inner;
    const char *domain = "";
    for (uint64_t at = field->value; at < field->end;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, field->end, &inner, l->err));
        if (inner.number == 1 && inner.wire == PJ_WIRE_BYTES)
            PJ_TRY(pj_proto_text(&l->edit->file, inner.value, inner.end, l->edit->arena, &domain, l->err));
    }
    int64_t version = version_of(l->edit, domain);
    l->has_opset = l->has_opset || !*domain || strcmp(domain, "ai.onnx") == 0;
    if (version == 0) {
        pj_pieces_copy(&l->model, l->edit->arena, field->begin, field->end);
        return PJ_OK;
    }
    pj_str text = pj_str_new(0);
    put_opset(&text, domain, version);
    pj_pieces_text(&l->model, l->edit->arena, &text);
    return PJ_OK;
}

/* Is it a note that we write anew? */
static pj_status is_note(pj_layout *l, const pj_field_at *field, const char *const *notes, bool *out)
{
    pj_field_at inner;
    const char *key = "";
    *out = false;
    for (uint64_t at = field->value; at < field->end;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, field->end, &inner, l->err));
        if (inner.number == 1 && inner.wire == PJ_WIRE_BYTES)
            PJ_TRY(pj_proto_text(&l->edit->file, inner.value, inner.end, l->edit->arena, &key, l->err));
    }
    for (size_t i = 0; notes[i]; i += 2)
        *out = *out || strcmp(notes[i], key) == 0;
    return PJ_OK;
}

static pj_status add_field(pj_layout *l, const pj_field_at *field, const char *const *notes)
{
    bool note = false;
    if (field->number == 1 && field->wire == PJ_WIRE_VARINT && l->edit->ir_version != l->edit->model->ir_version)
        return PJ_OK; /* it has been written */
    if (field->wire == PJ_WIRE_BYTES && field->number == 8)
        return add_opset(l, field);
    if (field->wire == PJ_WIRE_BYTES && field->number == 14)
        PJ_TRY(is_note(l, field, notes, &note));
    if (field->wire == PJ_WIRE_BYTES && field->number == 7)
        pj_pieces_message(&l->model, l->edit->arena, 7, &l->graph);
    else if (!note)
        pj_pieces_copy(&l->model, l->edit->arena, field->begin, field->end);
    return PJ_OK;
}

static pj_status add_model(pj_layout *l, const char *const *notes)
{
    const pj_edit *edit = l->edit;
    pj_field_at field;
    pj_str head = pj_str_new(0), tail = pj_str_new(0);
    if (edit->ir_version != edit->model->ir_version)
        pj_put_number(&head, 1, (uint64_t)edit->ir_version);
    pj_pieces_text(&l->model, l->edit->arena, &head);
    for (uint64_t at = 0; at < edit->size;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, edit->size, &field, l->err));
        PJ_TRY(add_field(l, &field, notes));
    }
    if (!l->has_opset && (edit->opset || edit->ms_opset))
        put_opset(&tail, "", edit->opset ? edit->opset : 1); /* what it was without any */
    if (edit->ms_opset && !pj_model_opset(edit->model, "com.microsoft"))
        put_opset(&tail, "com.microsoft", edit->ms_opset);
    for (size_t i = 0; notes[i]; i += 2)
        pj_put_entry(&tail, 14, notes[i], notes[i + 1]);
    pj_pieces_text(&l->model, l->edit->arena, &tail);
    return PJ_OK;
}

/* Bytes of all contents, and whether the source has some in other files. */
static uint64_t weigh(pj_layout *l)
{
    uint64_t all = 0;
    for (size_t i = 0; i < l->edit->parts; i++) {
        const pj_edit_tensor *init = l->edit->part[i].kind == PJ_PART_INIT ? l->edit->part[i].value->init : NULL;
        if (!init || !init->tensor)
            continue;
        l->has_external = l->has_external || init->tensor->storage == PJ_STORED_EXTERNAL;
        if (!init->is_dropped && !pj_add_u64(all, init->tensor->length, &all))
            all = UINT64_MAX;
    }
    for (size_t i = 0; i < l->edit->adds; i++)
        if (!l->edit->added[i]->is_dropped && !pj_add_u64(all, l->edit->added[i]->length, &all))
            all = UINT64_MAX;
    return all;
}

static pj_status lay_out(pj_layout *l, const char *const *notes, bool external)
{
    l->is_external = external;
    l->has_opset = false;
    l->model = l->graph = l->data = (pj_pieces){0};
    if (!l->edit->is_changed && !external) {
        pj_pieces_copy(&l->model, l->edit->arena, 0, l->edit->size);
        return PJ_OK;
    }
    PJ_TRY(pj_layout_graph(l));
    PJ_TRY(add_model(l, notes));
    return pj_arena_failed(l->edit->arena) ? pj_fail_memory(l->err) : PJ_OK;
}

/* ---- writing ---- */

static pj_status write_all(pj_layout *l, const char *const *notes)
{
    pj_pieces_to to = {
        .edit = l->edit, .all = l->model.bytes + l->data.bytes, .watch = l->options->watch, .lost = l->lost};
    pj_status status =
        pj_output_open(l->options->out, l->data.count > 0, l->edit->model, notes, l->edit->arena, &to.output, l->err);
    if (status == PJ_OK && l->data.count > 0)
        status = pj_pieces_write(&l->data, &to, l->err);
    if (status == PJ_OK)
        status = pj_output_next(to.output, l->err);
    if (status == PJ_OK)
        status = pj_pieces_write(&l->model, &to, l->err);
    if (status == PJ_OK && l->options->strict && l->lost->clamped > 0)
        status = pj_fail(l->err, PJ_EUNSUPPORTED, "%llu numbers are too large for their format",
                         (unsigned long long)l->lost->clamped);
    return pj_output_close(to.output, status, l->err);
}

pj_status pj_apply_emit(pj_edit *edit, const pj_apply_options *options, const char *const *notes, pj_emitted *out,
                        pj_error *err)
{
    pj_layout l = {.edit = edit, .options = options, .err = err, .lost = &out->lost};
    l.location = pj_output_name_length(options->out);
    uint64_t weights = weigh(&l);
    if (options->reuse_data && l.has_external && !options->dry_run &&
        pj_output_is_elsewhere(options->out, edit->model->path))
        return pj_fail(
            err, PJ_EARGUMENT,
            "--reuse-data leaves weights in the files beside the model, so the output has to be in its folder");
    l.follows = l.has_external && options->external == PJ_APPLY_AS_SOURCE;
    bool external = options->external == PJ_APPLY_ALWAYS ||
                    (options->external == PJ_APPLY_AS_SOURCE && edit->is_changed && weights > EXTERNAL_ABOVE);
    if (l.has_external && !edit->is_changed && !external && pj_output_is_elsewhere(options->out, edit->model->path))
        edit->is_changed = true; /* data files are beside the model */
    PJ_TRY(lay_out(&l, notes, external));
    if (l.model.bytes > MOST_MESSAGE && !external) {
        out->forced_external = true;
        PJ_TRY(lay_out(&l, notes, true));
    }
    out->model_bytes = l.model.bytes;
    out->data_bytes = l.data.bytes;
    if (l.model.bytes > MOST_MESSAGE)
        return pj_fail(err, PJ_ELIMIT, "the model would have more than 2 GiB beside its external data");
    return options->dry_run ? PJ_OK : write_all(&l, notes);
}
