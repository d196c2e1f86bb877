/* test_dataset.c - labelled examples: columns, encodings, targets, cleaning, CoNLL-U, and what is said of bad input.
 *
 * Files are made here; each case says the rows it expects. Splits and batches: test_dataset_split.c; token lists: test_dataset_tokens.c. */
#include "unit/model/dataset_test.h"

#include <math.h>

#include "model/dataset_parts.h"

static void texts_are_cleaned(void **state) {
    (void)state;
    static const struct {
        const char *raw, *stripped, *lower, *folded;
    } cases[] = {
        {"  Hello World\t", "Hello World", "hello world", "helloworld"},
        {"\xE3\x80\x80\xEF\xBC\xA1\xEF\xBC\xA2 \xE5\xA5\xBD\xC2\xA0",
         "\xEF\xBC\xA1\xEF\xBC\xA2 \xE5\xA5\xBD", "\xEF\xBD\x81\xEF\xBD\x82 \xE5\xA5\xBD",
         "ab\xE5\xA5\xBD"},
        {"\xEF\xBB\xBF\xC3\x89T\xC3\x89", "\xC3\x89T\xC3\x89", "\xC3\xA9t\xC3\xA9",
         "e\xCC\x81te\xCC\x81"},
        {"Stra\xC3\x9F"
         "e",
         "Stra\xC3\x9F"
         "e",
         "stra\xC3\x9F"
         "e",
         "strasse"},
        {"", "", "", ""},
        {" \xE3\x80\x80 ", "", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_buf b;
        hx_buf_init(&b, 1024);
        hx_str s = hx__text_strip(hx_str_of(cases[i].raw));
        assert_str(s, cases[i].stripped);
        hx__text_lower(s, &b);
        assert_str(hx_buf_str(&b), cases[i].lower);
        hx_buf_reset(&b);
        hx__text_fold(hx_str_of(cases[i].raw), &b);
        assert_str(hx_buf_str(&b), cases[i].folded);
        hx_buf_release(&b);
    }
}

static void columns_by_role_or_name(void **state) {
    (void)state;
    static const char csv[] =
        "用户,评论,标签,备注\n1, 很好 ,正面,x\n2,很差,负面,y\n3,,正面,z\n4,一般,,w\n";
    char folder[32];
    path_buf path;
    test_directory(folder);
    make_file(folder, "a.csv", csv, sizeof csv - 1, path);
    hx_dataset_options o = {.target = HX_TARGET_LABEL};
    hx_dataset *d = must_read(path, &o);
    const hx_dataset_check *c = hx_dataset_checked(d);
    assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN), 2);
    assert_int_equal(c->n_rows, 4);
    assert_int_equal(c->n_empty, 1);
    assert_int_equal(c->n_unlabelled, 1);
    assert_string_equal(hx_dataset_label(d, 0), "正面");
    assert_string_equal(hx_dataset_label(d, 1), "负面");
    assert_null(hx_dataset_label(d, 2));
    const hx_example *e = hx_dataset_at(d, HX_PART_TRAIN, 0);
    assert_str(e->text, "很好");
    assert_str(e->raw, " 很好 ");
    assert_int_equal(e->row, 1);
    assert_int_equal(e->label, 0);
    assert_null(hx_dataset_at(d, HX_PART_TRAIN, 2));
    assert_null(hx_dataset_at(d, HX_PART_TEST, 0));
    hx_dataset_free(d);

    o = (hx_dataset_options){.text = "备注", .label = "用户", .target = HX_TARGET_NUMBER};
    d = must_read(path, &o);
    assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN), 4);
    assert_true(fabs(hx_dataset_at(d, HX_PART_TRAIN, 3)->number - 4) < 1e-12);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static void encodings_and_formats(void **state) {
    (void)state;
    static const char gb[] = "\xC6\xC0\xC2\xDB,\xB1\xEA\xC7\xA9\n\xBA\xDC\xBA\xC3,\xBA\xC3\n"
                             "\xBA\xDC\xB2\xEE,\xBB\xB5\n"; /* 评论,标签 很好,好 很差,坏 */
    static const char json[] =
        "{\"text\":\"很好\",\"label\":\"好\"}\n{\"text\":\"很差\",\"label\":\"坏\"}\n";
    static const char tsv[] = "text\tlabel\n很好\t好\n很差\t坏\n";
    static const struct {
        const char *name, *bytes;
        size_t n;
    } files[] = {{"a.csv", gb, sizeof gb - 1},
                 {"a.jsonl", json, sizeof json - 1},
                 {"a.tsv", tsv, sizeof tsv - 1}};
    const hx_dataset_options o = {.target = HX_TARGET_LABEL};
    char folder[32];
    path_buf path;
    test_directory(folder);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        make_file(folder, files[i].name, files[i].bytes, files[i].n, path);
        hx_dataset *d = must_read(path, &o);
        assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN), 2);
        assert_str(hx_dataset_at(d, HX_PART_TRAIN, 1)->text, "很差");
        assert_string_equal(hx_dataset_label(d, hx_dataset_at(d, HX_PART_TRAIN, 1)->label), "坏");
        hx_dataset_free(d);
    }
    test_remove_tree(folder);
}

