/* From a plan to a model: what is asked, the passes in their order, and what is told of it. */
#include "picojoule/apply.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/emit.h"
#include "apply/pass.h"
#include "base/real.h"
#include "picojoule/version.h"
#include "run/findings.h"

enum { EXTERNAL_MIN = 1024, IR_METADATA = 10 };

pj_apply_options pj_apply_options_default(void)
{
    return (pj_apply_options){.external_min = EXTERNAL_MIN};
}

/* ---- passes ---- */

static void name_nodes(pj_pass *pass)
{
    for (pj_edit_node *node = pass->edit->first; node; node = node->next) {
        if (node->is_dropped || !node->was || strcmp(node->name, node->was->label) == 0)
            continue;
        node->name = pj_arena_strdup(pass->arena, node->was->label); /* unique already */
        node->is_edited = pass->edit->is_changed = true;
        if (!node->name || !pj_map_put(&pass->edit->taken, node->name, node))
            node->name = "";
    }
}

static pj_status run_passes(pj_pass *pass, const pj_setup *setup)
{
    const pj_apply_options *o = pass->options;
    if (o->name_nodes)
        name_nodes(pass);
    if (o->cut_after)
        PJ_TRY(pj_cut(pass));
    if (o->clean)
        PJ_TRY(pj_clean(pass, setup));
    if (o->prune > 0 || o->prune_of)
        PJ_TRY(pj_prune(pass));
    pj_opset_look(pass);
    PJ_TRY(pj_weights_only(pass));
    if (o->scheme == PJ_APPLY_STATIC || (o->scheme == PJ_APPLY_AUTO && o->calibration))
        PJ_TRY(pj_static(pass));
    if (o->scheme == PJ_APPLY_DYNAMIC)
        PJ_TRY(pj_dynamic(pass));
    PJ_TRY(pj_half(pass));
    PJ_TRY(pj_opset_raise(pass));
    pj_edit_keep_read(pass->edit);
    pass->edit->probes = o->probe;
    pass->edit->is_changed = pass->edit->is_changed || o->probe;
    if (o->annotate)
        PJ_TRY(pj_annotate(pass, setup));
    if (o->annotate && o->strict_ir && pass->edit->ir_version < IR_METADATA)
        pass->edit->ir_version = IR_METADATA;
    return pj_arena_failed(pass->arena) ? pj_fail_memory(pass->err) : PJ_OK;
}

/* ---- what is told ---- */

static void count_nodes(pj_pass *pass)
{
    for (const pj_edit_node *node = pass->edit->first; node; node = node->next) {
        pass->out->nodes_added += !node->begin && !node->is_dropped;
        pass->out->nodes_removed += node->begin && node->is_dropped;
    }
}

static uint64_t bytes_before(const pj_model *model)
{
    struct stat info;
    uint64_t all = model->file_bytes;
    for (const pj_data_path *at = model->data; at; at = at->next)
        all += stat(at->path, &info) == 0 ? (uint64_t)info.st_size : 0;
    return all;
}

static pj_status tell(pj_pass *pass, const pj_emitted *emitted)
{
    pj_applied *out = pass->out;
    const pj_edit *edit = pass->edit;
    if (emitted->lost.clamped > 0)
        pj_pass_note(pass, NULL, "%llu numbers were too large for their format and became its largest one",
                     (unsigned long long)emitted->lost.clamped);
    if (emitted->forced_external)
        pj_pass_note(pass, NULL, "the model would pass 2 GiB, so its weights are in a file beside it");
    for (size_t i = 0; i < out->layer_count; i++)
        if (pass->rounding[i].noise > 0 && pass->rounding[i].signal > 0)
            pass->layer[i].sqnr_db = 10 * pj_log10(pass->rounding[i].signal / pass->rounding[i].noise);
    count_nodes(pass);
    out->is_changed = edit->is_changed;
    out->opset_before = pj_model_opset(pass->model, "");
    out->opset_after = edit->opset;
    out->ir_before = pass->model->ir_version;
    out->ir_after = edit->ir_version;
    out->bytes_before = bytes_before(pass->model);
    out->bytes_after = emitted->model_bytes + emitted->data_bytes;
    out->clamped = emitted->lost.clamped;
    out->flushed = emitted->lost.flushed;
    pj_finding *findings = PJ_NEW(pass->results, pj_finding, pass->diags.count);
    if (!findings)
        return pj_fail_memory(pass->err);
    out->findings = findings;
    out->finding_count = pj_findings_copy(&pass->diags, findings);
    return pj_arena_failed(pass->results) ? pj_fail_memory(pass->err) : PJ_OK;
}

