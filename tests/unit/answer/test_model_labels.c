/* test_model_labels.c - texts labelled by a model of the caller's: any number of threads and any batches give the same bytes; the label is
 * a trait, a segment, a column; its receipts replay, with the model and without, and say what changed. */
#include "../../store_test.h"

#include <math.h>

#include "answer/population.h"
#include "base/json.h"
#include "insight/receipt.h"

#define TEXTS 700

typedef struct {
    double shift; /* of every score */
    bool other; /* says the next label */
    hx_status fails;
} fake_model;

static const char *const names[] = {"short", "middle", "long"};

/* By length alone, as a model's labels must depend on the text alone. */
static hx_status read_lengths(void *context, const hx_str *texts, size_t n, uint32_t *labels,
                              double *scores, hx_error *err) {
    const fake_model *m = context;
    for (size_t i = 0; i < n; i++) {
        labels[i] = (uint32_t)((texts[i].len / 8 + m->other) % 3);
        scores[i] = 0.5 + (double)(texts[i].len % 40) / 100.0 + m->shift;
    }
    if (err && m->fails != HX_OK) err->code = m->fails;
    return m->fails;
}

static hx_labeller labeller_of(fake_model *m, const char *kernels, const char *sum) {
    return (hx_labeller){.set = "size",
                         .engine = HX_ENGINE_LLAMA,
                         .kernels = kernels,
                         .model = sum,
                         .labels = names,
                         .n_labels = 3,
                         .read = read_lengths,
                         .context = m};
}

static void write_texts(const char *path, size_t from, size_t to) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs("customer,time,comment\n", f);
    for (size_t i = from; i < to; i++)
        fprintf(f, "u%zu,2026-01-%02zu %02zu:00,%.*s\n", i % 30, 1 + i % 28, i % 24,
                (int)(i % 11 == 0 ? 0 : 3 + i % 20), "abcdefghijklmnopqrstuvwxyz");
    fclose(f);
}

static hx_status import_labelled(hx_store *s, const char *path, size_t n_threads,
                                 const hx_labeller *l, hx_import_result *r) {
    hx_error err = {.code = HX_OK};
    hx_import_options o = {.n_threads = n_threads, .now = 1, .labeller = l};
    o.reader.chunk_bytes = 1024;
    return hx_import_files(s, &path, 1, &o, r, &err);
}

static hx_store *labelled_store(folder *f, const char *name, size_t n_threads, size_t batches) {
    fake_model m = {0};
    hx_labeller l = labeller_of(&m, "scalar", "abc");
    hx_store *s = open_store(in_folder(f, name));
    const char *part = in_folder(f, "part.csv");
    hx_import_result r;
    uint64_t labelled = 0;
    for (size_t b = batches; b > 0; b--) {
        write_texts(part, TEXTS * (b - 1) / batches, TEXTS * b / batches);
        assert_int_equal(import_labelled(s, part, n_threads, &l, &r), HX_OK);
        assert_int_equal(r.labelled, r.texts);
        labelled += r.labelled;
    }
    assert_int_equal(labelled, TEXTS - (TEXTS + 10) / 11); /* every eleventh row has no text */
    must_hold_together(s);
    return s;
}

static void threads_and_batches_do_not_matter(void **state) {
    static const size_t ways[][2] = {{1, 1}, {2, 1}, {3, 1}, {7, 1}, {2, 9}};
    uint64_t first = 0, n;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%zu.db", i);
        hx_store *s = labelled_store(*state, name, ways[i][0], ways[i][1]);
        uint64_t all = digest_of(s, &n);
        assert_int_equal(n, 30);
        if (i == 0) first = all;
        assert_int_equal(all, first);
        hx_store_close(s);
    }
}

static void a_model_that_fails_stops_the_import(void **state) {
    fake_model m = {.fails = HX_EFORMAT};
    hx_labeller l = labeller_of(&m, "scalar", "abc");
    hx_store *s = open_store(in_folder(*state, "fails.db"));
    const char *part = in_folder(*state, "fails.csv");
    hx_import_result r;
    write_texts(part, 0, 50);
    assert_int_equal(import_labelled(s, part, 2, &l, &r), HX_EFORMAT);
    l.n_labels = 1; /* and one that says what it does not have */
    m.fails = HX_OK;
    hx_store_close(s);
    s = open_store(in_folder(*state, "fails2.db"));
    assert_int_equal(import_labelled(s, part, 2, &l, &r), HX_EINVAL);
    hx_store_close(s);
}

/* ------------------------------------------------------------------ answers */
static json_t *parsed(hx_str json) {
    json_t *j = NULL;
    assert_int_equal(hx_json_parse(json, 64u << 20, "answer", &j, NULL), HX_OK);
    return j;
}

