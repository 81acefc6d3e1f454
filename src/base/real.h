/* Logarithms and powers whose every bit is the same on every machine.
 *
 * IEEE 754 settles the sum, product, quotient and square root of doubles, and C libraries agree on them; on logarithms
 * and powers they do not: the last bit depends on who wrote the library. Figures must not, so what reaches a figure is
 * computed here, from sums, products and quotients alone. Numbers are kept in pairs of doubles; the error before the
 * last rounding is below 2^-60 of the result, and mostly below 2^-65. So a result is the double that is nearest to the
 * true value, but for some in 10,000 at most, and those that are below the least normal double.
 *
 * Special values are those of C's functions. errno and floating-point flags are not kept. All that is asked of the
 * environment is what a C program starts with: rounding to nearest, subnormal numbers not flushed to zero. */
#pragma once

double pj_log(double x);
double pj_log2(double x);
double pj_log10(double x);
double pj_exp2(double x);
double pj_pow(double x, double y);
