/* Models as files: what cannot be opened, streams, weights in other files, and files past 2 GB. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "check.h"
#include "load/load.h"
#include "model.h"

/* ---- files in a folder of our own ---- */

/* Path of a file in the folder; valid until the next but one call. */
static const char *path(const char *folder, const char *name)
{
    static char texts[2][512];
    static int turn;
    turn = !turn;
    snprintf(texts[turn], sizeof texts[turn], "%s/%s", folder, name);
    return texts[turn];
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");
    CHECK(file && fwrite(bytes, 1, size, file) == size);
    if (file)
        fclose(file);
}

/* Writes what was built to `name` and frees the builder. */
static void write_model(builder *b, const char *name)
{
    size_t size;
    const uint8_t *bytes = build_bytes(b, &size);
    write_file(name, bytes, size);
    build_free(b);
}

static void refuses(const char *name, pj_status status, const char *part)
{
    pj_error err;
    pj_model *model = NULL;
    CHECK_INT(pj_load(name, NULL, &model, &err), status);
    CHECK(!model);
    CHECK_TEXT(err.file, name);
    CHECK_PART(err.what, part);
    pj_unload(model);
}

static pj_model *expect(const char *name)
{
    pj_error err;
    pj_model *model = NULL;
    if (pj_load(name, NULL, &model, &err) != PJ_OK) {
        check_text(err.what, "", name, __FILE__, __LINE__);
        exit(check_done());
    }
    return model;
}

/* ---- tests ---- */

static void test_no_file(const char *folder)
{
    refuses(path(folder, "none.onnx"), PJ_EIO, "cannot open the file: No such file or directory");
    refuses(folder, PJ_EIO, "this is a folder, not a model file");
    write_file(path(folder, "empty.onnx"), "", 0);
    refuses(path(folder, "empty.onnx"), PJ_EFORMAT, "the file is empty");
}

static void test_truncated(const char *folder)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_node(&b, "Relu", "x", "y");
    build_output(&b, "y", PJ_FLOAT32, "1");
    size_t size;
    const uint8_t *bytes = build_bytes(&b, &size);
    const char *name = path(folder, "cut.onnx");
    for (size_t length = 1; length < size; length++) {
        pj_error err;
        pj_model *model = NULL;
        write_file(name, bytes, length);
        /* the operator set comes last: without it the model is whole */
        if (pj_load(name, NULL, &model, &err) != PJ_OK)
            CHECK(err.status == PJ_EFORMAT && *err.what && strcmp(err.file, name) == 0);
        pj_unload(model);
    }
    build_free(&b);
}

