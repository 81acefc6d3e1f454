/* Files that are there whole or not at all: written beside their place, flushed to the disk, then renamed. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "study/study.h"

static const char *format_text(pj_arena *arena, const char *format, ...) PJ_PRINTF(2, 3);
static const char *format_text(pj_arena *arena, const char *format, ...)
{
    pj_str text = pj_str_new(0);
    va_list args;
    va_start(args, format);
    pj_str_vprintf(&text, format, args);
    va_end(args);
    return pj_str_keep(&text, arena);
}

char *pj_folder_file(const char *folder, const char *kind, uint64_t chunk, pj_arena *arena)
{
    return (char *)(uintptr_t)format_text(arena, "%s/%s/c%07" PRIu64 ".parquet", folder, kind, chunk);
}

static pj_status fail(const pj_whole *whole, pj_error *err)
{
    pj_error_at(err, whole->path, NULL, NULL);
    return pj_fail(err, PJ_EIO, "cannot be written: %s", strerror(whole->error ? whole->error : EIO));
}

void pj_host_name(char out[64])
{
    memset(out, 0, 64);
    (void)gethostname(out, 63);
    out[strcspn(out, "/")] = 0;
}

pj_status pj_whole_begin(pj_whole *whole, const char *folder, const char *kind, uint64_t chunk, pj_arena *arena,
                         pj_error *err)
{
    char host[64];
    pj_host_name(host);
    *whole = (pj_whole){
        .path = pj_folder_file(folder, kind, chunk, arena),
        .folder = format_text(arena, "%s/%s", folder, kind),
        .temp = format_text(arena, "%s/%s/.c%07" PRIu64 ".%s.%ld.tmp", folder, kind, chunk, host, (long)getpid())};
    PJ_TRY(pj_got(whole->path && whole->folder && whole->temp, err));
    whole->file = fopen(whole->temp, "wb");
    whole->error = whole->file ? 0 : errno;
    return whole->file ? PJ_OK : fail(whole, err);
}

bool pj_whole_write(const char *bytes, size_t length, void *payload)
{
    pj_whole *whole = payload;
    errno = 0;
    if (fwrite(bytes, 1, length, whole->file) == length)
        return true;
    whole->error = errno ? errno : EIO;
    return false;
}

/* A name is on the disk once its folder is; where folders cannot be flushed, that is all that can be done. */
static void flush_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

pj_status pj_whole_end(pj_whole *whole, pj_status status, pj_error *err)
{
    if (!whole->file)
        return status;
    errno = 0;
    if (status == PJ_OK && !whole->error && (fflush(whole->file) != 0 || fsync(fileno(whole->file)) != 0))
        whole->error = errno ? errno : EIO;
    if (fclose(whole->file) != 0 && !whole->error)
        whole->error = errno ? errno : EIO;
    whole->file = NULL;
    if (status == PJ_OK && !whole->error && rename(whole->temp, whole->path) != 0)
        whole->error = errno;
    if (status == PJ_OK && !whole->error) {
        flush_folder(whole->folder);
        return PJ_OK;
    }
    (void)unlink(whole->temp);
    return whole->error ? fail(whole, err) : status;
}
