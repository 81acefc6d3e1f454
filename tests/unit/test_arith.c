/* The arithmetic algebra against hand calculations; tests/conformance/replay_qtools.c has the published figures. */
#include "arith/arith.h"

#include "check.h"

/* w(n, i): signed fixed point of n bits with i integer bits, u(n, i): the same unsigned. */
static pj_number w(int bits, int int_bits)
{
    return pj_number_fixed(bits, int_bits, true);
}

static pj_number u(int bits, int int_bits)
{
    return pj_number_fixed(bits, int_bits, false);
}

static pj_number po2(int bits)
{
    return pj_number_po2(bits, true, -1);
}

static pj_number half(void)
{
    return pj_number_float(16, PJ_FLOAT_PLAIN);
}

static pj_number single(void)
{
    return pj_number_float(32, PJ_FLOAT_PLAIN);
}

static pj_number stochastic(pj_number number)
{
    number.variant = PJ_VARIANT_STOCHASTIC;
    return number;
}

static pj_number counted(pj_number number, int value_count)
{
    number.value_count = value_count;
    return number;
}

static pj_number capped(pj_number number, double max_val_po2)
{
    number.max_val_po2 = max_val_po2;
    return number;
}

static pj_unit multiply(pj_number weight, pj_number input)
{
    return pj_multiplier(&weight, &input);
}

static pj_number sum_of(pj_number a, pj_number b)
{
    return pj_adder(&a, &b);
}

static pj_number accumulate(pj_number product, uint64_t terms)
{
    return pj_accumulator(&product, terms);
}

#define CHECK_FORMAT(number, kind_, bits_, int_bits_, signed_) \
    do {                                                       \
        pj_number format_ = (number);                          \
        CHECK_INT(format_.kind, kind_);                        \
        CHECK_INT(format_.bits, bits_);                        \
        CHECK_INT(format_.int_bits, int_bits_);                \
        CHECK_INT(format_.is_signed, signed_);                 \
    } while (0)

#define CHECK_GATES(unit, circuit_, bits_, factor_)     \
    do {                                                \
        CHECK_INT((unit).circuit, circuit_);            \
        CHECK_NEAR((unit).gate_bits, bits_, 1e-12);     \
        CHECK_NEAR((unit).gate_factor, factor_, 1e-15); \
    } while (0)

static void test_fixed_times_fixed(void)
{
    /* integer 0 + 0, fraction 7 + 4, one sign: 12 bits; gates sqrt(8 * 4) */
    pj_unit unit = multiply(w(8, 0), u(4, 0));
    CHECK_GATES(unit, PJ_CIRCUIT_MUL, 5.656854249492381, 1);
    CHECK_FORMAT(unit.out, PJ_FIXED, 12, 0, true);
    /* integer 2 + 3, fraction 3 + 5, no sign: 13 bits */
    CHECK_FORMAT(multiply(u(5, 2), u(8, 3)).out, PJ_FIXED, 13, 5, false);
    /* int8 * int8: integer 14, fraction 0, one sign */
    CHECK_FORMAT(multiply(w(8, 7), w(8, 7)).out, PJ_FIXED, 15, 14, true);
}

