/* The total of a model, and its dearest layer. cc dearest.c $(pkg-config --cflags --libs picojoule) */
#include <picojoule/picojoule.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words)
{
    pj_error err = {0};
    pj_model *model = NULL;
    pj_result *result = NULL;
    pj_setup *setup = pj_setup_new();
    if (count != 2 || !setup)
        return 2;
    if (pj_model_open(words[1], setup, &model, &err) != PJ_OK || pj_analyze(model, setup, &result, &err) != PJ_OK) {
        fprintf(stderr, "%s: %s%s%s\n", err.file, err.node, err.node[0] ? ": " : "", err.what);
        return 1;
    }
    double total = 0;
    size_t layers = pj_result_layers(result), dearest = 0;
    double *energy = calloc(layers, sizeof *energy);
    const char *name = "";
    if (!energy || pj_result_figure(result, "total", &total, &err) != PJ_OK ||
        pj_result_column(result, "total", energy, layers, &err) != PJ_OK)
        return 1;
    for (size_t i = 0; i < layers; i++)
        dearest = energy[i] > energy[dearest] ? i : dearest;
    pj_result_layer_text(result, dearest, "name", &name, &err);
    printf("%.3f uJ, of which %.1f %% in %s\n", total / 1e6, 100 * energy[dearest] / total, name);
    return 0; /* the system takes the memory; a longer program frees what it has opened */
}
