/* Caches of keys and values: a step of a language model reads all of a cache, and appends to it.
 *
 * A graph cannot say that: it has the old cache as an input and the new one as an output. It is recognized where a
 * model input goes into Concat or a scatter operator, or into an attention operator, that makes a model output of it.
 */
#pragma once

#include "cost/traffic.h"

/* Fills past[v] for each value v that is such an output: the input. Returns how many there are; *first is one of the
 * inputs. */
size_t pj_caches_find(const pj_traffic *traffic, const pj_value **past, const pj_value **first);

/* Elements of output `o` that are new. */
pj_num pj_cache_appended(const pj_traffic *traffic, size_t layer, int o, const pj_value *past);

/* Does the layer only pass the cache on: not read what it had? */
bool pj_cache_is_passed(const pj_traffic *traffic, size_t layer, int i, const pj_value *const *past);
