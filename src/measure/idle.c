/* Baselines: watts that are given, or of a measurement of the machine at rest. */
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "picojoule/measure.h"

static pj_status read_file(const char *path, pj_idle *out, pj_error *err)
{
    char *text = NULL;
    size_t length = 0;
    const char *schema = "";
    pj_json_doc *doc = NULL;
    pj_json result = {0};
    PJ_TRY(pj_file_read(path, PJ_MAX_TABLE_BYTES * 64, &text, &length, err));
    pj_status status = pj_json_parse(text, length, path, &doc, err);
    free(text);
    if (status == PJ_OK)
        status = pj_json_get_text(pj_json_root(doc), "schema", &schema, err);
    if (status == PJ_OK && strcmp(schema, "picojoule.measurement/1") != 0)
        status = pj_json_fail(
            pj_json_root(doc), PJ_EFORMAT, err,
            "\"%.60s\" is no measurement: picojoule measure --duration 30s --save-idle FILE makes one", schema);
    if (status == PJ_OK)
        status = pj_json_get_object(pj_json_root(doc), "result", &result, err);
    if (status == PJ_OK)
        status = pj_json_get_double(result, "watts", &out->watts, err);
    if (status == PJ_OK)
        status = pj_json_get_double(result, "seconds", &out->seconds, err);
    if (status == PJ_OK && !(out->watts >= 0))
        status = pj_json_fail(pj_json_find(result, "watts"), PJ_EFORMAT, err, "%g W is no baseline", out->watts);
    pj_json_free(doc);
    return status;
}

pj_status pj_idle_read(const char *text, pj_idle *out, pj_error *err)
{
    *out = (pj_idle){.watts = NAN, .seconds = NAN, .source = "given"};
    if (pj_number_read(text, &out->watts) && out->watts >= 0)
        return PJ_OK;
    out->watts = NAN;
    out->source = text;
    return read_file(text, out, err);
}
