/* fuzz_table.c - conditions on rows, recipes (asked for and kept) and whole tables out of any bytes.
 *
 * The first byte says which; a condition that is taken leaves no more rows than there were, and a recipe that is taken can be fitted,
 * written and read back. */
#include <string.h>

#include "frame/table_strip.h"
#include "fuzz.h"

static hx_table *people(void) {
    hx_table *t = NULL;
    const double age[] = {30, 41.5, __builtin_nan(""), 18};
    const double since[] = {0, 86400000, __builtin_nan(""), 1000};
    const double member[] = {1, 0, 1, __builtin_nan("")};
    const hx_str values[] = {HX_STR_LIT("上海"), HX_STR_LIT("Paris"), HX_STR_LIT("")};
    const uint32_t codes[] = {0, 1, HX_CODE_MISSING, 2};
    if (hx_table_new(&t, 4, NULL) != HX_OK) return NULL;
    FUZZ_REQUIRE(hx_table_put_numbers(t, HX_STR_LIT("age"), HX_KIND_NUMBER, age, -1, NULL) ==
                 HX_OK);
    FUZZ_REQUIRE(hx_table_put_numbers(t, HX_STR_LIT("t"), HX_KIND_TIME, since, -1, NULL) == HX_OK);
    FUZZ_REQUIRE(hx_table_put_numbers(t, HX_STR_LIT("m"), HX_KIND_BOOLEAN, member, -1, NULL) ==
                 HX_OK);
    FUZZ_REQUIRE(hx_table_put_texts(t, HX_STR_LIT("c"), codes, values, 3, NULL) == HX_OK);
    return t;
}

static void try_condition(hx_str s) {
    hx_table *t = people();
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {HX_UI_ZH, HX_OK, 0, 0, ""};
    const hx_str text = hx_arena_str(arena, s);
    if (hx_table_where(t, text.ptr, &err) != HX_OK) FUZZ_REQUIRE(err.message[0] != '\0');
    FUZZ_REQUIRE(hx_table_rows(t) <= 4);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void try_recipe(hx_str s, bool kept) {
    hx_recipe *r = NULL, *again = NULL;
    hx_str json;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    const hx_status status =
        kept ? hx_recipe_read(&r, s, NULL, 0, &err) : hx_recipe_open(&r, s, NULL, 0, &err);
    if (status != HX_OK) {
        FUZZ_REQUIRE(err.message[0] != '\0');
        return;
    }
    hx_table *t = people();
    hx_arena *arena = hx_arena_new(0);
    if (hx_recipe_fit(r, t, NULL, &err) == HX_OK &&
        hx_recipe_json(r, arena, &json, &err) == HX_OK) {
        FUZZ_REQUIRE(hx_recipe_read(&again, json, NULL, 0, &err) == HX_OK);
        hx_recipe_free(again);
    }
    hx_recipe_free(r);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void try_number(hx_str s) {
    const hx_text_number n = hx_number_of_text(s);
    if (n.is_number && n.exact)
        FUZZ_REQUIRE(n.scale <= HX_SCALE_MAX && n.mantissa <= HX_MANTISSA_MAX &&
                     n.mantissa >= -HX_MANTISSA_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    const hx_str s = {(const char *)data + 1, size - 1};
    if (data[0] == 'w')
        try_condition(s);
    else if (data[0] == 'r' || data[0] == 'k')
        try_recipe(s, data[0] == 'k');
    else
        try_number(s);
    return 0;
}
