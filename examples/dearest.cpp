// The total of a model, and its dearest layer. c++ dearest.cpp $(pkg-config --cflags --libs picojoule)
#include <picojoule/picojoule.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

int main(int count, char **words)
{
    if (count != 2)
        return 2;
    pj_error err{};
    pj_model *model = nullptr;
    pj_result *result = nullptr;
    std::unique_ptr<pj_setup, void (*)(pj_setup *)> setup{pj_setup_new(), pj_setup_free};
    const bool good = pj_model_open(words[1], setup.get(), &model, &err) == PJ_OK &&
                      pj_analyze(model, setup.get(), &result, &err) == PJ_OK;
    std::unique_ptr<pj_model, void (*)(pj_model *)> model_owner{model, pj_model_close};
    std::unique_ptr<pj_result, void (*)(pj_result *)> result_owner{result, pj_result_free};
    std::vector<double> energy(good ? pj_result_layers(result) : 0);
    double total = 0;
    if (!good || pj_result_figure(result, "total", &total, &err) != PJ_OK ||
        pj_result_column(result, "total", energy.data(), energy.size(), &err) != PJ_OK)
        return std::fprintf(stderr, "%s: %s\n", err.file, err.what), 1;
    const auto dearest = std::max_element(energy.begin(), energy.end());
    const char *name = "";
    pj_result_layer_text(result, std::size_t(dearest - energy.begin()), "name", &name, &err);
    std::printf("%.3f uJ, of which %.1f %% in %s\n", total / 1e6, 100 * *dearest / total, name);
}
