/* A program that reads ONNX with protobuf code of its own, and asks the library about the same file. */
#include <picojoule/picojoule.h>
#include <stdio.h>
#include <stdlib.h>

#include "onnx.pb-c.h"

int main(int count, char **words)
{
    static uint8_t bytes[1 << 20];
    pj_error err;
    pj_result *result = NULL;
    pj_setup setup = pj_setup_default();
    FILE *file = count == 2 ? fopen(words[1], "rb") : NULL;
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    __typeof__(UNPACK(NULL, 0, NULL)) model = UNPACK(NULL, size, bytes);
    if (!model || pj_result_open(words[1], &setup, &result, &err) != PJ_OK)
        return 1;
    printf("%zu nodes, %zu layers\n", model->graph->n_node, pj_result_layers(result));
    pj_result_free(result);
    FREE(model, NULL);
    fclose(file);
    return 0;
}
