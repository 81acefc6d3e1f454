/* Options that several commands have. */
#include "cli.h"

#define AT(member) offsetof(pj_output, member)
#define OF(member) offsetof(pj_record_args, member)

/* As a setting of that kind is read, which is in bits. */
static const char *read_size(pj_line *line, void *at, const char *value)
{
    pj_setup setup = pj_setup_default();
    const pj_setting *size;
    uint64_t bits = 0;
    pj_error err;
    size_t i = 0;
    (void)line;
    while ((size = pj_setup_setting(i)) && size->kind != PJ_SETTING_SIZE)
        i++;
    if (size && pj_setup_set(&setup, size->option, value, &err) == PJ_OK)
        memcpy(&bits, (const char *)&setup + size->at, sizeof bits);
    pj_setup_clear(&setup);
    *(uint64_t *)at = bits / 8;
    return bits >= 8 ? NULL : "a size from 1 byte on, for example 512MiB";
}

static const char *const *color_words(void)
{
    static const char *const words[] = {"auto", "always", "never", NULL};
    return words;
}

static const char *check_report(const char *value)
{
    size_t length = strcspn(value, "=");
    for (const char *const *format = pj_check_formats(); *format && value[length] && value[length + 1]; format++)
        if (strlen(*format) == length && memcmp(*format, value, length) == 0)
            return NULL;
    return "FORMAT=FILE, for example junit=out.xml; formats are text, json, markdown, html, junit, sarif, github and "
           "gitlab";
}

const char *pj_top_read(pj_line *line, void *at, const char *value)
{
    size_t *top = at;
    int64_t rows = 0;
    const char *end = pj_whole_read(value, &rows);
    bool all = strcasecmp(value, "all") == 0;
    (void)line;
    if (!all && (!end || *end || rows < 0))
        return "a number of rows, or all";
    *top = all ? PJ_TOP_ALL : rows ? (size_t)rows : PJ_TOP_NONE;
    return NULL;
}

/* clang-format off */
#define JSON_ROW {"json", 0, NULL, "short for --format json", PJ_OPTION_FLAG, .is = "format=json"}
#define OUTPUT_ROW                                                                                         \
    {"output", 'o', "FILE",                                                                                \
     "writes to FILE instead of standard output;\n"                                                        \
     "the file is replaced as a whole or not at all",                                                      \
     PJ_OPTION_TEXT, .at = AT(out), .wants = "the name of a file"}
#define LOOK_ROWS                                                                                        \
    {"width",  0,   "N",                                                                                   \
     "columns for text (default: the terminal's,\n"                                                        \
     "else 100)",                                                                                          \
     PJ_OPTION_INT, .at = AT(report.width), .least = 40, .most = 10000,                                          \
     .wants = "a number of columns from 40 to 10000", .format = "text"},   \
    {"color",  0,   NULL,                                                                                   \
     "colour in text (default auto: on a terminal,\n"                                                        \
     "unless NO_COLOR, CLICOLOR=0 or TERM=dumb)",                                                                   \
     PJ_OPTION_CHOICE, .at = AT(color), .words = color_words, .format = "text"},                                                     \
    {"memory-limit", 0, "SIZE",                                                                            \
     "ends with exit code 5 rather than take more\n"                                                       \
     "memory, for example 512MiB (default: no limit\n"                                                     \
     "but the system's)",                                                                                  \
     PJ_OPTION_READ, .at = AT(memory_limit), .read = read_size}

const pj_option pj_report_rows[6] = {
    {"format", 0, NULL, "how the report is written (default text)",
     PJ_OPTION_WORD, .at = AT(report.format), .words = pj_report_formats},
    JSON_ROW,
    OUTPUT_ROW,
    LOOK_ROWS
};
const pj_option pj_chart_rows[6] = {
    {"format", 0, NULL, "how the report is written (default text); svg is\na chart",
     PJ_OPTION_WORD, .at = AT(report.format), .words = pj_chart_formats},
    JSON_ROW,
    OUTPUT_ROW,
    LOOK_ROWS
};
const pj_option pj_look_rows[5] = {
    {"format", 0, NULL, "how the report is written (default text)",
     PJ_OPTION_WORD, .at = AT(report.format), .words = pj_report_formats},
    JSON_ROW,
    LOOK_ROWS
};
const pj_option pj_reports_rows[2] = {
    {"report",         0, "FORMAT=FILE",
     "writes the result to a file, too, for example\n"
     "--report junit=out.xml; repeatable",
     PJ_OPTION_TEXTS, .at = offsetof(pj_reports, files), .check = check_report},
    {"github-summary", 0, NULL,
     "appends the result as Markdown to the file that\n"
     "GITHUB_STEP_SUMMARY names, where it is set",
     PJ_OPTION_FLAG, .at = offsetof(pj_reports, summary)},
};
const pj_option pj_strict_rows[1] = {
    {"strict", 0, NULL,
     "what had to be assumed, or is not known, is an\n"
     "error (exit code 4) instead of a remark",
     PJ_OPTION_FLAG, .at = 0},
};

const char *pj_time_wants(const char *value)
{
    return pj_time_is_valid(value) ? NULL : "a time in UTC like 2026-11-20T22:09:24Z";
}

const pj_option pj_record_rows[5] = {
    {"record",    0, "FILE.db",
     "appends the figures to an SQLite file, for\n"
     "`picojoule history`; makes the file if need be",
     PJ_OPTION_TEXT, .at = OF(file), .wants = "the name of a file"},
    {"record-as", 0, "NAME", "under this name instead of the model's path",
     PJ_OPTION_TEXT, .at = OF(model), .wants = "a name", .not_for = PJ_BIT_CHECK},
    {"commit",    0, "ID",
     "at this commit (default: GITHUB_SHA,\n"
     "CI_COMMIT_SHA, ...: docs/history.md)",
     PJ_OPTION_TEXT, .at = OF(commit), .wants = "a commit"},
    {"branch",    0, "NAME",
     "on this branch (default: GITHUB_REF_NAME,\n"
     "CI_COMMIT_REF_NAME, ...)",
     PJ_OPTION_TEXT, .at = OF(branch), .wants = "the name of a branch"},
    {"time",      0, "TIME",
     "at this time, as 2026-11-20T22:09:24Z (default:\n"
     "SOURCE_DATE_EPOCH, else now)",
     PJ_OPTION_TEXT, .at = OF(time), .check = pj_time_wants},
};
/* clang-format on */
