/* The table of members, in the orders that files and readers know. */
#ifndef PJ_SETUP_MEMBERS_H
#define PJ_SETUP_MEMBERS_H

#include "picojoule/setup.h"

typedef enum pj_setting_order { PJ_ORDER_REPORT, PJ_ORDER_BUDGET, PJ_ORDER_BASIS, PJ_ORDER_TOLD } pj_setting_order;

/* The first member of an order (`before` NULL), and each after the other; NULL past the last. */
const pj_setting *pj_setting_after(pj_setting_order order, const pj_setting *before);

/* The member that stands at an offset of pj_setup: PJ_SETTING_AT(devices). */
const pj_setting *pj_setting_at(size_t offset);
#define PJ_SETTING_AT(member) pj_setting_at(offsetof(pj_setup, member))

/* The member of a name, or of an option, of `length` characters; NULL: there is none. */
const pj_setting *pj_setting_find(const char *name, size_t length);

#endif
