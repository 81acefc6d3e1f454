/* make_model FOLDER : writes m.onnx there, and data/w.bin, where most of its weights are. */
#include <stdio.h>
#include <sys/stat.h>

#include "model.h"

enum { ROWS = 50, COLUMNS = 70, INNER = 60 };

static bool write_file(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    return file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0;
}

int main(int count, char **words)
{
    static float outside[ROWS * COLUMNS], inside[COLUMNS * INNER];
    size_t size;
    char data[4096];
    if (count != 2)
        return 2;
    for (int i = 0; i < ROWS * COLUMNS; i++)
        outside[i] = (float)(i * 7919 % 1013) / 500 - 1;
    for (int i = 0; i < COLUMNS * INNER; i++)
        inside[i] = (float)(i * 7907 % 997) / 300 - 1.5F;
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "batch,50");
    build_external(&b, build_initializer(&b, "w", PJ_FLOAT32, "50,70"), "location", "data/w.bin");
    build_raw(&b, build_initializer(&b, "v", PJ_FLOAT32, "70,60"), inside, sizeof inside);
    build_node(&b, "MatMul", "x,w", "a");
    build_node(&b, "MatMul", "a,v", "y");
    build_output(&b, "y", PJ_FLOAT32, "batch,60");
    const uint8_t *bytes = build_bytes(&b, &size);
    snprintf(data, sizeof data, "%s/data", words[1]);
    bool ok = mkdir(data, 0777) == 0 && write_file(words[1], "m.onnx", bytes, size) &&
              write_file(words[1], "data/w.bin", outside, sizeof outside);
    build_free(&b);
    return ok ? 0 : 1;
}
