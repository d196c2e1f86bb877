/* test_params.c - names and shapes of weights, adjacent ones, what is dropped, norms, random numbers by name, files written and read. */
#include "nn_test.h"

#include <unistd.h>

#include "nn/params.h"

#define FOLDER "/tmp/hx_test_params_XXXXXX"

typedef struct {
    nn_test t;
    hx_params *p;
    hx_error err;
} fixture;

static void open_params(fixture *f) {
    memset(f, 0, sizeof *f);
    nn_open(&f->t, NULL, 2);
    assert_int_equal(hx_params_new(&f->p, &f->err), HX_OK);
}

static void close_params(fixture *f) {
    hx_params_free(f->p);
    nn_close(&f->t);
}

static size_t add(fixture *f, const char *name, uint64_t rows, uint64_t columns, bool trained) {
    size_t index = 0;
    const uint64_t dims[2] = {rows, columns};
    assert_int_equal(hx_params_add(f->p, name, columns ? 2 : 1, dims, 3, trained, &index, &f->err),
                     HX_OK);
    return index;
}

static void test_adding(void **state) {
    (void)state;
    fixture f;
    open_params(&f);
    char name[16];
    float *first = NULL;
    for (size_t i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "w%zu", i);
        assert_int_equal(add(&f, name, 5, i % 2 ? 7 : 0, i % 3 != 0), i);
        if (i == 0) first = hx_params_at(f.p, 0)->w;
    }
    assert_int_equal(hx_params_count(f.p), 100);
    assert_ptr_equal(hx_params_at(f.p, 0)->w, first);
    const hx_param *p = hx_params_find(f.p, "w7");
    assert_non_null(p);
    assert_true(p->n == 35 && p->dims[0] == 5 && p->dims[1] == 7 && p->layer == 3 && p->decay);
    assert_non_null(p->g);
    assert_true((uintptr_t)p->w % 64 == 0 && (uintptr_t)p->g % 64 == 0);
    assert_false(hx_params_find(f.p, "w8")->decay);
    assert_null(hx_params_find(f.p, "w9")->g);
    assert_null(hx_params_find(f.p, "w"));
    assert_int_equal(hx_params_elements(f.p, false), 50 * 5 + 50 * 35);
    assert_int_equal(hx_params_elements(f.p, true), 33 * 5 + 33 * 35);
    close_params(&f);
}

static void check_refused(fixture *f, const char *name, uint64_t rows, uint64_t columns,
                          const char *sentence) {
    const uint64_t dims[2] = {rows, columns};
    size_t n = hx_params_count(f->p);
    assert_int_not_equal(hx_params_add(f->p, name, 2, dims, 0, true, NULL, &f->err), HX_OK);
    assert_string_equal(f->err.message, sentence);
    assert_int_equal(hx_params_count(f->p), n);
}

static void test_refusals(void **state) {
    (void)state;
    fixture f;
    char name[HX_PARAM_NAME_MAX + 1];
    open_params(&f);
    add(&f, "a", 2, 2, true);
    memset(name, 'x', HX_PARAM_NAME_MAX);
    name[HX_PARAM_NAME_MAX] = '\0';
    check_refused(&f, "a", 2, 2, "weights: there are two tensors called 'a'");
    check_refused(&f, "", 2, 2, "weights: a tensor's name has 0 bytes, not 1 to 127");
    check_refused(&f, name, 2, 2, "weights: a tensor's name has 128 bytes, not 1 to 127");
    check_refused(&f, "b", 0, 2, "weights: tensor 'b' has no size that can be held");
    check_refused(&f, "b", UINT64_MAX, 2, "weights: tensor 'b' has no size that can be held");
    const hx_param_shape twice[2] = {{"c", 1, {1, 1}}, {"c", 1, {1, 1}}};
    assert_int_equal(hx_params_add_adjacent(f.p, twice, 2, 0, true, NULL, &f.err), HX_ECONFLICT);
    assert_string_equal(f.err.message, "weights: there are two tensors called 'c'");
    close_params(&f);
}

static void test_adjacent(void **state) {
    (void)state;
    fixture f;
    open_params(&f);
    const hx_param_shape shapes[3] = {{"q", 2, {3, 5}}, {"k", 2, {1, 5}}, {"v", 2, {1, 5}}};
    size_t index = 9;
    assert_int_equal(hx_params_add_adjacent(f.p, shapes, 3, 1, true, &index, &f.err), HX_OK);
    assert_int_equal(index, 0);
    const hx_param *q = hx_params_at(f.p, 0), *k = hx_params_at(f.p, 1), *v = hx_params_at(f.p, 2);
    assert_ptr_equal(k->w, q->w + 15);
    assert_ptr_equal(v->w, q->w + 20);
    assert_ptr_equal(v->g, q->g + 20);
    q->w[0] = k->w[0] = v->w[4] = 1;
    hx_params_drop(f.p, 1);
    assert_null(hx_params_find(f.p, "k"));
    assert_int_equal(hx_params_count(f.p), 3);
    assert_int_equal(hx_params_elements(f.p, true), 20);
    assert_true(hx_params_find(f.p, "v")->w[4] == 1);
    hx_params_drop(f.p, 0);
    hx_params_drop(f.p, 2);
    hx_params_drop(f.p, 2);
    assert_int_equal(hx_params_elements(f.p, false), 0);
    add(&f, "k", 1, 5, true);
    close_params(&f);
}

