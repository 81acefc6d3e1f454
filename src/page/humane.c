/* Figures and texts as a person reads them. */
#include "page/humane.h"

#include "base/utf8.h"

void pj_human_digits(pj_str *out, double value)
{
    double size = fabs(value);
    int digits = size < 9.9995 ? 3 : size < 99.995 ? 2 : size < 999.95 ? 1 : 0;
    pj_str_add_fixed(out, value, digits);
}

/* Units of one kind, from small to large. The largest that leaves at least 1 before the point is taken. */
static pj_scale pick(const pj_scale *units, size_t count, double most)
{
    size_t at = 0;
    while (at + 1 < count && most / units[at + 1].factor >= 0.99995)
        at++;
    return units[at];
}

#define PICK(units, most) pick((units), sizeof(units) / sizeof *(units), (most))

pj_scale pj_scale_energy(double most, const char *unit)
{
    static const pj_scale joules[] = {
        {1,    "pJ"},
        {1e3,  "nJ"},
        {1e6,  "uJ"},
        {1e9,  "mJ"},
        {1e12, "J" },
        {1e15, "kJ"},
        {1e18, "MJ"},
        {1e21, "GJ"}
    };
    static const pj_scale plain[] = {
        {1,    "relative"  },
        {1e3,  "k relative"},
        {1e6,  "M relative"},
        {1e9,  "G relative"},
        {1e12, "T relative"},
        {1e15, "P relative"}
    };
    return strcmp(unit, "relative") == 0 ? PICK(plain, most) : PICK(joules, most);
}

static pj_scale scale_time(double most)
{
    static const pj_scale times[] = {
        {1e-3, "ns"},
        {1,    "us"},
        {1e3,  "ms"},
        {1e6,  "s" }
    };
    return PICK(times, most);
}

static void add_scaled(pj_str *out, double value, pj_scale scale)
{
    pj_human_digits(out, value / scale.factor);
    pj_str_add_char(out, ' ');
    pj_str_add(out, scale.unit);
}

void pj_human_energy(pj_str *out, double pj, const char *unit)
{
    add_scaled(out, pj, pj_scale_energy(pj, unit));
}

void pj_human_time(pj_str *out, double us)
{
    add_scaled(out, us, scale_time(us));
}

pj_scale pj_scale_count(double most)
{
    static const pj_scale counts[] = {
        {1,    "" },
        {1e3,  "k"},
        {1e6,  "M"},
        {1e9,  "G"},
        {1e12, "T"},
        {1e15, "P"},
        {1e18, "E"}
    };
    return PICK(counts, most);
}

void pj_human_count(pj_str *out, int64_t count)
{
    if (count < 1000)
        pj_str_printf(out, "%" PRId64, count);
    else
        add_scaled(out, (double)count, pj_scale_count((double)count));
}

void pj_human_exact(pj_str *out, int64_t count)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRId64, count);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            pj_str_add_char(out, ',');
        pj_str_add_char(out, digits[i]);
    }
}

pj_scale pj_scale_bits(double most)
{
    static const pj_scale sizes[] = {
        {1,                   "bits"},
        {8.0 * 1024,          "KiB" },
        {8.0 * 1048576,       "MiB" },
        {8.0 * 1073741824,    "GiB" },
        {8.0 * 1099511627776, "TiB" }
    };
    return most < sizes[1].factor ? sizes[0] : PICK(sizes, most);
}

void pj_human_bits(pj_str *out, double bits)
{
    pj_scale scale = pj_scale_bits(bits);
    if (scale.factor > 1)
        add_scaled(out, bits, scale);
    else if (fmod(bits, 8) == 0)
        pj_str_printf(out, "%.0f bytes", bits / 8);
    else
        pj_str_printf(out, "%.0f bits", bits);
}

void pj_human_share(pj_str *out, double share)
{
    double percent = share * 100;
    if (percent > 0 && percent < 0.05)
        pj_str_add(out, "<0.1");
    else
        pj_str_add_fixed(out, percent, 1);
    pj_str_add(out, " %");
}

typedef pj_scale (*find_scale)(double most);

static pj_scale scale_joules(double most)
{
    return pj_scale_energy(most, "pJ");
}

static void add_brief(pj_str *out, double value, find_scale find)
{
    double size = fabs(value);
    pj_scale scale = find(size);
    if (size / scale.factor >= 999.5) /* with three digits it is 1000 */
        scale = find(size * 1.001);
    size /= scale.factor;
    if (size == 0) {
        pj_str_add_char(out, '0');
        return;
    }
    pj_str_add(out, value < 0 ? "-" : "");
    if (size < 0.0005)
        pj_str_add(out, "<0.001");
    else
        pj_str_add_fixed(out, size, size < 0.9995 ? 3 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
    pj_str_add(out, *scale.unit ? " " : "");
    pj_str_add(out, scale.unit);
}

void pj_brief_energy(pj_str *out, double pj, const char *unit)
{
    add_brief(out, pj, strcmp(unit, "relative") == 0 ? pj_scale_count : scale_joules);
}

void pj_brief_time(pj_str *out, double us)
{
    add_brief(out, us, scale_time);
}

void pj_brief_count(pj_str *out, int64_t count)
{
    if (count < 1000)
        pj_str_printf(out, "%" PRId64, count);
    else
        add_brief(out, (double)count, pj_scale_count);
}

void pj_human_plural(pj_str *out, size_t count, const char *one, const char *many)
{
    pj_human_exact(out, (uint64_t)count > INT64_MAX ? INT64_MAX : (int64_t)count);
    pj_str_add_char(out, ' ');
    pj_str_add(out, count == 1 ? one : many);
}

/* Whether a terminal, a spreadsheet or XML obeys, reorders or refuses the character, instead of showing it: controls,
 * line separators, marks of direction (U+061C, U+200E, U+200F, U+2028 to 2E, U+2066 to 69), U+FFFE, U+FFFF. */
static bool is_obeyed(const unsigned char *at, size_t bytes)
{
    if (bytes < 3)
        return bytes == 0 || at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0) ||
               (at[0] == 0xd8 && at[1] == 0x9c);
    unsigned code = bytes == 3 ? (at[0] & 15u) << 12 | (at[1] & 63u) << 6 | (at[2] & 63u) : 0;
    return code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code >= 0xfffe;
}

