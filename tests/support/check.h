/* Assertions for tests: each prints file, line and both values, counts, and goes on. A test's main ends with
 * `return check_done();`. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>

void check_true(bool ok, const char *text, const char *file, int line);
void check_int(int64_t got, int64_t want, const char *text, const char *file, int line);
void check_near(double got, double want, double relative, const char *text, const char *file, int line);
void check_text(const char *got, const char *want, const char *text, const char *file, int line);
/* `got` contains `part`. */
void check_part(const char *got, const char *part, const char *text, const char *file, int line);

/* Prints "N passed, M failed"; the exit code of main. No check at all is a failure. */
int check_done(void);

#define CHECK(ok)                       check_true((ok), #ok, __FILE__, __LINE__)
#define CHECK_INT(got, want)            check_int((int64_t)(got), (int64_t)(want), #got, __FILE__, __LINE__)
#define CHECK_NEAR(got, want, relative) check_near((got), (want), (relative), #got, __FILE__, __LINE__)
#define CHECK_TEXT(got, want)           check_text((got), (want), #got, __FILE__, __LINE__)
#define CHECK_PART(got, part)           check_part((got), (part), #got, __FILE__, __LINE__)

#endif
