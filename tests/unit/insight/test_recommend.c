/* test_recommend.c - recommendations from rows: a planted taste is found, terms sum to the score exactly, a person's factors solve their equations,
 * ratings weigh, newcomers get what is popular, held-out rows are found again and by the same figures each time, and each mistake has its sentence. */
#include "unit/insight/insight_test.h"

#include <math.h>

#include "huaxiang/insight.h"
#include "insight/als.h"

#define CAP 65536
static const hx_recommend_columns plain = {.user = "user", .item = "item"};

static hx_table *table_of(const char *csv) {
    char path[] = "/tmp/hx-recommend-XXXXXX.csv";
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    assert_non_null(f);
    assert_true(fputs(csv, f) >= 0);
    assert_int_equal(fclose(f), 0);
    hx_table *t = NULL;
    assert_int_equal(hx_table_read(&t, path, NULL, NULL), HX_OK);
    (void)remove(path);
    return t;
}

static hx_taken *taken_of(const char *csv, const hx_recommend_columns *columns) {
    hx_table *t = table_of(csv);
    hx_taken *x = NULL;
    assert_int_equal(hx_taken_read(&x, t, NULL, columns, NULL), HX_OK);
    hx_table_free(t);
    return x;
}

static const char tastes[] = "user,item\na,i0\na,i1\na,i2\nb,i3\nb,i4\nb,i5\nc,i0\nc,i1\nc,i2\n"
                             "d,i3\nd,i4\nd,i5\ne,i3\ne,i4\n,i1\ne,\ne,i4\n";

static hx_recommend_setting setting_of(int method, double penalty) {
    hx_recommend_setting s = hx_recommend_usual(false);
    s.method = (hx_recommend_method)method;
    s.penalty = penalty;
    s.factors = 3;
    s.als_penalty = 0.1;
    return s;
}

static void a_taste_is_found(void **state) {
    (void)state;
    hx_taken *x = taken_of(tastes, &plain);
    assert_int_equal(hx_taken_people(x), 5);
    assert_int_equal(hx_taken_items(x), 6);
    for (int m = HX_RECOMMEND_POPULAR; m < HX_RECOMMEND_METHODS; m++) {
        hx_recommender *r = NULL;
        hx_recommendation best[6];
        size_t n, u = hx_taken_find(x, HX_STR_LIT("e"));
        const hx_recommend_setting s = setting_of(m, 1);
        assert_int_equal(hx_recommender_fit(&r, x, &s, NULL), HX_OK);
        assert_int_equal(hx_recommend(r, u, best, 6, &n, NULL), HX_OK);
        assert_int_equal(n, 4); /* not those that e has */
        if (m != HX_RECOMMEND_POPULAR) {
            assert_true(hx_str_equal(hx_taken_item(x, best[0].item), HX_STR_LIT("i5")));
            assert_true(best[0].because != SIZE_MAX && best[0].part > 0);
        }
        hx_recommender_free(r);
    }
    hx_taken_free(x);
}

static void check_parts(const hx_taken *x, int method) {
    hx_recommender *r = NULL;
    hx_recommendation best[6], parts[6];
    size_t n, n_parts;
    const hx_recommend_setting s = setting_of(method, 2.5);
    assert_int_equal(hx_recommender_fit(&r, x, &s, NULL), HX_OK);
    for (size_t u = 0; u < hx_taken_people(x); u++) {
        assert_int_equal(hx_recommend(r, u, best, 6, &n, NULL), HX_OK);
        for (size_t k = 0; k < n; k++) {
            double sum = 0;
            assert_int_equal(hx_recommend_parts(r, u, best[k].item, parts, 6, &n_parts, NULL),
                             HX_OK);
            assert_true(n_parts > 0);
            for (size_t j = 0; j < n_parts; j++)
                sum += parts[j].part;
            assert_true(sum == best[k].score);
        }
    }
    hx_recommender_free(r);
}

static void parts_sum_to_the_score(void **state) {
    (void)state;
    hx_taken *x = taken_of(tastes, &plain);
    for (int m = HX_RECOMMEND_ITEMS; m < HX_RECOMMEND_METHODS; m++)
        check_parts(x, m);
    hx_taken_free(x);
}

