/* What a nest reads, how much of it fits, how little of it can move. */
#include "reuse/nest.h"

#include "base/libc.h"

double pj_nest_window(const pj_nest *nest)
{
    return nest->window.out_w > 0 ? nest->window.kernel_h * nest->window.kernel_w : 1;
}

/* One dimension of a window: `count` outputs touch `slope` x count + `offset` inputs, `most` of them at most. */
typedef struct line {
    double slope, offset, most;
} line;

static line line_of(double kernel, double stride, double dilation, double most)
{
    double reach = (kernel - 1) * dilation + 1;
    if (reach < stride) /* windows with gaps between them */
        return (line){kernel, 0, HUGE_VAL};
    return (line){stride, reach - stride, most};
}

static double line_at(const line *l, double count)
{
    return fmin(l->slope * count + l->offset, l->most);
}

/* The largest count for which factor x line + price x count <= budget; negative: none. */
static double line_largest(const line *l, double factor, double price, double budget)
{
    double rising = (budget - factor * l->offset) / (factor * l->slope + price);
    if (!(l->slope * rising + l->offset > l->most))
        return rising;
    return price > 0 ? (budget - factor * l->most) / price : HUGE_VAL;
}

static line rows_of(const pj_nest *nest)
{
    return line_of(nest->window.kernel_h, nest->window.stride_h, nest->window.dilation_h, nest->window.in_h);
}

static line columns_of(const pj_nest *nest)
{
    return line_of(nest->window.kernel_w, nest->window.stride_w, nest->window.dilation_w, nest->window.in_w);
}

double pj_nest_positions(const pj_nest *nest, double m)
{
    double width = nest->window.out_w, image = nest->window.out_h * width;
    if (width <= 0)
        return m;
    line rows = rows_of(nest), columns = columns_of(nest);
    if (m >= image)
        return m / image * line_at(&rows, nest->window.out_h) * line_at(&columns, width);
    if (m >= width)
        return line_at(&rows, m / width) * line_at(&columns, width);
    return fmin(nest->window.kernel_h, nest->window.in_h) * line_at(&columns, m);
}

double pj_nest_inputs(const pj_nest *nest, double m, double r)
{
    double window = pj_nest_window(nest), positions = pj_nest_positions(nest, m);
    return r < window ? fmin(positions, m * r) : positions * r / window;
}

/* As pj_nest_largest, with `factor` bits for each position. */
static double largest_by_positions(const pj_nest *nest, double factor, double price, double bits)
{
    double width = nest->window.out_w, height = nest->window.out_h, image = height * width;
    line rows = rows_of(nest), columns = columns_of(nest);
    double whole_row = line_at(&columns, width), whole_image = line_at(&rows, height) * whole_row;
    double images = bits / (factor * whole_image + price * image);
    if (images >= 1)
        return images * image;
    double several = line_largest(&rows, factor * whole_row, price * width, bits);
    if (several >= 1)
        return fmin(several, height) * width;
    return fmin(line_largest(&columns, factor * fmin(nest->window.kernel_h, nest->window.in_h), price, bits), width);
}

double pj_nest_largest(const pj_nest *nest, double r, double element_bits, double row_bits, double bits)
{
    double window = pj_nest_window(nest), m, apart = bits / (r * element_bits + row_bits);
    if (bits < 0)
        return 0;
    if (!(r * element_bits + row_bits > 0))
        return nest->m;
    if (nest->window.out_w <= 0)
        m = apart;
    else
        m = largest_by_positions(nest, element_bits * fmax(r / window, 1), row_bits, bits);
    if (r < window)
        m = fmax(m, apart);
    return fmin(m, nest->m);
}

double pj_nest_bits(const pj_nest *nest, pj_nest_operand operand)
{
    switch (operand) {
    case PJ_NEST_I:
        return nest->groups * pj_nest_inputs(nest, nest->m, nest->r) * nest->input_bits;
    case PJ_NEST_W:
        return nest->groups * nest->r * nest->n * nest->weight_bits;
    case PJ_NEST_O:
    case PJ_NEST_OPERANDS:
        break;
    }
    return nest->groups * nest->m * nest->n * nest->output_bits;
}

/* Products whose input is not padding, at most: of a window that is larger than the image, only a part lies in it. */
static double products_of(const pj_nest *nest)
{
    double products = nest->m * nest->n * nest->r;
    if (nest->window.out_w <= 0)
        return products;
    return products * fmin(nest->window.in_h / nest->window.kernel_h, 1) *
           fmin(nest->window.in_w / nest->window.kernel_w, 1);
}

double pj_nest_bound(const pj_nest *nest, double buffer_bits)
{
    double once = 0, overlap = 1;
    for (int i = 0; i < PJ_NEST_OPERANDS; i++)
        once += pj_nest_bits(nest, (pj_nest_operand)i);
    if (nest->window.out_w > 0) /* gaps between windows in one direction take nothing from the overlap in the other */
        overlap = fmax(1, nest->window.kernel_h / nest->window.stride_h) *
                  fmax(1, nest->window.kernel_w / nest->window.stride_w);
    double widths = nest->input_bits * nest->weight_bits * fmin(nest->accumulator_bits, nest->output_bits);
    double product = 2 * products_of(nest) * sqrt(widths / (overlap * buffer_bits)) - 2 * buffer_bits;
    return fmax(once, nest->groups * product);
}
