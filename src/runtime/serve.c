/* Sessions of ONNX Runtime on one side, messages on the other. All memory of an answer is of one arena. */
#include "runtime/serve.h"

#if PJ_RUNTIME
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/ckd.h"
#include "runtime/message.h"
#include "runtime/ort.h"

enum { MOST_MODELS = 64, WHY = 480, MOST_FILES = 1024 };

typedef struct loaded {
    void *session;
    bool has_profile;
    size_t outputs;
    char **output;
} loaded;

typedef struct server {
    int socket;
    pj_ort ort;
    loaded model[MOST_MODELS];
    pj_arena *arena;
    pj_message question;
    pj_str answer;
    char why[WHY];
} server;

static bool ok(server *s, pj_ort_status status)
{
    return pj_ort_ok(&s->ort, status, s->why, sizeof s->why);
}

static bool fail(server *s, const char *why)
{
    snprintf(s->why, sizeof s->why, "%s", why);
    return false;
}

static bool got(server *s, bool memory)
{
    return memory || fail(s, "not enough memory");
}

/* ---- loading ---- */

/* A tensor's type and dimensions; other kinds stay undefined. */
static bool read_shape(server *s, const void *info, pj_ndarray *out, const char ***symbols)
{
    int type;
    size_t rank;
    if (!ok(s, s->ort.element_type(info, &type)) || !ok(s, s->ort.rank_of(info, &rank)))
        return false;
    int64_t *dims = PJ_NEW(s->arena, int64_t, rank);
    const char **names = PJ_NEW(s->arena, const char *, rank);
    if (!got(s, dims && names) || !ok(s, s->ort.dims_of(info, dims, rank)))
        return false;
    if (symbols && !ok(s, s->ort.symbols_of(info, names, rank)))
        return false;
    out->dtype = (pj_dtype)pj_onnx_type_of(type);
    out->rank = (int)rank;
    out->dims = dims;
    if (symbols)
        *symbols = names;
    return true;
}

static bool put_port(server *s, const char *name, void *type_info)
{
    const void *info = NULL;
    const char **symbols = NULL;
    pj_ndarray port = {.name = name};
    bool is_ok = ok(s, s->ort.cast_to_tensor(type_info, &info));
    if (is_ok && info)
        is_ok = read_shape(s, info, &port, &symbols);
    if (is_ok) {
        pj_message_put_shape(&s->answer, &port);
        for (int i = 0; i < port.rank; i++)
            pj_message_put_text(&s->answer, symbols[i] ? symbols[i] : "");
    }
    s->ort.release_type_info(type_info);
    return is_ok;
}

/* Inputs, then outputs, whose names are kept. */
static bool put_ports(server *s, loaded *model)
{
    const pj_ort *o = &s->ort;
    size_t inputs;
    void *type;
    char *name;
    if (!ok(s, o->input_count(model->session, &inputs)) || !ok(s, o->output_count(model->session, &model->outputs)))
        return false;
    pj_message_put_number(&s->answer, inputs);
    for (size_t i = 0; i < inputs; i++) {
        if (!ok(s, o->input_name(model->session, i, o->allocator, &name)) ||
            !ok(s, o->input_type(model->session, i, &type)) || !put_port(s, name, type))
            return false;
        ok(s, o->allocator_free(o->allocator, name));
    }
    pj_message_put_number(&s->answer, model->outputs);
    model->output = calloc(model->outputs + 1, sizeof *model->output);
    for (size_t i = 0; i < model->outputs; i++)
        if (!got(s, model->output) || !ok(s, o->output_name(model->session, i, o->allocator, &model->output[i])) ||
            !ok(s, o->output_type(model->session, i, &type)) || !put_port(s, model->output[i], type))
            return false;
    return true;
}

static void release(server *s, loaded *model)
{
    for (size_t i = 0; model->output && i < model->outputs; i++)
        if (model->output[i])
            ok(s, s->ort.allocator_free(s->ort.allocator, model->output[i]));
    free(model->output);
    s->ort.release_session(model->session);
    *model = (loaded){0};
}

static bool set_options(server *s, void *options, int level, int threads, const char *profile)
{
    const pj_ort *o = &s->ort;
    return ok(s, o->set_severity(options, 4)) && ok(s, o->set_level(options, level)) &&
           ok(s, o->set_threads(options, threads > 0 ? threads : 1)) &&
           ok(s, o->set_config(options, "session.x64quantprecision", "1")) &&
           ok(s, o->set_config(options, "session.intra_op.allow_spinning", "0")) &&
           (!*profile || ok(s, o->enable_profiling(options, profile)));
}

