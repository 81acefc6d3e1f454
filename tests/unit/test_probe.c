/* Probes: what columns mean, rows that cannot be, and that no row leaves anything behind for the next one. That prices
 * are those of pj_analyze is tests/ops/probe_cases.c. */
#include <string.h>

#include "check.h"
#include "model.h"
#include "picojoule/picojoule.h"

/* A convolution of 3x3 over a padded input, and a Relu. */
static pj_model *open_block(void)
{
    const int64_t pads[] = {1, 1, 1, 1}, strides[] = {1, 1};
    builder b = build_new(17);
    pj_error err = {0};
    pj_model *model = NULL;
    size_t size;
    build_input(&b, "x", PJ_FLOAT32, "batch,4,8,8");
    build_initializer(&b, "w", PJ_FLOAT32, "16,4,3,3");
    PjOnnx__NodeProto *conv = build_node(&b, "Conv", "x,w", "c");
    conv->name = build_strdup(&b, "conv");
    build_ints(&b, conv, "pads", 4, pads);
    build_ints(&b, conv, "strides", 2, strides);
    build_int(&b, conv, "group", 1);
    build_node(&b, "Relu", "c", "y");
    build_output(&b, "y", PJ_FLOAT32, "batch,16,8,8");
    const uint8_t *bytes = build_bytes(&b, &size);
    CHECK_INT(pj_model_open_memory(bytes, size, "block.onnx", NULL, &model, &err), PJ_OK);
    build_free(&b);
    return model;
}

/* MACs by hand: batch * out channels * positions * in channels / group * 9; a file's 16 x 8 x 8 results count no more.
 */
static void test_rows(void)
{
    static const char *const columns[] = {
        "batch", "x[1]", "w[0]", "w[1]", "x[2] x[3]", "conv.strides[0] conv.strides[1]", "conv.group"};
    static const int64_t rows[][7] = {
        {1, 4,  16, 4, 8,  1, 1 },
        {2, 6,  32, 6, 10, 2, 1 },
        {1, 4,  16, 3, 8,  1, 1 }, /* 4 channels for weights of 3 */
        {1, 12, 12, 1, 5,  1, 12},
        {1, -1, 16, 4, 8,  1, 1 },
        {1, 4,  16, 4, 8,  1, 1 },
        {1, 4,  16, 4, 8,  0, 1 }, /* no stride */
    };
    enum { ROWS = sizeof rows / sizeof *rows, SETUPS = 3 };
    static const int64_t macs[ROWS] = {16 * 64 * 4 * 9, 2 * 32 * 25 * 6 * 9, 0, 12 * 25 * 9, 0, 16 * 64 * 4 * 9, 0};
    static const pj_status status[ROWS] = {PJ_OK, PJ_OK, PJ_ESHAPE, PJ_OK, PJ_EARGUMENT, PJ_OK, PJ_ESHAPE};
    pj_price prices[ROWS][SETUPS];
    pj_setup setup[SETUPS] = {pj_setup_default(), pj_setup_default(), pj_setup_default()};
    const pj_setup *asked[SETUPS] = {&setup[0], &setup[1], &setup[2]};
    pj_error err = {0};
    pj_probe *probe = NULL;
    pj_model *model = open_block();
    setup[1].table = "jouppi-7nm";
    setup[2].quantize = "int8";
    CHECK_INT(pj_probe_new(model, columns, 7, asked, SETUPS, &probe, &err), PJ_OK);
    CHECK_INT(pj_probe_price(probe, rows[0], ROWS, prices[0], &err), PJ_OK);
    for (int r = 0; r < ROWS; r++)
        for (int s = 0; s < SETUPS; s++) {
            CHECK_INT(prices[r][s].status, status[r]);
            CHECK_INT(prices[r][s].macs, macs[r]);
            CHECK_INT(prices[r][s].params,
                      status[r] == PJ_OK ? rows[r][2] * rows[r][3] * 9 + (s == 2 ? rows[r][2] : 0) : 0);
            CHECK((pj_energy_total(&prices[r][s].energy) > 0) == (status[r] == PJ_OK));
        }
    CHECK(memcmp(prices[0], prices[5], sizeof prices[0]) == 0); /* whatever came in between */
    CHECK(prices[0][0].energy.op_cost > prices[0][1].energy.op_cost && prices[0][0].bops > prices[0][2].bops);
    CHECK_TEXT(err.node, "conv");
    CHECK_INT(pj_probe_price(probe, rows[0], 0, NULL, NULL), PJ_OK);
    CHECK_INT(pj_probe_price(NULL, rows[0], 1, prices[0], &err), PJ_EARGUMENT);
    pj_probe_free(probe);
    pj_model_close(model);
}

static void check_refused(const char *one, const char *two, const char *part)
{
    const char *const columns[] = {one, two};
    pj_setup setup = pj_setup_default();
    const pj_setup *asked = &setup;
    pj_error err = {0};
    pj_probe *probe = NULL;
    pj_model *model = open_block();
    CHECK_INT(pj_probe_new(model, columns, two ? 2 : 1, &asked, 1, &probe, &err), PJ_EARGUMENT);
    CHECK(strstr(err.what, part) != NULL);
    CHECK(!probe);
    pj_model_close(model);
}

static void test_columns(void)
{
    check_refused("z[0]", NULL, "z[0]: the model has no such place");
    check_refused("c[1]", NULL, "c[1]: the model has no such place"); /* it follows */
    check_refused("width", NULL, "width: the model has no such place");
    check_refused("x[4]", NULL, "x[4]: the tensor has 4 dimensions");
    check_refused("x[99999999999]", NULL, "no such place");
    check_refused("x[]", NULL, "no such place");
    check_refused("", NULL, "a column without a place");
    check_refused("conv.strides[2]", NULL, "conv.strides[2]: the attribute has 2 whole numbers");
    check_refused("conv.strides", NULL, "2 whole numbers, counted from [0]");
    check_refused(".strides[0]", NULL, "no such place"); /* of which of two nodes? */
    check_refused("batch", "x[0]", "x[0]: this place has a column already");
}

static void test_setups(void)
{
    static const char *const columns[] = {"batch"};
    pj_setup setup = pj_setup_default();
    const pj_setup *asked = &setup;
    pj_error err = {0};
    pj_probe *probe = NULL;
    pj_model *model = open_block();
    setup.table = "no-such-table";
    CHECK(pj_probe_new(model, columns, 1, &asked, 1, &probe, &err) != PJ_OK);
    setup.table = "qtools";
    setup.hierarchy = "tpu-like";
    CHECK_INT(pj_probe_new(model, columns, 1, &asked, 1, &probe, &err), PJ_ECONFLICT);
    CHECK_INT(pj_probe_new(model, columns, 0, &asked, 1, &probe, &err), PJ_EARGUMENT);
    CHECK_INT(pj_probe_new(NULL, columns, 1, &asked, 1, &probe, &err), PJ_EARGUMENT);
    pj_probe_free(NULL);
    pj_model_close(model);
}

int main(void)
{
    test_rows();
    test_columns();
    test_setups();
    return check_done();
}
