/* The report that is a model's baseline in a budget. */
#include "picojoule/budget.h"

pj_status pj_budget_baseline_write(const pj_budget *budget, size_t model, pj_sink sink, void *payload, pj_error *err)
{
    pj_report_options options = pj_report_options_default();
    pj_result *result = NULL;
    options.format = "json";
    pj_status status = pj_budget_analyse(budget, model, &result, err);
    if (status == PJ_OK)
        status = pj_report_write(result, &options, sink, payload, err);
    pj_result_free(result);
    return status;
}
