/* fuzz_aspects.c - a user's table of aspects of any bytes, read before the built-in one: what is taken has an id, two names and terms that
 * lead to it, what is not has a sentence. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "text/aspect.h"

static void check(const hx_lexicon *l) {
    const hx_aspect_entry *table = (const hx_aspect_entry *)(const void *)l->aspect_table.ptr;
    const hx_phrase_use *uses = (const hx_phrase_use *)(const void *)l->uses.ptr;
    const size_t n = l->aspect_table.len / sizeof *table;
    FUZZ_REQUIRE(n >= 1 && n <= HX_ASPECT_TABLE_MAX);
    for (size_t i = 0; i < n; i++) {
        FUZZ_REQUIRE(table[i].id.len > 0 && table[i].zh.len > 0 && table[i].en.len > 0);
        for (size_t k = 0; k < i; k++)
            FUZZ_REQUIRE(!hx_str_equal(table[i].id, table[k].id));
    }
    for (size_t i = 0; i < l->uses.len / sizeof *uses; i++) {
        const uint32_t value = uses[i].value[HX_PHRASE_ASPECT];
        FUZZ_REQUIRE(value > 0 && (value - 1) / 4 < n && (value - 1) % 4 <= HX_TERM_BAD);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_lexicon *l = calloc(1, sizeof *l);
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_REQUIRE(l && fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    l->arena = hx_arena_new(0);
    hx__phrases_init(&l->phrases);
    hx_buf_init(&l->uses, HX_PHRASE_STATES_MAX * sizeof(hx_phrase_use));
    hx_buf_init(&l->aspect_table, HX_ASPECT_TABLE_MAX * sizeof(hx_aspect_entry));
    if (hx__aspects_open(l, HX_SHARE_DIR, path, &err) == HX_OK)
        check(l);
    else
        FUZZ_REQUIRE(err.message[0] != '\0');
    hx__lexicon_close(l);
    (void)close(fd);
    return 0;
}
