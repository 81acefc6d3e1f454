/* Many analyses, one after the other: what they have in common is opened once, and memory is kept between them.
 *
 * A session keeps the tables, devices and plans that setups have named (a file that has changed is read anew), the
 * memory of results that have been freed, and from the second analysis of a model in a row what settings do not touch:
 * formats, schedule and counts, as long as the model is not bound anew and plan, quantize, no_fold, best_order and the
 * accumulators of the table stay as they are. What is left then is prices. Results are the same as without one.
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

/* From now on the session reads each file that setups name once, and does not ask what it holds later. */
PJ_API void pj_session_settle(pj_session *session);

PJ_API void pj_session_free(pj_session *session); /* NULL is allowed */

/* ---- one model at many settings ---- */

/* From now on the session keeps what settings do not touch from the first analysis on. The model may be bound anew
 * between two calls; two models in turn are better served by two sessions. */
typedef struct pj_pricer pj_pricer;

/* Both are borrowed. NULL: no memory. The caller frees it, before the session and the model. */
PJ_API pj_pricer *pj_pricer_new(pj_session *session, pj_model *model);

/* As pj_session_run, and equal to it to the last bit. The result is the pricer's, until the next call. */
PJ_API pj_status pj_pricer_run(pj_pricer *pricer, const pj_setup *setup, const pj_result **out, pj_error *err);

PJ_API void pj_pricer_free(pj_pricer *pricer); /* NULL is allowed */

#endif