static void test_stream(const char *folder)
{
    builder b = build_new(17);
    char zeros[300000] = {0};
    build_raw(&b, build_initializer(&b, "w", PJ_UINT8, "300000"), zeros, sizeof zeros);
    build_raw(&b, build_initializer(&b, "s", PJ_INT64, "1"), "\x07\0\0\0\0\0\0", 8);
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_node(&b, "Relu", "x", "y");
    const char *name = path(folder, "stream.onnx");
    write_model(&b, name);
    int fd = open(name, O_RDONLY);
    CHECK(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    close(fd);
    pj_model *m = expect("-"), *from_file = expect(name);
    CHECK_INT(m->nodes, 1);
    CHECK_INT(build_find(m, "w")->tensor->storage, PJ_STORED_FILE);
    CHECK_INT(build_find(m, "w")->tensor->offset, build_find(from_file, "w")->tensor->offset);
    CHECK_INT(m->file_bytes, from_file->file_bytes);
    pj_tensor *s = build_find(m, "s")->tensor;
    CHECK(pj_tensor_decode(m->arena, s) && pj_num_is(s->data[0], 7));
    pj_unload(m);
    pj_unload(from_file);
    pj_error err; /* now it is at its end */
    CHECK_INT(pj_load("-", NULL, &m, &err), PJ_EFORMAT);
    CHECK_TEXT(err.file, "standard input");
    CHECK_TEXT(err.what, "the file is empty");
    refuses("/dev/null", PJ_EFORMAT, "the file is empty");
}

static void refuses_stdin(pj_status status, const char *part)
{
    pj_error err;
    pj_model *model = NULL;
    CHECK_INT(pj_load("-", NULL, &model, &err), status);
    CHECK_TEXT(err.file, "standard input");
    CHECK_PART(err.what, part);
    pj_unload(model);
}

static void redirect_stdin(const char *name)
{
    int fd = open(name, O_RDONLY);
    CHECK(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    if (fd > STDIN_FILENO)
        close(fd);
}

/* A stream does not say how long it is: that it is cut off shows where reading comes to its end. */
static void test_cut_stream(const char *folder)
{
    static char zeros[300000], letters[100001];
    memset(letters, 'x', sizeof letters - 1);
    const char *name = path(folder, "cut.onnx");
    for (int kind = 0; kind < 3; kind++) {
        builder b = build_new(17);
        build_input(&b, "x", PJ_FLOAT32, "1");
        PjOnnx__NodeProto *relu = build_node(&b, "Relu", "x", "y");
        if (kind == 1) /* read over */
            build_text(&b, relu, "blob", letters);
        if (kind == 2) /* left where it is */
            build_raw(&b, build_initializer(&b, "w", PJ_UINT8, "300000"), zeros, sizeof zeros);
        size_t size;
        const uint8_t *bytes = build_bytes(&b, &size);
        for (size_t length = kind ? size / 2 : 8; length < size - 6; length += kind ? size : 1) {
            char part[64]; /* the last 6 bytes are the operator set, between whose fields a model may end */
            write_file(name, bytes, length);
            redirect_stdin(name);
            snprintf(part, sizeof part, "the file ends at byte %zu, inside the ", length);
            refuses_stdin(PJ_EFORMAT, part);
        }
        build_free(&b);
    }
}

/* Closed, or no longer there to read: neither is an empty file. */
static void test_failing_stream(void)
{
    char part[100];
    close(STDIN_FILENO);
    snprintf(part, sizeof part, "cannot read the file: %s", strerror(EBADF));
    refuses_stdin(PJ_EIO, part);
    redirect_stdin("/dev/null");
}

static void ignore(int signal)
{
    (void)signal;
}

static void sleep_ms(long ms)
{
    const struct timespec span = {0, ms * 1000000};
    nanosleep(&span, NULL);
}

/* A signal while the stream has nothing to read does not end it. */
static void test_interrupted_stream(void)
{
    int ends[2];
    size_t size;
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_node(&b, "Relu", "x", "y");
    const uint8_t *bytes = build_bytes(&b, &size);
    struct sigaction action = {.sa_handler = ignore};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        sleep_ms(50);
        kill(getppid(), SIGUSR1);
        sleep_ms(20);
        _exit(write(ends[1], bytes, size) == (ssize_t)size ? 0 : 1);
    }
    close(ends[1]);
    CHECK(child > 0 && dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    close(ends[0]);
    pj_model *m = expect("-");
    CHECK_INT(m->nodes, 1);
    CHECK_INT(m->file_bytes, size);
    pj_unload(m);
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    build_free(&b);
    redirect_stdin("/dev/null");
}

static void write_weights(const char *name, const char *zeros, size_t size)
{
    builder b = build_new(17);
    build_raw(&b, build_initializer(&b, "w", PJ_UINT8, "20000"), zeros, size);
    write_model(&b, name);
}

/* Weights do not count, their number does. */
static void test_digest(const char *folder)
{
    static char zeros[20000], ones[20000];
    char first[65], second[65];
    uint64_t size = 0;
    pj_error err;
    memset(ones, 1, sizeof ones);
    const char *name = path(folder, "digest.onnx");
    write_weights(name, zeros, sizeof zeros);
    CHECK_INT(pj_load_digest(name, first, &size, &err), PJ_OK);
    CHECK_INT(strlen(first), 64);
    struct stat info;
    CHECK(stat(name, &info) == 0 && size == (uint64_t)info.st_size);
    write_weights(name, ones, sizeof ones);
    CHECK_INT(pj_load_digest(name, second, &size, NULL), PJ_OK);
    CHECK_TEXT(second, first);
    write_weights(name, ones, sizeof ones - 1);
    CHECK_INT(pj_load_digest(name, second, &size, NULL), PJ_OK);
    CHECK(strcmp(second, first) != 0);
    write_file(name, "\x3a\x7f\x0a", 3);
    CHECK_INT(pj_load_digest(name, second, &size, &err), PJ_EFORMAT);
    CHECK_TEXT(err.file, name);
    CHECK_PART(err.what, "graph has 127 bytes, but only 1 are left in the file");
    CHECK_INT(pj_load_digest(path(folder, "none.onnx"), second, &size, &err), PJ_EIO);
    CHECK_PART(err.what, "cannot open the file: No such file or directory");
}

/* ---- weights in other files ---- */

typedef struct external {
    pj_dtype dtype;
    const char *dims, *location, *offset, *length;
} external;

static void write_external(const char *name, external e)
{
    builder b = build_new(17);
    PjOnnx__TensorProto *w = build_initializer(&b, "w", e.dtype, e.dims);
    if (e.location)
        build_external(&b, w, "location", e.location);
    if (e.offset)
        build_external(&b, w, "offset", e.offset);
    if (e.length)
        build_external(&b, w, "length", e.length);
    write_model(&b, name);
}

static void refuses_external(const char *folder, external e, const char *part)
{
    const char *name = path(folder, "external.onnx");
    write_external(name, e);
    refuses(name, PJ_EFORMAT, part);
}

/* Also: an absent file is told of in one finding. */
static pj_storage storage_of(const char *name, external e)
{
    write_external(name, e);
    pj_model *m = expect(name);
    if (build_find(m, "w")->tensor->storage == PJ_STORED_ABSENT) {
        CHECK_INT(m->diags.count, 1);
        CHECK_PART(m->diags.first->message, e.location);
    } else {
        CHECK_INT(m->diags.count, 0);
    }
    pj_storage storage = build_find(m, "w")->tensor->storage;
    pj_unload(m);
    return storage;
}

static void test_external(const char *folder)
{
    char weights[100] = "\x05\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff";
    const char *name;
    write_file(path(folder, "weights.bin"), weights, sizeof weights);
    name = path(folder, "external.onnx");
    write_external(name, (external){PJ_INT64, "2", "./weights.bin", "8", "16"});
    pj_model *m = expect(name);
    pj_tensor *w = build_find(m, "w")->tensor;
    CHECK_INT(w->storage, PJ_STORED_EXTERNAL);
    CHECK_TEXT(w->location, "./weights.bin");
    CHECK_INT(w->offset, 8);
    CHECK_INT(w->length, 16);
    CHECK(pj_tensor_decode(m->arena, w) && w->data);
    CHECK(w->data && pj_num_is(w->data[0], -1) && pj_num_is(w->data[1], 0));
    pj_unload(m);
    CHECK_INT(storage_of(name, (external){PJ_FLOAT32, "25", "weights.bin", NULL, NULL}), PJ_STORED_EXTERNAL);
    CHECK_INT(storage_of(name, (external){PJ_FLOAT32, "25", "gone.bin", "0", "100"}), PJ_STORED_ABSENT);
    CHECK_INT(storage_of(name, (external){PJ_FLOAT32, "25", "no/such/folder", "0", "100"}), PJ_STORED_ABSENT);
    static const char pointer[] = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4000\n";
    write_file(path(folder, "pointer.bin"), pointer, sizeof pointer - 1);
    name = path(folder, "external.onnx");
    CHECK_INT(storage_of(name, (external){PJ_FLOAT32, "1000", "pointer.bin", "0", "4000"}), PJ_STORED_ABSENT);
    write_file(path(folder, "..weights"), weights, sizeof weights); /* a name that begins with dots is one */
    name = path(folder, "external.onnx");
    CHECK_INT(storage_of(name, (external){PJ_FLOAT32, "25", "..weights", NULL, NULL}), PJ_STORED_EXTERNAL);
}

/* The model may be opened, and not one file more: what is there, but cannot be read, is an error. */
static void test_external_unreadable(const char *folder)
{
    char part[100];
    struct rlimit usual, tight;
    const char *name = path(folder, "external.onnx");
    write_external(name, (external){PJ_FLOAT32, "25", "weights.bin", NULL, NULL});
    int next = dup(STDERR_FILENO);
    CHECK(next >= 0 && close(next) == 0 && getrlimit(RLIMIT_NOFILE, &usual) == 0);
    tight = usual;
    tight.rlim_cur = (rlim_t)next + 1;
    CHECK(setrlimit(RLIMIT_NOFILE, &tight) == 0);
    snprintf(part, sizeof part, "cannot read 'weights.bin': %s", strerror(EMFILE));
    refuses(name, PJ_EIO, part);
    CHECK(setrlimit(RLIMIT_NOFILE, &usual) == 0);
}

static void test_external_refused(const char *folder)
{
    refuses_external(folder, (external){PJ_FLOAT32, "26", "weights.bin", NULL, NULL},
                     "external data of initializer 'w': bytes 0 to 104 of 'weights.bin' are wanted, which has 100");
    refuses_external(folder, (external){PJ_FLOAT32, "25", "weights.bin", "8", NULL}, "bytes 8 to 108 of 'weights.bin'");
    refuses_external(folder, (external){PJ_FLOAT32, "25", "weights.bin", "0", "80"},
                     "its dims need 100 bytes, but the length is 80");
    refuses_external(folder, (external){PJ_FLOAT32, "25", NULL, "0", "100"}, "no location is given");
    refuses_external(folder, (external){PJ_FLOAT32, "25", "weights.bin", "ten", NULL}, "the offset is not a number");
    refuses_external(folder, (external){PJ_FLOAT32, "25", "weights.bin", "", NULL}, "the offset is not a number");
    refuses_external(folder, (external){PJ_FLOAT32, "25", "weights.bin", NULL, "-1"}, "the length is not a number");
    refuses_external(folder, (external){PJ_FLOAT32, "25", "", NULL, NULL}, "no location is given");
    refuses_external(folder, (external){PJ_FLOAT32, "25", "weights.bin", "99999999999999999999999", NULL},
                     "the offset is not a number");
    refuses_external(folder, (external){PJ_FLOAT32, "25", "weights.bin", "18446744073709551616", NULL},
                     "the offset is not a number");
    refuses_external(folder, (external){PJ_FLOAT32, "25", "weights.bin", "18446744073709551615", NULL},
                     "offset and length do not fit 64 bits");
    static const char *const outside[] = {
        "/etc/passwd", "../weights.bin", "a/../../weights.bin", "..", "a\\..\\weights.bin", "C:weights.bin", "a/.."};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        refuses_external(folder, (external){PJ_FLOAT32, "25", outside[i], NULL, NULL},
                         "is not a path inside the model's folder");
    refuses_external(folder, (external){PJ_FLOAT32, "25", ".", NULL, NULL}, "is not a regular file");
}

/* Figures need no contents: weights behind a link that leads out are absent, with a finding, unless links are
 * followed. */
static void check_not_followed(const char *name, const char *part)
{
    static const pj_load_options follow = {.follow_links = true};
    pj_error err;
    pj_model *m = expect(name);
    CHECK_INT(build_find(m, "w")->tensor->storage, PJ_STORED_ABSENT);
    CHECK(m->diags.first && m->diags.first->code == PJ_DIAG_WEIGHTS_ABSENT);
    CHECK_PART(m->diags.first->message, part);
    CHECK_PART(m->diags.first->message, "--follow-links");
    pj_unload(m);
    CHECK_INT(pj_load(name, &follow, &m, &err), PJ_OK);
    CHECK_INT(build_find(m, "w")->tensor->storage, PJ_STORED_EXTERNAL);
    CHECK_INT(m->diags.count, 0);
    pj_unload(m);
}

static void test_links(const char *folder)
{
    char cache[512], snapshot[512], target[600];
    snprintf(cache, sizeof cache, "%s/cache", folder);
    snprintf(snapshot, sizeof snapshot, "%s/snapshot", folder);
    CHECK(mkdir(cache, 0700) == 0 && mkdir(snapshot, 0700) == 0);
    write_file(path(cache, "data"), "0123456789", 10);
    write_external(path(snapshot, "plain.onnx"), (external){PJ_UINT8, "10", "data.bin", NULL, NULL});
    write_external(path(cache, "model"), (external){PJ_UINT8, "10", "data.bin", NULL, NULL});
    CHECK(symlink("../cache/data", path(snapshot, "data.bin")) == 0);
    check_not_followed(path(snapshot, "plain.onnx"), "'data.bin' is a link that leads out of the model's folder");
    /* a download cache: the model itself is a link into the folder where its data is */
    CHECK(symlink("../cache/model", path(snapshot, "linked.onnx")) == 0);
    pj_model *m = expect(path(snapshot, "linked.onnx"));
    pj_tensor *w = build_find(m, "w")->tensor;
    CHECK_INT(w->storage, PJ_STORED_EXTERNAL);
    CHECK(pj_tensor_decode(m->arena, w) && w->data && pj_num_is(w->data[0], '0'));
    pj_unload(m);
    /* a folder that is a link out */
    snprintf(target, sizeof target, "%s/sub", snapshot);
    CHECK(symlink("../cache", target) == 0);
    write_external(path(snapshot, "plain.onnx"), (external){PJ_UINT8, "10", "sub/data", NULL, NULL});
    check_not_followed(path(snapshot, "plain.onnx"), "'sub/data' is a link that leads out of the model's folder");
    /* to a folder whose name begins with that of the model's */
    snprintf(target, sizeof target, "%s/snapshot-2", folder);
    CHECK(mkdir(target, 0700) == 0);
    write_file(path(target, "data"), "0123456789", 10);
    CHECK(symlink("../snapshot-2/data", path(snapshot, "near.bin")) == 0);
    write_external(path(snapshot, "plain.onnx"), (external){PJ_UINT8, "10", "near.bin", NULL, NULL});
    check_not_followed(path(snapshot, "plain.onnx"), "'near.bin' is a link that leads out of the model's folder");
}

/* ---- past 2 GB ---- */

static void put_varint(pj_str *to, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        pj_str_add_char(to, (char)(v | 0x80));
    pj_str_add_char(to, (char)v);
}

/* A model of 3 GB, all but 100 bytes of it a hole: ir_version, graph { initializer { dims, type, name, raw_data },
 * node }. */
static void test_huge(const char *folder)
{
    const uint64_t elements = 800 * 1000 * 1000, raw = 4 * elements;
    static const char rest[] = "\x0a\x0a\x0a\x01w\x12\x01y\x22\x02Ok";
    pj_str tensor = pj_str_new(0), file = pj_str_new(0);
    pj_str_add_bytes(&tensor, "\x08", 1);
    put_varint(&tensor, elements);
    pj_str_add_bytes(&tensor, "\x10\x01\x42\x01w\x4a", 6);
    put_varint(&tensor, raw);
    pj_str_add_bytes(&file, "\x08\x08\x3a", 3);
    put_varint(&file, 1 + 5 + tensor.length + raw + sizeof rest - 1);
    pj_str_add_bytes(&file, "\x2a", 1);
    put_varint(&file, tensor.length + raw);
    pj_str_add_bytes(&file, tensor.data, tensor.length);
    const char *name = path(folder, "huge.onnx");
    int fd = open(name, O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0 && write(fd, file.data, file.length) == (ssize_t)file.length);
    CHECK(pwrite(fd, rest, sizeof rest - 1, (off_t)(file.length + raw)) == (ssize_t)sizeof rest - 1);
    close(fd);
    pj_model *m = expect(name);
    const pj_tensor *w = build_find(m, "w")->tensor;
    CHECK_INT(w->storage, PJ_STORED_FILE);
    CHECK_INT(w->offset, file.length);
    CHECK_INT(w->length, raw);
    CHECK_INT(w->count, elements);
    CHECK_INT(m->file_bytes, file.length + raw + sizeof rest - 1);
    CHECK_INT(m->nodes, 1);
    CHECK(pj_arena_bytes(m->arena) < 64 * 1024);
    pj_unload(m);
    CHECK(truncate(name, (off_t)(raw / 2)) == 0);
    refuses(name, PJ_EFORMAT, "are left in the file");
    pj_str_free(&tensor);
    pj_str_free(&file);
}

int main(void)
{
    char folder[] = "/tmp/picojoule-load-XXXXXX", command[64];
    if (!mkdtemp(folder))
        return 1;
    test_no_file(folder);
    test_truncated(folder);
    test_stream(folder);
    test_cut_stream(folder);
    test_failing_stream();
    test_interrupted_stream();
    test_digest(folder);
    test_external(folder);
    test_external_refused(folder);
    test_external_unreadable(folder);
    test_links(folder);
    test_huge(folder);
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK(system(command) == 0);
    return check_done();
}
