/* test_correct.c - correction by the rules: plain slips put right, right texts and protected words left alone, edits that make the corrected text of
 * the given one, correct(correct(x)) = correct(x) on texts with slips put in at random, damaged files refused with a sentence. */
#include "text_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "text/correct.h"

typedef struct {
    hx_text_model *words;
    hx_correct_model *model;
    hx_corrector *corrector;
    hx_arena *arena;
} fixture;

static void open_with(fixture *f, hx_correct_options options) {
    hx_error err = {0};
    options.engine = HX_ENGINE_RULES;
    assert_int_equal(hx_text_model_open(&f->words, HX_SHARE_DIR, NULL, &err), HX_OK);
    if (hx_correct_model_open(&f->model, HX_SHARE_DIR, f->words, &options, &err) != HX_OK)
        fail_msg("%s", err.message);
    assert_int_equal(hx_corrector_new(&f->corrector, f->model, &err), HX_OK);
    f->arena = hx_arena_new(0);
    assert_non_null(f->arena);
}

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    open_with(f, (hx_correct_options){0});
    *state = f;
    return 0;
}

static void close_all(fixture *f) {
    hx_corrector_free(f->corrector);
    hx_correct_model_close(f->model);
    hx_text_model_close(f->words);
    hx_arena_free(f->arena);
}

static int tear_down(void **state) {
    close_all(*state);
    free(*state);
    return 0;
}

static hx_correction correct(fixture *f, hx_str text) {
    hx_error err = {0};
    hx_correction out;
    assert_int_equal(hx_correct_texts(f->corrector, &text, 1, f->arena, &out, &err), HX_OK);
    return out;
}

/* The edits, done to the text as given, make the corrected one; they are in order, apart, and change something. */
static void expect_sound(fixture *f, hx_str given, const hx_correction *c) {
    char *made = hx_arena_alloc(f->arena, given.len + c->text.len + 1);
    size_t n = 0, at = 0;
    assert_non_null(made);
    for (size_t i = 0; i < c->n_edits; i++) {
        const hx_edit *e = &c->edits[i];
        assert_true(e->span.start >= at && e->span.end >= e->span.start &&
                    e->span.end <= given.len);
        assert_true(e->score > 0 && e->score < 1);
        hx_str from = {given.ptr + e->span.start, e->span.end - e->span.start};
        assert_true(hx_str_equal(from, e->from));
        assert_false(hx_str_equal(e->from, e->to));
        assert_true(n + (e->span.start - at) + e->to.len <= given.len + c->text.len);
        memcpy(made + n, given.ptr + at, e->span.start - at);
        n += e->span.start - at;
        memcpy(made + n, e->to.ptr, e->to.len);
        n += e->to.len;
        at = e->span.end;
    }
    assert_true(n + given.len - at == c->text.len);
    memcpy(made + n, given.ptr + at, given.len - at);
    assert_memory_equal(made, c->text.ptr, c->text.len);
}