static bool answer_load(server *s)
{
    const char *path = pj_message_take_text(&s->question), *profile;
    const int level = (int)pj_message_take_number(&s->question), threads = (int)pj_message_take_number(&s->question);
    size_t place = 0;
    void *options;
    profile = pj_message_take_text(&s->question);
    while (place < MOST_MODELS && s->model[place].session)
        place++;
    if (place == MOST_MODELS)
        return fail(s, "too many models are loaded at once");
    loaded *model = &s->model[place];
    if (!ok(s, s->ort.create_options(&options)))
        return false;
    bool is_ok = set_options(s, options, level, threads, profile) &&
                 ok(s, s->ort.create_session(s->ort.env, path, options, &model->session));
    s->ort.release_options(options);
    if (!is_ok) {
        model->session = NULL;
        return false;
    }
    model->has_profile = *profile;
    pj_message_put_number(&s->answer, place);
    if (put_ports(s, model))
        return true;
    char why[WHY];
    memcpy(why, s->why, sizeof why);
    release(s, model);
    memcpy(s->why, why, sizeof why);
    return false;
}

/* ---- running ---- */

static loaded *take_model(server *s)
{
    uint64_t place = pj_message_take_number(&s->question);
    if (place < MOST_MODELS && s->model[place].session)
        return &s->model[place];
    (void)fail(s, "no such model is loaded");
    return NULL;
}

/* What goes into a run; values are released by end_feed. */
typedef struct feed {
    size_t count;
    const char **name;
    void **value;
} feed;

static void end_feed(server *s, feed *f)
{
    for (size_t i = 0; f->value && i < f->count; i++)
        s->ort.release_value(f->value[i]);
}

static bool take_feed(server *s, feed *f)
{
    *f = (feed){.count = (size_t)pj_message_take_number(&s->question)};
    f->name = PJ_NEW(s->arena, const char *, f->count);
    f->value = PJ_NEW(s->arena, void *, f->count);
    if (!got(s, f->name && f->value))
        return false;
    for (size_t i = 0; i < f->count; i++) {
        pj_ndarray array;
        if (!got(s, pj_message_take_shape(&s->question, s->arena, &array)))
            return false;
        uint64_t bytes = pj_message_take_number(&s->question);
        union {
            const void *from;
            void *data; /* ONNX Runtime reads inputs only */
        } cast = {pj_message_take_aligned(&s->question, bytes)};
        if (s->question.failed)
            return fail(s, "a question is cut off");
        f->name[i] = array.name;
        if (!ok(s, s->ort.create_tensor(s->ort.memory_info, cast.data, (size_t)bytes, array.dims, (size_t)array.rank,
                                        pj_ort_type_of((int)array.dtype), &f->value[i])))
            return false;
    }
    return true;
}

/* The outputs of a run; all that the model has where none is named. */
typedef struct yield {
    size_t count;
    const char **name;
    void **value;
} yield;

static bool take_yield(server *s, const loaded *model, yield *y)
{
    *y = (yield){.count = (size_t)pj_message_take_number(&s->question)};
    const bool all = y->count == 0;
    y->count = all ? model->outputs : y->count;
    y->name = PJ_NEW(s->arena, const char *, y->count);
    y->value = PJ_NEW(s->arena, void *, y->count);
    for (size_t i = 0; y->name && y->value && i < y->count; i++)
        y->name[i] = all ? model->output[i] : pj_message_take_text(&s->question);
    return got(s, y->name && y->value);
}

static void end_yield(server *s, yield *y)
{
    for (size_t i = 0; y->value && i < y->count; i++) {
        s->ort.release_value(y->value[i]);
        y->value[i] = NULL;
    }
}

static bool run(server *s, loaded *model, const feed *f, yield *y, double *microseconds)
{
    struct timespec from, to;
    union {
        void **mine;
        const void *const *theirs;
    } in = {f->value};
    clock_gettime(CLOCK_MONOTONIC, &from);
    bool is_ok = ok(s, s->ort.run(model->session, NULL, f->name, in.theirs, f->count, y->name, y->count, y->value));
    clock_gettime(CLOCK_MONOTONIC, &to);
    *microseconds = (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) * 1e-3;
    return is_ok;
}

/* Type, shape and bytes; of what is no tensor of numbers no bytes. */
static bool put_output(server *s, const char *name, void *value)
{
    pj_ndarray array = {.name = name};
    void *shape = NULL, *data = NULL;
    int is_tensor = 0, is_there = 0;
    if (!ok(s, s->ort.is_tensor(value, &is_tensor)) || !ok(s, s->ort.has_value(value, &is_there)))
        return false;
    if (is_tensor && is_there) {
        bool is_ok = ok(s, s->ort.shape_of(value, &shape)) && read_shape(s, shape, &array, NULL);
        s->ort.release_shape(shape);
        if (!is_ok)
            return false;
        if (!pj_array_measure(&array))
            return fail(s, "an output has more bytes than can be counted");
        if (array.bytes > 0 && array.dtype != PJ_STRING && array.dtype != PJ_UNDEFINED &&
            !ok(s, s->ort.tensor_data(value, &data)))
            return false;
    }
    pj_message_put_shape(&s->answer, &array);
    pj_message_put_number(&s->answer, data ? array.bytes : 0);
    pj_message_put_aligned(&s->answer, data, data ? (size_t)array.bytes : 0);
    return true;
}

