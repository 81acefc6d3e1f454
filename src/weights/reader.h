/* The numbers of one constant, read from its file in any order, a part at a time. */
#pragma once

#include "base/input.h"
#include "weights/constant.h"

/* Files that are open, shared by readers. */
typedef struct pj_weight_files {
    const pj_model *model;
    struct pj_weight_file {
        const char *location; /* of external data, as the loader keeps it; NULL: the model itself */
        pj_input input;
    } * file;
    size_t count;
    pj_map seen;      /* location -> anything: files whose bytes are granted */
    uint64_t granted; /* bytes that may be read in all: some multiple of those that the files really hold */
    uint64_t taken;
} pj_weight_files;

enum { PJ_MOST_WEIGHT_FILES = 64 };

pj_status pj_weight_files_new(pj_weight_files *files, const pj_model *model, pj_arena *arena, pj_error *err);
bool pj_weight_files_full(const pj_weight_files *files);
void pj_weight_files_close(pj_weight_files *files); /* all of them; more may be opened then */

/* Bytes of a tensor: in memory, or at `offset` of `input`. */
typedef struct pj_stored {
    const uint8_t *memory;
    const pj_input *input;
    uint64_t offset, length;
    const char *name;
} pj_stored;

typedef struct pj_reader {
    const pj_constant *constant;
    pj_stored bytes;
    const float *scale, *zero; /* NULL: the number below for all */
    double one_scale, one_zero;
} pj_reader;

enum { PJ_READ_BYTES = 256 * 1024 }; /* scratch memory that reading needs */

/* For who writes what is read: as much as a hole in a file holds may be read, too. */
void pj_weight_files_grant_all(pj_weight_files *files);

/* Opens the file, reads scales and zero points into `arena`. Many threads may read from it then. PJ_EIO, PJ_ENOMEM.
 * *absent: why it cannot be read although nothing went wrong, or NULL. */
pj_status pj_reader_open(pj_reader *reader, const pj_constant *constant, pj_weight_files *files, pj_arena *arena,
                         const char **absent, pj_error *err);

/* `n` real numbers from number `first` on. PJ_EIO: the file cannot be read, or is shorter than it was. */
pj_status pj_reader_get(const pj_reader *reader, int64_t first, int64_t n, uint8_t *scratch, double *out,
                        pj_error *err);

/* The same in single precision, rounded; fp32 numbers that nothing scales come as they are. */
pj_status pj_reader_floats(const pj_reader *reader, int64_t first, int64_t n, uint8_t *scratch, float *out,
                           pj_error *err);

/* `n` bytes from byte `at` on, as in raw_data. PJ_EIO as above. */
pj_status pj_reader_raw(const pj_reader *reader, uint64_t at, size_t n, void *out, pj_error *err);
