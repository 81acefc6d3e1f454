/* Bytes over a socket, with a time limit; numbers, texts and arrays in them. */
#include "runtime/message.h"

#if PJ_RUNTIME
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/limits.h"

/* ---- time ---- */

pj_deadline pj_deadline_in(double seconds)
{
    pj_deadline deadline = {.is_set = seconds > 0};
    clock_gettime(CLOCK_MONOTONIC, &deadline.at);
    const double whole = floor(fmin(seconds, 1e9));
    deadline.at.tv_sec += (time_t)whole;
    deadline.at.tv_nsec += (long)((fmin(seconds, 1e9) - whole) * 1e9);
    if (deadline.at.tv_nsec >= 1000000000) {
        deadline.at.tv_nsec -= 1000000000;
        deadline.at.tv_sec++;
    }
    return deadline;
}

/* Milliseconds that are left; -1: for ever. */
static int left_until(const pj_deadline *deadline)
{
    struct timespec now;
    if (!deadline || !deadline->is_set)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double left = (double)(deadline->at.tv_sec - now.tv_sec) + (double)(deadline->at.tv_nsec - now.tv_nsec) * 1e-9;
    return left <= 0 ? 0 : left > 1e6 ? 1000000000 : (int)(left * 1e3) + 1;
}

static pj_io wait_for(int fd, short event, const pj_deadline *deadline)
{
    struct pollfd poll_for = {.fd = fd, .events = event};
    for (;;) {
        int left = left_until(deadline);
        if (left == 0)
            return PJ_IO_LATE;
        int ready = poll(&poll_for, 1, left);
        if (ready > 0)
            return PJ_IO_DONE;
        if (ready < 0 && errno != EINTR)
            return PJ_IO_ENDED;
    }
}

pj_io pj_message_send(int fd, const void *bytes, size_t length, const pj_deadline *deadline)
{
    const uint8_t *at = bytes;
    while (length > 0) {
        ssize_t done = send(fd, at, length, MSG_NOSIGNAL);
        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return PJ_IO_ENDED;
        if (done > 0) {
            at += done;
            length -= (size_t)done;
        } else {
            pj_io ready = wait_for(fd, POLLOUT, deadline);
            if (ready != PJ_IO_DONE)
                return ready;
        }
    }
    return PJ_IO_DONE;
}

pj_io pj_message_receive(int fd, void *bytes, size_t length, const pj_deadline *deadline)
{
    uint8_t *at = bytes;
    while (length > 0) {
        ssize_t done = recv(fd, at, length, 0);
        if (done == 0 || (done < 0 && errno != EINTR && errno != EAGAIN))
            return PJ_IO_ENDED;
        if (done > 0) {
            at += done;
            length -= (size_t)done;
        } else {
            pj_io ready = wait_for(fd, POLLIN, deadline);
            if (ready != PJ_IO_DONE)
                return ready;
        }
    }
    return PJ_IO_DONE;
}

/* ---- writing ---- */

void pj_message_put_number(pj_str *out, uint64_t number)
{
    pj_str_add_bytes(out, (const char *)&number, sizeof number);
}

void pj_message_put_text(pj_str *out, const char *text)
{
    size_t length = strlen(text) + 1;
    pj_message_put_number(out, length);
    pj_str_add_bytes(out, text, length);
}

void pj_message_put_shape(pj_str *out, const pj_ndarray *array)
{
    pj_message_put_text(out, array->name);
    pj_message_put_number(out, array->dtype);
    pj_message_put_number(out, (uint64_t)array->rank);
    for (int i = 0; i < array->rank; i++)
        pj_message_put_number(out, (uint64_t)array->dims[i]);
}

void pj_message_put_aligned(pj_str *out, const void *bytes, size_t length)
{
    static const char zero[PJ_MESSAGE_ALIGN];
    pj_str_add_bytes(out, zero, (PJ_MESSAGE_ALIGN - out->length % PJ_MESSAGE_ALIGN) % PJ_MESSAGE_ALIGN);
    if (length > 0)
        pj_str_add_bytes(out, bytes, length);
}

/* ---- reading ---- */

static const uint8_t *take(pj_message *m, uint64_t length)
{
    if (m->failed || length > m->length - m->at) {
        m->failed = true;
        return NULL;
    }
    const uint8_t *bytes = m->bytes + m->at;
    m->at += (size_t)length;
    return bytes;
}

uint64_t pj_message_take_number(pj_message *m)
{
    uint64_t number = 0;
    const uint8_t *bytes = take(m, sizeof number);
    if (bytes)
        memcpy(&number, bytes, sizeof number);
    return number;
}

const char *pj_message_take_text(pj_message *m)
{
    uint64_t length = pj_message_take_number(m);
    const uint8_t *bytes = take(m, length);
    m->failed = m->failed || length == 0 || bytes[length - 1] != 0;
    return m->failed ? "" : (const char *)bytes;
}

bool pj_message_take_shape(pj_message *m, pj_arena *arena, pj_ndarray *out)
{
    int64_t dims[PJ_MAX_RANK];
    *out = (pj_ndarray){.name = pj_arena_strdup(arena, pj_message_take_text(m))};
    uint64_t dtype = pj_message_take_number(m), rank = pj_message_take_number(m);
    m->failed = m->failed || rank > PJ_MAX_RANK || dtype >= PJ_DTYPE_COUNT;
    for (uint64_t i = 0; i < rank && !m->failed; i++)
        dims[i] = (int64_t)pj_message_take_number(m);
    if (m->failed)
        return true;
    out->dtype = (pj_dtype)dtype;
    out->rank = (int)rank;
    out->dims = pj_arena_memdup(arena, dims, (size_t)rank, sizeof *dims);
    return out->name && out->dims;
}

const void *pj_message_take_aligned(pj_message *m, uint64_t length)
{
    take(m, (PJ_MESSAGE_ALIGN - m->at % PJ_MESSAGE_ALIGN) % PJ_MESSAGE_ALIGN);
    return take(m, length);
}
#endif
