/* The step "embed" with a reader of texts that counts letters: columns, missing texts, the kept recipe, another model, refusals. */
#include "step_test.h"

typedef struct {
    size_t width, calls, texts;
    double turn; /* another model: its vectors point elsewhere */
    hx_text_embedding last;
} counter;

/* Vowels, other bytes, 1; the rest 0. */
static hx_status count_letters(void *context, const hx_text_embedding *how, const hx_str *texts,
                               size_t n, hx_arena *arena, float **out, size_t *width,
                               hx_error *err) {
    counter *c = context;
    (void)err;
    c->calls++;
    c->texts += n;
    c->last = *how;
    *width = c->width;
    *out = hx_arena_alloc(arena, (n * c->width + 1) * sizeof **out);
    for (size_t i = 0; i < n; i++) {
        float *row = *out + i * c->width;
        for (size_t k = 0; k < texts[i].len; k++)
            row[strchr("aeiou", texts[i].ptr[k]) ? 0 : 1] += 1;
        row[0] += (float)c->turn;
        row[2] = 1;
    }
    return HX_OK;
}

static hx_table *people(void) {
    return step_csv("word,n\nbanana,1\nsky,2\n,3\nbanana,4\n");
}

static hx_status fitted(hx_recipe **r, const char *steps, hx_table *t, counter *c, hx_error *err) {
    const hx_text_embedder e = {c, count_letters};
    const hx_recipe_run run = {.n_threads = 1, .embedder = c ? &e : NULL};
    hx_status st = hx_recipe_open(r, hx_str_of(steps), NULL, 0, err);
    return st == HX_OK ? hx_recipe_fit(*r, t, &run, err) : st;
}

static void columns_of_a_vector(void **st) {
    (void)st;
    counter c = {.width = 3};
    hx_recipe *r = NULL;
    hx_error err = {0};
    hx_table *t = people();
    assert_int_equal(fitted(&r,
                            "[{\"step\":\"embed\",\"column\":\"word\",\"model\":\"m\","
                            "\"max_length\":9,\"normalize\":true}]",
                            t, &c, &err),
                     HX_OK);
    assert_csv(t,
               "word,n,word~1,word~2,word~3\nbanana,1,3,3,1\nsky,2,0,3,1\n,3,,,\nbanana,4,3,3,1\n");
    assert_true(hx_str_equal(c.last.model, HX_STR_LIT("m")));
    assert_true(c.last.mean && c.last.normalize && !c.last.bidirectional && c.last.max_length == 9);
    assert_int_equal(c.texts, 1 + 1 + 2); /* each text of the dictionary once, and the fixed one */
    hx_recipe_free(r);
    hx_table_free(t);
}

static void kept_and_known_again(void **st) {
    (void)st;
    counter c = {.width = 3}, other = {.width = 3, .turn = 900}, wide = {.width = 4};
    hx_recipe *r = NULL, *again = NULL;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    hx_str json;
    hx_table *t = people(), *later = people(), *refused = people(), *empty = step_csv("word\n\n");
    assert_int_equal(fitted(&r,
                            "[{\"step\":\"embed\",\"column\":\"word\",\"model\":\"m\",\"prefix\":"
                            "\"v\",\"pooling\":\"last\",\"remove\":true}]",
                            t, &c, &err),
                     HX_OK);
    assert_int_equal(hx_recipe_json(r, arena, &json, &err), HX_OK);
    assert_int_equal(hx_recipe_read(&again, json, NULL, 0, &err), HX_OK);
    const hx_text_embedder same = {&c, count_letters}, turned = {&other, count_letters},
                           wider = {&wide, count_letters};
    hx_recipe_run run = {.n_threads = 1, .embedder = &same};
    assert_int_equal(hx_recipe_apply(again, later, &run, &err), HX_OK);
    assert_csv(later, "n,v~1,v~2,v~3\n1,3,3,1\n2,0,3,1\n3,,,\n4,3,3,1\n");
    assert_false(c.last.mean);
    run.embedder = &turned;
    assert_int_equal(hx_recipe_apply(again, refused, &run, &err), HX_EFORMAT);
    assert_string_equal(err.message,
                        "m is another language model than the one this was fitted with");
    run.embedder = &wider;
    assert_int_equal(hx_recipe_apply(again, refused, &run, &err), HX_EFORMAT);
    run.embedder = NULL;
    assert_int_equal(hx_recipe_apply(again, refused, &run, &err), HX_EUNSUPPORTED);
    hx_table *all[] = {t, later, refused, empty};
    for (size_t i = 0; i < 4; i++)
        hx_table_free(all[i]);
    hx_recipe_free(r);
    hx_recipe_free(again);
    hx_arena_free(arena);
}

static void refused(const char *steps, counter *c, hx_status code, const char *sentence) {
    hx_recipe *r = NULL;
    hx_error err = {0};
    hx_table *t = people();
    assert_int_equal(fitted(&r, steps, t, c, &err), code);
    assert_string_equal(err.message, sentence);
    hx_recipe_free(r);
    hx_table_free(t);
}

static void bad_input(void **st) {
    (void)st;
    counter c = {.width = 3}, huge = {.width = 70000};
    refused("[{\"step\":\"embed\",\"model\":\"m\"}]", &c, HX_EINVAL, "'column' is missing");
    refused("[{\"step\":\"embed\",\"column\":\"word\"}]", &c, HX_EINVAL, "'model' is missing");
    refused("[{\"step\":\"embed\",\"column\":\"n\",\"model\":\"m\"}]", &c, HX_EINVAL,
            "the column 'n' holds no texts");
    refused("[{\"step\":\"embed\",\"column\":\"word\",\"model\":\"m\"}]", NULL, HX_EUNSUPPORTED,
            "the step 'embed' reads texts by the language model m, which this call "
            "does not have");
    refused("[{\"step\":\"embed\",\"column\":\"word\",\"model\":\"m\"}]", &huge, HX_ELIMIT,
            "vectors of 70000 values are too wide for columns; at most 65536");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_a_vector),
        cmocka_unit_test(kept_and_known_again),
        cmocka_unit_test(bad_input),
    };
    return cmocka_run_group_tests_name("frame/step_embed", tests, NULL, NULL);
}
