/* Lists of pieces, and writing them. */
#include "apply/pieces.h"

#include <string.h>

enum { WINDOW = 1 << 20 };

void pj_pieces_add(pj_pieces *to, pj_arena *arena, pj_piece_kind kind, uint64_t length, uint64_t at, const void *what)
{
    pj_piece *last = to->count ? &to->piece[to->count - 1] : NULL;
    to->bytes += length;
    if (length == 0)
        return;
    if (kind == PJ_PIECE_COPY && last && last->kind == PJ_PIECE_COPY && last->at + last->length == at) {
        last->length += length;
        return;
    }
    if (to->count == to->room) {
        size_t room = to->room ? 2 * to->room : 64;
        pj_piece *grown = PJ_NEW(arena, pj_piece, room);
        if (!grown)
            return; /* the arena has failed */
        if (to->count > 0)
            memcpy(grown, to->piece, to->count * sizeof *grown);
        to->piece = grown;
        to->room = room;
    }
    to->piece[to->count++] = (pj_piece){.kind = kind, .length = length, .at = at, .bytes = what};
}

void pj_pieces_copy(pj_pieces *to, pj_arena *arena, uint64_t begin, uint64_t end)
{
    pj_pieces_add(to, arena, PJ_PIECE_COPY, end - begin, begin, NULL);
}

void pj_pieces_text(pj_pieces *to, pj_arena *arena, pj_str *text)
{
    size_t length = text->length;
    const char *bytes = text->failed ? NULL : pj_arena_memdup(arena, text->data, length + 1, 1);
    if (!bytes)
        pj_arena_fail(arena);
    else
        pj_pieces_add(to, arena, PJ_PIECE_BYTES, length, 0, bytes);
    pj_str_free(text);
}

void pj_pieces_message(pj_pieces *to, pj_arena *arena, uint32_t field, const pj_pieces *body)
{
    pj_str head = pj_str_new(0);
    pj_put_tag(&head, field, PJ_WIRE_BYTES);
    pj_put_varint(&head, body->bytes);
    pj_pieces_text(to, arena, &head);
    for (size_t i = 0; i < body->count; i++) {
        const pj_piece *p = &body->piece[i];
        pj_pieces_add(to, arena, p->kind, p->length, p->at, p->bytes);
    }
}

/* ---- writing ---- */

static pj_status tell(const pj_pieces_to *to, pj_error *err)
{
    return pj_watch_step(to->watch, "writing", pj_output_bytes(to->output), to->all, err);
}

/* A large weight is told of while it is made. */
static pj_status put(void *payload, const void *bytes, size_t n, pj_error *err)
{
    const pj_pieces_to *to = payload;
    PJ_TRY(pj_output_put(to->output, bytes, n, err));
    return tell(to, err);
}

static pj_status write_copy(const pj_pieces_to *to, const pj_piece *p, uint8_t *window, pj_error *err)
{
    for (uint64_t done = 0; done < p->length;) {
        size_t n = p->length - done < WINDOW ? (size_t)(p->length - done) : WINDOW;
        if (p->kind == PJ_PIECE_TENSOR) {
            PJ_TRY(pj_edit_raw(to->edit, p->tensor, done, n, window, err));
        } else {
            int64_t got = pj_input_read(to->edit->file.input, p->at + done, window, n);
            if (got <= 0)
                return pj_fail(err, PJ_EIO, "the model became shorter while it was read");
            n = (size_t)got;
        }
        PJ_TRY(pj_output_put(to->output, window, n, err));
        done += n;
        PJ_TRY(tell(to, err));
    }
    return PJ_OK;
}

static pj_status write_piece(const pj_pieces_to *to, const pj_piece *p, uint8_t *window, pj_error *err)
{
    static const uint8_t zeros[PJ_MOST_ZEROS];
    const pj_bytes_to sink = {put, (void *)(uintptr_t)to};
    switch (p->kind) {
    case PJ_PIECE_COPY:
    case PJ_PIECE_TENSOR:
        return write_copy(to, p, window, err);
    case PJ_PIECE_BYTES:
        return pj_output_put(to->output, p->bytes, p->length, err);
    case PJ_PIECE_MAKE:
        return pj_make_run(p->make, &sink, to->lost, err);
    case PJ_PIECE_LOCATION:
        return pj_output_put(to->output, pj_output_data_name(to->output), p->length, err);
    case PJ_PIECE_ZEROS:
        break;
    }
    return pj_output_put(to->output, zeros, p->length, err);
}

pj_status pj_pieces_write(const pj_pieces *from, const pj_pieces_to *to, pj_error *err)
{
    uint8_t *window = PJ_NEW(to->edit->arena, uint8_t, WINDOW);
    PJ_TRY(pj_got(window, err));
    for (size_t i = 0; i < from->count; i++) {
        uint64_t before = pj_output_bytes(to->output);
        PJ_TRY(tell(to, err));
        PJ_TRY(write_piece(to, &from->piece[i], window, err));
        if (pj_output_bytes(to->output) - before != from->piece[i].length)
            return pj_fail(err, PJ_EFORMAT, "a tensor has other contents than were announced");
        PJ_TRY(tell(to, err));
    }
    return PJ_OK;
}