static bool answer_run(server *s)
{
    loaded *model = take_model(s);
    feed f = {0};
    yield y = {0};
    double microseconds;
    bool is_ok = model && take_feed(s, &f) && take_yield(s, model, &y) && run(s, model, &f, &y, &microseconds);
    if (is_ok)
        pj_message_put_number(&s->answer, y.count);
    for (size_t i = 0; is_ok && i < y.count; i++)
        is_ok = put_output(s, y.name[i], y.value[i]);
    end_yield(s, &y);
    end_feed(s, &f);
    return is_ok;
}

static bool answer_time(server *s)
{
    loaded *model = take_model(s);
    const uint64_t warm_up = pj_message_take_number(&s->question), runs = pj_message_take_number(&s->question);
    feed f = {0};
    yield y = {0};
    bool is_ok = model && take_feed(s, &f) && take_yield(s, model, &y);
    for (uint64_t i = 0; is_ok && i < warm_up + runs; i++) {
        double microseconds;
        is_ok = run(s, model, &f, &y, &microseconds);
        end_yield(s, &y);
        if (i >= warm_up)
            pj_str_add_bytes(&s->answer, (const char *)&microseconds, sizeof microseconds);
    }
    end_feed(s, &f);
    return is_ok;
}

static bool answer_end_profile(server *s)
{
    loaded *model = take_model(s);
    char *file;
    if (!model)
        return false;
    if (!model->has_profile)
        return fail(s, "the model was loaded without a profile");
    if (!ok(s, s->ort.end_profiling(model->session, s->ort.allocator, &file)))
        return false;
    pj_message_put_text(&s->answer, file);
    model->has_profile = false;
    return ok(s, s->ort.allocator_free(s->ort.allocator, file));
}

static bool answer_unload(server *s)
{
    loaded *model = take_model(s);
    if (model)
        release(s, model);
    return true;
}

/* ---- the process ---- */

static bool answer(server *s, uint64_t what)
{
    switch ((pj_ask)what) {
    case PJ_ASK_LOAD:
        return answer_load(s);
    case PJ_ASK_RUN:
        return answer_run(s);
    case PJ_ASK_TIME:
        return answer_time(s);
    case PJ_ASK_END_PROFILE:
        return answer_end_profile(s);
    case PJ_ASK_UNLOAD:
        return answer_unload(s);
    }
    return fail(s, "an unknown question");
}

static bool reply(server *s, bool is_ok)
{
    pj_status status = is_ok ? PJ_OK : PJ_EUNSUPPORTED;
    if (s->answer.failed) {
        status = PJ_ENOMEM;
        pj_str_free(&s->answer);
        s->answer = pj_str_new(0);
        (void)fail(s, "not enough memory for the outputs");
    }
    pj_head head = {(uint64_t)status, status == PJ_OK ? s->answer.length : strlen(s->why) + 1};
    const void *body = status == PJ_OK ? (const void *)s->answer.data : s->why;
    return pj_message_send(s->socket, &head, sizeof head, NULL) == PJ_IO_DONE &&
           pj_message_send(s->socket, body, (size_t)head.length, NULL) == PJ_IO_DONE;
}

static void *aligned(size_t length)
{
    void *memory = NULL;
    return posix_memalign(&memory, PJ_MESSAGE_ALIGN, length ? length : 1) == 0 ? memory : NULL;
}

static bool serve_one(server *s)
{
    pj_head head;
    if (pj_message_receive(s->socket, &head, sizeof head, NULL) != PJ_IO_DONE)
        return false;
    uint8_t *bytes = aligned((size_t)head.length);
    if (!bytes || pj_message_receive(s->socket, bytes, (size_t)head.length, NULL) != PJ_IO_DONE) {
        free(bytes);
        return false;
    }
    s->question = (pj_message){.bytes = bytes, .length = (size_t)head.length};
    s->answer = pj_str_new(0);
    pj_arena_reset(s->arena);
    bool is_ok = answer(s, head.what), is_sent = reply(s, is_ok);
    pj_str_free(&s->answer);
    free(bytes);
    return is_sent;
}

/* Nothing of the parent's but the socket: neither its output nor the sockets of other processes. */
static void leave_parent(int keep)
{
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3 && null >= 0; fd++)
        (void)dup2(null, fd);
    for (int fd = 3; fd < MOST_FILES; fd++)
        if (fd != keep)
            (void)close(fd);
    (void)setenv("TMPDIR", "/dev/null", 1); /* where ONNX Runtime's telemetry would leave a log, off as it is */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGSEGV, SIG_DFL);
    (void)signal(SIGBUS, SIG_DFL);
    (void)signal(SIGABRT, SIG_DFL);
#ifdef __linux__
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

void pj_runtime_serve(int socket, const char *library)
{
    static server s; /* some kilobytes */
    leave_parent(socket);
    s = (server){.socket = socket, .arena = pj_arena_new(0), .answer = pj_str_new(0)};
    bool is_ok = s.arena && pj_ort_load(library, &s.ort, s.why, sizeof s.why);
    if (is_ok)
        pj_message_put_text(&s.answer, s.ort.version);
    bool goes_on = reply(&s, is_ok) && is_ok;
    pj_str_free(&s.answer);
    while (goes_on)
        goes_on = serve_one(&s);
    _exit(0); /* releases nothing: libraries that are unloaded at exit have been seen to fail */
}
#endif
