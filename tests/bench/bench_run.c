/* Runs a command many times, in turn with another one, and holds its time and memory against limits.
 *
 *     bench_run TITLE [runs=N] [ratio=N] [per=N] [ms=N] [kib=N] -- COMMAND... [-- OTHER...]
 *
 * The time of a run is that from before fork to after wait; medians are compared, and `per` divides COMMAND's before
 * the ratio is taken. Memory is the largest resident set of any run. A limit that is not given is not held against.
 * The least processor time of a run is printed, too: on a machine with other work to do it says more than the clock. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_RUNS = 1000 };

typedef struct command {
    char **words; /* NULL: there is none */
    double ms[MOST_RUNS];
    double cpu; /* least processor time (ms) */
    long kib;   /* largest resident set */
} command;

typedef struct limits {
    int runs;
    double ratio, per, ms, kib; /* 0: none */
} limits;

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double ms_of(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void run_once(command *c, int run)
{
    struct rusage usage;
    int status;
    double start = now_ms();
    pid_t child = fork();
    if (child < 0)
        die("fork");
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
            die("/dev/null");
        execvp(c->words[0], c->words);
        die(c->words[0]);
    }
    if (wait4(child, &status, 0, &usage) < 0)
        die("wait4");
    c->ms[run] = now_ms() - start;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench_run: %s failed\n", c->words[0]);
        exit(2);
    }
    double cpu = ms_of(usage.ru_utime) + ms_of(usage.ru_stime);
    if (c->cpu <= 0 || cpu < c->cpu)
        c->cpu = cpu;
    if (usage.ru_maxrss > c->kib)
        c->kib = usage.ru_maxrss;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(const command *c, int runs)
{
    return runs % 2 ? c->ms[runs / 2] : (c->ms[runs / 2 - 1] + c->ms[runs / 2]) / 2;
}

/* One column: a figure and its limit; false: over. */
static bool hold(int width, int digits, double figure, double limit, const char *unit)
{
    printf("   %*.*f %s", width, digits, figure, unit);
    if (limit > 0)
        printf(" (limit %g)", limit);
    return limit <= 0 || figure <= limit;
}

static bool report(const char *title, const limits *limit, const command *c, const command *other)
{
    double time = median(c, limit->runs);
    printf("%-44s", title);
    bool ok = hold(8, 2, time, limit->ms, "ms");
    ok = hold(7, 0, (double)c->kib, limit->kib, "KiB") && ok;
    if (other->words) {
        double than = median(other, limit->runs);
        ok = hold(6, 2, time / (limit->per > 0 ? limit->per : 1) / than, limit->ratio, "x") && ok;
        printf(" of %.2f ms, %ld KiB", than, other->kib);
    }
    printf("   [%.2f..%.2f, cpu %.2f]   %s\n", c->ms[0], c->ms[limit->runs - 1], c->cpu, ok ? "ok" : "OVER");
    return ok;
}

static void read_limit(limits *limit, const char *word)
{
    double value;
    char name[8];
    if (sscanf(word, "%7[a-z]=%lf", name, &value) != 2) {
        fprintf(stderr, "bench_run: '%s' is no limit\n", word);
        exit(2);
    }
    if (strcmp(name, "runs") == 0)
        limit->runs = value >= 1 && value <= MOST_RUNS ? (int)value : MOST_RUNS;
    else if (strcmp(name, "ratio") == 0)
        limit->ratio = value;
    else if (strcmp(name, "per") == 0)
        limit->per = value;
    else if (strcmp(name, "ms") == 0)
        limit->ms = value;
    else
        limit->kib = value;
}

int main(int count, char **words)
{
    static command tested, other;
    limits limit = {.runs = 21};
    int i = 2;
    for (; i < count && strcmp(words[i], "--") != 0; i++)
        read_limit(&limit, words[i]);
    if (i + 1 >= count) {
        fprintf(stderr,
                "usage: bench_run TITLE [runs=N] [ratio=N] [per=N] [ms=N] [kib=N] -- COMMAND... [-- OTHER...]\n");
        return 2;
    }
    tested.words = words + i + 1;
    while (i + 1 < count && strcmp(words[i + 1], "--") != 0)
        i++;
    if (i + 2 < count) {
        words[i + 1] = NULL;
        other.words = words + i + 2;
    }
    for (int run = -1; run < limit.runs; run++) { /* the first round warms the page cache and is overwritten */
        run_once(&tested, run < 0 ? 0 : run);
        if (other.words)
            run_once(&other, run < 0 ? 0 : run);
    }
    qsort(tested.ms, (size_t)limit.runs, sizeof *tested.ms, by_size);
    qsort(other.ms, (size_t)limit.runs, sizeof *other.ms, by_size);
    return report(words[1], &limit, &tested, &other) ? 0 : 1;
}
