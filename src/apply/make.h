/* Contents of new tensors, made from the numbers of others a part at a time: memory is a window, and one number per
 * channel, whatever the size of the tensor. */
#pragma once

#include "apply/codes.h"
#include "apply/numbers.h"

/* Where bytes go. */
typedef struct pj_bytes_to {
    pj_status (*put)(void *payload, const void *bytes, size_t n, pj_error *err);
    void *payload;
} pj_bytes_to;

typedef enum pj_form {
    PJ_FORM_FLOAT,        /* as they are, fp32 */
    PJ_FORM_HALF,         /* fp16 */
    PJ_FORM_BRAIN,        /* bfloat16 */
    PJ_FORM_EIGHTH,       /* float8e4m3fn of x / scale */
    PJ_FORM_CODES,        /* symmetric integers of x / scale */
    PJ_FORM_BLOCK_SCALES, /* fp32 scales of blocks ... */
    PJ_FORM_BLOCK_CODES,  /* ... and the integers */
    PJ_FORM_NBITS,        /* MatMulNBits: codes [N, blocks, bytes], ... */
    PJ_FORM_NBITS_SCALES, /* ... scales, fp32 [N, blocks] ... */
    PJ_FORM_NBITS_ZEROS   /* ... and packed zero points [N, bytes] */
} pj_form;

/* Power of numbers and of what rounding adds to them. */
typedef struct pj_rounding {
    double signal, noise;
} pj_rounding;

typedef struct pj_make {
    pj_form form;
    pj_numbers from;
    pj_lay lay;         /* of `from`; scale number a, or of blocks along a; of NBITS: a along K, the rest is N */
    int64_t block;      /* of blocks: numbers along a */
    int bits;           /* 2, 4, 8 */
    int32_t most;       /* M: codes are from -M to M */
    uint8_t offset;     /* that is added to codes of 8 bits */
    bool asymmetric;    /* of NBITS */
    bool half_scales;   /* scales as fp16 */
    const float *scale; /* of CODES, EIGHTH: `scales` of them: 1, or one for each a */
    int64_t scales;
    bool keeps_special;    /* of HALF, BRAIN: NaN and infinities are no errors */
    pj_rounding *rounding; /* of codes: is added to; may be NULL */
    const char *name;      /* of what it is made from, for errors; may be NULL */
} pj_make;

/* Bytes that it will have. False: more than 64 bits count. */
bool pj_make_bytes(const pj_make *make, uint64_t *out);

/* Hands all bytes on, in order. *lost is added to. PJ_ENOMEM, and what `from` and `to` return. */
pj_status pj_make_run(const pj_make *make, const pj_bytes_to *to, pj_lost *lost, pj_error *err);

/* Largest magnitude for each a of the lay, into most[extent]; one for all where `extent` is 1. *bad counts NaN and
 * infinities, which are left out. */
pj_status pj_make_most(const pj_numbers *from, pj_lay lay, float *most, uint64_t *bad, pj_error *err);

/* scale[extent] is that of the largest magnitude of each a, and becomes the one that adds the least noise to integers
 * of `bits` bits. The numbers are finite. PJ_ENOMEM, and what `from` returns. */
pj_status pj_make_least(const pj_numbers *from, pj_lay lay, int bits, float *scale, pj_error *err);
