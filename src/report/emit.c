/* Formats, and the way of a finished text to the sink. */
#include "report/emit.h"

#include <string.h>

#include "picojoule/history.h"

static const char *const formats[] = {
    [PJ_OUTPUT_TEXT] = "text",
    [PJ_OUTPUT_JSON] = "json",
    [PJ_OUTPUT_CSV] = "csv",
    [PJ_OUTPUT_MARKDOWN] = "markdown",
    NULL,
};

const char *const *pj_report_formats(void)
{
    return formats;
}

const char *const *pj_chart_formats(void)
{
    static const char *const charts[] = {"text", "json", "csv", "markdown", "svg", NULL};
    return charts;
}

bool pj_is_svg(const pj_report_options *options)
{
    return options && options->format && strcmp(options->format, "svg") == 0;
}

pj_report_options pj_report_options_default(void)
{
    pj_report_options options = {"text", 100, false, PJ_NO_GROUP, 0, PJ_BY_FORMAT, 0};
    return options;
}

pj_status pj_output_of(const pj_report_options *options, pj_output *out, pj_error *err)
{
    const char *name = options && options->format ? options->format : formats[PJ_OUTPUT_TEXT];
    for (int i = 0; formats[i]; i++)
        if (strcmp(formats[i], name) == 0) {
            *out = (pj_output)i;
            return PJ_OK;
        }
    return pj_fail(err, PJ_EARGUMENT, "there is no format \"%s\"; there are text, json, csv and markdown", name);
}

pj_text_style pj_style_of(const pj_report_options *options)
{
    pj_text_style style = {100, false};
    if (options) {
        style.width = options->width > 0 ? (size_t)options->width : style.width;
        style.color = options->color;
    }
    return style;
}

pj_status pj_emit(pj_str *text, pj_sink sink, void *payload, pj_error *err)
{
    pj_status status = PJ_OK;
    if (text->failed)
        status = pj_fail_memory(err);
    else if (!sink(text->data, text->length, payload))
        status = pj_fail(err, PJ_EIO, "the report cannot be written");
    pj_str_free(text);
    return status;
}
