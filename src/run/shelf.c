/* A short list of what has been opened. */
#include "run/shelf.h"

static void close_kept(pj_kept *kept)
{
    pj_table_close(kept->table);
    pj_device_close(kept->device);
    pj_hierarchy_close(kept->hierarchy);
    pj_json_free(kept->plan);
    free(kept);
}

void pj_shelf_clear(pj_shelf *shelf)
{
    while (shelf->first) {
        pj_kept *kept = shelf->first;
        shelf->first = kept->next;
        close_kept(kept);
    }
    shelf->count = 0;
}

static pj_status open_kept(const pj_bytes *bytes, pj_kept *kept, pj_error *err)
{
    switch (kept->kind) {
    case PJ_RESOURCE_TABLE:
        return pj_table_take(bytes, kept->name, &kept->table, err);
    case PJ_RESOURCE_DEVICE:
        return pj_device_take(bytes, kept->name, &kept->device, err);
    case PJ_RESOURCE_HIERARCHY:
        return pj_hierarchy_take(bytes, kept->name, &kept->hierarchy, err);
    case PJ_RESOURCE_TARGET:
    case PJ_RESOURCE_OP_RULES:
    case PJ_RESOURCE_FOOTPRINT:
    case PJ_RESOURCE_FILE:
        break;
    }
    return pj_json_parse(bytes->at, bytes->length, kept->name, &kept->plan, err);
}

static pj_status add(pj_shelf *shelf, const pj_bytes *bytes, pj_resource_kind kind, const char *name, pj_error *err)
{
    size_t length = strlen(name);
    pj_kept *kept = calloc(1, sizeof *kept + length + 1);
    PJ_TRY(pj_got(kept, err));
    kept->kind = kind;
    memcpy(kept->name, name, length + 1);
    memcpy(kept->sha256, bytes->sha256, sizeof kept->sha256);
    pj_status status = open_kept(bytes, kept, err);
    if (status != PJ_OK) {
        close_kept(kept);
        return status;
    }
    kept->next = shelf->first;
    shelf->first = kept;
    shelf->count++;
    return PJ_OK;
}

/* `bytes` NULL: whatever it holds. */
static const pj_kept *find(const pj_shelf *shelf, const pj_bytes *bytes, pj_resource_kind kind, const char *name)
{
    for (const pj_kept *at = shelf->first; at; at = at->next)
        if (at->kind == kind && strcmp(at->name, name) == 0 && (!bytes || strcmp(at->sha256, bytes->sha256) == 0))
            return at;
    return NULL;
}

pj_status pj_shelf_open(pj_shelf *shelf, const pj_setup *setup, pj_resource_kind kind, const char *name,
                        const pj_kept **out, pj_error *err)
{
    pj_bytes bytes;
    pj_status status = PJ_OK;
    *out = shelf->is_settled ? find(shelf, NULL, kind, name) : NULL;
    if (*out)
        return PJ_OK;
    PJ_TRY(pj_resource_find(setup, kind, name, &bytes, err));
    *out = find(shelf, &bytes, kind, name);
    if (!*out) {
        status = add(shelf, &bytes, kind, name, err);
        *out = shelf->first;
    }
    pj_bytes_free(&bytes);
    return status;
}
