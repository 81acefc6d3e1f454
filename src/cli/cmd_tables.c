/* picojoule tables, devices, hierarchies, regions: list, show, validate. */
#include "commands.h"
#include "say.h"

typedef struct tables_args {
    pj_output output;
    bool check;
    const char *fit;
} tables_args;

static const pj_option check_rows[] = {
    {"check", 0, NULL, "only says whether the file is valid", PJ_OPTION_FLAG, .at = offsetof(tables_args, check)},
};

static const pj_option fit_rows[] = {
    {"fit", 0, "ROWS",
     "JSON or CSV of measured layers: writes a profile\n"
     "with what such layers cost there", PJ_OPTION_TEXT, .at = offsetof(tables_args, fit)},
};

typedef pj_status (*writer)(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                            pj_error *err);

static bool discard(const char *bytes, size_t length, void *payload)
{
    (void)bytes;
    (void)length;
    (void)payload;
    return true;
}

static pj_exit check(const pj_line *line, writer write, const char *what)
{
    pj_error err = {0};
    if (line->operands == 0)
        return pj_say_usage(line->command->name, "%s: --check wants a FILE", line->command->name);
    if (write(line->operand[0], NULL, discard, NULL, &err) != PJ_OK)
        return pj_say_error(&err, NULL);
    printf("%s: a valid %s\n", line->operand[0], what);
    return PJ_EXIT_DONE;
}

static pj_exit show(const pj_line *line, const tables_args *args, writer write, const char *what)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    if (args->check)
        return check(line, write, what);
    pj_status status = write(line->operands ? line->operand[0] : NULL, &args->output.report, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, NULL);
}

static pj_exit run_tables(pj_line *line, const void *args)
{
    return show(line, args, pj_tables_write, "energy table");
}

static pj_exit run_devices(pj_line *line, const void *args)
{
    const tables_args *given = args;
    if (given->fit && line->operands)
        return pj_say_usage("devices", "devices: --fit makes a profile; it shows none");
    if (given->fit) {
        pj_error err = {0};
        pj_out out = pj_out_new(given->output.out);
        return pj_out_finish(&out, pj_device_fit(given->fit, pj_out_write, &out, &err), &err, NULL);
    }
    return show(line, args, pj_devices_write, "device profile");
}

static pj_exit run_hierarchies(pj_line *line, const void *args)
{
    return show(line, args, pj_hierarchies_write, "memory hierarchy");
}

static pj_exit run_regions(pj_line *line, const void *args)
{
    return show(line, args, pj_regions_write, "file of regions");
}

const pj_command pj_command_tables = {
    .name = "tables",
    .operands = "[NAME|FILE]",
    .least = 0,
    .most = 1,
    .summary = "energy tables: list, show, validate",
    .text = "Without an argument: the built-in energy tables. With a name or a file: every\n"
            "number in it with unit, source and confidence. A file is validated on the way;\n"
            "what is wrong is named with its JSON path.",
    .rows = {PJ_ROWS("Report", pj_report_rows, 0), PJ_ROWS("Validation", check_rows, 0)},
    .clashes = {{.with = "check", .others = "format output width"}             },
    .examples = "picojoule tables\n"
                "    which tables there are\n"
                "picojoule tables horowitz-45nm\n"
                "    what an operation and a bit cost in it, and who says so\n"
                "picojoule tables --check my-table.json\n"
                "    is my own table valid?",
    .size = sizeof(tables_args),
    .run = run_tables,
};

const pj_command pj_command_devices = {
    .name = "devices",
    .operands = "[NAME|FILE]",
    .least = 0,
    .most = 1,
    .summary = "device profiles: list, show, validate",
    .text = "Without an argument: the built-in device profiles, for analyze --device. With a\n"
            "name or a file: every number in it with unit, source and confidence. --fit makes\n"
            "a profile of what was measured; docs/devices.md has the format of the rows.",
    .rows = {PJ_ROWS("Report",      pj_report_rows, 0), PJ_ROWS("Validation", check_rows, 0),
             PJ_ROWS("Calibration", fit_rows, 0)},
    .clashes = {{.with = "check", .others = "format output width"}, {.with = "fit", .others = "check format width"}    },
    .examples = "picojoule devices\n"
                "    which devices there are\n"
                "picojoule devices --check my-board.json\n"
                "    is my own profile valid?\n"
                "picojoule devices --fit layers.csv -o my-board.json\n"
                "    a profile from measured layers",
    .size = sizeof(tables_args),
    .run = run_devices,
};

const pj_command pj_command_hierarchies = {
    .name = "hierarchies",
    .operands = "[NAME|FILE]",
    .least = 0,
    .most = 1,
    .summary = "memory hierarchies: list, show, validate",
    .text = "Without an argument: the built-in memory hierarchies, which describe the levels,\n"
            "registers and array of a chip. With a name or a file: every number in it with\n"
            "unit, source and confidence. hierarchies/README.md has the format.",
    .rows = {PJ_ROWS("Report", pj_report_rows, 0), PJ_ROWS("Validation", check_rows, 0)},
    .clashes = {{.with = "check", .others = "format output width"}             },
    .examples = "picojoule hierarchies\n"
                "    which hierarchies there are\n"
                "picojoule hierarchies tpu-like\n"
                "    what a bit costs in each of its memories, and who says so",
    .size = sizeof(tables_args),
    .run = run_hierarchies,
};

const pj_command pj_command_regions = {
    .name = "regions",
    .operands = "[NAME|FILE]",
    .least = 0,
    .most = 1,
    .summary = "grid intensities, PUE and water: list, show, validate",
    .text = "Without an argument: what a kWh emits in 214 countries, groups of countries and\n"
            "103 cloud regions. With an id or a name (DEU, DE, Germany, gcp:us-central1): its\n"
            "figures with year, source and confidence. With a file of your own\n"
            "(picojoule.regions/1, docs/footprint.md): validates it, and lists its rows.",
    .rows = {PJ_ROWS("Report", pj_report_rows, 0), PJ_ROWS("Validation", check_rows, 0)},
    .clashes = {{.with = "check", .others = "format output width"}             },
    .examples = "picojoule regions\n"
                "    which regions there are\n"
                "picojoule regions FRA\n"
                "    what is known of one, and who says so",
    .size = sizeof(tables_args),
    .run = run_regions,
};
