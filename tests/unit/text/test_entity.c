/* test_entity.c - times, amounts and names found by rules, at their bytes; of any bytes, finds stand in order, none over another, and what is said of a
 * line does not depend on blanks around it. No model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/base/base_test.h"

#include "base/rng.h"
#include "text/model.h"
#include "text/tagger.h"

typedef struct {
    hx_text_model *model;
    hx_tagger *tagger;
    hx_arena *arena;
} entity_fixture;

static int open_tagger(void **state) {
    const hx_text_model_options options = {.engine = HX_ENGINE_RULES};
    entity_fixture *f = calloc(1, sizeof *f);
    hx_error err = {0};
    assert_non_null(f);
    *state = f;
    f->arena = hx_arena_new(0);
    if (hx_text_model_open(&f->model, HX_SHARE_DIR, &options, &err) != HX_OK ||
        hx_tagger_open(&f->tagger, f->model, HX_WORDS_UD, &err) != HX_OK)
        fail_msg("%s", err.message);
    return 0;
}

static int close_tagger(void **state) {
    entity_fixture *f = *state;
    hx_tagger_close(f->tagger);
    hx_text_model_close(f->model);
    hx_arena_free(f->arena);
    free(f);
    return 0;
}

/* "text:kind|..." */
static void expect(entity_fixture *f, const char *text, const char *wanted) {
    char said[512] = "";
    hx_entity *list;
    size_t n, at = 0;
    hx_error err = {0};
    assert_int_equal(hx_tagger_entities(f->tagger, hx_str_of(text), f->arena, &list, &n, &err),
                     HX_OK);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(said + at, sizeof said - at, "%s%.*s:%s", i ? "|" : "",
                               (int)(list[i].span.end - list[i].span.start),
                               text + list[i].span.start, hx_entity_name(list[i].kind));
    assert_string_equal(said, wanted);
}

static void values(void **state) {
    entity_fixture *f = *state;
    expect(f, "2024年5月3日下午3点半送到，花了199.9元", "2024年5月3日下午3点半:time|199.9元:money");
    expect(f, "昨天 晚上 8点 下单，三百块钱", "昨天 晚上 8点:time|三百块钱:money");
    expect(f, "吃了一块蛋糕，5号楼，99分", "");
    expect(f, "２０２４年买的，￥１９９", "２０２４年:time|￥１９９:money");
    expect(f, "2024-05-03 18:30 it cost $5 million", "2024-05-03 18:30:time|$5 million:money");
    expect(f, "On May 3, 2024 at 5 pm I paid 20 dollars",
           "May 3, 2024 at 5 pm:time|20 dollars:money");
    expect(f, "I may go 3 days ago or next Monday", "3 days ago:time|next Monday:time");
    expect(f, "上周五退的，三天前又买了", "上周五:time|三天前:time");
    expect(f, "version 1.2.3 costs 5", "");
}

static void forms(void **state) {
    entity_fixture *f = *state;
    expect(f, "我找张先生和王小明老师", "张先生:person|王小明老师:person");
    expect(f, "他去北京大学了", "北京大学:organisation");
    expect(f, "在上海市的杭州某某科技有限公司", "上海市:place|杭州某某科技有限公司:organisation");
    expect(f, "去了医院，手机银行很好用", "");
    expect(f, "华为Mate60比iPhone 15 Pro好", "华为Mate60:product|iPhone 15 Pro:product");
    expect(f, "我在看《三体》", "《三体》:product");
    expect(f, "Mr. John Smith of Acme, Inc. lives in London",
           "Mr. John Smith:person|Acme, Inc.:organisation|London:place");
}

