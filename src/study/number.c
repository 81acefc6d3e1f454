/* Points by number: the offset of a block, then mixed radix over its axes, the slowest first. Nothing is materialized.
 */
#include "study/study.h"

const pj_block *pj_point_block(const pj_study *study, uint64_t point)
{
    size_t low = 0, high = study->blocks;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (study->block[middle].first <= point)
            low = middle;
        else
            high = middle;
    }
    return &study->block[low];
}

void pj_point_digits(const pj_block *block, uint64_t point, size_t *digit)
{
    uint64_t left = point - block->first;
    for (size_t i = block->axes; i-- > 0; left /= block->axis[i].count)
        digit[i] = (size_t)(left % block->axis[i].count);
}

uint64_t pj_point_number(const pj_block *block, const size_t *digit)
{
    uint64_t number = 0;
    for (size_t i = 0; i < block->axes; i++)
        number = number * block->axis[i].count + digit[i];
    return block->first + number;
}

size_t pj_point_items(const pj_block *block, uint64_t point, const pj_item **out)
{
    size_t digit[PJ_MOST_AXES], count = 0;
    pj_point_digits(block, point, digit);
    for (size_t i = 0; i < block->axes; i++) {
        const pj_choice *choice = &block->axis[i].choice[digit[i]];
        for (size_t k = 0; k < choice->items && count < PJ_MOST_ITEMS; k++)
            out[count++] = &choice->item[k];
    }
    for (size_t i = 0; i < block->fixed_count && count < PJ_MOST_ITEMS; i++)
        out[count++] = &block->fixed[i];
    return count;
}
