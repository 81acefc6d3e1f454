/* A file as a list of pieces: what is copied, and what is made while it is written. Lengths are known before. */
#pragma once

#include "apply/edit.h"
#include "apply/output.h"
#include "picojoule/report.h"

typedef enum pj_piece_kind {
    PJ_PIECE_COPY,     /* of the model's file, from `at` */
    PJ_PIECE_BYTES,    /* `bytes` */
    PJ_PIECE_TENSOR,   /* contents of a tensor of the source */
    PJ_PIECE_MAKE,     /* contents that are made */
    PJ_PIECE_LOCATION, /* the name of the data file */
    PJ_PIECE_ZEROS
} pj_piece_kind;

typedef struct pj_piece {
    pj_piece_kind kind;
    uint64_t length, at;
    union {
        const void *bytes;
        const pj_tensor *tensor;
        const pj_make *make;
    };
} pj_piece;

typedef struct pj_pieces {
    pj_piece *piece;
    size_t count, room;
    uint64_t bytes;
} pj_pieces;

enum { PJ_MOST_ZEROS = 4096 }; /* of one piece */

/* All take memory from the arena, which knows where it ran out. */
void pj_pieces_add(pj_pieces *to, pj_arena *arena, pj_piece_kind kind, uint64_t length, uint64_t at, const void *what);
void pj_pieces_copy(pj_pieces *to, pj_arena *arena, uint64_t begin, uint64_t end);
void pj_pieces_text(pj_pieces *to, pj_arena *arena, pj_str *text); /* a copy; frees the text */

/* A message: tag, length, contents. */
void pj_pieces_message(pj_pieces *to, pj_arena *arena, uint32_t field, const pj_pieces *body);

/* Where pieces go. */
typedef struct pj_pieces_to {
    pj_edit *edit;
    pj_output *output;
    uint64_t all;          /* bytes of all files */
    const pj_watch *watch; /* NULL: nobody is told */
    pj_lost *lost;
} pj_pieces_to;

/* PJ_EFORMAT: a tensor is not as long as was announced. PJ_EIO, PJ_ENOMEM, PJ_ESTOPPED. */
pj_status pj_pieces_write(const pj_pieces *from, const pj_pieces_to *to, pj_error *err);
