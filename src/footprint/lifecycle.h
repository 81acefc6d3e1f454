/* The phases of a model's life, worked out. */
#pragma once

#include "footprint/region.h"

/* The same from bytes; files that it names are found from the folder of `name`. */
pj_status pj_lifecycle_parse(const char *json, size_t length, const char *name, const pj_site *site, bool mix,
                             pj_lifecycle **out, pj_error *err);
