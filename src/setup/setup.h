/* What is asked, as a value: copies, and what is read and written of it by the table of members. */
#pragma once

#include "base/json.h"
#include "base/json_write.h"
#include "picojoule/setup.h"

/* Words of `reuse` and `kv_cache` that code asks for by name. */
#define PJ_REUSE_ONCE     "once"
#define PJ_REUSE_USUAL    "fused"
#define PJ_REUSE_TILED    "tiled"
#define PJ_CACHE_WHOLE    "whole"
#define PJ_CACHE_EXPORTED "as-exported"

/* A copy with all its texts and arrays, which live as long as the arena; resources stay the caller's. Out of memory
 * shows in pj_arena_failed. */
pj_setup pj_setup_copy(const pj_setup *setup, pj_arena *arena);

/* Makes what the caller has put into lists the setup's own, so that they can grow. false: no memory. */
bool pj_setup_own(pj_setup *setup);

/* ---- members.c: the table, in the orders that files and readers know ---- */

typedef enum pj_setting_order { PJ_ORDER_REPORT, PJ_ORDER_BUDGET, PJ_ORDER_BASIS, PJ_ORDER_TOLD } pj_setting_order;

/* The first member of an order (`before` NULL), and each after the other; NULL past the last. */
const pj_setting *pj_setting_after(pj_setting_order order, const pj_setting *before);

/* The member that stands at an offset of pj_setup: PJ_SETTING_AT(devices). */
const pj_setting *pj_setting_at(size_t offset);
#define PJ_SETTING_AT(member) pj_setting_at(offsetof(pj_setup, member))

/* The member of a name, or of an option, of `length` characters; NULL: there is none. */
const pj_setting *pj_setting_find(const char *name, size_t length);

/* ---- number.c ---- */

/* What a number of sequences has to be, where the text is none; NULL: it is one. */
const char *pj_batch_wants(const char *text);

/* ---- values.c: one member ---- */

/* Has it another value than pj_setup_default()? */
bool pj_setting_is_set(const pj_setup *setup, const pj_setting *member);

/* Does it say where tensors are, which `once` alone asks? And does the setup say so? */
bool pj_setting_is_place(const pj_setting *member);
bool pj_setup_has_places(const pj_setup *setup);

/* Of a result: do its figures rest on levels of a memory hierarchy, not on places? */
bool pj_setup_has_levels(const pj_setup *setup);

/* Of what was read from a file: what it does not say is as it was before it could be said. */
void pj_setup_unsaid(pj_setup *setup);

/* The member itself. */
void *pj_setting_of(pj_setup *setup, const pj_setting *member);
const char *pj_setting_text(const pj_setup *setup, const pj_setting *member); /* of kinds that are texts; may be NULL */
bool pj_setting_bool(const pj_setup *setup, const pj_setting *member);
pj_place pj_setting_place(const pj_setup *setup, const pj_setting *member);
uint64_t pj_setting_bits(const pj_setup *setup, const pj_setting *member);

/* Appends its value as reports and comparisons write it: "dram", "yes", bits; "none" for what is not set. Lists between
 * commas. */
void pj_setting_print(const pj_setup *setup, const pj_setting *member, pj_str *out);

/* How many a list has; 0 for other kinds. Of one of them, which begins with its name, NAME and VALUE of NAME=VALUE, and
 * both; names alone have no value. Of dimensions and trips, the number. */
size_t pj_setting_count(const pj_setup *setup, const pj_setting *member);
void *pj_setting_item(pj_setup *setup, const pj_setting *member, size_t index);
const char *pj_setting_item_name(const pj_setup *setup, const pj_setting *member, size_t index);
void pj_setting_item_value(const pj_setup *setup, const pj_setting *member, size_t index, pj_str *out);
void pj_setting_item_print(const pj_setup *setup, const pj_setting *member, size_t index, pj_str *out);
int64_t pj_setting_item_number(const pj_setup *setup, const pj_setting *member, size_t index);

/* One more at the end of a list, zeroed, which is empty or was made by this function or pj_setting_take() in the same
 * arena. NULL: no memory. */
void *pj_setting_add(pj_setup *setup, const pj_setting *member, pj_arena *arena);

