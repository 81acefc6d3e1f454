/* What tells one model from another without its weights. */
#include "base/limits.h"
#include "base/sha256.h"
#include "load/load.h"
#include "load/wire.h"

pj_status pj_load_digest(const char *path, char sha256[65], uint64_t *size, pj_error *err)
{
    pj_source source;
    pj_str skeleton = pj_str_new(PJ_MAX_SKELETON_BYTES);
    pj_sha256 sum = pj_sha256_new();
    if (err)
        memset(err, 0, sizeof *err);
    PJ_TRY(pj_source_open(&source, path, err));
    pj_status status = pj_wire_skeleton(&source, &skeleton, err);
    *size = source.size;
    pj_source_close(&source);
    pj_sha256_add(&sum, skeleton.data, skeleton.length);
    pj_sha256_add(&sum, size, sizeof *size);
    pj_sha256_end(&sum, sha256);
    pj_str_free(&skeleton);
    if (status != PJ_OK)
        pj_error_at(err, path, NULL, NULL);
    return status;
}