static void the_label_is_a_trait_a_segment_and_a_column(void **state) {
    hx_store *s = labelled_store(*state, "answers.db", 2, 1);
    hx_arena *arena = hx_arena_new(0);
    hx_str json;
    assert_int_equal(hx_answer_show(s, HX_STR_LIT("u4"), NULL, arena, &json, NULL), HX_OK);
    json_t *p = parsed(json);
    const json_t *t = json_object_get(json_object_get(p, "traits"), "label.size");
    const json_t *counts = json_object_get(t, "counts");
    json_int_t sum = 0;
    for (size_t i = 0; i < 3; i++)
        sum += json_integer_value(json_object_get(counts, names[i]));
    assert_true(sum > 0);
    assert_int_equal(json_integer_value(json_object_get(t, "texts")), sum);
    assert_string_equal(json_string_value(json_object_get(t, "source")), "model");
    /* who is in the segment of the last label has that label */
    uint64_t members = 0;
    for (size_t i = 0; i < 3; i++) {
        char rule[64];
        snprintf(rule, sizeof rule, "label.size=%s", names[i]);
        assert_int_equal(hx_answer_segment(s, hx_str_of(rule), 0, NULL, arena, &json, NULL), HX_OK);
        json_t *segment = parsed(json);
        const json_t *list = json_object_get(segment, "members");
        assert_int_equal(json_array_size(list),
                         json_integer_value(json_object_get(segment, "size")));
        bool found = strstr(json.ptr, "\"name\":\"u4\"") != NULL;
        assert_int_equal(found,
                         strcmp(names[i], json_string_value(json_object_get(t, "value"))) == 0);
        members += json_array_size(list);
        json_decref(segment);
    }
    assert_int_equal(members, 30);
    json_decref(p);
    uint64_t rows;
    char header[1024];
    const char *csv = in_folder(*state, "out.csv");
    assert_int_equal(hx_answer_export(s, HX_EXPORT_PROFILES, HX_EXPORT_CSV, csv, NULL, &rows, NULL),
                     HX_OK);
    assert_int_equal(rows, 30);
    FILE *f = fopen(csv, "rb");
    assert_non_null(f);
    assert_non_null(fgets(header, sizeof header, f));
    fclose(f);
    assert_non_null(
        strstr(header, "label.size,label.size(long),label.size(middle),label.size(short)"));
    hx_arena_free(arena);
    hx_store_close(s);
}

/* ------------------------------------------------------------------ receipts */
static hx_str why(hx_store *s, hx_arena *arena, const char *claim) {
    hx_str json = {NULL, 0};
    hx_error err = {.ui = HX_UI_EN};
    hx_status st =
        hx_answer_why(s, NULL, HX_STR_LIT("u4"), hx_str_of(claim), NULL, arena, &json, &err);
    if (st != HX_OK) fail_msg("%s: %s", claim, err.message);
    return json;
}

static bool verify(hx_store *s, hx_arena *arena, hx_str receipt, const hx_labeller *l,
                   const char *sentence) {
    hx_answer_options o = {.as_of = HX_AS_OF_LATEST, .labeller = l};
    hx_str json;
    bool verified = false;
    assert_int_equal(hx_answer_verify(s, NULL, receipt, &o, arena, &verified, &json, NULL), HX_OK);
    assert_non_null(strstr(json.ptr, l ? "\"labels\":\"read again\"" : "\"labels\":\"as stored\""));
    if (sentence && !strstr(json.ptr, sentence)) fail_msg("%s", json.ptr);
    return verified;
}

static void first_text(hx_store *s, hx_arena *arena, char *claim, size_t size) {
    hx_str json;
    assert_int_equal(hx_answer_timeline(s, HX_STR_LIT("u4"), 0, NULL, arena, &json, NULL), HX_OK);
    json_t *events = parsed(json), *e;
    size_t i;
    json_array_foreach(events, i, e) if (json_object_get(e, "model_label")) {
        snprintf(claim, size, "label:%s/label.size",
                 json_string_value(json_object_get(e, "event")));
    }
    json_decref(events);
}

