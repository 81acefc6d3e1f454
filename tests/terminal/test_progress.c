/* What a terminal shows of work that takes over a second, and that nobody else sees it.
 *
 *     test_progress PROGRAM ROOT
 *
 * The program runs with standard error on a terminal of its own and standard output in a file. What takes long is a
 * pipe that gives its model after two seconds, many sizes, or many weights. */
#define _XOPEN_SOURCE 700 /* posix_openpt; NOLINT */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "model.h"

enum { LONGEST = 1 << 16, MOST_WORDS = 12, SLOW_S = 2 };

static const char *program, *root;
static char folder[] = "/tmp/picojoule-terminal-XXXXXX";

/* What a run has shown. */
typedef struct run {
    char seen[LONGEST]; /* on the terminal, or on the pipe in its place */
    size_t length;
    int code;
    double seconds;
} run;

static const char *path(const char *name)
{
    static char text[4][4096];
    static int next;
    next = (next + 1) % 4;
    snprintf(text[next], sizeof text[next], "%s/%s", *name == '=' ? root : folder, name + (*name == '='));
    return text[next];
}

/* The other end of a terminal; *terminal is the end for the program. */
static int open_terminal(int *terminal)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        return -1;
    *terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    return *terminal < 0 ? -1 : master;
}

static void become_program(int out, int err, char **words)
{
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    setenv("TERM", "xterm", 1);
    if (chdir(folder) == 0)
        execv(program, words);
    _exit(127);
}

