/* Times of records: UTC, as 2026-01-31T23:59:59Z. */
#include "picojoule/history.h"

bool pj_time_is_valid(const char *text)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    int value[7] = {0}, part = 0; /* year, month, day, hour, minute, second, what follows the Z */
    for (size_t i = 0; i < sizeof form; i++) {
        bool digit = form[i] >= '0' && form[i] <= '9';
        if (digit ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
        if (digit)
            value[part] = value[part] * 10 + (text[i] - '0');
        else if (form[i])
            part++;
    }
    return value[1] >= 1 && value[1] <= 12 && value[2] >= 1 && value[2] <= 31 && value[3] < 24 && value[4] < 60 &&
           value[5] <= 60;
}