/* Adds NAME=NUMBER to a list of dimensions or trips. false: no memory. */
bool pj_setting_bind(pj_setup *setup, const pj_setting *member, const char *name, int64_t number, pj_arena *arena);

/* Copies the list of a member, so that it can grow. false: no memory. */
bool pj_setting_take(pj_setup *setup, const pj_setting *member, pj_arena *arena);

/* ---- set.c: from texts ---- */

/* What else is looked at (inspect_weights, best_order): flags that pj_setup_set() knows beside the members. NULL past
 * the last. */
const pj_setting *pj_setup_look(size_t index);

/* A size with a unit, in bits: bytes without one. false: there is none, or more than a petabyte. */
bool pj_size_read(const char *text, uint64_t *bits);

/* Sets a member from the value of its option (NULL for a flag); of a list, adds to it. NULL: done; else what it wants
 * instead. Running out of memory shows in the arena. */
const char *pj_setting_parse(pj_setup *setup, const pj_setting *member, const char *value, pj_arena *arena);

/* ---- texts.c: as options ---- */

/* The members of an object that ask for the same in one call (binding.h): what has another value than
 * pj_setup_default(). */
void pj_setup_request(const pj_setup *setup, pj_json_writer *json);

/* A size as an option reads it: 1MiB, 1500, or bits where they are no whole bytes: 4100bit. */
void pj_size_print(uint64_t bits, pj_str *out);

/* The options that ask for the same again, quoted for a shell: what differs from the default. Devices only
 * estimate beside the table, so they are left out. */
void pj_setup_options(const pj_setup *setup, pj_str *out);

/* What figures rest on beside the table, as options: the basis by which histories compare. Settings that have a default
 * are there, too, since a default may change. Number formats are what the points of one Pareto file differ in, so they
 * are not part of every basis. */
void pj_setup_basis(const pj_setup *setup, bool with_formats, pj_str *out);

/* ---- basis.c: two of those ---- */

/* "--contents table:0123456789ab": the file that a member names, and the start of its digest. */
#define PJ_BASIS_CONTENTS "--contents "

/* Do figures of the two compare? Contents of files that only one of them has a digest of, as older records, do not
 * count. */
bool pj_basis_same(const char *a, const char *b);

/* Appends what `now` has and `before` has not, and the other way round: "with --quantize int8, without --no-fold, table
 * with other contents"; the last for tables of one name. */
void pj_basis_difference(const char *now, const char *before, bool same_table, pj_str *out);

/* ---- json.c ---- */

/* The value of a member as reports have it; of devices, nothing: their figures have their names. */
void pj_setting_write_json(const pj_setup *setup, const pj_setting *member, pj_json_writer *json);

/* Reads one that is there; texts go into the arena. Errors of json.h. */
pj_status pj_setting_read_json(const pj_setting *member, pj_json value, pj_arena *arena, pj_setup *out, pj_error *err);

/* The member "settings" of a report. */
void pj_setup_json(const pj_setup *setup, pj_json_writer *json);

/* Reads it; texts go into the arena. Errors of json.h. */
pj_status pj_setup_read(pj_json report, pj_arena *arena, pj_setup *out, pj_error *err);

/* ---- budget.c: in a budget file ---- */

/* In a budget's objects, a member of this name holds remarks: a text, or an array of texts. */
#define PJ_BUDGET_REMARK "//"

/* Reads the value that a budget gives a member, which none that is found and no input is. Paths are found from `folder`
 * ("" or with a slash at its end). */
pj_status pj_setting_read(const pj_setting *member, pj_json value, const char *folder, pj_arena *arena, pj_setup *out,
                          pj_error *err);

/* The number of a device, which is added where it is new; 0 without memory, too: the arena knows. */
size_t pj_setup_device(pj_setup *setup, const char *name, const char *folder, pj_arena *arena);

/* Writes what differs from the default. `path` says where a file is found from the budget; it may be NULL. */
typedef const char *(*pj_path_of)(const char *path, void *payload);
void pj_setup_budget_json(const pj_setup *setup, pj_path_of path, void *payload, pj_json_writer *json);