void pj_text_clean(pj_str *out, const char *text)
{
    for (size_t left = strlen(text); left;) {
        size_t bytes = pj_utf8_sequence(text, left);
        bool obeyed = is_obeyed((const unsigned char *)text, bytes);
        bytes = bytes ? bytes : 1;
        if (obeyed)
            pj_str_add_char(out, '?');
        else
            pj_str_add_bytes(out, text, bytes);
        text += bytes;
        left -= bytes;
    }
}

const char *pj_text_kept_clean(const char *text, pj_arena *arena)
{
    pj_str clean = pj_str_new(0);
    pj_text_clean(&clean, text);
    return pj_str_keep(&clean, arena);
}

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

size_t pj_text_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += starts_character(*text);
    return width;
}

/* The text after its first `characters`. */
static const char *skip(const char *text, size_t characters)
{
    while (*text && (characters || !starts_character(*text)))
        characters -= starts_character(*text++);
    return text;
}

/* A part of a path, up to `end`, as its first character and the number that it ends with: "layers.0" is "l.0". */
static void add_initial(pj_str *out, const char *part, const char *end)
{
    const char *rest = part < end ? skip(part, 1) : end, *number = end;
    while (number > rest && number[-1] >= '0' && number[-1] <= '9')
        number--;
    if (number < end && number > rest && strchr("._-", number[-1]))
        number--;
    pj_str_add_bytes(out, part, (size_t)(rest - part));
    pj_str_add_bytes(out, number, (size_t)(end - number));
}

/* A path whose first `count` parts are shortened. False: it has no more parts than that. */
static bool add_path(pj_str *out, const char *text, size_t count)
{
    const char *end;
    char separator = strchr(text, '/') ? '/' : strchr(text, ' ') ? 0 : '.';
    while (separator && count-- && (end = strchr(text, separator))) {
        add_initial(out, text, end);
        pj_str_add_char(out, separator);
        text = end + 1;
    }
    pj_str_add(out, text);
    return separator && strchr(text, separator);
}

static void cut_middle(pj_str *out, const char *text, size_t width)
{
    static const char gap[] = "...";
    size_t whole = pj_text_width(text);
    size_t kept = width - (sizeof gap - 1), tail = kept / 3;
    pj_str_add_bytes(out, text, (size_t)(skip(text, kept - tail) - text));
    pj_str_add(out, gap);
    pj_str_add(out, skip(text, whole - tail));
}

static void elide_name(pj_str *out, const char *text, size_t width)
{
    pj_str shorter = pj_str_new(0);
    bool more = true;
    pj_str_add(&shorter, text);
    for (size_t parts = 1; more && !shorter.failed && pj_text_width(shorter.data) > width; parts++) {
        pj_str_clear(&shorter);
        more = add_path(&shorter, text, parts);
    }
    pj_str_fail_as(out, &shorter);
    if (pj_text_width(shorter.data) <= width)
        pj_str_add(out, shorter.data);
    else
        cut_middle(out, shorter.data, width);
    pj_str_free(&shorter);
}

/* Of a list "a, b" each name has its share of the room: cut as one text it would lose where one ends. */
void pj_text_elide(pj_str *out, const char *text, size_t width)
{
    enum { LEAST = 8 };
    size_t names = 1;
    for (const char *at = text; (at = strstr(at, ", ")); at += 2)
        names++;
    size_t commas = 2 * (names - 1);
    if (names == 1 || width < commas + names * LEAST || pj_text_width(text) <= width) {
        elide_name(out, text, width);
        return;
    }
    for (const char *end; text; text = end ? end + 2 : NULL) {
        pj_str name = pj_str_new(0);
        end = strstr(text, ", ");
        pj_str_add_bytes(&name, text, end ? (size_t)(end - text) : strlen(text));
        pj_str_fail_as(out, &name);
        elide_name(out, name.data, (width - commas) / names);
        pj_str_add(out, end ? ", " : "");
        pj_str_free(&name);
    }
}

void pj_text_wrap(pj_str *out, const char *text, size_t at, size_t indent, size_t width)
{
    bool first = true;
    while (*text) {
        size_t bytes = strcspn(text, " ");
        size_t columns = pj_text_width(text) - pj_text_width(text + bytes);
        if (!first && at + 1 + columns > width) {
            pj_str_add_char(out, '\n');
            for (size_t i = 0; i < indent; i++)
                pj_str_add_char(out, ' ');
            at = indent;
        } else if (!first) {
            pj_str_add_char(out, ' ');
            at++;
        }
        pj_str_add_bytes(out, text, bytes);
        at += columns;
        text += bytes + strspn(text + bytes, " ");
        first = false;
    }
}

const char *pj_human_bar(double share, pj_arena *arena)
{
    enum { LENGTH = 20 };
    char *text = PJ_NEW(arena, char, LENGTH + 1);
    for (int i = 0; text && i < LENGTH; i++)
        text[i] = i < share * LENGTH - 0.5 ? '#' : '.';
    return text;
}
