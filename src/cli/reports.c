/* One result in several formats, as CI wants it. */
#include "reports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

typedef struct told {
    pj_result_writer write;
    const void *result;
    const char *subject;
} told;

static pj_exit write_one(const told *t, const pj_report_options *options, const char *path)
{
    pj_error err = {0};
    pj_out out = pj_out_new(path);
    pj_status status = t->write(t->result, options, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, t->subject);
}

/* FORMAT=FILE */
static pj_exit write_extra(const told *t, const char *report)
{
    char format[16] = "";
    size_t length = strcspn(report, "=");
    pj_report_options options = pj_report_options_default();
    memcpy(format, report, length < sizeof format ? length : 0);
    options.format = format;
    return write_one(t, &options, report + length + 1);
}

static bool append(const char *bytes, size_t length, void *payload)
{
    return fwrite(bytes, 1, length, payload) == length;
}

/* The file belongs to the runner and is never replaced. */
static pj_exit append_summary(const told *t)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    pj_error err = {0};
    pj_report_options options = pj_report_options_default();
    options.format = "markdown";
    if (!path || !*path)
        return PJ_EXIT_DONE;
    FILE *file = fopen(path, "ab");
    pj_status status = file ? t->write(t->result, &options, append, file, &err) : PJ_EIO;
    bool closed = file && fclose(file) == 0;
    if (status == PJ_OK && closed)
        return PJ_EXIT_DONE;
    pj_say("%s (GITHUB_STEP_SUMMARY): cannot be written: %s", path, strerror(errno));
    return PJ_EXIT_SYSTEM;
}

pj_exit pj_write_reports(pj_result_writer write, const void *result, const pj_output *output, const pj_reports *more,
                         const char *subject)
{
    const told t = {write, result, subject};
    pj_exit code = output ? write_one(&t, &output->report, output->out) : PJ_EXIT_DONE;
    for (size_t i = 0; i < more->files.count; i++) {
        pj_exit one = write_extra(&t, more->files.text[i]);
        code = code == PJ_EXIT_DONE ? one : code;
    }
    pj_exit summary = more->summary ? append_summary(&t) : PJ_EXIT_DONE;
    return code == PJ_EXIT_DONE ? summary : code;
}
