/* picojoule shapes: type and shape of every tensor. */
#include "commands.h"
#include "say.h"

typedef struct shapes_args {
    pj_output output;
    pj_setup setup;
    bool strict;
} shapes_args;

static pj_exit run(pj_line *line, const void *given)
{
    const shapes_args *args = given;
    pj_error err = {0};
    pj_model *model = NULL;
    pj_out out = pj_out_new(args->output.out);
    pj_setup setup = args->setup;
    size_t count;
    setup.unbound_dims_are_one = false;
    pj_status status = pj_model_open(line->operand[0], &setup, &model, &err);
    if (status == PJ_OK && pj_refuse_model(line, pj_model_describe(model)) != PJ_EXIT_DONE) {
        pj_model_close(model);
        return PJ_EXIT_USAGE;
    }
    if (status == PJ_OK && args->strict) {
        const pj_finding *findings = pj_model_findings(model, &count);
        if (pj_say_strict(findings, count, line->operand[0])) {
            pj_model_close(model);
            return PJ_EXIT_UNSUPPORTED;
        }
    }
    if (status == PJ_OK)
        status = pj_shapes_write(model, &args->output.report, pj_out_write, &out, &err);
    pj_exit code = pj_out_finish(&out, status, &err, line->operand[0]);
    pj_model_close(model);
    return code;
}

const pj_command pj_command_shapes = {
    .name = "shapes",
    .operands = "MODEL",
    .least = 1,
    .most = 1,
    .summary = "type and shape of every tensor",
    .text = "Reads an ONNX model (- for standard input) and infers the element type and the\n"
            "shape of every tensor of its main graph: inputs, initializers, node outputs.\n"
            "Weights are not read and may be absent. A symbolic dimension that nobody binds\n"
            "keeps its name, and flows through the graph as a formula; ? stands for what is\n"
            "not known.",
    .rows = {{.title = "Model", .at = offsetof(shapes_args, setup), .settings = PJ_SETTINGS(PJ_ABOUT_MODEL)},
             PJ_ROWS("Report", pj_report_rows, 0),
             PJ_ROWS("Findings", pj_strict_rows, offsetof(shapes_args, strict))},
    .examples = "picojoule shapes model.onnx\n"
                "    every tensor, symbolic dimensions as formulas\n"
                "picojoule shapes model.onnx --input image=1,3,224,224\n"
                "    the same for inputs of this shape\n"
                "picojoule shapes model.onnx --format json\n"
                "    for programs; docs/report-format.md describes it",
    .size = sizeof(shapes_args),
    .run = run,
};
