/* Messages, exit codes, and files that are there as a whole or not at all. */
#define _XOPEN_SOURCE 700 /* realpath; NOLINT */

#include "say.h"

#include "progress.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names out of a model may hold what a terminal obeys. */
static void clean(char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text, next = (unsigned char)text[1];
        if ((c < 0x20 && c != '\n') || c == 0x7f)
            *text = '?';
        if (c == 0xc2 && next >= 0x80 && next < 0xa0)
            text[0] = text[1] = '?';
    }
}

/* PICOJOULE_ERRORS=json: each message is a line of JSON, for programs that have started this one. */
static bool says_json(void)
{
    const char *form = getenv("PICOJOULE_ERRORS");
    return form && strcmp(form, "json") == 0;
}

/* `,"NAME":"TEXT"`; nothing where there is no text. */
static void put_member(char before, const char *name, const char *text)
{
    if (!*text)
        return;
    fprintf(stderr, "%c\"%s\":\"", before, name);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20)
            fprintf(stderr, "\\u%04x", c);
        else
            fprintf(stderr, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    fputc('"', stderr);
}

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list args)
{
    char text[2048];
    vsnprintf(text, sizeof text, format, args);
    clean(text);
    pj_progress_hide();
    if (says_json()) {
        put_member('{', "message", text);
        fprintf(stderr, "}\n");
    } else {
        fprintf(stderr, "picojoule: %s\n", text);
    }
    pj_progress_show();
}

void pj_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

pj_exit pj_say_usage(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    if (!says_json())
        fprintf(stderr, "Try 'picojoule %s%s--help'.\n", command ? command : "", command ? " " : "");
    return PJ_EXIT_USAGE;
}

bool pj_say_strict(const pj_finding *findings, size_t count, const char *model)
{
    enum { MOST = 20 };
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        const pj_finding *at = &findings[i];
        if (!at->strict || failed++ >= MOST)
            continue;
        if (*at->node)
            pj_say("%s: node '%s': %s [%s]", model, at->node, at->message, at->code);
        else
            pj_say("%s: %s [%s]", model, at->message, at->code);
    }
    if (failed > MOST)
        pj_say("%s: and %zu more", model, failed - MOST);
    if (failed)
        pj_say("%s: --strict makes %s an error; there is no report", model, failed == 1 ? "this" : "each of these");
    return failed > 0;
}

/* An input that cannot be opened is bad input; one that fails while it is read is the system's fault. */
static bool can_open(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode) && access(path, R_OK) == 0;
}

static pj_exit exit_of(const pj_error *err, const char *file)
{
    switch (err->status) {
    case PJ_OK:
        return PJ_EXIT_DONE;
    case PJ_EIO:
        return strcmp(file, "standard input") == 0 || can_open(file) ? PJ_EXIT_SYSTEM : PJ_EXIT_INPUT;
    case PJ_ENOMEM:
    case PJ_ESTOPPED:
        return PJ_EXIT_SYSTEM;
    case PJ_EUNSUPPORTED:
        return PJ_EXIT_UNSUPPORTED;
    case PJ_ECONFLICT:
        return PJ_EXIT_USAGE;
    case PJ_EFORMAT:
    case PJ_ELIMIT:
    case PJ_EOVERFLOW:
    case PJ_ESHAPE:
    case PJ_EARGUMENT:
        return PJ_EXIT_INPUT;
    }
    return PJ_EXIT_SYSTEM;
}

/* What the error is about; "" where it does not say. */
static const char *file_of(const pj_error *err, const char *subject)
{
    const char *file = err->file[0] ? err->file : subject ? subject : "";
    return strcmp(file, "-") == 0 ? "standard input" : file;
}

pj_exit pj_exit_of(const pj_error *err, const char *subject)
{
    return exit_of(err, file_of(err, subject));
}

pj_exit pj_say_error(const pj_error *err, const char *subject)
{
    const char *file = file_of(err, subject);
    const char *what = err->what[0] ? err->what : pj_status_text(err->status);
    char node[sizeof err->node + sizeof err->op + 32] = "";
    if (says_json()) {
        put_member('{', "status", pj_status_text(err->status));
        put_member(',', "file", file);
        put_member(',', "node", err->node);
        put_member(',', "op", err->op);
        put_member(',', "what", what);
        fprintf(stderr, "}\n");
        return exit_of(err, file);
    }
    if (err->node[0])
        snprintf(node, sizeof node, err->op[0] ? "node '%s' (%s): " : "node '%s': ", err->node, err->op);
    pj_say("%s%s%s%s", file, *file ? ": " : "", node, what);
    return exit_of(err, file);
}

pj_out pj_out_new(const char *path)
{
    pj_out out = {.path = path};
    return out;
}

/* A new file beside the target, with the rights that the target has or would get. */
static FILE *open_temp(pj_out *out, const struct stat *target)
{
    size_t size = strlen(out->target) + sizeof ".XXXXXX";
    out->temp = malloc(size);
    if (!out->temp)
        return NULL;
    snprintf(out->temp, size, "%s.XXXXXX", out->target);
    int fd = mkstemp(out->temp);
    if (fd < 0) {
        free(out->temp);
        out->temp = NULL;
        return NULL;
    }
    mode_t mask = umask(0);
    umask(mask);
    FILE *file = fchmod(fd, target ? target->st_mode & 07777 : 0666 & ~mask) == 0 ? fdopen(fd, "wb") : NULL;
    if (!file)
        close(fd);
    return file;
}

static FILE *open_file(pj_out *out)
{
    struct stat info;
    bool exists = stat(out->path, &info) == 0;
    out->target = exists ? realpath(out->path, NULL) : strdup(out->path);
    if (!out->target)
        return NULL;
    return exists && !S_ISREG(info.st_mode) ? fopen(out->target, "wb") : open_temp(out, exists ? &info : NULL);
}

bool pj_out_write(const char *bytes, size_t length, void *payload)
{
    pj_out *out = payload;
    if (out->streams)
        pj_progress_hide();
    else if (!out->file && !out->path)
        pj_progress_end(); /* reports come last */
    errno = 0;
    if (!out->file)
        out->file = out->path ? open_file(out) : stdout;
    bool ok = out->file && fwrite(bytes, 1, length, out->file) == length && (!out->streams || fflush(out->file) == 0);
    if (out->streams)
        pj_progress_show();
    if (!ok)
        out->error = errno ? errno : EIO;
    return ok;
}

static void close_out(pj_out *out, bool keep)
{
    int failed = 0;
    errno = 0;
    if (out->file)
        failed = out->path ? fclose(out->file) : fflush(out->file);
    if (failed && !out->error)
        out->error = errno ? errno : EIO;
    keep = keep && !out->error;
    if (out->temp && keep && rename(out->temp, out->target) != 0) {
        out->error = errno;
        keep = false;
    }
    if (out->temp && !keep)
        unlink(out->temp);
    free(out->temp);
    free(out->target);
}

pj_exit pj_out_finish(pj_out *out, pj_status status, const pj_error *err, const char *subject)
{
    close_out(out, status == PJ_OK);
    if (out->error) {
        pj_say("%s: cannot be written: %s", out->path ? out->path : "standard output", strerror(out->error));
        return PJ_EXIT_SYSTEM;
    }
    return status == PJ_OK ? PJ_EXIT_DONE : pj_say_error(err, subject);
}

void pj_out_drop(pj_out *out)
{
    close_out(out, false);
}
