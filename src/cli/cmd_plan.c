/* picojoule plan: which layers to quantize, and to what. */
#include "model.h"

static pj_exit write_result(const pj_plan_result *result, const pj_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->out);
    pj_status status;
    if (args->plan.emit)
        status = pj_plan_emit(result, args->plan.emit, pj_out_write, &out, &err);
    else
        status = pj_plan_write(result, args->plan.options.frontier ? PJ_PLAN_VIEW_FRONTIER : PJ_PLAN_VIEW_PLAN,
                               &args->report, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, args->operand[0]);
}

static pj_exit run(const pj_args *args)
{
    pj_error err = {0};
    pj_model *model = NULL;
    pj_plan_result *result = NULL;
    pj_plan_options options = args->plan.options;
    options.choices = args->plan.choice;
    options.budgets = args->plan.budget;
    options.pins = args->plan.pin;
    options.excludes = args->plan.exclude;
    if (options.knee && options.budget_count)
        return pj_say_usage("plan", "--pick knee stands in place of a --budget");
    if (args->setup.plan || args->setup.quantize || args->devices)
        return pj_say_usage("plan", "plan starts from the model as it is, and prices it by the table: no --plan, "
                                    "--quantize or --device");
    pj_status status = pj_model_open(args->operand[0], &args->setup, &model, &err);
    if (status == PJ_OK)
        status = pj_plan_search(model, &args->setup, &options, &result, &err);
    pj_exit code = PJ_EXIT_INPUT;
    if (status != PJ_OK)
        code = pj_say_error(&err, args->operand[0]);
    else if (!args->strict || !pj_say_strict(result->findings, result->finding_count, args->operand[0]))
        code = write_result(result, args);
    else
        code = PJ_EXIT_UNSUPPORTED;
    pj_plan_result_free(result);
    pj_model_close(model);
    return code;
}

const pj_command pj_command_plan = {
    "plan",
    "MODEL",
    1,
    1,
    "which layers to quantize, and to what",
    "Finds the number formats with which the model keeps your budgets at the least\n"
    "noise, layer by layer, and says how near to the optimum that is. Energies are\n"
    "those of `analyze`; noise is what rounding adds to weights and activations, or a\n"
    "loss that you measured. It is no accuracy: measure the plan before you ship it.\n"
    "\n"
    "The JSON form (--format json) is a plan that `analyze --plan` takes. Layers that\n"
    "read the same tensor work in one format; docs/planning.md explains the method.\n"
    "Formats are what is sought here, so --plan and --quantize are refused, and so is\n"
    "--device: plans are priced with a table.",
    {&pj_options_plan, &pj_options_model, &pj_options_energy, &pj_options_chart, &pj_options_strict},
    "picojoule plan model.onnx\n"
    "    the best trade-off of energy and noise\n"
    "picojoule plan model.onnx --budget 'energy<=40%' --format json -o plan.json\n"
    "    a plan for 40 % of today's energy; then: analyze model.onnx --plan plan.json\n"
    "picojoule plan model.onnx --budget 'energy<=40%' --budget 'param_bytes<=1MiB' \\\n"
    "        --keep first,last --choices int8,w4a8\n"
    "    two budgets at once, the ends kept, two formats to choose from\n"
    "picojoule plan model.onnx --target npu-int8 --budget 'energy<=35%'\n"
    "    what an accelerator has\n"
    "picojoule plan model.onnx --frontier --format svg -o frontier.svg\n"
    "    the whole trade-off as a chart\n"
    "picojoule plan model.onnx --budget 'energy<=40%' --emit onnxruntime\n"
    "    nodes_to_quantize, nodes_to_exclude and overrides for ONNX Runtime",
    run,
};