static void receipts_replay_and_say_what_changed(void **state) {
    hx_store *s = labelled_store(*state, "receipts.db", 2, 1);
    hx_arena *arena = hx_arena_new(0);
    char label[64] = "";
    first_text(s, arena, label, sizeof label);
    const char *const claims[] = {label, "trait:label.size", "segment:label.size=long",
                                  "segment: label.size( short ) >= 2",
                                  "segment:label.size(middle)>=40%"};
    fake_model same = {0}, near = {.shift = 0.01}, far = {.shift = 0.05}, other = {.other = true};
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        hx_str receipt = why(s, arena, claims[i]);
        json_t *r = parsed(receipt);
        assert_true(hx_receipt_is_intact(r));
        assert_string_equal(json_string_value(json_object_get(r, "model")), "abc");
        assert_string_equal(json_string_value(json_object_get(r, "kernels")), "scalar");
        assert_string_equal(json_string_value(json_object_get(r, "engine")), "llama");
        json_decref(r);
        hx_labeller l = labeller_of(&same, "scalar", "abc");
        assert_true(verify(s, arena, receipt, NULL, NULL));
        assert_true(verify(s, arena, receipt, &l, NULL));
        l = labeller_of(&near, "scalar", "abc"); /* with the same kernels to the byte */
        assert_false(verify(s, arena, receipt, &l, "contributions are others"));
        l = labeller_of(&near, "avx2", "abc"); /* with others within the bound */
        assert_true(verify(s, arena, receipt, &l, NULL));
        l = labeller_of(&far, "avx2", "abc");
        assert_false(verify(s, arena, receipt, &l, "contributions are others"));
        l = labeller_of(&other, "scalar", "abc");
        assert_false(verify(s, arena, receipt, &l, "contributions are others"));
        l = labeller_of(&same, "scalar", "def");
        assert_false(verify(s, arena, receipt, &l, "the receipt's is abc, this one is def"));
    }
    hx_arena_free(arena);
    hx_store_close(s);
}

/* ------------------------------------------------------------------ several labels, numbers */
static const char *const sets[] = {"size.short", "size.middle", "size.very_long"};

/* Probabilities of all three labels, by length alone. */
static hx_status read_several(void *context, const hx_str *texts, size_t n, uint32_t *labels,
                              double *scores, hx_error *err) {
    const fake_model *m = context;
    (void)err;
    assert_null(labels);
    for (size_t i = 0; i < 3 * n; i++)
        scores[i] = (double)((texts[i / 3].len * (i % 3 + 1) + m->other) % 10) / 10.0;
    return HX_OK;
}

static hx_status read_numbers(void *context, const hx_str *texts, size_t n, uint32_t *labels,
                              double *scores, hx_error *err) {
    const fake_model *m = context;
    (void)err;
    assert_null(labels);
    for (size_t i = 0; i < n; i++)
        scores[i] = (double)texts[i].len / 8.0 - 1 + m->shift;
    return HX_OK;
}

static hx_labeller of_kind(fake_model *m, hx_labeller_kind kind) {
    hx_labeller l = labeller_of(m, "scalar", "abc");
    l.kind = kind;
    l.read = kind == HX_LABELLER_NUMBER ? read_numbers : read_several;
    l.n_labels = kind == HX_LABELLER_NUMBER ? 1 : 3;
    l.sets = sets;
    return l;
}

static hx_store *store_of_kind(folder *f, const char *name, hx_labeller_kind kind, size_t threads) {
    fake_model m = {0};
    hx_labeller l = of_kind(&m, kind);
    hx_store *s = open_store(in_folder(f, name));
    const char *part = in_folder(f, "kind.csv");
    hx_import_result r;
    write_texts(part, 0, TEXTS);
    assert_int_equal(import_labelled(s, part, threads, &l, &r), HX_OK);
    must_hold_together(s);
    return s;
}

static json_t *trait_of(hx_store *s, hx_arena *arena, const char *name) {
    hx_str json;
    assert_int_equal(hx_answer_show(s, HX_STR_LIT("u4"), NULL, arena, &json, NULL), HX_OK);
    json_t *p = parsed(json), *t = json_object_get(json_object_get(p, "traits"), name);
    assert_non_null(t);
    (void)json_incref(t);
    json_decref(p);
    return t;
}

static json_int_t members_of(hx_store *s, hx_arena *arena, const char *rule) {
    hx_str json;
    assert_int_equal(hx_answer_segment(s, hx_str_of(rule), 0, NULL, arena, &json, NULL), HX_OK);
    json_t *p = parsed(json);
    json_int_t n = json_integer_value(json_object_get(p, "size"));
    json_decref(p);
    return n;
}