static void test_slips_are_put_right(void **state) {
    static const char *const pairs[][2] = {
        {"I recieve the parcel yesterday.", "I receive the parcel yesterday."},
        {"It was definately the best hotel in the the city.",
         "It was definitely the best hotel in the city."},
        {"The goverment said nothing about the enviroment.",
         "The government said nothing about the environment."},
        {"我门的房间很干净。", "我们的房间很干净。"},
        {"这家店的服物很好。", "这家店的服务很好。"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        hx_str given = hx_str_of(pairs[i][0]);
        hx_correction c = correct(*state, given);
        assert_string_equal(c.text.ptr, pairs[i][1]);
        expect_sound(*state, given, &c);
    }
}

static void test_right_texts_stay(void **state) {
    static const char *const texts[] = {
        "",
        "   ",
        "房间很干净，服务员也很热情，下次还会再来。",
        "谢谢，慢慢看，天天向上。",
        "The room was clean and the staff were very helpful.",
        "I had had enough of that that day.",
        "😀👍🏽",
        "订单号 A20260305-7781，查 http://shop.com/recieve?x=teh 或写信给 recieve@teh.com。",
        "我用的是 iPhone 和 APP，@recieve_me 说 #recieve teh# 很好。",
        "《我门的路》很好看。",
        "資訊網頁與軟體",
        "如果妳想去那家店，我可以带妳去。",
        "这是为甚么呢？他的海龟找不到牠的父母。",
        "二〇〇九年十一月二十二日。",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hx_correction c = correct(*state, hx_str_of(texts[i]));
        assert_string_equal(c.text.ptr ? c.text.ptr : "", texts[i]);
        assert_int_equal(c.n_edits, 0);
    }
}

static void test_invalid_text_stays(void **state) {
    hx_str bad = {"I recieve \xff\xfe it.", 15};
    hx_correction c = correct(*state, bad);
    assert_int_equal(c.n_edits, 0);
    assert_true(hx_str_equal(c.text, bad));
}

static void test_a_text_does_not_depend_on_its_neighbours(void **state) {
    fixture *f = *state;
    const hx_str texts[] = {HX_STR_LIT("I recieve it."), HX_STR_LIT("我门的房间。"),
                            HX_STR_LIT("fine")};
    hx_correction all[3];
    hx_error err = {0};
    assert_int_equal(hx_correct_texts(f->corrector, texts, 3, f->arena, all, &err), HX_OK);
    for (size_t i = 0; i < 3; i++) {
        hx_correction one = correct(f, texts[i]);
        assert_true(hx_str_equal(one.text, all[i].text));
        assert_int_equal(one.n_edits, all[i].n_edits);
    }
}

static void write_file(const char *path, const char *text) {
    hx_error err = {0};
    assert_int_equal(hx_file_write(path, hx_str_of(text), false, &err), HX_OK);
}

static void test_protected_words_stay(void **state) {
    (void)state;
    char path[] = "/tmp/hx_protect_XXXXXX";
    int fd = mkstemp(path);
    fixture f;
    assert_true(fd >= 0);
    (void)close(fd);
    write_file(path, "recieve\n我门\t5\r\n\n");
    open_with(&f, (hx_correct_options){.protect = path});
    assert_int_equal(correct(&f, hx_str_of("They Recieve it definately.")).n_edits, 1);
    assert_int_equal(correct(&f, hx_str_of("我门的房间很干净。")).n_edits, 0);
    close_all(&f);
    (void)unlink(path);
}

/* A higher threshold changes a part of what a lower one does. */
static void test_threshold_sets_how_much_is_changed(void **state) {
    (void)state;
    static const char *const text =
        "I think the costumer service was realy good, and their was a nice pool, to.";
    size_t last = 99;
    const double levels[] = {0.05, 0.5, 0.9, 0.9999};
    for (size_t i = 0; i < 4; i++) {
        fixture f;
        open_with(&f, (hx_correct_options){.threshold = levels[i]});
        assert_true(hx_correct_model_threshold(f.model, HX_LANG_EN) == levels[i]);
        hx_correction c = correct(&f, hx_str_of(text));
        for (size_t k = 0; k < c.n_edits; k++)
            assert_true(c.edits[k].score >= levels[i]);
        assert_true(c.n_edits <= last);
        last = c.n_edits;
        close_all(&f);
    }
    fixture strict, loose;
    open_with(&strict, (hx_correct_options){.false_alarms = 0.001});
    open_with(&loose, (hx_correct_options){.false_alarms = 0.1});
    assert_true(hx_correct_model_threshold(strict.model, HX_LANG_ZH) >
                hx_correct_model_threshold(loose.model, HX_LANG_ZH));
    close_all(&strict);
    close_all(&loose);
}

static hx_str slip(fixture *f, hx_rng *rng, const char *text) {
    char *copy = hx_arena_alloc(f->arena, 2 * strlen(text) + 64);
    size_t n = 0;
    assert_non_null(copy);
    for (size_t at = 0, next = 0, len = strlen(text); at < len; at = next) {
        (void)hx_utf8_next((hx_str){text, len}, &next);
        uint64_t what = hx_rng_below(rng, 24);
        if (what == 0) continue;
        memcpy(copy + n, text + at, next - at);
        n += next - at;
        if (what == 1) {
            memcpy(copy + n, text + at, next - at);
            n += next - at;
        } else if (what == 2) {
            n += hx_utf8_put((uint32_t)(hx_rng_below(rng, 2) ? 'a' + hx_rng_below(rng, 26)
                                                             : 0x4E00 + hx_rng_below(rng, 0x5000)),
                             copy + n);
        }
    }
    return (hx_str){copy, n};
}

static void test_corrected_texts_stay(void **state) {
    (void)state;
    static const char *const texts[] = {
        "The room was clean, and the staff were very helpful. We would definitely stay there "
        "again! Its a pity about the the food; to expensive.",
        "房间很干净，服务员也很热情。下次还会再来！就是早餐不太好，价格有点贵；交通方便，离地铁站很"
        "近。",
        "看了 the movie 以后, I 觉得 it was 很好看。whenit rains 我门 stay home.",
    };
    const double levels[] = {0.02, 0.3, 0.9};
    for (size_t l = 0; l < 3; l++) {
        fixture f;
        hx_rng rng;
        hx_rng_seed(&rng, 7 + l);
        open_with(&f, (hx_correct_options){.threshold = levels[l]});
        size_t changed = 0;
        for (size_t i = 0; i < 90; i++) {
            hx_arena_reset(f.arena);
            hx_str given = slip(&f, &rng, texts[i % 3]);
            hx_correction once = correct(&f, given), twice = correct(&f, once.text);
            expect_sound(&f, given, &once);
            assert_true(hx_utf8_is_valid(once.text));
            changed += once.n_edits;
            if (twice.n_edits > 0)
                fail_msg("'%s' becomes '%s', and that '%s'", given.ptr, once.text.ptr,
                         twice.text.ptr);
        }
        assert_true(changed > 10);
        close_all(&f);
    }
}

static void test_slips_cost_what_they_should(void **state) {
    (void)state;
    static const struct {
        const char *right, *wrong, *other; /* other: less likely written for `right` */
    } rows[] = {{"receive", "recieve", "rxceive"},
                {"address", "adress", "addrqess"},
                {"phone", "fone", "shone"},
                {"separate", "seperate", "sepqrate"},
                {"the", "teh", "he"}};
    hx_spell_costs t;
    hx__spell_costs_init(&t);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hx_spell_query near, far;
        hx__spell_query_init(&near, hx_str_of(rows[i].wrong));
        hx__spell_query_init(&far, hx_str_of(rows[i].other));
        double a = hx__spell_cost(&t, hx_str_of(rows[i].right), &near, 9);
        double b = hx__spell_cost(&t, hx_str_of(rows[i].right), &far, 9);
        assert_true(a > 0 && a < b);
        hx_spell_query same;
        hx__spell_query_init(&same, hx_str_of(rows[i].right));
        assert_true(hx__spell_cost(&t, hx_str_of(rows[i].right), &same, 9) == 0);
    }
}

