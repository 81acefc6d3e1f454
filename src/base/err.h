/* Raising and forwarding errors. The conventions are in include/picojoule/error.h. */
#pragma once

#include "base/libc.h"

#include "picojoule/error.h"

#if defined(__GNUC__)
#define PJ_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#else
#define PJ_PRINTF(format_at, args_at)
#endif

/* Forwards a failure to the caller. */
#define PJ_TRY(expr)                       \
    do {                                   \
        pj_status pj_try_status_ = (expr); \
        if (pj_try_status_ != PJ_OK)       \
            return pj_try_status_;         \
    } while (0)

/* Sets status and sentence (file, node and op stay as they are: the driver fills them) and returns `status`. `err` may
 * be NULL. A macro, so that compilers and analyzers see that the result is not PJ_OK. */
#define pj_fail(err, status, ...) pj_failed_with((status), pj_error_set((err), (status), __VA_ARGS__))
bool pj_error_set(pj_error *err, pj_status status, const char *format, ...) PJ_PRINTF(3, 4);
static inline pj_status pj_failed_with(pj_status status, bool set)
{
    (void)set;
    return status;
}

/* Names the place, unless a deeper caller has named it already. Each text may be NULL. */
void pj_error_at(pj_error *err, const char *file, const char *node, const char *op);

/* Where a caller gave no object at all. */
static inline pj_status pj_fail_null(pj_error *err)
{
    return pj_fail(err, PJ_EARGUMENT, "an argument that must not be NULL is NULL");
}

/* Tells the caller's watch (error.h), and asks whether to go on. `watch` may be NULL. PJ_ESTOPPED. */
static inline pj_status pj_watch_step(const pj_watch *watch, const char *stage, uint64_t done, uint64_t total,
                                      pj_error *err)
{
    if (!watch || !watch->step || watch->step(stage, done, total, watch->payload))
        return PJ_OK;
    return pj_fail(err, PJ_ESTOPPED, "stopped by the caller");
}

/* Out of memory, with the sentence for it. */
static inline pj_status pj_fail_memory(pj_error *err)
{
    return pj_fail(err, PJ_ENOMEM, "not enough memory, or the memory budget for this file is used up");
}

/* Has an allocation given memory? If not, the failure. PJ_TRY(pj_got(list, err)); */
static inline pj_status pj_got(bool memory, pj_error *err)
{
    return memory ? PJ_OK : pj_fail_memory(err);
}