static void test_shifter(void)
{
    /* po2 of 4 bits: 4 right, 3 left. 8 + 4 + 3 bits, 0 + 3 integer bits.
     * b = sqrt(2^4 * 8) = 11.3137085, b * log10(b) = 11.3137085 * 1.0536050 */
    pj_unit unit = multiply(po2(4), w(8, 0));
    CHECK_GATES(unit, PJ_CIRCUIT_SHIFTER, 11.920179671375255, 1);
    CHECK_FORMAT(unit.out, PJ_FIXED, 15, 3, true);
    unit = multiply(w(8, 0), po2(4));
    CHECK_FORMAT(unit.out, PJ_FIXED, 15, 3, true);
    /* unsigned data gets a sign: 4 + 4 + 3 + 1 */
    CHECK_FORMAT(multiply(po2(4), u(4, 0)).out, PJ_FIXED, 12, 3, true);
    /* 7 known shifts: 7 * 0.3 over the 8 bits of data */
    unit = multiply(counted(po2(4), 7), w(8, 0));
    CHECK_GATES(unit, PJ_CIRCUIT_SHIFTER, 8, 2.1);
    /* Q41: a po2 of the sign alone: int(8 + 0.5) = 8 */
    CHECK_FORMAT(multiply(po2(1), w(8, 0)).out, PJ_FIXED, 8, 0, true);
    /* Q34: po2 of 8 bits: b = sqrt(256 * 8) = 45.254834, log10(b) = 1.655665: 74.9 adder bits * 0.003125 pJ = 0.234 pJ,
     * while the 8 x 8 multiplier costs 0.200 pJ */
    CHECK_NEAR(multiply(po2(8), w(8, 0)).gate_bits, 74.92684, 1e-6);
}

static void test_po2_times_po2(void)
{
    /* exponents add: max(4, 3) + 1 bits; 2 * 8 */
    pj_unit unit = multiply(capped(po2(4), 2), pj_number_po2(3, false, 8));
    CHECK_GATES(unit, PJ_CIRCUIT_ADD, 5, 1);
    CHECK_FORMAT(unit.out, PJ_PO2, 5, 5, true);
    CHECK_NEAR(unit.out.max_val_po2, 16, 0);
    CHECK_NEAR(multiply(capped(po2(4), 2), po2(3)).out.max_val_po2, -1, 0);
}

static void test_mux(void)
{
    /* -1/+1 weight: data of 4 bits without sign gets one; 2-way selection over 4 bits */
    pj_unit unit = multiply(pj_number_binary(), u(4, 1));
    CHECK_GATES(unit, PJ_CIRCUIT_MUX, 4, 0.3);
    CHECK_FORMAT(unit.out, PJ_FIXED, 5, 1, true);
    unit = multiply(w(6, 2), pj_number_ternary());
    CHECK_GATES(unit, PJ_CIRCUIT_MUX, 6, 0.6);
    CHECK_FORMAT(unit.out, PJ_FIXED, 6, 2, true);
    /* po2 data: int_bits follow bits, the largest value stays */
    unit = multiply(pj_number_ternary(), pj_number_po2(3, false, 2));
    CHECK_GATES(unit, PJ_CIRCUIT_MUX, 3, 0.6);
    CHECK_FORMAT(unit.out, PJ_PO2, 4, 4, true);
    CHECK_NEAR(unit.out.max_val_po2, 2, 0);
    /* Q21: ternary weight, -1/+1 input: a ternary of 1 bit */
    unit = multiply(pj_number_ternary(), pj_number_binary());
    CHECK_GATES(unit, PJ_CIRCUIT_MUX, 1, 0.6);
    CHECK_FORMAT(unit.out, PJ_TERNARY, 1, 1, true);
    /* Q21: a stochastic binary is known as weight, not as input */
    CHECK_NEAR(multiply(stochastic(pj_number_binary()), w(8, 0)).gate_factor, 0.3, 1e-15);
    CHECK_NEAR(multiply(w(8, 0), pj_number_binary()).gate_factor, 0.3, 1e-15);
    CHECK_NEAR(multiply(w(8, 0), stochastic(pj_number_binary())).gate_factor, 0.6, 1e-15);
}

