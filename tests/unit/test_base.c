/* Arena, map and text: what the stages rely on. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/intern.h"
#include "base/map.h"
#include "base/str.h"
#include "check.h"

static bool is_zero(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i])
            return false;
    return true;
}

static void test_arena_reset(void)
{
    pj_arena *arena = pj_arena_new(1000 * 1000);
    pj_arena_reset(arena);
    for (int round = 0; round < 100; round++) { /* far more than the limit, but never at once */
        for (size_t size = 1; size < 100 * 1000; size *= 3) {
            char *bytes = PJ_NEW(arena, char, size);
            CHECK(bytes && is_zero(bytes, size));
            if (bytes)
                memset(bytes, 0xff, size);
        }
        CHECK(pj_arena_bytes(arena) > 80 * 1000);
        pj_arena_reset(arena);
        CHECK_INT(pj_arena_bytes(arena), 0);
    }
    CHECK(!pj_arena_failed(arena));
    CHECK(!pj_arena_alloc(arena, 1000 * 1000 + 1, 1) && pj_arena_failed(arena));
    pj_arena_free(arena);
}

/* What is handed out after a reset is zero, whatever was there, also where chunks are used in another order. */
static void test_arena_keeps(void)
{
    pj_arena *arena = pj_arena_new(0);
    for (size_t round = 1; round < 8; round++) {
        for (size_t i = 0; i < 40; i++) {
            size_t size = (i * 7919 + round * 104729) % (200 * 1000) + 1;
            char *bytes = PJ_NEW(arena, char, size);
            CHECK(bytes && is_zero(bytes, size));
            if (bytes)
                memset(bytes, 0xff, size);
        }
        pj_arena_reset(arena);
    }
    pj_arena_free(arena);
}

/* Lists that grow keep what they have, whether they count their room or double at powers of two; a failure leaves them.
 */
static void test_arena_lists(void)
{
    pj_arena *arena = pj_arena_new(10 * 1000);
    int *counted = NULL, *doubled = NULL;
    size_t count = 0, room = 0;
    for (; count < 100 && PJ_GROW(arena, counted, count, room); count++) {
        doubled = pj_arena_more(arena, doubled, count, sizeof *doubled);
        counted[count] = doubled[count] = (int)count;
    }
    CHECK_INT(count, 100);
    CHECK_INT(room, 128);
    for (size_t i = 0; i < count; i++)
        CHECK(counted[i] == (int)i && doubled[i] == (int)i);
    while (PJ_GROW(arena, counted, count, room))
        count = room;
    CHECK(counted[99] == 99 && room == count && pj_arena_failed(arena));
    CHECK(!pj_arena_more(arena, doubled, 4096, sizeof *doubled));
    pj_arena_free(arena);
}

static void test_intern(void)
{
    enum { KEYS = 1000, WORDS = 3 };
    pj_arena *arena = pj_arena_new(0);
    pj_interner interner;
    const void *entry[KEYS];
    pj_interner_init(&interner, arena);
    for (int64_t i = 0; i < KEYS; i++) {
        const int64_t key[WORDS] = {i % 10, i / 10, -i};
        bool is_new = false;
        int64_t *room = pj_intern(&interner, key, WORDS, sizeof *room, &is_new);
        CHECK(is_new && *room == 0);
        *room = i;
        entry[i] = room;
    }
    for (int64_t i = 0; i < KEYS; i++) {
        const int64_t key[WORDS] = {i % 10, i / 10, -i};
        bool is_new = true;
        const int64_t *room = pj_intern(&interner, key, WORDS, sizeof *room, &is_new);
        CHECK(!is_new && room == entry[i] && *room == i);
    }
    const int64_t shorter[] = {0, 0};
    const int64_t *copy = pj_intern(&interner, shorter, 2, 0, NULL);
    CHECK(copy && copy != shorter && copy[0] == 0 && copy[1] == 0);
    CHECK(pj_intern(&interner, shorter, 2, 0, NULL) == copy);
    pj_arena_free(arena);
}

static void test_map(size_t reserved)
{
    enum { KEYS = 2000 };
    pj_arena *arena = pj_arena_new(0);
    pj_map map;
    int values[KEYS];
    pj_map_init(&map, arena);
    CHECK(!pj_map_get(&map, "key 0"));
    CHECK(pj_map_reserve(&map, reserved));
    size_t capacity = map.capacity;
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        snprintf(key, sizeof key, "key %d", i);
        CHECK(!pj_map_get(&map, key));
        CHECK(pj_map_put(&map, pj_arena_strdup(arena, key), &values[i]));
        CHECK(pj_map_get(&map, key) == &values[i]);
    }
    CHECK_INT(map.count, KEYS);
    CHECK(pj_map_get(&map, "key 0") == &values[0] && !pj_map_get(&map, "key"));
    CHECK(reserved < KEYS || map.capacity == capacity);
    capacity = map.capacity;
    CHECK(pj_map_reserve(&map, 1) && map.capacity == capacity); /* it never shrinks */
    pj_arena_free(arena);
}

static void test_map_without_memory(void)
{
    pj_arena *arena = pj_arena_new(1000);
    pj_map map;
    pj_map_init(&map, arena);
    CHECK(!pj_map_reserve(&map, 1000));
    CHECK(!pj_map_reserve(&map, SIZE_MAX));
    CHECK(pj_map_put(&map, "key", &map) && pj_map_get(&map, "key") == &map);
    pj_arena_free(arena);
}

