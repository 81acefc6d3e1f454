/* What `trtexec --exportProfile` writes: an array, first {"count": N}, then a layer each with sums of N runs. */
#include "base/json.h"
#include "trace/trace.h"

pj_status pj_trace_tensorrt(const char *text, size_t length, pj_trace *trace, pj_error *err)
{
    pj_json_doc *doc = NULL;
    double count = 0, ms;
    const char *name = "";
    pj_status status = pj_json_parse(text, length, trace->path, &doc, err);
    pj_json at = {0};
    trace->format = "tensorrt";
    if (status == PJ_OK) {
        at = pj_json_first(pj_json_root(doc));
        status = pj_json_get_double(at, "count", &count, err);
    }
    if (status == PJ_OK && !(count >= 1))
        status = pj_json_fail(pj_json_find(at, "count"), PJ_EFORMAT, err, "no run: there is nothing to see");
    for (at = status == PJ_OK ? pj_json_next(at) : at; status == PJ_OK && at.node; at = pj_json_next(at)) {
        status = pj_json_get_text(at, "name", &name, err);
        if (status == PJ_OK)
            status = pj_json_get_double(at, "timeMs", &ms, err);
        if (status == PJ_OK && !(ms >= 0))
            status = pj_json_fail(pj_json_find(at, "timeMs"), PJ_EFORMAT, err, "%g ms is no time", ms);
        pj_traced *kernel = status == PJ_OK ? pj_trace_kernel(trace, name, -1, "") : NULL;
        if (status == PJ_OK)
            status = pj_got(kernel && pj_traced_add(trace, kernel, NAN, ms * 1e3 / count), err);
    }
    pj_json_free(doc);
    trace->runs_used = 1;
    return status;
}