static void test_gates_of_bits(void)
{
    pj_unit unit = multiply(pj_number_binary(), pj_number_binary());
    CHECK_GATES(unit, PJ_CIRCUIT_XOR, 1, 0.3);
    CHECK_FORMAT(unit.out, PJ_BINARY, 1, 1, true);
    unit = multiply(pj_number_binary01(), u(8, 3));
    CHECK_GATES(unit, PJ_CIRCUIT_AND, 8, 0.1);
    CHECK_FORMAT(unit.out, PJ_FIXED, 8, 3, false);
    unit = multiply(u(8, 3), pj_number_binary01());
    CHECK_FORMAT(unit.out, PJ_FIXED, 8, 3, false);
    unit = multiply(pj_number_binary01(), pj_number_binary());
    CHECK_GATES(unit, PJ_CIRCUIT_AND, 2, 0.1);
    CHECK_FORMAT(unit.out, PJ_TERNARY, 2, 2, true);
    unit = multiply(pj_number_binary01(), pj_number_po2(3, false, 2));
    CHECK_FORMAT(unit.out, PJ_PO2, 3, 3, false);
    CHECK_NEAR(unit.out.max_val_po2, 2, 0);
    CHECK_FORMAT(multiply(pj_number_binary01(), pj_number_binary01()).out, PJ_BINARY01, 1, 1, false);
    /* Q21: a 0/1 weight of another class than `binary` keeps its own int_bits */
    CHECK_FORMAT(multiply(stochastic(pj_number_binary01()), u(8, 3)).out, PJ_FIXED, 8, 1, false);
}

static void test_floats(void)
{
    /* Q20: times a -1/+1 it is a float multiplication all the same */
    pj_unit unit = multiply(pj_number_binary(), half());
    CHECK_GATES(unit, PJ_CIRCUIT_MUL, 16, 1);
    CHECK_FORMAT(unit.out, PJ_FLOAT, 16, -1, true);
    /* the wider float; a wider fixed-point operand does not count */
    CHECK_INT(multiply(half(), single()).out.bits, 32);
    CHECK_INT(multiply(half(), w(32, 10)).out.bits, 16);
    pj_number brain = pj_number_float(16, PJ_FLOAT_BF16);
    CHECK_INT(multiply(w(8, 7), brain).out.flavour, PJ_FLOAT_BF16);
    CHECK_INT(multiply(brain, half()).out.flavour, PJ_FLOAT_BF16);
    CHECK_INT(multiply(brain, single()).out.flavour, PJ_FLOAT_PLAIN);
}

