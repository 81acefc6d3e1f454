/* Many analyses, one after the other: what they have in common is opened once, and memory is kept between them.
 *
 * A session keeps the tables, devices and plans that setups have named (a file that has changed is read anew) and the
 * memory of results that have been freed. Results are the same as without one.
 *
 * Threads: a session, and freeing its results, is for one thread at a time. */
#ifndef PICOJOULE_SESSION_H
#define PICOJOULE_SESSION_H

#include "picojoule/result.h"

typedef struct pj_session pj_session;

/* An empty one. NULL: no memory. The caller frees it. */
PJ_API pj_session *pj_session_new(void);

/* As pj_analyze (result.h). The result is the caller's, who frees it before the session. After an error the session is
 * as good as before. */
PJ_API pj_status pj_session_run(pj_session *session, pj_model *model, const pj_setup *setup, pj_result **out,
                                pj_error *err);

PJ_API void pj_session_free(pj_session *session); /* NULL is allowed */

#endif