/* ---- all of it ---- */

static pj_status change(pj_pass *pass, const pj_setup *setup, const char *plan_sha, const char *source_sha)
{
    pj_emitted emitted = {0};
    bool is_done = pass->edit->plan_sha256 && strcmp(pass->edit->plan_sha256, plan_sha) == 0;
    if (is_done) {
        pj_pass_note(pass, NULL, "this plan has been applied to the model before: it stays as it is");
    } else {
        PJ_TRY(pj_asked_read(pass, setup));
        PJ_TRY(pj_asked_check(pass, setup));
        PJ_TRY(run_passes(pass, setup));
    }
    const char *const notes[] = {"picojoule.plan_sha256", plan_sha, "picojoule.source_sha256", source_sha,
                                 "picojoule.version", PICOJOULE_VERSION,
                                 /* of --annotate alone */
                                 pass->energy_note ? "picojoule.energy_pj" : NULL, pass->energy_note, "picojoule.macs",
                                 pass->macs_note, "picojoule.table", pass->table_note, NULL};
    PJ_TRY(pj_apply_emit(pass->edit, pass->options, notes, &emitted, pass->err));
    return tell(pass, &emitted);
}

static pj_status apply(pj_pass *pass, const pj_setup *setup)
{
    pj_model *model = pass->model;
    char plan_sha[PJ_SHA256_DIGITS + 1], source_sha[PJ_SHA256_DIGITS + 1];
    if (!model->is_file && !model->origin)
        return pj_fail(pass->err, PJ_EARGUMENT, "a model that is to be changed has to be a file, not a stream");
    const pj_input input =
        model->origin ? model->origin->self : pj_input_of_file(open(model->path, O_RDONLY | O_CLOEXEC));
    if (!model->origin && input.fd < 0)
        return pj_fail(pass->err, PJ_EIO, "cannot be opened again");
    pj_status status = pj_asked_digest(setup, pass->options, plan_sha, pass->err);
    if (status == PJ_OK)
        status = pj_sha256_input(&input, source_sha, pass->err);
    if (status == PJ_OK)
        status = pj_edit_open(model, &input, model->file_bytes, pass->arena, &pass->edit, pass->err);
    if (status == PJ_OK)
        status = change(pass, setup, plan_sha, source_sha);
    pj_edit_close(pass->edit);
    if (!model->origin)
        close(input.fd);
    return status;
}

/* What is returned: the arena is behind it. */
typedef struct pj_applied_memory {
    pj_applied applied;
    pj_arena *arena;
} pj_applied_memory;

static pj_applied_memory *new_applied(const pj_model *model, const pj_apply_options *options)
{
    pj_arena *arena = pj_arena_new(0);
    pj_applied_memory *memory = arena ? PJ_NEW(arena, pj_applied_memory, 1) : NULL;
    if (!memory) {
        pj_arena_free(arena);
        return NULL;
    }
    memory->arena = arena;
    memory->applied.model = pj_arena_strdup(arena, model->path);
    memory->applied.out = pj_arena_strdup(arena, options->out ? options->out : "");
    memory->applied.is_dry = options->dry_run;
    return memory;
}

pj_status pj_apply(pj_model *model, const pj_setup *setup, const pj_apply_options *options, pj_applied **out,
                   pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
    if (!model || !setup || !options || !out || (!options->out && !options->dry_run))
        return pj_fail_null(err);
    *out = NULL;
    pj_applied_memory *memory = new_applied(model, options);
    if (!memory)
        return pj_fail_memory(err);
    pj_pass pass = {.model = model, .options = options, .results = memory->arena, .out = &memory->applied, .err = err};
    pj_apply_options asked = *options;
    asked.out = options->out ? options->out : "model.onnx";
    pass.options = &asked;
    pass.arena = pj_arena_new(0);
    pj_status status = pass.arena ? PJ_OK : pj_fail_memory(err);
    pj_diags_init(&pass.diags, memory->arena);
    if (status == PJ_OK)
        status = apply(&pass, setup);
    pj_arena_free(pass.arena);
    if (status == PJ_OK)
        *out = &memory->applied;
    else
        pj_applied_free(&memory->applied);
    if (status != PJ_OK)
        pj_error_at(err, model->path, NULL, NULL);
    return status;
}

void pj_applied_free(pj_applied *applied)
{
    if (applied)
        pj_arena_free(((pj_applied_memory *)(void *)applied)->arena);
}