static void test_accumulator(void)
{
    static const struct {
        uint64_t terms;
        int growth;
    } rows[] = {
        {0,                     0 },
        {1,                     0 },
        {2,                     1 },
        {3,                     2 },
        {784,                   10}, /* 2^9 = 512 < 784 <= 1024 */
        {1024,                  10},
        {1025,                  11},
        {(1ull << 53) + 1,      54}, /* log2 as a double would say 53 */
        {1ull << 63,            63},
        {(1ull << 63) + 1,      64},
        {18446744073709551615u, 64},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_FORMAT(accumulate(w(8, 0), rows[i].terms), PJ_FIXED, 8 + rows[i].growth, rows[i].growth, true);
    /* po2 of 4 bits is fixed of 1 + 4 + 3 bits, 3 of them integer; + ceil(log2(9)) = 4 */
    CHECK_FORMAT(accumulate(po2(4), 9), PJ_FIXED, 12, 7, true);
    CHECK_FORMAT(accumulate(pj_number_binary(), 9), PJ_FIXED, 5, 5, true);
    CHECK_FORMAT(accumulate(half(), 1000), PJ_FLOAT, 16, -1, true);
    CHECK_INT(accumulate(pj_number_float(16, PJ_FLOAT_BF16), 9).flavour, PJ_FLOAT_BF16);
}

static void test_adder(void)
{
    /* 18 bits, 10 integer (fraction 7) + a -1/+1 (integer 1, fraction 1 - 1 - 1 = -1): 11 + 1 + 7 */
    CHECK_FORMAT(sum_of(w(18, 10), pj_number_binary()), PJ_FIXED, 19, 11, true);
    /* fractions 7 and 4, integers 0 and 2: 3 + 1 + 7 */
    CHECK_FORMAT(sum_of(w(8, 0), u(6, 2)), PJ_FIXED, 11, 3, true);
    CHECK_FORMAT(sum_of(u(4, 0), u(6, 2)), PJ_FIXED, 7, 3, false);
    /* po2 of 4 bits: integer 3, fraction 4, on either side */
    CHECK_FORMAT(sum_of(po2(4), w(8, 0)), PJ_FIXED, 12, 4, true);
    CHECK_FORMAT(sum_of(w(8, 0), po2(4)), PJ_FIXED, 12, 4, true);
    /* Q22: in front of a 0/1 (integer 1, fraction 0) the po2 counts as 4 bits, 4 integer, fraction -1: 5 + 1 + 0;
     * behind it as integer 3, fraction 4: 4 + 1 + 4 */
    CHECK_FORMAT(sum_of(po2(4), pj_number_binary01()), PJ_FIXED, 6, 5, true);
    CHECK_FORMAT(sum_of(pj_number_binary01(), po2(4)), PJ_FIXED, 9, 4, true);
    CHECK_FORMAT(sum_of(half(), single()), PJ_FLOAT, 32, -1, true);
    /* Q19: 16-bit float + 20-bit fixed point = 20-bit "float" */
    CHECK_FORMAT(sum_of(half(), w(20, 2)), PJ_FLOAT, 20, -1, true);
    CHECK_FORMAT(sum_of(w(8, 0), half()), PJ_FLOAT, 16, -1, true);
}

static pj_unit divide(pj_number a, pj_number b)
{
    pj_unit unit;
    pj_error err = {0};
    CHECK_INT(pj_divider(&a, &b, &unit, &err), PJ_OK);
    return unit;
}

static void test_divider(void)
{
    /* Q17: fixed point below: float32, whatever is above but a float */
    pj_unit unit = divide(po2(4), w(8, 0));
    CHECK_GATES(unit, PJ_CIRCUIT_MUL, 32, 1);
    CHECK_FORMAT(unit.out, PJ_FLOAT, 32, -1, true);
    CHECK_INT(divide(half(), w(8, 0)).out.bits, 16);
    CHECK_INT(divide(half(), po2(4)).out.bits, 16);
    CHECK_INT(divide(w(8, 0), half()).out.bits, 16);
    /* 4 right and 3 left change places: 8 + 3 + 4 bits, 0 + 4 integer */
    unit = divide(w(8, 0), po2(4));
    CHECK_GATES(unit, PJ_CIRCUIT_SHIFTER, 11.920179671375255, 1);
    CHECK_FORMAT(unit.out, PJ_FIXED, 15, 4, true);
    /* a 0/1 over a po2 is called a po2: 1 + 7 + 1 for the sign, integer 1 + 4 */
    CHECK_FORMAT(divide(pj_number_binary01(), po2(4)).out, PJ_PO2, 9, 5, true);
    CHECK_FORMAT(divide(pj_number_ternary(), po2(4)).out, PJ_FIXED, 9, 6, true);
    /* exponents subtract and get a sign: max(3, 4) + 1; 2 / 8 */
    unit = divide(pj_number_po2(3, false, 2), pj_number_po2(4, false, 8));
    CHECK_GATES(unit, PJ_CIRCUIT_ADD, 5, 1);
    CHECK_FORMAT(unit.out, PJ_PO2, 5, 5, true);
    CHECK_NEAR(unit.out.max_val_po2, 0.25, 0);

    pj_error err = {0};
    pj_number a = half(), ternary = pj_number_ternary(), binary = pj_number_binary01();
    CHECK_INT(pj_divider(&a, &ternary, &unit, &err), PJ_EUNSUPPORTED);
    CHECK_PART(err.what, "ternary denominator");
    CHECK_INT(pj_divider(&a, &binary, &unit, &err), PJ_EUNSUPPORTED);
    CHECK_PART(err.what, "binary denominator");
}

static pj_unit merge(pj_merge_kind kind, pj_number a, pj_number b)
{
    pj_number inputs[] = {a, b};
    return pj_merge(kind, inputs, 2);
}

static void test_merge(void)
{
    /* Q31: max(4, 8) + 1 bits, max(0, 3) + 1 integer, for two inputs and for three */
    pj_number three[] = {w(4, 0), u(8, 3), w(6, 0)};
    pj_unit unit = pj_merge(PJ_MERGE_ADD, three, 3);
    CHECK_GATES(unit, PJ_CIRCUIT_ADD, 9, 1);
    CHECK_FORMAT(unit.out, PJ_FIXED, 9, 4, true);
    CHECK_FORMAT(merge(PJ_MERGE_ADD, w(4, 0), u(8, 3)).out, PJ_FIXED, 9, 4, true);
    /* po2 of 4 bits is fixed<8,3> */
    CHECK_FORMAT(merge(PJ_MERGE_ADD, po2(4), w(6, 0)).out, PJ_FIXED, 9, 4, true);
    /* the widest integer part starts at -1 */
    CHECK_FORMAT(merge(PJ_MERGE_ADD, w(8, -3), w(8, -4)).out, PJ_FIXED, 9, 0, true);
    CHECK_FORMAT(merge(PJ_MERGE_ADD, w(40, 0), half()).out, PJ_FLOAT, 16, -1, true);
    /* Q30: (4 bits * 5 bits = 9 bits) * 6 bits: gates sqrt(9 * 6) of the last one; fraction 3 + 5 + 5, one sign */
    pj_number factors[] = {w(4, 0), u(5, 0), w(6, 0)};
    unit = pj_merge(PJ_MERGE_MULTIPLY, factors, 3);
    CHECK_GATES(unit, PJ_CIRCUIT_MUL, 7.3484692283495345, 1);
    CHECK_FORMAT(unit.out, PJ_FIXED, 14, 0, true);
    /* Q25: one edge is no multiplication */
    unit = pj_merge(PJ_MERGE_MULTIPLY, factors, 1);
    CHECK_INT(unit.circuit, PJ_CIRCUIT_NONE);
    CHECK_FORMAT(unit.out, PJ_FIXED, 4, 0, true);
    /* the others: the common type, else the widest without growth */
    unit = merge(PJ_MERGE_MAXIMUM, pj_number_binary(), pj_number_binary());
    CHECK_GATES(unit, PJ_CIRCUIT_ADD, 1, 0.2);
    CHECK_FORMAT(unit.out, PJ_BINARY, 1, 1, true);
    CHECK_FORMAT(merge(PJ_MERGE_MINIMUM, pj_number_binary(), stochastic(pj_number_binary())).out, PJ_FIXED, 1, 1, true);
    CHECK_FORMAT(merge(PJ_MERGE_AVERAGE, w(8, 0), u(6, 2)).out, PJ_FIXED, 8, 2, true);
    CHECK_NEAR(merge(PJ_MERGE_AVERAGE, w(8, 0), u(6, 2)).gate_factor, 1, 0);
    CHECK_NEAR(merge(PJ_MERGE_CONCATENATE, w(8, 0), u(6, 2)).gate_factor, 0, 0);
    /* Q29: only additions and multiplications are charged */
    CHECK_INT(pj_merge_charged(PJ_MERGE_ADD, 3), 2);
    CHECK_INT(pj_merge_charged(PJ_MERGE_MULTIPLY, 3), 2);
    CHECK_INT(pj_merge_charged(PJ_MERGE_MAXIMUM, 3), 0);
    CHECK_INT(pj_merge_charged(PJ_MERGE_CONCATENATE, 3), 0);
}

static void test_batchnorm(void)
{
    pj_batchnorm norm;
    pj_number x = w(8, 0), binary = pj_number_binary(), beta = w(6, 0), fixed = w(8, 0);
    pj_number gamma = counted(pj_number_po2(4, false, 2), 5), variance = counted(pj_number_po2(6, false, -1), 3);

    /* Q17: float32 twice. Q15: and nothing for the addition, whose sum is float too */
    CHECK_INT(pj_batchnorm_compose(&x, &gamma, &beta, &fixed, &norm, NULL), PJ_OK);
    CHECK_GATES(norm.divide, PJ_CIRCUIT_MUL, 32, 1);
    CHECK_GATES(norm.multiply, PJ_CIRCUIT_MUL, 32, 1);
    CHECK_FORMAT(norm.out, PJ_FLOAT, 32, -1, true);

    /* deviation of 6 - 1 bits; quotient max(4, 5) + 1 bits of 5 * 3 values; x shifted by a signed po2 of 6 bits: 16
     * right, 15 left: 8 + 31 bits; 15 * 0.3 over 8 bits; + beta: integer 16, fraction 23, one sign */
    CHECK_INT(pj_batchnorm_compose(&x, &gamma, &beta, &variance, &norm, NULL), PJ_OK);
    CHECK_GATES(norm.divide, PJ_CIRCUIT_ADD, 6, 1);
    CHECK_INT(norm.divide.out.value_count, 15);
    CHECK_GATES(norm.multiply, PJ_CIRCUIT_SHIFTER, 8, 4.5);
    CHECK_FORMAT(norm.multiply.out, PJ_FIXED, 39, 15, true);
    CHECK_FORMAT(norm.out, PJ_FIXED, 40, 16, true);

    /* no scale: -1/+1 over a po2 of 5 bits (16 right, 15 left) is a "po2" of 1 + 31 bits, which as fixed point has
     * 2^30 bits right and 2^30 - 1 left; + beta: integer 2^30, fraction 2^30, one sign */
    CHECK_INT(pj_batchnorm_compose(&binary, NULL, &beta, &variance, &norm, NULL), PJ_OK);
    CHECK_GATES(norm.divide, PJ_CIRCUIT_SHIFTER, 1, 0.9);
    CHECK_INT(norm.multiply.circuit, PJ_CIRCUIT_NONE);
    CHECK_FORMAT(norm.divide.out, PJ_PO2, 32, 17, true);
    CHECK_FORMAT(norm.out, PJ_FIXED, 2147483649, 1073741824, true);

    /* no center: the product; the deviation's largest value is sqrt(16) */
    pj_number wide = pj_number_po2(6, false, 16);
    CHECK_INT(pj_batchnorm_compose(&x, &gamma, NULL, &wide, &norm, NULL), PJ_OK);
    CHECK_NEAR(norm.divide.out.max_val_po2, 0.5, 0);
    CHECK(pj_number_equal(&norm.out, &norm.multiply.out));

    /* Q36: sqrt(0.25) rounds to 0, gamma / 0 is infinite, which no shifter can lay out */
    pj_error err = {0};
    pj_number narrow = pj_number_po2(6, false, 0.25), ternary = pj_number_ternary();
    CHECK_INT(pj_batchnorm_compose(&x, &gamma, &beta, &narrow, &norm, &err), PJ_EUNSUPPORTED);
    CHECK_PART(err.what, "no largest value");
    CHECK_INT(pj_batchnorm_compose(&x, &gamma, &beta, &ternary, &norm, &err), PJ_EUNSUPPORTED);
    CHECK_PART(err.what, "ternary denominator");
}

static void test_circuit_words(void)
{
    CHECK_TEXT(pj_circuit_word(PJ_CIRCUIT_NONE), "none");
    CHECK_TEXT(pj_circuit_word(PJ_CIRCUIT_SHIFTER), "shifter");
    CHECK_TEXT(pj_circuit_word(PJ_CIRCUIT_OR), "or");
    CHECK_TEXT(pj_circuit_word(PJ_CIRCUITS), "?");
}

int main(void)
{
    test_fixed_times_fixed();
    test_shifter();
    test_po2_times_po2();
    test_mux();
    test_gates_of_bits();
    test_floats();
    test_accumulator();
    test_adder();
    test_divider();
    test_merge();
    test_batchnorm();
    test_circuit_words();
    return check_done();
}
