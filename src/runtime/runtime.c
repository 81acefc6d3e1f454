/* The program's side: the process, what it is asked, and what its silence means. */

#include "runtime/runtime.h"

#if PJ_RUNTIME
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/find.h"
#include "runtime/message.h"
#include "runtime/serve.h"

struct pj_runtime {
    pj_arena *arena;
    pj_runtime_info info;
    pid_t process;
    int socket;
    double seconds;
    pj_runtime_model *models;
};

struct pj_runtime_model {
    pj_runtime *runtime;
    pj_runtime_model *next;
    pj_arena *arena;
    const char *path;
    uint64_t place;
    pj_ports inputs, outputs;
};

/* ---- the process ---- */

static void end_process(pj_runtime *r, bool kindly, int *state)
{
    if (r->socket >= 0)
        close(r->socket);
    r->socket = -1;
    if (r->process <= 0)
        return;
    if (!kindly)
        (void)kill(r->process, SIGKILL);
    while (waitpid(r->process, state, 0) < 0 && errno == EINTR)
        continue;
    r->process = 0;
}

/* It has closed its end, or has not answered in time. */
static pj_status fail_process(pj_runtime *r, pj_io io, pj_error *err)
{
    int state = 0;
    if (r->process <= 0)
        return pj_fail(err, PJ_EUNSUPPORTED, "the process of ONNX Runtime has ended");
    end_process(r, io == PJ_IO_ENDED, &state);
    if (io == PJ_IO_LATE)
        return pj_fail(
            err, PJ_EUNSUPPORTED,
            "ONNX Runtime has not answered in %g seconds, so its process was ended; --run-limit gives it more",
            r->seconds);
    if (WIFSIGNALED(state))
        return pj_fail(err, PJ_EUNSUPPORTED,
                       "the process of ONNX Runtime died of signal %d (%s): the library %.200s is "
                       "damaged, or cannot run this model",
                       WTERMSIG(state), strsignal(WTERMSIG(state)), r->info.path);
    return pj_fail(err, PJ_EUNSUPPORTED, "the process of ONNX Runtime ended with exit code %d", WEXITSTATUS(state));
}

static pj_status start_process(pj_runtime *r, pj_error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return pj_fail(err, PJ_EIO, "no process for ONNX Runtime can be made: %s", strerror(errno));
    fflush(NULL);
    r->process = fork();
    if (r->process == 0)
        pj_runtime_serve(pair[1], r->info.path);
    close(pair[1]);
    r->socket = pair[0];
    if (r->process < 0)
        return pj_fail(err, PJ_EIO, "no process for ONNX Runtime can be made: %s", strerror(errno));
    (void)fcntl(r->socket, F_SETFL, fcntl(r->socket, F_GETFL) | O_NONBLOCK);
    (void)fcntl(r->socket, F_SETFD, FD_CLOEXEC);
    return PJ_OK;
}

/* ---- answers ---- */

/* The whole answer, in `arena`; where it is a failure, its sentence. */
static pj_status hear(pj_runtime *r, pj_arena *arena, pj_message *out, const pj_deadline *deadline, pj_error *err)
{
    pj_head head;
    pj_io io = pj_message_receive(r->socket, &head, sizeof head, deadline);
    if (io != PJ_IO_DONE)
        return fail_process(r, io, err);
    if (head.length > SIZE_MAX / 2 || head.what > PJ_ECONFLICT) {
        end_process(r, false, &(int){0});
        return pj_fail(err, PJ_EUNSUPPORTED, "the process of ONNX Runtime gave an answer that is none");
    }
    uint8_t *bytes = pj_arena_alloc(arena, (size_t)head.length + PJ_MESSAGE_ALIGN, 1);
    if (!bytes) {
        end_process(r, false, &(int){0});
        return pj_fail_memory(err);
    }
    bytes += (PJ_MESSAGE_ALIGN - (uintptr_t)bytes % PJ_MESSAGE_ALIGN) % PJ_MESSAGE_ALIGN;
    io = pj_message_receive(r->socket, bytes, (size_t)head.length, deadline);
    if (io != PJ_IO_DONE)
        return fail_process(r, io, err);
    *out = (pj_message){.bytes = bytes, .length = (size_t)head.length};
    if (head.what == PJ_OK)
        return PJ_OK;
    bytes[head.length ? head.length - 1 : 0] = 0;
    return pj_fail(err, (pj_status)head.what, "%.480s", head.length ? (const char *)bytes : "no reason is given");
}

