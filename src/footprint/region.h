/* Regions: what a kWh emits and drinks there, with year and source. Built in (footprint_data/regions.json), or a file
 * of the user. */
#pragma once

#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"
#include "picojoule/footprint.h"

typedef struct pj_regions {
    pj_arena *arena;
    const char *name; /* of the file */
    pj_region *rows;  /* countries, groups, cloud, as published */
    size_t count;
    pj_map ids; /* in lower case; names, too, of countries and groups */
} pj_regions;

/* The built-in ones (NULL), or those of a file (picojoule.regions/1), whose rows stand alone. The caller closes *out.
 * PJ_EFORMAT: file and row of what is wrong: an id twice, an intensity below 0 or above 5000; PJ_EIO, PJ_ENOMEM. */
pj_status pj_regions_open(const char *path, pj_regions **out, pj_error *err);
pj_status pj_regions_parse(const char *json, size_t length, const char *name, pj_regions **out, pj_error *err);
void pj_regions_close(pj_regions *regions); /* NULL is allowed */

/* By id without case (ISO alpha-3 and alpha-2 codes, groups, "gcp:us-central1", "framework.germany"), else by the name
 * of a country or a group. No prefixes. PJ_EFORMAT: there is none; the sentence has the three nearest. */
pj_status pj_region_find(const pj_regions *regions, const char *name, const pj_region **out, pj_error *err);

/* PJ_EFORMAT where it has no intensity: the sentence names its country. */
pj_status pj_region_usable(const pj_region *region, pj_error *err);

/* Gives its texts memory of their own; the arena knows of the lack of it. */
void pj_region_keep(pj_region *region, pj_arena *arena);

/* Embodied emissions of hardware, built in. */
typedef struct pj_embodied {
    const char *id;
    double kg, life_years; /* NAN: not stated */
    const char *source, *confidence;
} pj_embodied;

/* Texts live in `arena`. PJ_EFORMAT: no such row; the sentence names those that there are. */
pj_status pj_embodied_find(const char *id, pj_arena *arena, pj_embodied *out, pj_error *err);
