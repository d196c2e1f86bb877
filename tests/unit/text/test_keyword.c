/* test_keyword.c - keywords are verbatim spans in order of score; TextRank against ranks computed apart; limits. */
#include "unit/text/text_test.h"

#include <math.h>

#include "text/annotator.h"
#include "text/keyword.h"

static const hx_keyword *find(void **state, const char *text, hx_keyword_method method, size_t top,
                              size_t *n) {
    text_fixture *f = *state;
    const hx_keyword *list;
    assert_int_equal(
        hx_text_keywords(f->annotator, hx_str_of(text), method, top, f->arena, &list, n, NULL),
        HX_OK);
    return list;
}

static void keywords_are_verbatim_and_ordered(void **state) {
    const char text[] = "酒店的早餐很丰富，酒店的位置也很好，早餐有牛奶和面包。酒店离地铁站很近。";
    for (int method = HX_KEYWORDS_TFIDF; method <= HX_KEYWORDS_TEXTRANK; method++) {
        size_t n;
        const hx_keyword *k = find(state, text, (hx_keyword_method)method, 100, &n);
        assert_true(n >= 5);
        assert_true(k[0].score == 1);
        for (size_t i = 0; i < n; i++) {
            assert_true(k[i].score > 0 && k[i].score <= 1 &&
                        (i == 0 || k[i].score <= k[i - 1].score));
            assert_int_equal(k[i].span.end - k[i].span.start, k[i].text.len);
            assert_memory_equal(text + k[i].span.start, k[i].text.ptr, k[i].text.len);
            assert_ptr_equal(strstr(text, k[i].text.ptr),
                             text + k[i].span.start); /* its first occurrence */
        }
    }
}

static void stop_words_marks_numbers_and_single_characters_are_none(void **state) {
    size_t n;
    find(state, "的 了 我 3.14 ！ 😍 the of a 好", HX_KEYWORDS_TFIDF, 10, &n);
    assert_int_equal(n, 0);
    find(state, "", HX_KEYWORDS_TEXTRANK, 10, &n);
    assert_int_equal(n, 0);
}

static void counts_times_and_invented_words_are_none(void **state) {
    size_t n;
    find(state, "我要 三天 两天 几天 昨天 下单 收到 真的 yesterday bought week", HX_KEYWORDS_TFIDF,
         10, &n);
    assert_int_equal(n, 0);
    const hx_keyword *k = find(state, "人真好价才公道", HX_KEYWORDS_TFIDF, 10, &n);
    assert_int_equal(n, 1);
    assert_true(hx_str_equal(k[0].text, HX_STR_LIT("公道")));
}

static void top_cuts_the_same_list(void **state) {
    const char text[] = "the battery of this camera drains quickly and the camera strap broke";
    size_t n, m;
    const hx_keyword *all = find(state, text, HX_KEYWORDS_TFIDF, 100, &n);
    const hx_keyword *some = find(state, text, HX_KEYWORDS_TFIDF, 2, &m);
    assert_int_equal(m, 2);
    assert_true(n > 2);
    for (size_t i = 0; i < m; i++)
        assert_true(hx_str_equal(all[i].text, some[i].text) && all[i].score == some[i].score);
    find(state, text, HX_KEYWORDS_TFIDF, 0, &m);
    assert_int_equal(m, 0);
}

static void tfidf_prefers_frequent_and_rare_words(void **state) {
    size_t n;
    const hx_keyword *k = find(state, "zipper zipper jacket people", HX_KEYWORDS_TFIDF, 3, &n);
    assert_int_equal(n, 3);
    assert_true(hx_str_equal(k[0].text, HX_STR_LIT("zipper")));
    assert_true(hx_str_equal(k[2].text, HX_STR_LIT("people")));
}

/* Four words a b c d with places a b c a d: edges within 4 words ab ac ad bc ba bd cа cd ad; ranks by a dense matrix here. */
static void textrank_equals_a_dense_computation(void **state) {
    text_fixture *f = *state;
    enum { N = 4, PLACES = 9 };
    uint32_t places[PLACES] = {1, 2, 0, 3, 1, 4, 4, 0, 2};
    hx_candidate list[N] = {{.start = 0}, {.start = 1}, {.start = 2}, {.start = 3}};
    hx_candidates c = {list, N, places, PLACES};
    double w[N][N] = {{0}}, degree[N] = {0}, rank[N], next[N];
    for (int i = 0; i < PLACES; i++)
        for (int j = i + 1; j < PLACES && j < i + 5; j++) {
            if (!places[i] || !places[j] || places[i] == places[j]) continue;
            w[places[i] - 1][places[j] - 1] += 1;
            w[places[j] - 1][places[i] - 1] += 1;
        }
    for (int i = 0; i < N; i++) {
        rank[i] = 1.0 / N;
        for (int j = 0; j < N; j++)
            degree[i] += w[i][j];
    }
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < N; i++) {
            next[i] = 0.15 / N;
            for (int j = 0; j < N; j++)
                next[i] += 0.85 * rank[j] * w[j][i] / degree[j];
        }
        memcpy(rank, next, sizeof rank);
    }
    assert_int_equal(hx__textrank_score(f->annotator, &c, NULL), HX_OK);
    double sum = 0;
    for (int i = 0; i < N; i++) {
        assert_true(fabs(list[i].score - rank[i]) < 1e-12);
        sum += list[i].score;
    }
    assert_true(fabs(sum - 1) < 1e-9);
}

static void unknown_methods_are_refused(void **state) {
    text_fixture *f = *state;
    hx_error err = {0};
    const hx_keyword *list;
    size_t n;
    assert_int_equal(hx_text_keywords(f->annotator, HX_STR_LIT("a"), (hx_keyword_method)9, 1,
                                      f->arena, &list, &n, &err),
                     HX_EINVAL);
    assert_string_equal(err.message,
                        "keyword method 9 is not known; 0 is TF-IDF, 1 TextRank, 2 YAKE, 3 and 4 "
                        "the engines learn and llama, 5 embedding, 6 attention");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keywords_are_verbatim_and_ordered),
        cmocka_unit_test(stop_words_marks_numbers_and_single_characters_are_none),
        cmocka_unit_test(counts_times_and_invented_words_are_none),
        cmocka_unit_test(top_cuts_the_same_list),
        cmocka_unit_test(tfidf_prefers_frequent_and_rare_words),
        cmocka_unit_test(textrank_equals_a_dense_computation),
        cmocka_unit_test(unknown_methods_are_refused),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
