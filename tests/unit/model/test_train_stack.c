/* Several learners put together: what is right weighs more than what guesses, and nothing is lost where all agree. */
#include "unit/model/model_test.h"

#include <math.h>

#include "base/rng.h"
#include "model/train_stack.h"

enum { N = 400, V = 3, MODELS = 3 };

typedef struct {
    float good[N * V], fair[N * V], noise[N * V];
    uint32_t labels[N];
    float validation[N * V], test[N * V];
} fixture;

/* Probabilities that favour the label with this strength; 0 = they know nothing. */
static void put(float *row, uint32_t label, double strength, hx_rng *r) {
    double sum = 0, e[V];
    for (uint32_t c = 0; c < V; c++)
        sum += e[c] = exp(2 * hx_rng_uniform(r) + (c == label ? strength : 0));
    for (uint32_t c = 0; c < V; c++)
        row[c] = (float)(e[c] / sum);
}

static fixture *make(void) {
    fixture *f = calloc(1, sizeof *f);
    hx_rng r;
    assert_non_null(f);
    hx_rng_seed(&r, 5);
    for (size_t i = 0; i < N; i++) {
        f->labels[i] = (uint32_t)hx_rng_below(&r, V);
        put(f->good + i * V, f->labels[i], 1.6, &r);
        put(f->fair + i * V, f->labels[i], 0.8, &r);
        put(f->noise + i * V, f->labels[i], 0, &r);
    }
    return f;
}

static double log_loss(const float *rows, const uint32_t *labels) {
    double sum = 0;
    for (size_t i = 0; i < N; i++)
        sum -= log((double)rows[i * V + labels[i]]);
    return sum / N;
}

static void together(fixture *f, const float *const *models, size_t n) {
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    const hx_stack s = {.validation = models,
                        .test = models,
                        .labels = f->labels,
                        .n_models = n,
                        .n_validation = N,
                        .n_test = N,
                        .n_labels = V};
    const double *weights;
    double row[V];
    assert_int_equal(hx_train_stack(&s, arena, f->validation, f->test, &weights, &err), HX_OK);
    for (size_t i = 0; i < N; i++) { /* the weights that are kept say the same */
        hx_stack_row(models, n, V, i, weights, row);
        for (size_t c = 0; c < V; c++)
            assert_true(fabs(row[c] - (double)f->test[i * V + c]) < 1e-6);
    }
    hx_arena_free(arena);
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (size_t c = 0; c < V; c++)
            sum += (double)f->validation[i * V + c];
        assert_true(fabs(sum - 1) < 1e-5);
    }
}

static void what_is_right_weighs_more(void **state) {
    (void)state;
    fixture *f = make();
    const float *models[MODELS] = {f->noise, f->good, f->fair};
    float mean[N * V];
    for (size_t i = 0; i < N * V; i++)
        mean[i] = (f->good[i] + f->fair[i] + f->noise[i]) / MODELS;
    together(f, models, MODELS);
    assert_true(log_loss(f->validation, f->labels) < log_loss(f->good, f->labels));
    assert_true(log_loss(f->validation, f->labels) < log_loss(mean, f->labels) - 0.1);
    assert_true(log_loss(f->test, f->labels) <= log_loss(f->validation, f->labels));
    free(f);
}

/* Weights that nothing speaks for stay near those of the mean: of two alike ones the pool is what each says, or surer. */
static void of_two_alike_nothing_is_lost(void **state) {
    (void)state;
    fixture *f = make();
    const float *models[2] = {f->good, f->good};
    together(f, models, 2);
    assert_true(log_loss(f->test, f->labels) <= log_loss(f->good, f->labels));
    free(f);
}

/* A text's own label has no part in what is said of it on validation. */
static void folds_do_not_see_their_texts(void **state) {
    (void)state;
    fixture *f = make();
    const float *models[MODELS] = {f->noise, f->good, f->fair};
    float before[V];
    together(f, models, MODELS);
    memcpy(before, f->validation + 7 * V, sizeof before);
    f->labels[7] = (f->labels[7] + 1) % V;
    together(f, models, MODELS);
    assert_memory_equal(before, f->validation + 7 * V, sizeof before);
    free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_weighs_more),
        cmocka_unit_test(of_two_alike_nothing_is_lost),
        cmocka_unit_test(folds_do_not_see_their_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