static void test_weights_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"usual\t0.9\t0.9\nweight\tzh.other\t1\t2\n", "line 2 is no weight"},
        {"usual\t0.9\t0.9\nnothing\n", "line 2 is no weight"},
        {"rate\t0.01\t0.9\t0.9\nrate\t0.01\t0.8\t0.8\nusual\t0.5\t0.5\n", "line 2 is no weight"},
        {"rate\t0.01\t0.9\t0.9\n", "no usual threshold"},
        {"usual\t1.5\t0.5\n", "no usual threshold"}};
    char path[] = "/tmp/hx_weights_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hx_error err = {0};
        hx_fix_weights w;
        write_file(path, rows[i].text);
        assert_int_equal(hx__fix_weights_open(&w, path, &err), HX_EFORMAT);
        assert_non_null(strstr(err.message, rows[i].says));
    }
    (void)unlink(path);
}

static void test_bad_options_are_refused(void **state) {
    fixture *f = *state;
    const hx_correct_options bad[] = {{.engine = HX_ENGINE_LEARN},
                                      {.engine = HX_ENGINE_RULES, .threshold = 1.5},
                                      {.engine = HX_ENGINE_RULES, .false_alarms = -0.1},
                                      {.engine = HX_ENGINE_RULES, .protect = "/nonexistent"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hx_error err = {0};
        hx_correct_model *m = NULL;
        assert_int_not_equal(hx_correct_model_open(&m, HX_SHARE_DIR, f->words, &bad[i], &err),
                             HX_OK);
        assert_true(err.message[0] != '\0');
        assert_null(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_slips_are_put_right, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_right_texts_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_invalid_text_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_text_does_not_depend_on_its_neighbours, set_up,
                                        tear_down),
        cmocka_unit_test(test_protected_words_stay),
        cmocka_unit_test(test_threshold_sets_how_much_is_changed),
        cmocka_unit_test(test_corrected_texts_stay),
        cmocka_unit_test(test_slips_cost_what_they_should),
        cmocka_unit_test(test_weights_are_checked),
        cmocka_unit_test_setup_teardown(test_bad_options_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
