/* Preloaded into the program: whoever opens a file called poison.onnx dies of it, one called slow.onnx takes for ever.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

/* Digests are taken before chunks are begun: the first opening of a process is let through. */
static void taste(const char *path)
{
    static int times;
    if (path && strstr(path, "poison.onnx") && times++)
        raise(SIGSEGV);
}

int open64(const char *path, int flags, ...)
{
    int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    va_list args;
    va_start(args, flags);
    int mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    taste(path);
    return next(path, flags, mode);
}