static void check_fixed(double value, int digits)
{
    char want[400];
    pj_str text = pj_str_new(0);
    snprintf(want, sizeof want, "%.*f", digits, value);
    pj_str_add_fixed(&text, value, digits);
    CHECK_TEXT(text.data, want);
    pj_str_free(&text);
}

/* The reference is printf in the C locale. */
static void test_fixed(void)
{
    static const double numbers[] = {0,         -0.0, 0.5,  1.5,   2.5,   0.0005, 0.0015, 0.0025,         0.125, 0.375,
                                     9.9995,    1e-9, 1e8,  1e9,   1e22,  1e300,  -0.25,  999999999.9996, 0.1,   2.675,
                                     0.9999999, 7,    1e-7, 10000, 99.95, 0.05,   0.0499, INFINITY};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        for (int digits = 0; digits <= 4; digits++)
            check_fixed(numbers[i], digits);
    for (int i = 0; i < 3000; i++) { /* middles, and their neighbours on both sides */
        double middle = i / 1000.0 + 0.0005;
        check_fixed(middle, 3);
        check_fixed(nextafter(middle, 0), 3);
        check_fixed(nextafter(middle, 10), 3);
        check_fixed(i / 7.0, i % 4);
    }
}

static void test_text(void)
{
    char want[700];
    pj_str text = pj_str_new(0), small = pj_str_new(5);
    for (int width = 1; width < 700; width += 23) { /* short ones are formatted aside, long ones in place */
        snprintf(want, sizeof want, "%*d", width, 7);
        pj_str_clear(&text);
        pj_str_printf(&text, "%*d", width, 7);
        CHECK_TEXT(text.data, want);
    }
    pj_str_free(&text);
    pj_str_printf(&small, "%d", 1234);
    pj_str_add_char(&small, '5');
    CHECK(!small.failed);
    pj_str_add_char(&small, '6');
    CHECK(small.failed && !small.no_memory);
    CHECK_TEXT(small.data, "12345");
    pj_str_printf(&small, "%300d", 7);
    CHECK_TEXT(small.data, "12345");
    pj_str_free(&small);
}

/* What a real shell makes of the quoted word. */
static void check_shell(const char *word)
{
    char back[600] = "";
    pj_str command = pj_str_new(0);
    pj_str_add(&command, "printf %s ");
    pj_str_add_shell(&command, word);
    FILE *shell = popen(command.data, "r");
    size_t length = shell ? fread(back, 1, sizeof back - 1, shell) : 0;
    back[length] = 0;
    CHECK(shell && pclose(shell) == 0);
    CHECK_TEXT(back, word);
    pj_str_free(&command);
}

static void test_shell(void)
{
    static const char *const words[] = {"",      "plain", "a b",       "it's",     "'",  "''",       "'a'b'",
                                        "\"x\"", "$HOME", "$(echo 1)", "`echo 1`", "\\", "\\'",      "a\nb",
                                        "\n",    "#x",    "a;b&c|d",   "*.onnx",   "~",  "!x",       "batch=1",
                                        "{a,b}", "[a]",   "<x>",       "a\tb",     " ",  "\xc3\xa9", "\xff\xfe"};
    char all[256] = "";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        check_shell(words[i]);
    for (int c = 1; c < 256; c++)
        all[c - 1] = (char)c;
    check_shell(all);
    pj_str text = pj_str_new(0);
    pj_str_add_shell(&text, "models/a-1.onnx");
    pj_str_add_shell(&text, " it's");
    CHECK_TEXT(text.data, "models/a-1.onnx' it'\\''s'");
    pj_str_free(&text);
}

static void test_nearest(void)
{
    static const char *const words[] = {"table", "tables", "format", "f", NULL};
    CHECK_TEXT(pj_nearest_word("tabel", words), "table");
    CHECK_TEXT(pj_nearest_word("tables", words), "tables");
    CHECK_TEXT(pj_nearest_word("fromat", words), "format");
    CHECK(!pj_nearest_word("weights", words) && !pj_nearest_word("xy", words));
}

static void test_lists(void)
{
    CHECK(pj_text_lists("LSTM GRU RNN", "LSTM"));
    CHECK(pj_text_lists("LSTM GRU RNN", "RNN"));
    CHECK(pj_text_lists(" Reshape ", "Reshape"));
    CHECK(!pj_text_lists("LayerNormalization", "Normalization"));
    CHECK(!pj_text_lists("MatMulInteger", "MatMul"));
    CHECK(pj_text_lists("MatMulInteger MatMul", "MatMul"));
    CHECK(!pj_text_lists(" LSTM GRU ", " LSTM")); /* names in files may have any characters */
    CHECK(!pj_text_lists("LSTM GRU", "LSTM GRU"));
    CHECK(!pj_text_lists("LSTM", ""));
}

int main(void)
{
    test_arena_reset();
    test_arena_keeps();
    test_arena_lists();
    test_intern();
    test_map(0);
    test_map(100);
    test_map(2000);
    test_map_without_memory();
    test_fixed();
    test_text();
    test_lists();
    test_shell();
    test_nearest();
    return check_done();
}