/* P_u of (Q'Q + Q_u'diag(alpha x_u)Q_u + penalty I) P_u = Q_u'(1 + alpha x_u), put in by hand; scores are its products, terms sum to them. */
static void factors_solve_their_equations(void **state) {
    static const size_t start[] = {0, 3, 5, 8};
    static const uint32_t item[] = {0, 1, 2, 1, 3, 0, 2, 4};
    static const double weight[] = {1, 0.5, 1, 0.2, 1, 0.7, 1, 0.4};
    const hx_interactions x = {3, 5, start, item, weight};
    const hx_als_setting s = {2, 8, 0.3, 4};
    double score[5], term[3], room[2];
    hx_als a, again;
    (void)state;
    assert_int_equal(hx_als_fit(&a, &x, &s, NULL), HX_OK);
    assert_int_equal(hx_als_fit(&again, &x, &s, NULL), HX_OK);
    assert_memory_equal(a.items, again.items, 10 * sizeof(double));
    for (size_t u = 0; u < 3; u++) {
        hx_als_person p;
        assert_int_equal(hx_als_fold(&a, &x, u, &p, NULL), HX_OK);
        for (size_t i = 0; i < 2; i++) {
            double left = s.penalty * p.taste[i], right = 0;
            for (size_t j = 0; j < 5; j++) {
                double c = 1,
                       product = a.items[2 * j] * p.taste[0] + a.items[2 * j + 1] * p.taste[1];
                for (size_t k = start[u]; k < start[u + 1]; k++)
                    if (item[k] == j) c += s.alpha * weight[k];
                left += c * a.items[2 * j + i] * product;
                right += c > 1 ? c * a.items[2 * j + i] : 0;
            }
            assert_true(fabs(left - right) < 1e-9);
        }
        hx_als_score(&a, &p, score);
        for (size_t j = 0; j < 5; j++) {
            double sum = 0;
            hx_als_terms(&a, &x, u, &p, j, room, term);
            for (size_t k = 0; k < start[u + 1] - start[u]; k++)
                sum += term[k];
            assert_true(fabs(sum - score[j]) < 1e-12);
        }
        hx_als_person_release(&p);
    }
    hx_als_release(&a);
    hx_als_release(&again);
}

/* What two like the most is offered first where ratings weigh. */
static void ratings_weigh(void **state) {
    static const hx_recommend_columns c = {.user = "user", .item = "item", .rating = "stars"};
    static const char csv[] =
        "user,item,stars\na,x,5\na,good,5\na,bad,1\nb,x,5\nb,good,5\nb,bad,1\n"
        "c,x,5\nc,good,4\nc,bad,1\nd,x,5\nd,other,5\n";
    hx_taken *x = taken_of(csv, &c);
    hx_recommendation best[4];
    size_t n;
    (void)state;
    for (int m = HX_RECOMMEND_EASE; m <= HX_RECOMMEND_BLEND; m++) {
        hx_recommender *r = NULL;
        hx_recommend_setting s = setting_of(m, 1);
        s.rated = true;
        assert_int_equal(hx_recommender_fit(&r, x, &s, NULL), HX_OK);
        assert_int_equal(hx_recommend(r, hx_taken_find(x, HX_STR_LIT("d")), best, 4, &n, NULL),
                         HX_OK);
        assert_true(hx_str_equal(hx_taken_item(x, best[0].item), HX_STR_LIT("good")));
        hx_recommender_free(r);
    }
    hx_taken_free(x);
}

static void newcomers_get_what_is_popular(void **state) {
    (void)state;
    hx_taken *x = taken_of(tastes, &plain);
    hx_recommender *r = NULL;
    hx_recommendation best[2];
    size_t n;
    const hx_recommend_setting s = setting_of(HX_RECOMMEND_BLEND, 1);
    assert_int_equal(hx_taken_find(x, HX_STR_LIT("nobody")), SIZE_MAX);
    assert_int_equal(hx_recommender_fit(&r, x, &s, NULL), HX_OK);
    assert_int_equal(hx_recommend(r, SIZE_MAX, best, 2, &n, NULL), HX_OK);
    assert_int_equal(n, 2);
    assert_true(hx_str_equal(hx_taken_item(x, best[0].item), HX_STR_LIT("i3")));
    assert_true(best[0].score == 3 && best[0].because == SIZE_MAX);
    assert_int_equal(hx_recommend_parts(r, SIZE_MAX, 0, best, 2, &n, NULL), HX_OK);
    assert_int_equal(n, 0);
    hx_recommender_free(r);
    hx_taken_free(x);
}

