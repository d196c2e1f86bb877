/* fuzz_words.c - files of word vectors of any bytes: what is taken has finite values and words that are found again, what is not has a sentence. */
#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "huaxiang/learn.h"

static void check(const hx_word_vectors *v) {
    const size_t n = hx_word_vectors_count(v), d = hx_word_vectors_dimension(v);
    FUZZ_REQUIRE(n >= 1 && d >= 1);
    for (size_t i = 0; i < n; i++) {
        const hx_str word = hx_word_vectors_word(v, i);
        FUZZ_REQUIRE(word.len > 0 && hx_utf8_is_valid(word));
        FUZZ_REQUIRE(hx_word_vectors_find(v, word) == i);
        for (size_t k = 0; k < d; k++)
            FUZZ_REQUIRE(isfinite(hx_word_vectors_row(v, i)[k]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    hx_word_vectors *v = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (hx_word_vectors_load(&v, path, &err) == HX_OK)
        check(v);
    else
        FUZZ_REQUIRE(err.message[0] != '\0' && v == NULL);
    hx_word_vectors_free(v);
    (void)close(fd);
    return 0;
}