/* Asks; the answer lives in `arena`. `question` is freed. */
static pj_status ask(pj_runtime *r, pj_ask what, pj_str *question, pj_arena *arena, pj_message *out, pj_error *err)
{
    pj_head head = {(uint64_t)what, question->length};
    const pj_deadline deadline = pj_deadline_in(r->seconds);
    pj_status status = PJ_OK;
    if (question->failed)
        status = pj_fail_memory(err);
    else if (r->process <= 0)
        status = fail_process(r, PJ_IO_ENDED, err);
    if (status == PJ_OK) {
        pj_io io = pj_message_send(r->socket, &head, sizeof head, &deadline);
        if (io == PJ_IO_DONE)
            io = pj_message_send(r->socket, question->data, question->length, &deadline);
        status = io == PJ_IO_DONE ? hear(r, arena, out, &deadline, err) : fail_process(r, io, err);
    }
    pj_str_free(question);
    return status;
}

static pj_status fail_answer(pj_error *err)
{
    return pj_fail(err, PJ_EUNSUPPORTED, "the process of ONNX Runtime gave an answer that is cut off");
}

/* ---- opening ---- */

static pj_status try_library(pj_runtime *r, const char *path, pj_error *err)
{
    pj_message answer;
    r->info.path = path;
    PJ_TRY(pj_library_check(path, &r->info.bytes, err));
    pj_deadline deadline = pj_deadline_in(r->seconds);
    pj_status status = start_process(r, err);
    if (status == PJ_OK)
        status = hear(r, r->arena, &answer, &deadline, err);
    if (status == PJ_OK) {
        r->info.version = pj_message_take_text(&answer);
        status = answer.failed ? fail_answer(err) : PJ_OK;
    }
    if (status != PJ_OK) {
        end_process(r, false, &(int){0});
        pj_error_at(err, path, NULL, NULL);
    }
    return status;
}

static pj_status fail_none(pj_arena *arena, const char *path, const pj_error *why, pj_error *err)
{
    const char *hint = pj_library_hint(arena);
    if (path)
        return pj_fail(err, PJ_EUNSUPPORTED,
                       "no ONNX Runtime to run models with: %.160s: %.200s; name another one with "
                       "--runtime FILE",
                       path, why->what);
    if (hint)
        return pj_fail(err, PJ_EUNSUPPORTED,
                       "no ONNX Runtime to run models with: found ./%s, which is not taken by "
                       "itself; name it with --runtime",
                       hint);
    return pj_fail(
        err, PJ_EUNSUPPORTED,
        "no ONNX Runtime to run models with: get it with `npm install --ignore-scripts onnxruntime-node` or "
        "`pip install onnxruntime`, then name its libonnxruntime.so with --runtime FILE or in PICOJOULE_ORT");
}

static pj_status open_first(pj_runtime *r, const pj_runtime_options *options, pj_error *err)
{
    pj_library_places places;
    pj_error first = {0};
    PJ_TRY(pj_library_find(options->library, r->arena, &places, err));
    for (size_t i = 0; i < places.count; i++) {
        pj_error why = {0};
        pj_status status = try_library(r, places.path[i], &why);
        if (status == PJ_OK)
            return PJ_OK;
        if (i == 0)
            first = why;
        if (places.named_by || status == PJ_ENOMEM) {
            if (err)
                *err = why;
            return status;
        }
    }
    return fail_none(r->arena, places.count ? places.path[0] : NULL, &first, err);
}

pj_status pj_runtime_open(const pj_runtime_options *options, pj_runtime **out, pj_error *err)
{
    *out = NULL;
    pj_arena *arena = pj_arena_new(0);
    pj_runtime *r = arena ? PJ_NEW(arena, pj_runtime, 1) : NULL;
    if (!r) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    *r = (pj_runtime){
        .arena = arena, .socket = -1, .seconds = options->seconds > 0 ? options->seconds : PJ_RUNTIME_SECONDS};
    pj_status status = open_first(r, options, err);
    if (status == PJ_OK)
        *out = r;
    else
        pj_runtime_close(r);
    return status;
}

const pj_runtime_info *pj_runtime_describe(const pj_runtime *runtime)
{
    return &runtime->info;
}

bool pj_runtime_lives(const pj_runtime *runtime)
{
    return runtime->process > 0;
}

static void free_model(pj_runtime_model *model)
{
    pj_runtime_model **at = &model->runtime->models;
    while (*at && *at != model)
        at = &(*at)->next;
    if (*at)
        *at = model->next;
    pj_arena_free(model->arena);
}

void pj_runtime_close(pj_runtime *runtime)
{
    if (!runtime)
        return;
    while (runtime->models)
        free_model(runtime->models);
    end_process(runtime, true, &(int){0});
    pj_arena_free(runtime->arena);
}

