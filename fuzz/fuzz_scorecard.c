/* fuzz_scorecard.c - a scorecard of any bytes: refused with a sentence, or one that scores, explains, is exported, drawn and read again.
 *
 * The hash keeps most changed bytes out, so each input is tried twice: as it stands, and with the hash that its content has, which the refusal
 * itself tells. Promises that are checked: the same bytes when written again; a row of missing values has a score. */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "huaxiang/insight.h"

#define KINDS_MAX 64

static void add_column(hx_table *t, hx_column_kind k) {
    const double values[2] = {1.5, NAN};
    const uint32_t codes[2] = {0, HX_CODE_MISSING};
    const hx_str text = HX_STR_LIT("a");
    hx_error err = {0};
    if (k.kind == HX_KIND_TEXT)
        FUZZ_REQUIRE(hx_table_put_texts(t, k.name, codes, &text, 1, &err) == HX_OK);
    else
        FUZZ_REQUIRE(hx_table_put_numbers(t, k.name, HX_KIND_NUMBER, values, -1, &err) == HX_OK);
}

static void use(const hx_scorecard *card, hx_arena *arena) {
    hx_column_kind *kinds;
    hx_error err = {0};
    hx_table *t = NULL;
    hx_str text, again;
    size_t n;
    int64_t scores[2];
    hx_scorecard *other;
    const hx_receipt_of_score o = {.cut_off = hx_scorecard_units(card, 600)};
    FUZZ_REQUIRE(hx_scorecard_json(card, arena, &text, &err) == HX_OK);
    FUZZ_REQUIRE(hx_scorecard_read(&other, text, &err) == HX_OK);
    FUZZ_REQUIRE(hx_scorecard_json(other, arena, &again, &err) == HX_OK);
    FUZZ_REQUIRE(hx_str_equal(text, again));
    hx_scorecard_free(other);
    FUZZ_REQUIRE(hx_scorecard_kinds(card, arena, &kinds, &n, &err) == HX_OK);
    FUZZ_REQUIRE(hx_table_new(&t, 2, &err) == HX_OK);
    for (size_t j = 0; j < n && n <= KINDS_MAX; j++)
        add_column(t, kinds[j]);
    if (n <= KINDS_MAX) {
        FUZZ_REQUIRE(hx_scorecard_apply(card, t, scores, &err) == HX_OK);
        for (size_t row = 0; row < 2; row++)
            FUZZ_REQUIRE(hx_scorecard_explain(card, t, row, &o, arena, &text, &err) == HX_OK);
    }
    hx_table_free(t);
    FUZZ_REQUIRE(hx_scorecard_sql(card, NULL, arena, &text, &err) == HX_OK);
    FUZZ_REQUIRE(hx_scorecard_c(card, NULL, arena, &text, &err) == HX_OK);
    FUZZ_REQUIRE(hx_scorecard_html(card, hx_str_of("card"), (hx_str){0}, HX_UI_ZH, arena, &text,
                                   &err) == HX_OK);
}

/* The input with the 16 digits behind the last "hash":" replaced by those of the sentence. */
static bool mend(char *copy, size_t size, const char *sentence) {
    static const char mark[] = "\"hash\":\"", said[] = "its hash is ";
    const char *digits = strstr(sentence, said);
    if (!digits || size < sizeof mark + 16) return false;
    for (size_t at = size - sizeof mark - 15; at > 0; at--) {
        if (memcmp(copy + at, mark, sizeof mark - 1) != 0) continue;
        memcpy(copy + at + sizeof mark - 1, digits + sizeof said - 1, 16);
        return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hx_scorecard *card = NULL;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    FUZZ_REQUIRE(arena);
    char *copy = hx_arena_alloc(arena, size + 1);
    FUZZ_REQUIRE(copy);
    memcpy(copy, data, size);
    hx_status status = hx_scorecard_read(&card, (hx_str){copy, size}, &err);
    FUZZ_REQUIRE(status == HX_OK || (err.message[0] != '\0' && !card));
    if (status != HX_OK && mend(copy, size, err.message))
        status = hx_scorecard_read(&card, (hx_str){copy, size}, &err);
    if (status == HX_OK) use(card, arena);
    hx_scorecard_free(card);
    hx_arena_free(arena);
    return 0;
}