static void test_gradients(void **state) {
    (void)state;
    fixture f;
    open_params(&f);
    hx_param *a = hx_params_at(f.p, add(&f, "a", 300, 1000, true));
    for (size_t i = 0; i < a->n; i++)
        a->g[i] = (float)(hx_rng_uniform(&f.t.rng) - 0.5);
    double sum = nn_dot(a->g, a->g, a->n);
    hx_param *b = hx_params_at(f.p, add(&f, "b", 3, 0, true));
    b->g[1] = 30;
    add(&f, "frozen", 3, 0, false);
    assert_true(hx_params_norm_scratch(f.p) >= 300000 / 4096 * sizeof(double));
    double norm = hx_params_gradient_norm(&f.t.nn, f.p);
    assert_true(fabs(norm - sqrt(sum + 900)) < 1e-9 * norm);
    b->g[0] = NAN;
    assert_true(isnan(hx_params_gradient_norm(&f.t.nn, f.p)));
    hx_params_zero_gradients(&f.t.nn, f.p);
    assert_true(hx_params_gradient_norm(&f.t.nn, f.p) == 0);
    close_params(&f);
}

static void test_random(void **state) {
    (void)state;
    fixture f;
    open_params(&f);
    for (size_t i = 0; i < 2; i++)
        add(&f, i ? "b" : "a", 101, 301, false);
    hx_param *a = hx_params_at(f.p, 0), *b = hx_params_at(f.p, 1);
    hx_param_randomise(a, 0.5f, 3);
    hx_param_randomise(b, 0.5f, 3);
    double sum = 0, same = nn_dot(a->w, b->w, a->n);
    for (size_t i = 0; i < a->n; i++)
        sum += (double)a->w[i];
    assert_true(fabs(sum / (double)a->n) < 0.02);
    assert_true(fabs(nn_dot(a->w, a->w, a->n) / (double)a->n - 0.25) < 0.01);
    assert_true(fabs(same / (double)a->n) < 0.01);
    float before = a->w[a->n - 1];
    hx_param_randomise(a, 0.5f, 4);
    assert_true(a->w[a->n - 1] != before);
    hx_param_randomise(a, 0.5f, 3);
    assert_true(a->w[a->n - 1] == before);
    close_params(&f);
}

static void fill_params(fixture *f, size_t columns) {
    add(f, "one", 90, columns, true);
    add(f, "two", 11, 0, false);
    add(f, "gone", 4, 0, false);
    for (size_t i = 0; i < 3; i++)
        hx_param_randomise(hx_params_at(f->p, i), 1, 5);
    hx_params_drop(f->p, 2);
}

static void test_files(void **state) {
    (void)state;
    fixture f, g;
    char folder[] = FOLDER, path[64], missing[128];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/w.safetensors", folder);
    (void)snprintf(missing, sizeof missing, "%s: tensor 'three' is missing", path);
    for (int half = 0; half < 2; half++) {
        open_params(&f);
        open_params(&g);
        fill_params(&f, 100);
        fill_params(&g, 100);
        memset(hx_params_at(g.p, 0)->w, 0, 9000 * sizeof(float));
        hx_dtype type = half ? HX_DTYPE_F16 : HX_DTYPE_F32;
        assert_int_equal(hx_params_save(f.p, path, type, &f.err), HX_OK);
        assert_int_equal(hx_params_load(g.p, path, &g.err), HX_OK);
        for (size_t i = 0; i < 2; i++)
            for (size_t j = 0; j < hx_params_at(f.p, i)->n; j++) {
                float w = hx_params_at(f.p, i)->w[j];
                float want = half ? hx_f16_to_f32(hx_f32_to_f16(w)) : w;
                assert_true(hx_params_at(g.p, i)->w[j] == want);
            }
        add(&g, "three", 1, 0, false);
        assert_int_equal(hx_params_load(g.p, path, &g.err), HX_EFORMAT);
        assert_string_equal(g.err.message, missing);
        close_params(&f);
        close_params(&g);
    }
    open_params(&g);
    fill_params(&g, 101);
    (void)snprintf(missing, sizeof missing, "%s: tensor 'one' has another shape", path);
    assert_int_equal(hx_params_load(g.p, path, &g.err), HX_EFORMAT);
    assert_non_null(strstr(g.err.message, missing));
    close_params(&g);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adding),   cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_adjacent), cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_random),   cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