static run run_program(bool on_terminal, const char *const *given)
{
    static run r;
    char *words[MOST_WORDS + 2] = {(char *)(uintptr_t)program};
    int ends[2] = {-1, -1}, out = open(path("out"), O_RDWR | O_CREAT | O_TRUNC, 0600), status = 0;
    struct timespec start, end;
    memset(&r, 0, sizeof r);
    for (size_t i = 0; i < MOST_WORDS && given[i]; i++)
        words[i + 1] = (char *)(uintptr_t)given[i];
    if (on_terminal)
        ends[0] = open_terminal(&ends[1]);
    else if (pipe(ends) != 0)
        ends[0] = -1;
    CHECK(ends[0] >= 0 && out >= 0);
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t child = fork();
    if (child == 0)
        become_program(out, ends[1], words);
    close(ends[1]);
    for (ssize_t got = 1; got > 0 && r.length<sizeof r.seen - 1; r.length += got> 0 ? (size_t)got : 0)
        got = read(ends[0], r.seen + r.length, sizeof r.seen - 1 - r.length); /* EIO: the terminal is closed */
    waitpid(child, &status, 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    close(ends[0]);
    close(out);
    r.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    r.seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    return r;
}

/* A pipe that gives the model after a while; its process, to wait for. */
static pid_t slow_model(const char *name, const char *model)
{
    char bytes[4096];
    unlink(path(name));
    CHECK_INT(mkfifo(path(name), 0600), 0);
    pid_t child = fork();
    if (child != 0)
        return child;
    alarm(10 * SLOW_S); /* nobody may want it */
    FILE *from = fopen(path(model), "rb"), *to = fopen(path(name), "wb");
    sleep(SLOW_S);
    for (size_t got; from && to && (got = fread(bytes, 1, sizeof bytes, from)) > 0;)
        fwrite(bytes, 1, got, to);
    if (to)
        fclose(to);
    _exit(0);
}

/* The line was drawn, with these words, and is gone at the end. */
static void shows(const run *r, const char *words)
{
    static const char clear[] = "\r\033[K";
    size_t length = sizeof clear - 1;
    CHECK_PART(r->seen, words);
    CHECK(r->length > length && memcmp(r->seen + r->length - length, clear, length) == 0);
}

static void test_reading(void)
{
    pid_t child = slow_model("slow.onnx", "=models/resnet8.onnx");
    run r = run_program(true, (const char *[]){"analyze", "slow.onnx", "-q", NULL});
    waitpid(child, NULL, 0);
    CHECK_INT(r.code, 0);
    shows(&r, "reading the model  1 s");
}

static void test_nobody_else(void)
{
    pid_t child = slow_model("slow.onnx", "=models/resnet8.onnx");
    run r = run_program(false, (const char *[]){"analyze", "slow.onnx", "-q", NULL});
    waitpid(child, NULL, 0);
    CHECK_INT(r.code, 0);
    CHECK_TEXT(r.seen, "");
    r = run_program(true, (const char *[]){"analyze", path("=models/resnet8.onnx"), "-q", NULL});
    if (r.seconds < 0.9)
        CHECK_TEXT(r.seen, "");
}

static void test_models(void)
{
    pid_t child = slow_model("slow.onnx", "=models/resnet8.onnx");
    run r = run_program(true, (const char *[]){"analyze", path("=models/encoder.onnx"), "slow.onnx", NULL});
    waitpid(child, NULL, 0);
    CHECK_INT(r.code, 0);
    shows(&r, "model 2 of 2  [##########..........]  50 %  1 s");
}

static void test_check(void)
{
    run r =
        run_program(true, (const char *[]){"check", "--init", path("=models/resnet8.onnx"), "-o", "budget.json", NULL});
    CHECK_INT(r.code, 0);
    char text[LONGEST] = "";
    FILE *file = fopen(path("budget.json"), "r");
    CHECK(file && fread(text, 1, sizeof text - 1, file) > 0);
    if (file)
        fclose(file);
    char *at = strstr(text, "\"model\": \"");
    CHECK(at);
    file = fopen(path("budget.json"), "w");
    if (at && file)
        fprintf(file, "%.*s\"model\": \"slow.onnx%s", (int)(at - text), text, strchr(at + 10, '"'));
    if (file)
        fclose(file);
    pid_t child = slow_model("slow.onnx", "=models/resnet8.onnx");
    r = run_program(true, (const char *[]){"check", "budget.json", NULL});
    waitpid(child, NULL, 0);
    CHECK_INT(r.code, 0);
    shows(&r, "model 1 of 1  [....................]  0 %  1 s");
}

/* What has become of the models so far stands in the line; who waits is told the name of what fails. */
static void test_outcomes(void)
{
    FILE *file = fopen(path("two.json"), "w");
    CHECK(file);
    if (file) {
        fprintf(file,
                "{\"schema\": \"picojoule.budget/1\", \"models\": [{\"model\": \"%s\", \"limits\": {\"macs\": 1}}, "
                "{\"model\": \"slow.onnx\", \"limits\": {\"macs\": \"1G\"}}]}",
                path("=models/resnet8.onnx"));
        fclose(file);
    }
    pid_t child = slow_model("slow.onnx", "=models/resnet8.onnx");
    run r = run_program(true, (const char *[]){"check", "two.json", NULL});
    waitpid(child, NULL, 0);
    CHECK_INT(r.code, 1);
    CHECK_PART(r.seen, "\r\033[Kmodel 2 of 2, 1 failed  [##########..........]  50 %  1 s");
    CHECK_PART(r.seen, "\r\033[Kpicojoule: FAIL   ");
}

static void test_sizes(void)
{
    static const char sizes[] = "=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31";
    char batch[sizeof sizes + 20], sequence[sizeof sizes + 20];
    snprintf(batch, sizeof batch, "batch%s", sizes);
    snprintf(sequence, sizeof sequence, "sequence%s", sizes);
    run r = run_program(
        true, (const char *[]){"analyze", path("=models/encoder.onnx"), "--sweep", batch, "--sweep", sequence, NULL});
    CHECK_INT(r.code, 0);
    if (r.seconds > 1.5)
        shows(&r, " of 961");
}

/* Weights of 12 MB. */
static void make_heavy(void)
{
    enum { ROWS = 2000, COLUMNS = 1500 };
    static float row[COLUMNS];
    size_t size;
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,2000");
    build_external(&b, build_initializer(&b, "w", PJ_FLOAT32, "2000,1500"), "location", "w.bin");
    build_node(&b, "MatMul", "x,w", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,1500");
    const uint8_t *bytes = build_bytes(&b, &size);
    FILE *file = fopen(path("heavy.onnx"), "wb");
    CHECK(file && fwrite(bytes, 1, size, file) == size);
    if (file)
        fclose(file);
    build_free(&b);
    file = fopen(path("w.bin"), "wb");
    for (size_t i = 0; i < COLUMNS; i++)
        row[i] = (float)(i * 7919 % 1013) / 500 - 1;
    for (size_t i = 0; file && i < ROWS; i++)
        fwrite(row, sizeof *row, COLUMNS, file);
    CHECK(file && fclose(file) == 0);
}

static void test_weights(void)
{
    make_heavy();
    run r = run_program(true, (const char *[]){"analyze", "heavy.onnx", "--inspect-weights", "-q", NULL});
    CHECK_INT(r.code, 0);
    if (r.seconds > 1.5)
        shows(&r, "reading weights  [");
    r = run_program(true, (const char *[]){"plan", "heavy.onnx", "--choices", "int8,int4", "--time-limit", "20", NULL});
    CHECK_INT(r.code, 0);
    if (r.seconds > 1.5)
        shows(&r, "reading weights  [");
    r = run_program(true, (const char *[]){"apply", "heavy.onnx", "--quantize", "w8a16", "--scheme", "weights", "-o",
                                           "int8.onnx", NULL});
    CHECK_INT(r.code, 0);
    if (r.seconds > 1.5)
        shows(&r, "writing the model  [");
}

int main(int count, char **words)
{
    if (count != 3)
        return 2;
    program = words[1];
    root = words[2];
    if (!mkdtemp(folder))
        return 2;
    test_reading();
    test_nobody_else();
    test_models();
    test_check();
    test_outcomes();
    test_sizes();
    test_weights();
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    CHECK_INT(system(command), 0);
    return check_done();
}
