/* The line: what is told from outside of a signal, and the drawing of it inside of one. */
#define _XOPEN_SOURCE 700 /* setitimer; NOLINT */

#include "progress.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_MS = 1000, THEN_MS = 250, BAR = 20, MOST_TOLD = 20, ROOM = 160 };

/* Stages that others are part of, so that these do not replace them. */
static const char *const outer_stages[] = {"models", "sizes", NULL};

/* Words of a stage. */
static const struct {
    const char *stage, *words;
} words[] = {
    {"layers",  "pricing layers"                },
    {"memory",  "looking for the peak of memory"},
    {"weights", "reading weights"               },
    {"search",  "searching"                     },
    {"writing", "writing the model"             },
    {"models",  "model"                         },
    {"sizes",   "size"                          },
};

/* One stage; read by the signal. */
typedef struct part {
    _Atomic(const char *) what; /* NULL: none */
    _Atomic uint64_t done, total;
} part;

static struct {
    atomic_bool runs, hidden, drawn;
    part outer, inner;
    atomic_size_t passed, failed, broken;
    struct timespec start; /* these are set before the timer is */
    const char *first;
} line;

const pj_watch pj_progress = {pj_progress_step, NULL};

/* ---- in the signal: nothing but plain memory and write() ---- */

typedef struct text {
    char data[ROOM];
    size_t length;
} text;

static void add(text *out, const char *from)
{
    while (*from && out->length < ROOM)
        out->data[out->length++] = *from++;
}

static void add_number(text *out, uint64_t number)
{
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    add(out, digits + at);
}

/* ", 2 passed"; nothing where there is none. */
static void add_outcome(text *out, size_t count, const char *word)
{
    if (!count)
        return;
    add(out, ", ");
    add_number(out, count);
    add(out, word);
}

/* "  [#####...............]  25 %" */
static void add_bar(text *out, uint64_t done, uint64_t total)
{
    double share = done < total ? (double)done / (double)total : 1;
    add(out, "  [");
    for (int i = 0; i < BAR; i++)
        add(out, i < (int)(share * BAR) ? "#" : ".");
    add(out, "]  ");
    add_number(out, (uint64_t)(share * 100));
    add(out, " %");
}

/* "model 4 of 5, 2 passed, 1 failed, reading weights  [#####...............]  25 %  12 s". Of the inner stage, steps
 * are shown where there are some; without, those of the outer one. */
static void compose(text *out)
{
    const char *outer = line.outer.what, *inner = line.inner.what;
    uint64_t done = line.inner.done, total = line.inner.total, of = line.outer.total, at = line.outer.done;
    struct timespec now = {0, 0};
    if (outer && of > MOST_TOLD && total <= 2)
        inner = NULL; /* it would flicker */
    if (outer) {
        add(out, outer);
        add(out, " ");
        add_number(out, at < of ? at + 1 : of);
        add(out, " of ");
        add_number(out, of);
        add_outcome(out, line.passed, " passed");
        add_outcome(out, line.failed, " failed");
        add_outcome(out, line.broken, " cannot be checked");
    }
    if (outer && inner)
        add(out, ", ");
    add(out, inner ? inner : outer ? "" : line.first);
    if (inner && total > 2)
        add_bar(out, done, total);
    else if (outer && of)
        add_bar(out, at, of);
    clock_gettime(CLOCK_MONOTONIC, &now);
    add(out, "  ");
    add_number(out, (uint64_t)(now.tv_sec - line.start.tv_sec));
    add(out, " s");
}

static void draw(int signal_number)
{
    int kept = errno;
    text out = {.length = 0};
    (void)signal_number;
    if (line.runs && !line.hidden) {
        add(&out, "\r\033[K");
        compose(&out);
        line.drawn = true;
        ssize_t written = write(STDERR_FILENO, out.data, out.length);
        (void)written;
    }
    errno = kept;
}

/* ---- outside of it ---- */

static void set_timer(int first_ms, int then_ms)
{
    const struct itimerval times = {
        {then_ms / 1000,  then_ms % 1000 * 1000 },
        {first_ms / 1000, first_ms % 1000 * 1000}
    };
    setitimer(ITIMER_REAL, &times, NULL);
}

void pj_progress_start(const char *what)
{
    const char *term = getenv("TERM");
    struct sigaction action = {.sa_handler = draw, .sa_flags = SA_RESTART};
    if (!isatty(STDERR_FILENO) || (term && strcmp(term, "dumb") == 0))
        return;
    sigemptyset(&action.sa_mask);
    clock_gettime(CLOCK_MONOTONIC, &line.start);
    line.first = what;
    line.runs = true;
    if (sigaction(SIGALRM, &action, NULL) == 0)
        set_timer(FIRST_MS, THEN_MS);
}

void pj_progress_end(void)
{
    if (!line.runs)
        return;
    pj_progress_hide();
    set_timer(0, 0);
    line.runs = false;
}

bool pj_progress_step(const char *stage, uint64_t done, uint64_t total, void *payload)
{
    part *at = &line.inner;
    const char *what = stage;
    (void)payload;
    for (size_t i = 0; outer_stages[i]; i++)
        if (strcmp(stage, outer_stages[i]) == 0) {
            at = &line.outer;
            line.inner.what = NULL;
        }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(stage, words[i].stage) == 0)
            what = words[i].words;
    at->done = done;
    at->total = total;
    at->what = what;
    return true;
}

void pj_progress_outcomes(size_t passed, size_t failed, size_t broken)
{
    line.passed = passed;
    line.failed = failed;
    line.broken = broken;
}

bool pj_progress_is_late(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - line.start.tv_sec) + (double)(now.tv_nsec - line.start.tv_nsec) / 1e9;
    return line.runs && seconds >= FIRST_MS / 1e3;
}

void pj_progress_hide(void)
{
    static const char clear[] = "\r\033[K";
    line.hidden = true;
    if (atomic_exchange(&line.drawn, false)) {
        ssize_t written = write(STDERR_FILENO, clear, sizeof clear - 1);
        (void)written;
    }
}

void pj_progress_show(void)
{
    line.hidden = false;
}