/* 40 people of two tastes, 8 of the 10 items of one each, times ascending. */
static void held_out_rows_are_found(void **state) {
    (void)state;
    static const hx_recommend_columns c = {"user", "item", "at", "stars"};
    char *csv = calloc(1, CAP);
    assert_non_null(csv);
    size_t at = (size_t)snprintf(csv, CAP, "user,item,at,stars\n");
    for (int u = 0; u < 40; u++)
        for (int k = 0; k < 8; k++)
            at += (size_t)snprintf(csv + at, CAP - at, "p%d,i%d,%d,%d\n", u,
                                   u % 2 * 10 + (u / 2 + k * 3) % 10, k, 1 + k % 5);
    hx_taken *x = taken_of(csv, &c);
    hx_recommend_result one[HX_RECOMMEND_METHODS], two[HX_RECOMMEND_METHODS];
    const hx_recommend_options o = {.held = 1, .seed = TEST_SEED};
    assert_int_equal(hx_recommend_evaluate(x, &o, one, NULL), HX_OK);
    assert_int_equal(hx_recommend_evaluate(x, &o, two, NULL), HX_OK);
    for (size_t m = 0; m < HX_RECOMMEND_METHODS; m++)
        assert_true(one[m].all.ndcg == two[m].all.ndcg && one[m].dev == two[m].dev);
    const hx_recommend_figures *ease = &one[HX_RECOMMEND_EASE].all;
    assert_int_equal(ease->people, 40);
    assert_true(ease->recall == 1); /* 4 items of the taste are left, ten are shown */
    assert_true(ease->mrr >= 0.25 && ease->ndcg > one[HX_RECOMMEND_POPULAR].all.ndcg);
    hx_taken_free(x);
    free(csv);
}

static void assert_refused(const char *csv, const hx_recommend_columns *c, const char *says) {
    hx_table *t = table_of(csv);
    hx_taken *x = NULL;
    hx_error err = {0};
    assert_int_not_equal(hx_taken_read(&x, t, NULL, c, &err), HX_OK);
    assert_null(x);
    assert_non_null(strstr(err.message, says));
    hx_table_free(t);
}

static void mistakes_are_told(void **state) {
    (void)state;
    const hx_recommend_columns rated = {.user = "user", .item = "item", .rating = "stars"};
    hx_recommend_setting s = setting_of(HX_RECOMMEND_EASE, 0);
    const hx_recommend_options none = {.held = 0}, ten = {.held = 10};
    hx_recommend_result out[HX_RECOMMEND_METHODS];
    hx_recommender *r = NULL;
    hx_error err = {0};
    assert_refused("user,thing\na,b\n", &plain, "no column 'item'");
    assert_refused("user,item\na,\n,b\n", &plain, "nobody has taken up anything");
    assert_refused("user,item,stars\na,b,good\na,c,bad\n", &rated, "column 'stars' has texts");
    hx_taken *x = taken_of(tastes, &plain);
    assert_int_equal(hx_recommender_fit(&r, x, &s, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "above 0"));
    s = setting_of(HX_RECOMMEND_BLEND, 1);
    s.share = 1.5;
    assert_int_equal(hx_recommender_fit(&r, x, &s, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "from 0 to 1"));
    s = setting_of(HX_RECOMMEND_ALS, 1);
    s.factors = 0;
    assert_int_equal(hx_recommender_fit(&r, x, &s, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "1 to 256 factors"));
    assert_int_equal(hx_recommend_evaluate(x, &none, out, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "1 to 1000"));
    assert_int_equal(hx_recommend_evaluate(x, &ten, out, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "nobody has more than 20 items"));
    hx_taken_free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_taste_is_found),
                                       cmocka_unit_test(parts_sum_to_the_score),
                                       cmocka_unit_test(factors_solve_their_equations),
                                       cmocka_unit_test(ratings_weigh),
                                       cmocka_unit_test(newcomers_get_what_is_popular),
                                       cmocka_unit_test(held_out_rows_are_found),
                                       cmocka_unit_test(mistakes_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
