/* picojoule tables, picojoule devices: list, show, validate. */
#include "say.h"

typedef pj_status (*writer)(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                            pj_error *err);

static bool discard(const char *bytes, size_t length, void *payload)
{
    (void)bytes;
    (void)length;
    (void)payload;
    return true;
}

static pj_exit check(const pj_args *args, writer write, const char *what)
{
    pj_error err = {0};
    if (args->operands == 0)
        return pj_say_usage(args->command, "%s: --check wants a FILE", args->command);
    if (write(args->operand[0], NULL, discard, NULL, &err) != PJ_OK)
        return pj_say_error(&err, NULL);
    printf("%s: a valid %s\n", args->operand[0], what);
    return PJ_EXIT_DONE;
}

static pj_exit show(const pj_args *args, writer write, const char *what)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->out);
    if (args->check)
        return check(args, write, what);
    pj_status status = write(args->operands ? args->operand[0] : NULL, &args->report, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, NULL);
}

static pj_exit run_tables(const pj_args *args)
{
    return show(args, pj_tables_write, "energy table");
}

static pj_exit run_devices(const pj_args *args)
{
    return show(args, pj_devices_write, "device profile");
}

const pj_command pj_command_tables = {
    "tables",
    "[NAME|FILE]",
    0,
    1,
    "energy tables: list, show, validate",
    "Without an argument: the built-in energy tables. With a name or a file: every\n"
    "number in it with unit, source and confidence. A file is validated on the way;\n"
    "what is wrong is named with its JSON path.",
    {&pj_options_report, &pj_options_check},
    "picojoule tables\n"
    "    which tables there are\n"
    "picojoule tables horowitz-45nm\n"
    "    what an operation and a bit cost in it, and who says so\n"
    "picojoule tables --check my-table.json\n"
    "    is my own table valid?",
    run_tables,
};

const pj_command pj_command_devices = {
    "devices",
    "[NAME|FILE]",
    0,
    1,
    "device profiles: list, show, validate",
    "Without an argument: the built-in device profiles, for analyze --device. With a\n"
    "name or a file: every number in it with unit, source and confidence.",
    {&pj_options_report, &pj_options_check},
    "picojoule devices\n"
    "    which devices there are\n"
    "picojoule devices --check my-board.json\n"
    "    is my own profile valid?",
    run_devices,
};