static void any_bytes(void **state) {
    static const char *const pieces[] = {
        "2024", "年",       "5",    "月",  "3",    "日",   "块", "¥",    "$",    "三",
        "百",   "张",       "先生", "Mr.", " ",    "A",    "bc", "Ltd.", "银行", "《",
        "》",   "\xE4\xBD", "\xFF", "\n",  "华为", "昨天", "-",  ":",    "30",   "\xEF\xBC"};
    entity_fixture *f = *state;
    hx_rng r;
    hx_error err = {0};
    hx_rng_seed(&r, TEST_SEED);
    for (int i = 0; i < 3000; i++) {
        char text[256];
        size_t len = 0;
        for (uint64_t k = hx_rng_below(&r, 20); k > 0; k--) {
            const char *p = pieces[hx_rng_below(&r, sizeof pieces / sizeof *pieces)];
            memcpy(text + len, p, strlen(p));
            len += strlen(p);
        }
        char *exact = malloc(len + 1); /* so that a sanitizer sees a byte too far */
        hx_entity *list;
        size_t n;
        memcpy(exact, text, len);
        hx_arena_reset(f->arena);
        assert_int_equal(
            hx_tagger_entities(f->tagger, (hx_str){exact, len}, f->arena, &list, &n, &err), HX_OK);
        for (size_t k = 0; k < n; k++) {
            assert_true(list[k].span.start < list[k].span.end && list[k].span.end <= len);
            assert_true(k == 0 || list[k - 1].span.end <= list[k].span.start);
            assert_true(list[k].by_rule && list[k].score > 0 && list[k].score <= 1);
        }
        free(exact);
    }
}

static void large(void **state) {
    entity_fixture *f = *state;
    const hx_str text = {"", (size_t)HX_TEXT_MAX + 1};
    hx_entity *list;
    size_t n;
    hx_error err = {0};
    assert_int_equal(hx_tagger_entities(f->tagger, text, f->arena, &list, &n, &err), HX_ELIMIT);
    assert_non_null(strstr(err.message, "bytes"));
}

/* ------------------------------------------------------------------ own cases */
enum { LINE_MOST = 1024 };

/* How many of the finds "text:kind;..." hold of a text; each is one of *said, which counts all. */
static size_t right_of(entity_fixture *f, const char *text, const char *wanted, size_t *said,
                       size_t *chosen) {
    hx_entity *list;
    size_t n, right = 0;
    hx_error err = {0};
    char all[LINE_MOST], one[LINE_MOST];
    (void)snprintf(all, sizeof all, ";%s;", wanted);
    for (const char *at = wanted; *at; at++)
        *chosen += *at == ':' && strchr("ptom", at[1]);
    hx_arena_reset(f->arena);
    assert_int_equal(hx_tagger_entities(f->tagger, hx_str_of(text), f->arena, &list, &n, &err),
                     HX_OK);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(one, sizeof one, ";%.*s:%s;", (int)(list[i].span.end - list[i].span.start),
                       text + list[i].span.start, hx_entity_name(list[i].kind));
        right += strstr(all, one) != NULL;
    }
    *said += n;
    return right;
}

/* 100 texts of our own, half of them with what only looks like a name: what the rules reach of precision and recall. */
static void own_cases(void **state) {
    entity_fixture *f = *state;
    size_t said = 0, chosen = 0, right = 0, n = 0;
    char line[LINE_MOST];
    FILE *file = fopen(HX_SOURCE_DIR "/tests/cases/entities.tsv", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    for (; fgets(line, sizeof line, file); n++) {
        char *cells[4] = {line};
        line[strcspn(line, "\n")] = '\0';
        for (int c = 1; c < 4; c++) {
            cells[c] = strchr(cells[c - 1], '\t');
            assert_non_null(cells[c]);
            *cells[c]++ = '\0';
        }
        right += right_of(f, cells[2], cells[3], &said, &chosen);
    }
    (void)fclose(file);
    assert_true(n >= 100);
    assert_true((double)right / (double)said >= 0.94);
    assert_true((double)right / (double)chosen >= 0.86);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values, open_tagger, close_tagger),
        cmocka_unit_test_setup_teardown(forms, open_tagger, close_tagger),
        cmocka_unit_test_setup_teardown(any_bytes, open_tagger, close_tagger),
        cmocka_unit_test_setup_teardown(large, open_tagger, close_tagger),
        cmocka_unit_test_setup_teardown(own_cases, open_tagger, close_tagger)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
