/* purchase_test.c - Pearson's test of a fitted model of purchases: customers by their number of repeat purchases, met and expected.
 *
 * A customer of age T is expected in class x with the probability that a new one has x repeat purchases in (0, T]; ages that are the same are
 * computed once. Classes are joined from the highest down until each expects five customers. */
#include <math.h>

#include "insight/purchase.h"
#include "learn/special.h"

enum { TEST_LAST = HX_PURCHASE_CLASSES - 1, TEST_LEAST = 5, TEST_PARAMETERS = 4 };

static void add_ages(const hx_purchase_fit *f, double age, double weight, hx_purchase_test *t) {
    double rest = 1;
    for (uint32_t x = 0; x < TEST_LAST; x++) {
        double p = hx_purchase_count(f, x, age);
        t->expected[x] += weight * p;
        rest -= p;
    }
    t->expected[TEST_LAST] += weight * fmax(0, rest);
}

void hx_purchase_test_fit(const hx_purchase_fit *f, const hx_purchases *rows, size_t n,
                          hx_purchase_test *out) {
    hx_purchase_test t = {.p = NAN};
    double age = -1, weight = 0;
    for (size_t i = 0; i < n; i++) {
        t.observed[rows[i].x < TEST_LAST ? rows[i].x : TEST_LAST] += rows[i].weight;
        if (rows[i].age != age && weight > 0) {
            add_ages(f, age, weight, &t);
            weight = 0;
        }
        age = rows[i].age;
        weight += rows[i].weight;
    }
    if (weight > 0) add_ages(f, age, weight, &t);
    size_t classes = 0;
    double met = 0, expected = 0;
    for (size_t x = HX_PURCHASE_CLASSES; x-- > 0;) {
        met += t.observed[x];
        expected += t.expected[x];
        if (expected < TEST_LEAST && x) continue;
        if (expected > 0) t.chi2 += (met - expected) * (met - expected) / expected;
        classes++;
        met = expected = 0;
    }
    t.freedom = classes > 1 + TEST_PARAMETERS ? classes - 1 - TEST_PARAMETERS : 0;
    if (t.freedom) t.p = hx_chi2_tail(t.chi2, (double)t.freedom);
    *out = t;
}
