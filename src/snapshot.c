/* Opening a model or a saved report as a snapshot. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "picojoule/diff.h"

/* Reports begin with a '{', perhaps behind spaces or a byte order mark; ONNX files begin with the tag of a field. What
 * is no regular file can be read but once, and is taken for a model. */
static bool is_report(const char *path)
{
    unsigned char head[64];
    struct stat info;
    bool is_file = strcmp(path, "-") != 0 && stat(path, &info) == 0 && S_ISREG(info.st_mode);
    FILE *file = is_file ? fopen(path, "rb") : NULL;
    if (!file)
        return false; /* the model loader says why */
    size_t length = fread(head, 1, sizeof head, file), at = 0;
    (void)fclose(file);
    if (length >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
        at = 3;
    while (at < length && (head[at] == ' ' || (head[at] >= '\t' && head[at] <= '\r')))
        at++;
    return at < length && head[at] == '{';
}

pj_status pj_snapshot_open(const char *path, const pj_setup *setup, pj_snapshot **out, pj_error *err)
{
    pj_model *model = NULL;
    pj_result *result = NULL;
    *out = NULL;
    if (is_report(path))
        return pj_snapshot_read(path, out, err);
    pj_status status = pj_model_open(path, setup, &model, err);
    if (status == PJ_OK)
        status = pj_analyze(model, setup, &result, err);
    if (status == PJ_OK)
        status = pj_snapshot_of_analysis(result, out, err);
    pj_result_free(result);
    pj_model_close(model);
    return status;
}
