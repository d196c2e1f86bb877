/* Record linkage: levels of agreement as documented, Jaro-Winkler as published, and EM that finds the parameters patterns were drawn from. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "profile/linkage.h"

/* Values of Winkler (1990) and of the R package stringdist. */
static void jaro_winkler_is_as_published(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        double value;
    } cases[] = {{"MARTHA", "MARHTA", 0.961111},
                 {"DIXON", "DICKSONX", 0.813333},
                 {"DWAYNE", "DUANE", 0.84},
                 {"abc", "", 0},
                 {"abc", "xyz", 0},
                 {"JONES", "JOHNSON", 0.832381}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double v = hx_link_jaro_winkler(hx_str_of(cases[i].a), hx_str_of(cases[i].b));
        if (fabs(v - cases[i].value) > 1e-6) fail_msg("%s %s: %.6f", cases[i].a, cases[i].b, v);
    }
}

static uint8_t level(hx_link_field f, const char *a, const char *b) {
    hx_link_record x = {.n_phones = 0}, y = {.n_phones = 0};
    hx_link_record *r[2] = {&x, &y};
    const char *value[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        const hx_str s = hx_str_of(value[i]);
        if (f == HX_LINK_NAME) r[i]->name = s;
        if (f == HX_LINK_ADDRESS) r[i]->address = s;
        if (f == HX_LINK_BIRTHDAY) r[i]->birthday = s;
        if (f == HX_LINK_PHONE && s.len) r[i]->phones[r[i]->n_phones++] = s;
        if (f == HX_LINK_EMAIL && s.len) r[i]->emails[r[i]->n_emails++] = s;
        if (f == HX_LINK_DEVICE && s.len) r[i]->devices[r[i]->n_devices++] = s;
    }
    const hx_link_pattern p = hx_link_compare(&x, &y), q = hx_link_compare(&y, &x);
    assert_memory_equal(&p, &q, sizeof p); /* who is first does not matter */
    return p.level[f];
}

