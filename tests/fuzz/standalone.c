/* Runs a fuzz target over files, and over the files of folders, without libFuzzer. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "fuzz.h"

enum { MOST_BYTES = 256 * 1024 * 1024 };

static int run_file(const char *path)
{
    pj_error err = {0};
    char *text = NULL;
    size_t length;
    if (pj_file_read(path, MOST_BYTES, &text, &length, &err) != PJ_OK) {
        fprintf(stderr, "%s: %s\n", path, err.what);
        return -1;
    }
    /* a copy of exactly this size: reading past it is seen by AddressSanitizer */
    uint8_t *data = malloc(length ? length : 1);
    if (data) {
        if (length)
            memcpy(data, text, length);
        LLVMFuzzerTestOneInput(data, length);
    }
    free(data);
    free(text);
    return data ? 1 : -1;
}

/* Files run; -1: one of them cannot be read. */
static int run_folder(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;
    const struct dirent *entry;
    if (!folder)
        return run_file(path);
    while (count >= 0 && (entry = readdir(folder)) != NULL) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        count = run_file(file) < 0 ? -1 : count + 1;
    }
    closedir(folder);
    return count;
}

int main(int count, char **words)
{
    int inputs = 0;
    for (int i = 1; i < count && inputs >= 0; i++) {
        int more = run_folder(words[i]);
        inputs = more < 0 ? -1 : inputs + more;
    }
    printf("%d inputs\n", inputs);
    return inputs > 0 ? 0 : 1;
}