static void several_labels(void **state) {
    (void)state;
    static const char csv[] = "text,label\na,z|m\nb,\nc,m| z |m\nd,a\n";
    char folder[32];
    path_buf path;
    test_directory(folder);
    make_file(folder, "m.csv", csv, sizeof csv - 1, path);
    const hx_dataset_options o = {.target = HX_TARGET_LABELS};
    hx_dataset *d = must_read(path, &o);
    assert_int_equal(hx_dataset_n_labels(d), 3);
    assert_string_equal(hx_dataset_label(d, 0), "a");
    assert_string_equal(hx_dataset_label(d, 2), "z");
    assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN), 4);
    for (size_t i = 0; i < 3; i += 2) {
        const hx_example *e = hx_dataset_at(d, HX_PART_TRAIN, i);
        assert_int_equal(e->n_labels, 2);
        assert_int_equal(hx_dataset_many(d, e)[0], 1);
        assert_int_equal(hx_dataset_many(d, e)[1], 2);
    }
    assert_int_equal(hx_dataset_at(d, HX_PART_TRAIN, 1)->n_labels, 0);
    assert_null(hx_dataset_many(d, hx_dataset_at(d, HX_PART_TRAIN, 1)));
    assert_int_equal(hx_dataset_checked(d)->n_unlabelled, 0);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static void numbers(void **state) {
    (void)state;
    static const char csv[] = "text,label\na,1.5\nb,+2e1\nc,many\nd,-3\ne,nan\n";
    char folder[32];
    path_buf path;
    test_directory(folder);
    make_file(folder, "n.csv", csv, sizeof csv - 1, path);
    const hx_dataset_options o = {.target = HX_TARGET_NUMBER};
    hx_dataset *d = must_read(path, &o);
    assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN), 3);
    assert_int_equal(hx_dataset_checked(d)->n_bad, 2);
    assert_int_equal(hx_dataset_checked(d)->first_bad, 3);
    assert_true(fabs(hx_dataset_at(d, HX_PART_TRAIN, 1)->number - 20) < 1e-12);
    assert_true(fabs(hx_dataset_at(d, HX_PART_TRAIN, 2)->number + 3) < 1e-12);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static void tags_of_words(void **state) {
    (void)state;
    static const char csv[] = "text,label\nThe  Cat sat ,D N V\nhello,X Y\n";
    char folder[32];
    path_buf path;
    test_directory(folder);
    make_file(folder, "t.csv", csv, sizeof csv - 1, path);
    const hx_dataset_options o = {.target = HX_TARGET_TAGS, .lower = true};
    hx_dataset *d = must_read(path, &o);
    const hx_example *e = hx_dataset_at(d, HX_PART_TRAIN, 0);
    assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN), 1);
    assert_int_equal(hx_dataset_checked(d)->n_bad, 1);
    assert_str(e->text, "the cat sat");
    assert_int_equal(e->n_labels, 3);
    assert_string_equal(hx_dataset_label(d, hx_dataset_many(d, e)[2]), "V");
    assert_null(hx_dataset_heads(d, e));
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static const char universal[] = "# sent_id = 1\n# text = I can't go.\n"
                                "1\tI\tI\tPRON\tPRP\t_\t4\tnsubj\t_\t_\n"
                                "2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\t_\n"
                                "2\tca\tcan\tAUX\tMD\t_\t4\taux\t_\t_\n"
                                "3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_\n"
                                "4\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n"
                                "5\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_\n"
                                "\n"
                                "1\t10 000\t_\tNUM\tCD\t_\t0\troot\t_\t_\n"
                                "1.1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n"
                                "\n\n"
                                "1\tbad\t_\tX\tX\t_\t7\troot\t_\t_\n";