/* ---- models ---- */

static bool take_ports(pj_message *m, pj_arena *arena, pj_ports *out)
{
    uint64_t count = pj_message_take_number(m);
    if (count > m->length)
        m->failed = true;
    pj_port *ports = m->failed ? NULL : PJ_NEW(arena, pj_port, count);
    for (uint64_t i = 0; ports && i < count && !m->failed; i++) {
        pj_ndarray shape;
        if (!pj_message_take_shape(m, arena, &shape))
            return false;
        const char **symbols = PJ_NEW(arena, const char *, shape.rank);
        for (int k = 0; symbols && k < shape.rank; k++)
            symbols[k] = pj_arena_strdup(arena, pj_message_take_text(m));
        ports[i] = (pj_port){shape.name, shape.dtype, shape.rank, shape.dims, symbols};
    }
    *out = (pj_ports){ports, (size_t)count};
    return !pj_arena_failed(arena);
}

static pj_status load(pj_runtime_model *model, const pj_runtime_load_options *options, pj_error *err)
{
    pj_message answer;
    pj_str question = pj_str_new(0);
    pj_message_put_text(&question, options->path);
    pj_message_put_number(&question, (uint64_t)options->level);
    pj_message_put_number(&question, (uint64_t)options->threads);
    pj_message_put_text(&question, options->profile ? options->profile : "");
    PJ_TRY(ask(model->runtime, PJ_ASK_LOAD, &question, model->arena, &answer, err));
    model->place = pj_message_take_number(&answer);
    if (!take_ports(&answer, model->arena, &model->inputs) || !take_ports(&answer, model->arena, &model->outputs))
        return pj_fail_memory(err);
    return answer.failed ? fail_answer(err) : PJ_OK;
}

pj_status pj_runtime_load(pj_runtime *runtime, const pj_runtime_load_options *options, pj_runtime_model **out,
                          pj_error *err)
{
    *out = NULL;
    pj_arena *arena = pj_arena_new(0);
    pj_runtime_model *model = arena ? PJ_NEW(arena, pj_runtime_model, 1) : NULL;
    if (!model) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    *model = (pj_runtime_model){.runtime = runtime, .next = runtime->models, .arena = arena};
    model->path = pj_arena_strdup(arena, options->path);
    runtime->models = model;
    pj_status status = model->path ? load(model, options, err) : pj_fail_memory(err);
    if (status == PJ_OK) {
        *out = model;
        return PJ_OK;
    }
    pj_error_at(err, options->path, NULL, NULL);
    free_model(model);
    return status;
}

void pj_runtime_unload(pj_runtime_model *model)
{
    if (!model)
        return;
    pj_message answer;
    pj_str question = pj_str_new(0);
    pj_message_put_number(&question, model->place);
    if (model->runtime->process > 0)
        (void)ask(model->runtime, PJ_ASK_UNLOAD, &question, model->arena, &answer, NULL);
    else
        pj_str_free(&question);
    free_model(model);
}

pj_ports pj_runtime_inputs(const pj_runtime_model *model)
{
    return model->inputs;
}

pj_ports pj_runtime_outputs(const pj_runtime_model *model)
{
    return model->outputs;
}

/* ---- running ---- */

static const pj_ndarray *find_array(const pj_ndarray *arrays, size_t count, const char *name, size_t *found)
{
    const pj_ndarray *array = NULL;
    *found = 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(arrays[i].name, name) == 0) {
            array = &arrays[i];
            ++*found;
        }
    return array;
}

static pj_status check_input(const pj_port *port, const pj_ndarray *array, pj_error *err)
{
    char has[PJ_ARRAY_TEXT], wants[PJ_ARRAY_TEXT];
    bool fits = port->rank == array->rank && port->dtype == array->dtype;
    for (int i = 0; i < port->rank && fits; i++)
        fits = port->dims[i] < 0 || port->dims[i] == array->dims[i];
    if (fits)
        return PJ_OK;
    pj_ndarray shape = {.dtype = port->dtype, .rank = port->rank, .dims = port->dims};
    return pj_fail(err, PJ_EARGUMENT, "input \"%.80s\" is %s, but the model wants %s", port->name,
                   pj_array_print(array, has), pj_array_print(&shape, wants));
}

