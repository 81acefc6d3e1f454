/* Messages between the program and the process that runs ONNX Runtime: a head, then that many bytes. Both ends are one
 * program on one machine, so numbers are in its own form. */
#pragma once

#include <time.h>

#include "base/str.h"
#include "samples/array.h"

/* What is asked. */
typedef enum pj_ask { PJ_ASK_LOAD, PJ_ASK_RUN, PJ_ASK_TIME, PJ_ASK_END_PROFILE, PJ_ASK_UNLOAD } pj_ask;

/* Of a question, `what` is a pj_ask; of an answer, a pj_status, whose sentence follows where it is not PJ_OK. */
typedef struct pj_head {
    uint64_t what, length;
} pj_head;

/* The end of a wait; the clock is CLOCK_MONOTONIC. `seconds` 0: none. */
typedef struct pj_deadline {
    struct timespec at;
    bool is_set;
} pj_deadline;

pj_deadline pj_deadline_in(double seconds);

typedef enum pj_io { PJ_IO_DONE, PJ_IO_ENDED, PJ_IO_LATE } pj_io;

/* All of the bytes, through a socket that does not block. */
pj_io pj_message_send(int fd, const void *bytes, size_t length, const pj_deadline *deadline);
pj_io pj_message_receive(int fd, void *bytes, size_t length, const pj_deadline *deadline);

/* ---- what messages are made of ---- */

enum { PJ_MESSAGE_ALIGN = 64 }; /* data of arrays: offsets in the message */

void pj_message_put_number(pj_str *out, uint64_t number);
void pj_message_put_text(pj_str *out, const char *text);
void pj_message_put_shape(pj_str *out, const pj_ndarray *array); /* name, type, dims */
void pj_message_put_aligned(pj_str *out, const void *bytes, size_t length);

/* A message that is read; what it lacks makes it failed, and everything 0 or "" from then on. */
typedef struct pj_message {
    const uint8_t *bytes;
    size_t length, at;
    bool failed;
} pj_message;

uint64_t pj_message_take_number(pj_message *message);
const char *pj_message_take_text(pj_message *message);                             /* in the message */
bool pj_message_take_shape(pj_message *message, pj_arena *arena, pj_ndarray *out); /* no data yet. false: no memory */
const void *pj_message_take_aligned(pj_message *message, uint64_t length);