static void conll_u(void **state) {
    (void)state;
    char folder[32];
    path_buf path;
    test_directory(folder);
    make_file(folder, "u.conllu", universal, sizeof universal - 1, path);
    hx_dataset_options o = {.target = HX_TARGET_TAGS, .label = "deprel"};
    hx_dataset *d = must_read(path, &o);
    assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN), 2);
    assert_int_equal(hx_dataset_checked(d)->n_bad, 1);
    const hx_example *e = hx_dataset_at(d, HX_PART_TRAIN, 0);
    static const uint32_t heads[] = {4, 4, 4, 0, 4};
    assert_str(e->text, "I ca n't go .");
    assert_str(e->raw, "I can't go.");
    assert_int_equal(e->n_labels, 5);
    assert_memory_equal(hx_dataset_heads(d, e), heads, sizeof heads);
    assert_string_equal(hx_dataset_label(d, hx_dataset_many(d, e)[0]), "nsubj");
    e = hx_dataset_at(d, HX_PART_TRAIN, 1);
    assert_str(e->text, "10\xC2\xA0"
                        "000");
    assert_int_equal(hx_dataset_heads(d, e)[0], 0);
    assert_int_equal(e->row, 10);
    hx_dataset_free(d);
    hx_error err = {0};
    o.label = "lemma";
    assert_int_equal(hx_dataset_read(&d, path, &o, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "upos"));
    test_remove_tree(folder);
}

