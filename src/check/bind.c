/* Sizes that a budget gives to models that have them. */
#include "check/bind.h"

#include "base/err.h"

static bool has_dim(const pj_dim_binding *dims, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(dims[i].name, name) == 0)
            return true;
    return false;
}

static bool has_input(const pj_model_info *info, const char *name)
{
    for (size_t i = 0; i < info->input_count; i++)
        if (strcmp(info->inputs[i].name, name) == 0)
            return true;
    return false;
}

static bool binds_input(const pj_setup *setup, const char *name)
{
    for (size_t i = 0; i < setup->input_count; i++)
        if (strcmp(setup->inputs[i].name, name) == 0)
            return true;
    return false;
}

/* How many were added. */
static size_t add_dims(const pj_model_info *info, const pj_setup *optional, bool *has, pj_dim_binding *out,
                       pj_setup *setup)
{
    size_t count = setup->dim_count;
    for (size_t i = 0; i < count; i++)
        out[i] = setup->dims[i];
    for (size_t i = 0; i < optional->dim_count; i++) {
        const char *name = optional->dims[i].name;
        if (!has_dim(info->dims, info->dim_count, name))
            continue;
        if (has)
            has[i] = true;
        if (!has_dim(out, count, name))
            out[count++] = optional->dims[i];
    }
    size_t added = count - setup->dim_count;
    setup->dims = out;
    setup->dim_count = count;
    return added;
}

static size_t add_inputs(const pj_model_info *info, const pj_setup *optional, bool *has, pj_input_binding *out,
                         pj_setup *setup)
{
    size_t count = setup->input_count;
    for (size_t i = 0; i < count; i++)
        out[i] = setup->inputs[i];
    for (size_t i = 0; i < optional->input_count; i++) {
        if (!has_input(info, optional->inputs[i].name))
            continue;
        if (has)
            has[i] = true;
        if (!binds_input(setup, optional->inputs[i].name))
            out[count++] = optional->inputs[i];
    }
    size_t added = count - setup->input_count;
    setup->inputs = out;
    setup->input_count = count;
    return added;
}

pj_status pj_bind_optional(pj_model *model, const pj_setup *optional, bool *dims, bool *inputs, pj_arena *arena,
                           pj_setup *setup, pj_error *err)
{
    if (!optional->dim_count && !optional->input_count)
        return PJ_OK;
    const pj_model_info *info = pj_model_describe(model);
    pj_dim_binding *all_dims = PJ_NEW(arena, pj_dim_binding, setup->dim_count + optional->dim_count);
    pj_input_binding *all_inputs = PJ_NEW(arena, pj_input_binding, setup->input_count + optional->input_count);
    if (!info || !all_dims || !all_inputs)
        return pj_fail_memory(err);
    size_t added = add_dims(info, optional, dims, all_dims, setup);
    added += add_inputs(info, optional, inputs, all_inputs, setup);
    return added ? pj_model_rebind(model, setup, err) : PJ_OK;
}

bool pj_has_open_dims(pj_model *model)
{
    size_t findings;
    const pj_finding *finding = pj_model_findings(model, &findings);
    for (size_t i = 0; finding && i < findings; i++)
        if (strcmp(finding[i].code, "assumed-dimension") == 0)
            return true;
    return false;
}

const char *pj_open_dim(pj_model *model, const pj_setup *setup, size_t index)
{
    const pj_model_info *info = pj_model_describe(model);
    for (size_t i = 0; info && pj_has_open_dims(model) && i < info->dim_count; i++)
        if (!has_dim(setup->dims, setup->dim_count, info->dims[i].name) && index-- == 0)
            return info->dims[i].name;
    return NULL;
}
