/* fuzz_xgboost.c - a model in XGBoost's JSON of any bytes: refused with a sentence, or a learner that predicts, is exported and read again. */
#include <math.h>

#include "fuzz.h"
#include "learn/learner.h"

#define FEATURES_MAX 64

static void use(const hx_learner *l) {
    const double values[2] = {1.5, NAN};
    hx_error err = {0};
    hx_table *t = NULL;
    hx_predictions p;
    hx_str text;
    hx_learner *again = NULL;
    hx_arena *arena = hx_arena_new(0);
    FUZZ_REQUIRE(arena && hx_table_new(&t, 2, &err) == HX_OK);
    for (size_t j = 0; j < l->n_features; j++)
        FUZZ_REQUIRE(hx_table_put_numbers(t, hx_str_of(l->features[j]), HX_KIND_NUMBER, values, -1,
                                          &err) == HX_OK);
    FUZZ_REQUIRE(hx_learner_predict(l, t, 1, arena, &p, &err) == HX_OK);
    for (int kind = HX_EXPORT_SQL; kind <= HX_EXPORT_XGBOOST; kind++) {
        const hx_export_options o = {.kind = (hx_export_kind)kind};
        if (hx_learner_export(l, &o, arena, &text, &err) != HX_OK) continue;
        if (kind != HX_EXPORT_XGBOOST) continue;
        if (hx_learner_import_text(&again, text, "export", "y", &err) == HX_OK)
            hx_learner_free(again); /* a value may pass what a float holds */
    }
    hx_table_free(t);
    hx_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hx_learner *l = NULL;
    hx_error err = {0};
    if (hx_learner_import_text(&l, (hx_str){(const char *)data, size}, "model", "y", &err) !=
        HX_OK) {
        FUZZ_REQUIRE(err.message[0] != '\0' && !l);
        return 0;
    }
    if (l->n_features <= FEATURES_MAX) use(l);
    hx_learner_free(l);
    return 0;
}
