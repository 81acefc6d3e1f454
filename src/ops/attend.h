/* What scaled dot-product attention counts, for the operators that contain it. */
#pragma once

#include "ops/rules.h"

/* Extents of one attention. Every number may be unknown. */
typedef struct pj_attend {
    pj_num batch;
    pj_num heads;      /* of the queries */
    pj_num kv_heads;   /* of keys and values: each serves heads / kv_heads query heads */
    pj_num queries;    /* length of the query sequence */
    pj_num keys;       /* length of the key sequence, cached ones included */
    pj_num key_size;   /* of one head's query and key */
    pj_num value_size; /* of one head's value */
    pj_num window;     /* keys that a query attends to at most, those of a sliding window; 0: all of them */
    int masks;         /* masks and biases that are added to the scores */
    bool capped;       /* softcap: scores pass through cap * tanh(score / cap) */
} pj_attend;

/* Adds the arithmetic of softmax(scale * Q * K' + masks) * V:
 *   scores = batch * heads * queries * min(keys, window)
 *   mac    scores * (key_size + value_size); what a mask hides is counted, but for keys beyond the window, which
 *          kernels skip
 *   mul    batch * heads * queries * key_size (the scale, on Q)
 *   softmax, per score: 1 cmp (max), 2 add (difference, sum), 1 exp, 1 div
 *   masks, each: 1 add per score; softcap: 2 mul, 1 tanh per score */
void pj_attend_count(pj_ctx *c, pj_work *work, const pj_attend *attend);

/* The keys of a query: min(keys, window). */
pj_num pj_attend_seen(pj_ctx *c, const pj_attend *attend);

/* batch * heads * queries * keys */
pj_num pj_attend_scores(pj_ctx *c, const pj_attend *attend);

/* Rotary embedding of `n` elements: a rotation of pairs, 2 mul and 1 add an element. */
void pj_attend_rotate(pj_ctx *c, pj_work *work, pj_num n);

/* The size of one of `heads` heads in `hidden` elements. PJ_ESHAPE: it does not divide; unknown for no heads. */
pj_status pj_attend_split(pj_ctx *c, pj_num hidden, pj_num heads, pj_num *size);
