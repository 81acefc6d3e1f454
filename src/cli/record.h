/* Recording an analysis: where the commit, the branch and the time come from. */
#pragma once

#include "say.h"

/* A time as histories have it, with its terminator. */
enum { PJ_TIME_SIZE = 32 };

/* The time that was given (may be NULL), else of SOURCE_DATE_EPOCH (seconds since 1970), else now, in UTC. false:
 * SOURCE_DATE_EPOCH is no time; that has been said. */
bool pj_time_of(const char *given, char time[PJ_TIME_SIZE]);

/* Appends the result to the file of --record. Without --commit and --branch, the first that is set of the variables of
 * CI systems counts (docs/history.md). Says what went wrong. */
pj_exit pj_record_result(const pj_line *line, const pj_record_args *record, const pj_result *result);

/* The same for measured energies; an estimate among them is refused. */
pj_exit pj_record_energies(const pj_record_args *record, const pj_footprint *footprint);