/* ONNX Runtime itself runs without an input, or with one twice, until a node needs it. */
static pj_status check_inputs(const pj_runtime_model *model, const pj_ndarray *inputs, size_t count, pj_error *err)
{
    size_t found;
    for (size_t i = 0; i < model->inputs.count; i++) {
        const pj_port *port = &model->inputs.port[i];
        const pj_ndarray *array = find_array(inputs, count, port->name, &found);
        if (found != 1)
            return pj_fail(err, PJ_EARGUMENT, "input \"%.200s\" is there %zu times", port->name, found);
        PJ_TRY(check_input(port, array, err));
    }
    if (count != model->inputs.count)
        return pj_fail(err, PJ_EARGUMENT, "%zu inputs are given, but the model has %zu", count, model->inputs.count);
    return PJ_OK;
}

static void put_inputs(pj_str *question, const pj_ndarray *inputs, size_t count)
{
    pj_message_put_number(question, count);
    for (size_t i = 0; i < count; i++) {
        pj_message_put_shape(question, &inputs[i]);
        pj_message_put_number(question, inputs[i].bytes);
        pj_message_put_aligned(question, inputs[i].data, (size_t)inputs[i].bytes);
    }
}

static pj_status take_outputs(pj_message *answer, pj_arena *arena, size_t wanted, const pj_ndarray **out, pj_error *err)
{
    uint64_t count = pj_message_take_number(answer);
    pj_ndarray *arrays = count == wanted ? PJ_NEW(arena, pj_ndarray, wanted) : NULL;
    if (count != wanted)
        return fail_answer(err);
    PJ_TRY(pj_got(arrays, err));
    for (uint64_t i = 0; i < count; i++) {
        PJ_TRY(pj_got(pj_message_take_shape(answer, arena, &arrays[i]), err));
        uint64_t bytes = pj_message_take_number(answer);
        const void *data = pj_message_take_aligned(answer, bytes);
        if (answer->failed || !pj_array_measure(&arrays[i]))
            return fail_answer(err);
        if (bytes == arrays[i].bytes && arrays[i].dtype != PJ_UNDEFINED && arrays[i].dtype != PJ_STRING)
            arrays[i].data = data;
    }
    *out = arrays;
    return PJ_OK;
}

pj_status pj_runtime_run(pj_runtime_model *model, const pj_ndarray *inputs, size_t count, const char *const *wanted,
                         size_t wanted_count, pj_arena *arena, const pj_ndarray **out, pj_error *err)
{
    pj_message answer;
    pj_status status = check_inputs(model, inputs, count, err);
    pj_str question = pj_str_new(0);
    if (status == PJ_OK) {
        pj_message_put_number(&question, model->place);
        put_inputs(&question, inputs, count);
        pj_message_put_number(&question, wanted ? wanted_count : 0);
        for (size_t i = 0; wanted && i < wanted_count; i++)
            pj_message_put_text(&question, wanted[i]);
        status = ask(model->runtime, PJ_ASK_RUN, &question, arena, &answer, err);
    }
    if (status == PJ_OK)
        status = take_outputs(&answer, arena, wanted ? wanted_count : model->outputs.count, out, err);
    if (status != PJ_OK)
        pj_error_at(err, model->path, NULL, NULL);
    return status;
}

pj_status pj_runtime_time(pj_runtime_model *model, const pj_ndarray *inputs, size_t count, size_t warm_up, size_t runs,
                          double *microseconds, pj_error *err)
{
    pj_message answer;
    pj_arena *arena = pj_arena_new(0);
    pj_status status = arena ? check_inputs(model, inputs, count, err) : pj_fail_memory(err);
    pj_str question = pj_str_new(0);
    if (status == PJ_OK) {
        pj_message_put_number(&question, model->place);
        pj_message_put_number(&question, warm_up);
        pj_message_put_number(&question, runs);
        put_inputs(&question, inputs, count);
        pj_message_put_number(&question, 0);
        status = ask(model->runtime, PJ_ASK_TIME, &question, arena, &answer, err);
    }
    if (status == PJ_OK && answer.length != runs * sizeof *microseconds)
        status = fail_answer(err);
    if (status == PJ_OK && runs > 0)
        memcpy(microseconds, answer.bytes, answer.length);
    if (status != PJ_OK)
        pj_error_at(err, model->path, NULL, NULL);
    pj_arena_free(arena);
    return status;
}

pj_status pj_runtime_end_profile(pj_runtime_model *model, pj_arena *arena, const char **file, pj_error *err)
{
    pj_message answer;
    pj_str question = pj_str_new(0);
    pj_message_put_number(&question, model->place);
    PJ_TRY(ask(model->runtime, PJ_ASK_END_PROFILE, &question, arena, &answer, err));
    *file = pj_message_take_text(&answer);
    return answer.failed ? fail_answer(err) : PJ_OK;
}
#endif
