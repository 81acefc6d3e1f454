/* Numbers with units as a person writes them: "2.5mJ", "1 MiB", "12.5M", "2%". The same in every locale; nothing is
 * allocated. */
#pragma once

#include "base/libc.h"

typedef struct pj_amount_unit {
    const char *word; /* "": a number without a unit */
    double factor;
} pj_amount_unit;

/* Units of one quantity; "" stands first, the last word is NULL. */
extern const pj_amount_unit pj_units_energy[]; /* pJ, nJ, uJ, mJ, J in pJ */
extern const pj_amount_unit pj_units_time[];   /* ns, us, ms, s in us */
extern const pj_amount_unit pj_units_bytes[];  /* none, B, KiB, MiB, GiB, kB, MB, GB, bit in bytes */
extern const pj_amount_unit pj_units_count[];  /* none, k, M, G, T */
extern const pj_amount_unit pj_units_share[];  /* %: 1% is 0.01 */
extern const pj_amount_unit pj_units_plain[];  /* none */

typedef enum pj_digits {
    PJ_DIGITS_PLAIN,   /* "12.5": at most 15 digits, no exponent */
    PJ_DIGITS_EXPONENT /* "12.5", "1.25e+1": as a number of JSON, at most PJ_MAX_JSON_DIGITS characters */
} pj_digits;

/* The number at the start of the text, nearest double, finite. No sign, no leading zeros, digits on both sides of a
 * point. Returns what follows it and spaces, that is its unit; NULL: there is no such number. */
const char *pj_amount_number(const char *text, pj_digits digits, double *out);

/* Turns *amount from the unit of `length` bytes at `word` (letters in their case) into that of the table. false, with
 * *amount as it was: no such unit, or more than 1e300. */
bool pj_amount_convert(const char *word, size_t length, const pj_amount_unit *units, double *amount);
