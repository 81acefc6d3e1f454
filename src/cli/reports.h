/* One result in several formats, as CI wants it. */
#pragma once

#include "cli.h"

/* What writes a result, a pj_check or a pj_diff. */
typedef pj_status (*pj_result_writer)(const void *result, const pj_report_options *options, pj_sink sink, void *payload,
                                      pj_error *err);

/* Writes it as the options say, and as --report and --github-summary do: all of them, even if one fails; the first
 * failure counts. `subject`: what messages are about; NULL: nothing of its own. `output`: NULL where the first of them
 * is told already. */
pj_exit pj_write_reports(pj_result_writer write, const void *result, const pj_output *output, const pj_reports *more,
                         const char *subject);