static void each_of_several_labels_is_a_trait(void **state) {
    hx_store *s = store_of_kind(*state, "several.db", HX_LABELLER_SEVERAL, 1),
             *again = store_of_kind(*state, "several3.db", HX_LABELLER_SEVERAL, 3);
    hx_arena *arena = hx_arena_new(0);
    uint64_t n;
    json_int_t yes = 0, no = 0;
    assert_int_equal(digest_of(s, &n), digest_of(again, &n));
    for (size_t i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "label.%s", sets[i]);
        json_t *t = trait_of(s, arena, name), *counts = json_object_get(t, "counts");
        const char *value = json_string_value(json_object_get(t, "value"));
        assert_true(strcmp(value, "yes") == 0 || strcmp(value, "no") == 0);
        yes += json_integer_value(json_object_get(counts, "yes"));
        no += json_integer_value(json_object_get(counts, "no"));
        json_decref(t);
    }
    assert_true(yes > 0 && no > 0);
    assert_in_range(members_of(s, arena, "label.size.short(yes)>=1"), 1, 29);
    json_int_t very = members_of(s, arena, "label.size.very_long(yes)>=1");
    assert_in_range(very, 1, 30);
    assert_int_equal(members_of(s, arena, "label.size.very long(yes)>=1"), very);
    assert_int_equal(members_of(s, arena, "label.size.very/long(yes)>=1"), very);
    assert_int_equal(members_of(s, arena, "label.size.very-long(yes)>=1"), 0);
    fake_model same = {0}, other = {.other = true};
    static const char *const claims[] = {"trait:label.size.very_long",
                                         "segment:label.size.short(yes)>=20%"};
    for (size_t i = 0; i < 2; i++) {
        hx_str receipt = why(s, arena, claims[i]);
        hx_labeller l = of_kind(&same, HX_LABELLER_SEVERAL);
        assert_true(verify(s, arena, receipt, NULL, NULL));
        assert_true(verify(s, arena, receipt, &l, NULL));
        l = of_kind(&other, HX_LABELLER_SEVERAL);
        assert_false(verify(s, arena, receipt, &l, "contributions are others"));
    }
    hx_arena_free(arena);
    hx_store_close(again);
    hx_store_close(s);
}

static void a_number_is_a_trait_with_its_mean(void **state) {
    hx_store *s = store_of_kind(*state, "numbers.db", HX_LABELLER_NUMBER, 2);
    hx_arena *arena = hx_arena_new(0);
    json_t *t = trait_of(s, arena, "label.size");
    double mean = json_real_value(json_object_get(t, "value"));
    assert_string_equal(json_string_value(json_object_get(t, "type")), "number");
    assert_null(json_object_get(t, "counts"));
    hx_str receipt = why(s, arena, "trait:label.size");
    json_t *r = parsed(receipt);
    double total = (double)json_integer_value(json_object_get(r, "total")),
           texts = (double)json_integer_value(json_object_get(t, "texts"));
    assert_true(hx_receipt_is_intact(r));
    assert_true(texts > 0 && fabs(total / texts / 1e6 - mean) < 2e-6);
    json_decref(r);
    json_decref(t);
    char above[64], below[64];
    snprintf(above, sizeof above, "label.size>=%.6f", mean);
    snprintf(below, sizeof below, "label.size<%.6f", mean);
    assert_true(members_of(s, arena, above) > 0);
    assert_int_equal(members_of(s, arena, above) + members_of(s, arena, below), 30);
    fake_model same = {0}, far = {.shift = 0.5};
    hx_labeller l = of_kind(&same, HX_LABELLER_NUMBER);
    hx_str rule = why(s, arena, "segment:label.size>=0.1");
    assert_true(verify(s, arena, rule, &l, NULL));
    assert_true(verify(s, arena, receipt, &l, NULL));
    l = of_kind(&far, HX_LABELLER_NUMBER);
    assert_false(verify(s, arena, receipt, &l, "contributions are others"));
    hx_arena_free(arena);
    hx_store_close(s);
}

static void what_no_model_said_gets_a_sentence(void **state) {
    hx_store *s = labelled_store(*state, "none.db", 1, 1);
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {.ui = HX_UI_EN};
    hx_str json;
    char label[64] = "";
    first_text(s, arena, label, sizeof label);
    char *slash = strchr(label, '/');
    snprintf(slash, 16, "/label.mood");
    assert_int_equal(
        hx_answer_why(s, NULL, HX_STR_LIT("u4"), hx_str_of(label), NULL, arena, &json, &err),
        HX_ENOTFOUND);
    assert_non_null(strstr(err.message, "no label of mood"));
    assert_int_equal(hx_answer_why(s, NULL, HX_STR_LIT("u4"), HX_STR_LIT("trait:label.mood"), NULL,
                                   arena, &json, &err),
                     HX_ENOTFOUND);
    assert_non_null(strstr(err.message, "label.mood"));
    /* a rule nobody meets is a segment of nobody */
    assert_int_equal(hx_answer_segment(s, HX_STR_LIT("label.mood=x"), 0, NULL, arena, &json, &err),
                     HX_OK);
    assert_non_null(strstr(json.ptr, "\"size\":0"));
    hx_arena_free(arena);
    hx_store_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_batches_do_not_matter),
        cmocka_unit_test(a_model_that_fails_stops_the_import),
        cmocka_unit_test(the_label_is_a_trait_a_segment_and_a_column),
        cmocka_unit_test(receipts_replay_and_say_what_changed),
        cmocka_unit_test(each_of_several_labels_is_a_trait),
        cmocka_unit_test(a_number_is_a_trait_with_its_mean),
        cmocka_unit_test(what_no_model_said_gets_a_sentence)};
    return cmocka_run_group_tests_name("answer/model_labels", tests, folder_make, folder_remove);
}
