/* fuzz_ask.c - questions of any bytes: a query within its bounds, or one sentence; and the query can be said in both languages. */
#include "fuzz.h"

#include "answer/ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const hx_ask_entity names[] = {{HX_ASK_ITEM, {"Tent", 4}, 1},
                                          {HX_ASK_CATEGORY, {"户外", 6}, 2},
                                          {HX_ASK_CHANNEL, {"web", 3}, 3},
                                          {HX_ASK_PERSON, {"u3", 2}, 4}};
    const hx_ask_catalogue c = {names, 4, 1782864000000};
    hx_arena *arena = hx_arena_new(0);
    hx_ask_query q;
    hx_error err = {0};
    hx_buf out;
    if (!arena) return 0;
    hx_buf_init(&out, 1u << 20);
    if (hx__ask_parse((hx_str){(const char *)data, size}, &c, arena, &q, &err) != HX_OK) {
        FUZZ_REQUIRE(err.message[0] != '\0');
    } else {
        FUZZ_REQUIRE(q.n_ranges >= 0 && q.n_ranges <= 2 && q.n_left <= HX_ASK_LEFT_MAX);
        FUZZ_REQUIRE(q.limit > 0 && q.limit <= HX_ASK_LIMIT_MAX && q.n_items <= HX_ASK_ITEMS_MAX);
        for (int i = 0; i < q.n_ranges; i++)
            FUZZ_REQUIRE(q.range[i].from < q.range[i].to);
        hx__ask_say_query(&q, HX_UI_ZH, &out);
        hx__ask_say_query(&q, HX_UI_EN, &out);
        FUZZ_REQUIRE(out.len > 0 && !out.failed);
    }
    hx_buf_release(&out);
    hx_arena_free(arena);
    return 0;
}
