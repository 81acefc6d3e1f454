/* The JSON files of energy_tables/ and energy_tables/devices/, compiled in. */
#ifndef PJ_COST_BUILTIN_H
#define PJ_COST_BUILTIN_H

#include <stddef.h>

typedef struct pj_builtin {
    const char *name; /* file name without .json */
    const char *json; /* terminated */
    size_t length;
} pj_builtin;

/* Sorted by file name; ends with a row whose name is NULL. */
extern const pj_builtin pj_builtin_tables[];
extern const pj_builtin pj_builtin_devices[];

#endif