static void one_word_a_line(void **state) {
    (void)state;
    static const char bio[] = "北 B-LOC\n京 I-LOC\n好 O\n\nParis\tB-LOC\nis\tO\n\nalone\n";
    char folder[32];
    path_buf path;
    test_directory(folder);
    make_file(folder, "n.bio", bio, sizeof bio - 1, path);
    const hx_dataset_options o = {.target = HX_TARGET_TAGS};
    hx_dataset *d = must_read(path, &o);
    assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN), 2);
    assert_int_equal(hx_dataset_checked(d)->n_bad, 1);
    assert_str(hx_dataset_at(d, HX_PART_TRAIN, 0)->text, "北 京 好");
    assert_int_equal(hx_dataset_n_labels(d), 3);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static void pairs(void **state) {
    (void)state;
    static const char csv[] = "a,b,label\nOne, Two ,x\nOne,Three,y\n";
    char folder[32];
    path_buf path;
    test_directory(folder);
    make_file(folder, "p.csv", csv, sizeof csv - 1, path);
    const hx_dataset_options o = {.text = "a", .text2 = "b", .target = HX_TARGET_LABEL};
    hx_dataset *d = must_read(path, &o);
    assert_str(hx_dataset_at(d, HX_PART_TRAIN, 0)->text2, "Two");
    assert_int_equal(hx_dataset_checked(d)->n_duplicates, 0);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static void expect_failure(const char *path, const hx_dataset_options *o, hx_status status,
                           const char *part) {
    hx_error err = {0};
    hx_dataset *d = NULL;
    assert_int_equal(hx_dataset_read(&d, path, o, &err), status);
    if (!strstr(err.message, part)) fail_msg("'%s' does not say '%s'", err.message, part);
    assert_null(d);
}

static void bad_input_is_named(void **state) {
    (void)state;
    static const char csv[] = "words,kind\na,x\nb,y\n", empty[] = "text,label\n,y\n,x\n";
    const char *given[] = {"x"}, *twice[] = {"x", "x"};
    char folder[32];
    path_buf path, hollow;
    test_directory(folder);
    make_file(folder, "b.csv", csv, sizeof csv - 1, path);
    make_file(folder, "e.csv", empty, sizeof empty - 1, hollow);
    hx_dataset_options o = {.target = HX_TARGET_LABEL, .text = "words", .label = "sort"};
    expect_failure(path, &o, HX_ENOTFOUND, "no column 'sort'; it has: words, kind");
    o.label = NULL;
    expect_failure(path, &o, HX_ENOTFOUND, "--label COLUMN");
    o.label = "kind";
    o.labels = given;
    o.n_labels = 1;
    expect_failure(path, &o, HX_EFORMAT, "b.csv:2: the label 'y'");
    o.labels = twice;
    o.n_labels = 2;
    expect_failure(path, &o, HX_EINVAL, "given twice");
    o.labels = NULL;
    o.test_size = 0.6;
    o.validation_size = 0.4;
    expect_failure(path, &o, HX_EINVAL, "leave something to train");
    o.test_size = NAN;
    expect_failure(path, &o, HX_EINVAL, "leave something to train");
    o = (hx_dataset_options){.target = HX_TARGET_LABEL};
    expect_failure(hollow, &o, HX_EFORMAT, "no usable example in 2 rows (2 without text");
    expect_failure("/nowhere/x.csv", &o, HX_ENOTFOUND, "/nowhere/x.csv");
    test_remove_tree(folder);
}

static void given_labels_keep_their_order(void **state) {
    (void)state;
    const char *labels[] = {"L1", "L0", "never"};
    char folder[32];
    path_buf path;
    test_directory(folder);
    make_numbered(folder, 4, 2, path);
    const hx_dataset_options o = {.target = HX_TARGET_LABEL, .labels = labels, .n_labels = 3};
    hx_dataset *d = must_read(path, &o);
    assert_int_equal(hx_dataset_n_labels(d), 3);
    assert_string_equal(hx_dataset_label(d, 0), "L1");
    assert_int_equal(hx_dataset_at(d, HX_PART_TRAIN, 0)->label, 1);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static void cancelled(void **state) {
    (void)state;
    volatile int flag = 0;
    hx_error err = {0};
    hx_dataset *d = NULL;
    char folder[32];
    path_buf path;
    test_directory(folder);
    make_numbered(folder, 4, 2, path);
    hx_flag_raise(&flag);
    const hx_dataset_options o = {.cancel = &flag};
    assert_int_equal(hx_dataset_read(&d, path, &o, &err), HX_ECANCELLED);
    test_remove_tree(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_cleaned),
        cmocka_unit_test(columns_by_role_or_name),
        cmocka_unit_test(encodings_and_formats),
        cmocka_unit_test(several_labels),
        cmocka_unit_test(numbers),
        cmocka_unit_test(tags_of_words),
        cmocka_unit_test(conll_u),
        cmocka_unit_test(one_word_a_line),
        cmocka_unit_test(pairs),
        cmocka_unit_test(bad_input_is_named),
        cmocka_unit_test(given_labels_keep_their_order),
        cmocka_unit_test(cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
