/* Recording an analysis: where the commit, the branch and the time come from. */
#ifndef PJ_CLI_RECORD_H
#define PJ_CLI_RECORD_H

#include "say.h"

/* A time as histories have it, with its terminator. */
enum { PJ_TIME_SIZE = 32 };

/* The time of --time, else of SOURCE_DATE_EPOCH (seconds since 1970), else now, in UTC. false: SOURCE_DATE_EPOCH is no
 * time; that has been said. */
bool pj_time_of(const pj_args *args, char time[PJ_TIME_SIZE]);

/* --commit, else the first that is set of the variables of CI systems (docs/history.md); NULL: none. Likewise for the
 * branch. */
const char *pj_commit_of(const pj_args *args);
const char *pj_branch_of(const pj_args *args);

/* Appends the analysis to the file of --record; a negative `peak_bytes` is not known. Says what went wrong. */
pj_exit pj_record_analysis(const pj_args *args, const pj_result *result, int64_t peak_bytes);

#endif