static void levels_are_as_documented(void **state) {
    (void)state;
    static const struct {
        hx_link_field field;
        const char *a, *b;
        uint8_t level;
    } cases[] = {
        {HX_LINK_NAME, "王小明", "王 小明", 3},
        {HX_LINK_NAME, "王小明", "王晓明", 2},
        {HX_LINK_NAME, "王小明", "王大力", 1},
        {HX_LINK_NAME, "王小明", "李小明", 0},
        {HX_LINK_NAME, "王明", "王敏", 1}, /* two characters: one other is another name */
        {HX_LINK_NAME, "欧阳修文", "欧阳修闻", 2},
        {HX_LINK_NAME, "欧阳修", "欧文修", 0},
        {HX_LINK_NAME, "Smith, John", "john smith", 3},
        {HX_LINK_NAME, "Jonathan Smith", "Jonathon Smith", 2},
        {HX_LINK_NAME, "王小明", "Wang", 0},
        {HX_LINK_NAME, "王小明", "", HX_LINK_MISSING},
        {HX_LINK_PHONE, "13912345678", "13912345678", 3},
        {HX_LINK_PHONE, "13912345678", "13912345679", 2},
        {HX_LINK_PHONE, "13912345678", "13912354678", 2},
        {HX_LINK_PHONE, "13912345678", "139****5678", 2},
        {HX_LINK_PHONE, "13912345678", "18600005678", 1},
        {HX_LINK_PHONE, "13912345678", "18600001234", 0},
        {HX_LINK_PHONE, "13912345678", "", HX_LINK_MISSING},
        {HX_LINK_EMAIL, "a.lee@x.com", "a.lee@y.cn", 2},
        {HX_LINK_EMAIL, "alexlee@x.com", "alexle@y.cn", 1},
        {HX_LINK_EMAIL, "alexlee@x.com", "bob@x.com", 0},
        {HX_LINK_ADDRESS, "北京市海淀区中关村大街1号", "北京市海淀区中关村大街 1 号", 3},
        {HX_LINK_ADDRESS, "北京市海淀区中关村大街1号", "中关村大街1号", 2},
        {HX_LINK_ADDRESS, "北京市海淀区中关村大街1号", "上海市徐汇区漕溪路2号", 0},
        {HX_LINK_BIRTHDAY, "1990-05-04", "1990-05-04", 3},
        {HX_LINK_BIRTHDAY, "1990-05-04", "1990-04-05", 2},
        {HX_LINK_BIRTHDAY, "1990-05-04", "1991-05-04", 2},
        {HX_LINK_BIRTHDAY, "1990-05-04", "1990-11-23", 1},
        {HX_LINK_BIRTHDAY, "1990-05-04", "1985-11-23", 0},
        {HX_LINK_BIRTHDAY, "1990-05-04", "1990", HX_LINK_MISSING},
        {HX_LINK_DEVICE, "d1", "d1", 3},
        {HX_LINK_DEVICE, "d1", "d2", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint8_t got = level(cases[i].field, cases[i].a, cases[i].b);
        if (got != cases[i].level)
            fail_msg("%s / %s: %u, not %u", cases[i].a, cases[i].b, got, cases[i].level);
    }
}

enum { N = 40000 };

static uint8_t draw(hx_rng *r, const double p[HX_LINK_LEVELS]) {
    double x = hx_rng_uniform(r);
    for (uint8_t k = 0; k + 1 < HX_LINK_LEVELS; k++) {
        if (x < p[k]) return k;
        x -= p[k];
    }
    return HX_LINK_LEVELS - 1;
}

/* A mixture with known parameters: 5 % matches. */
static void em_finds_the_parameters(void **state) {
    (void)state;
    static const double m[HX_LINK_LEVELS] = {0.05, 0.05, 0.2, 0.7},
                        u[HX_LINK_LEVELS] = {0.8, 0.1, 0.07, 0.03};
    static hx_link_pattern patterns[N], random[N];
    static uint64_t ones[N];
    hx_rng r;
    hx_rng_seed(&r, 5);
    for (size_t i = 0; i < N; i++) {
        const bool is_match = hx_rng_uniform(&r) < 0.05;
        for (int f = 0; f < HX_LINK_FIELDS; f++) {
            patterns[i].level[f] = draw(&r, is_match ? m : u);
            random[i].level[f] = draw(&r, u);
        }
        if (i % 7 == 0) patterns[i].level[HX_LINK_EMAIL] = HX_LINK_MISSING;
        ones[i] = 1;
    }
    hx_link_model model;
    const hx_link_counts of_random = {random, ones, N}, of_pairs = {patterns, ones, N};
    double found[HX_LINK_FIELDS][HX_LINK_LEVELS];
    hx_link_fit_u(&model, &of_random);
    const double share = hx_link_fit_m(&model, 0, &of_pairs, found);
    assert_true(fabs(share - 0.05) < 0.005);
    for (int f = 0; f < HX_LINK_FIELDS; f++)
        for (int k = 0; k < HX_LINK_LEVELS; k++) {
            assert_true(fabs(model.u[f][k] - u[k]) < 0.01);
            if (fabs(found[f][k] - m[k]) > 0.04) fail_msg("%d %d: %f", f, k, found[f][k]);
        }
}

static void weights_add_up_and_common_names_say_less(void **state) {
    (void)state;
    hx_link_model model = {.prior = 0.001};
    for (int f = 0; f < HX_LINK_FIELDS; f++)
        for (int k = 0; k < HX_LINK_LEVELS; k++) {
            model.m[f][k] = k == 3 ? 0.7 : 0.1;
            model.u[f][k] = k == 0 ? 0.97 : 0.01;
        }
    hx_link_pattern p;
    memset(&p, HX_LINK_MISSING, sizeof p);
    p.level[HX_LINK_NAME] = 3;
    p.level[HX_LINK_BIRTHDAY] = 3;
    double rare[HX_LINK_FIELDS], common[HX_LINK_FIELDS];
    hx_link_weights(&model, p, 0.0001, rare);
    hx_link_weights(&model, p, 0.05, common);
    assert_true(fabs(rare[HX_LINK_NAME] - log2(0.7 / 0.0001)) < 1e-12);
    assert_true(fabs(rare[HX_LINK_BIRTHDAY] - log2(70)) < 1e-12 && rare[HX_LINK_PHONE] == 0);
    const double odds = 0.001 / 0.999 * (0.7 / 0.05) * 70;
    assert_true(fabs(hx_link_probability(model.prior, common) - odds / (1 + odds)) < 1e-12);
    assert_true(hx_link_probability(model.prior, rare) > hx_link_probability(model.prior, common));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jaro_winkler_is_as_published),
        cmocka_unit_test(levels_are_as_documented),
        cmocka_unit_test(em_finds_the_parameters),
        cmocka_unit_test(weights_add_up_and_common_names_say_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
