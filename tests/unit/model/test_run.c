/* test_run.c - run folders: new ones, resumed ones, the log that is cut, checkpoints that replace each other, damage that is refused. */
#include "unit/model/model_test.h"

#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "huaxiang/model.h"
#include "model/run.h"

static const char config[] = "{\"layers\":2,\"rate\":0.1}";

typedef struct {
    char folder[64], run[80];
    hx_error err;
} place;

static place new_place(void) {
    place p = {.folder = "/tmp/hx-run-XXXXXX"};
    assert_non_null(mkdtemp(p.folder));
    (void)snprintf(p.run, sizeof p.run, "%s/run", p.folder);
    return p;
}

static hx_str lit(const char *s) {
    return hx_str_of(s);
}

static void read_text(const place *p, const char *name, char *out, size_t size) {
    char path[200];
    hx_error err = {.ui = HX_UI_EN};
    hx_buf b;
    hx_buf_init(&b, size - 1);
    (void)snprintf(path, sizeof path, "%s/%s", p->run, name);
    assert_int_equal(hx_file_read(path, &b, &err), HX_OK);
    memcpy(out, b.ptr ? b.ptr : "", b.len);
    out[b.len] = '\0';
    hx_buf_release(&b);
}

static void write_text(const place *p, const char *name, const char *text) {
    char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", p->run, name);
    assert_int_equal(hx_file_write(path, lit(text), false, NULL), HX_OK);
}

static hx_status put_weights(void *context, const char *folder, hx_error *err) {
    char path[200];
    (void)snprintf(path, sizeof path, "%s/weights.safetensors", folder);
    return hx_file_write(path, hx_str_of(context), false, err);
}

static hx_status put_nothing(void *context, const char *folder, hx_error *err) {
    (void)folder;
    (void)err;
    return *(hx_status *)context;
}

static hx_run_folder *must_open(place *p, bool resume, bool *resumed, hx_run_state *s) {
    hx_run_folder *r = NULL;
    hx_status st = hx_run_open(&r, p->run, lit(config), resume, resumed, s, &p->err);
    if (st != HX_OK) print_message("%s\n", p->err.message);
    assert_int_equal(st, HX_OK);
    return r;
}

static void refused(place *p, const char *with, bool resume, hx_status wanted, const char *says) {
    hx_run_folder *r = NULL;
    hx_run_state s;
    bool resumed;
    assert_int_equal(hx_run_open(&r, p->run, lit(with), resume, &resumed, &s, &p->err), wanted);
    assert_null(r);
    assert_non_null(strstr(p->err.message, says));
}

/* A run with a checkpoint at step 7, whose log goes on to a second record. */
static place with_checkpoint(void) {
    place p = new_place();
    hx_run_state s;
    bool resumed = true;
    char weights[] = "first weights";
    hx_run_folder *r = must_open(&p, false, &resumed, &s);
    assert_false(resumed);
    assert_true(isinf(s.best) && s.best < 0);
    assert_int_equal(hx_run_log(r, lit("{\"step\":7}"), &p.err), HX_OK);
    s.step = 7;
    s.batch = 3;
    s.loss_sum = 0.1 + 0.2;
    assert_int_equal(hx_run_checkpoint(r, &s, put_weights, weights, &p.err), HX_OK);
    assert_int_equal(hx_run_log(r, lit("{\"step\":8}"), &p.err), HX_OK);
    hx_run_close(r);
    return p;
}

static void goes_on_where_it_was(void **state) {
    (void)state;
    place p = with_checkpoint();
    char text[200], weights[] = "second weights";
    hx_run_state s;
    bool resumed = false;
    hx_run_folder *r = must_open(&p, true, &resumed, &s);
    assert_true(resumed);
    assert_true(s.step == 7 && s.batch == 3 && s.loss_sum == 0.1 + 0.2 && isinf(s.best));
    read_text(&p, "log.jsonl", text, sizeof text);
    assert_string_equal(text, "{\"step\":7}\n");
    s.step = 9;
    s.best = 0.75;
    assert_int_equal(hx_run_log(r, lit("{\"step\":9}"), &p.err), HX_OK);
    assert_int_equal(hx_run_checkpoint(r, &s, put_weights, weights, &p.err), HX_OK);
    hx_run_close(r);
    read_text(&p, "last/weights.safetensors", text, sizeof text);
    assert_string_equal(text, "second weights");
    r = must_open(&p, true, &resumed, &s);
    assert_true(s.step == 9 && s.best == 0.75);
    hx_run_close(r);
    read_text(&p, "log.jsonl", text, sizeof text);
    assert_string_equal(text, "{\"step\":7}\n{\"step\":9}\n");
    test_remove_tree(p.folder);
}

static void without_a_checkpoint_it_begins_anew(void **state) {
    (void)state;
    place p = new_place();
    hx_run_state s;
    bool resumed = true;
    char text[100];
    hx_run_folder *r = must_open(&p, true, &resumed, &s);
    assert_false(resumed);
    assert_int_equal(hx_run_log(r, lit("{}"), &p.err), HX_OK);
    assert_int_equal(hx_run_time(r, lit("{\"seconds\":1}"), &p.err), HX_OK);
    hx_run_close(r);
    r = must_open(&p, true, &resumed, &s);
    assert_false(resumed);
    hx_run_close(r);
    read_text(&p, "log.jsonl", text, sizeof text);
    assert_string_equal(text, "");
    read_text(&p, "timing.jsonl", text, sizeof text);
    assert_string_equal(text, "{\"seconds\":1}\n");
    test_remove_tree(p.folder);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    place p = with_checkpoint();
    refused(&p, config, false, HX_ECONFLICT, "is there already; go on with --resume");
    refused(&p, "{\"layers\":3,\"rate\":0.1}", true, HX_ECONFLICT, "another 'layers'");
    refused(&p, "{\"layers\":2,\"rate\":0.1,\"seed\":1}", true, HX_ECONFLICT, "another 'seed'");
    hx_run_state s;
    bool resumed;
    hx_run_folder *r = must_open(&p, true, &resumed, &s);
    refused(&p, config, true, HX_EBUSY, "another program is training");
    hx_run_close(r);
    test_remove_tree(p.folder);
}

static void damage_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *file, *text, *says;
    } cases[] = {
        {"last/weights.safetensors", "first weightS", "bytes are not those"},
        {"last/weights.safetensors", "first", "size is not that"},
        {"log.jsonl", "{\"step\":6}\n{\"step\":8}\n", "is not what it was"},
        {"log.jsonl", "{}\n", "is shorter than"},
        {"last/state.json", "{}", "state.json is damaged (step)"},
        {"last/state.json", "{\"step\":1", "state.json"},
        {"config.json", "{", "config.json"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        place p = with_checkpoint();
        write_text(&p, cases[i].file, cases[i].text);
        refused(&p, config, true, HX_EFORMAT, cases[i].says);
        test_remove_tree(p.folder);
    }
    place p = with_checkpoint();
    char path[200];
    (void)snprintf(path, sizeof path, "%s/last/weights.safetensors", p.run);
    assert_int_equal(unlink(path), 0);
    refused(&p, config, true, HX_ENOTFOUND, "weights.safetensors");
    test_remove_tree(p.folder);
}

/* A checkpoint that can't be written leaves the one before. */
static void a_failed_checkpoint_changes_nothing(void **state) {
    (void)state;
    place p = with_checkpoint();
    hx_run_state s;
    bool resumed;
    char text[100];
    hx_status fails = HX_EIO;
    hx_run_folder *r = must_open(&p, true, &resumed, &s);
    s.step = 100;
    assert_int_equal(hx_run_checkpoint(r, &s, put_nothing, &fails, &p.err), HX_EIO);
    hx_run_close(r);
    r = must_open(&p, true, &resumed, &s);
    assert_int_equal(s.step, 7);
    hx_run_close(r);
    read_text(&p, "last/weights.safetensors", text, sizeof text);
    assert_string_equal(text, "first weights");
    test_remove_tree(p.folder);
}

/* As a program leaves it that ends between the two renames. */
static void half_a_replacement_is_mended(void **state) {
    (void)state;
    place p = with_checkpoint();
    char command[400];
    hx_run_state s;
    bool resumed = false;
    (void)snprintf(command, sizeof command, "cd '%s' && mv last last.old && mkdir last.tmp", p.run);
    assert_int_equal(system(command), 0);
    hx_run_close(must_open(&p, true, &resumed, &s));
    assert_true(resumed && s.step == 7);
    (void)snprintf(command, sizeof command, "cd '%s' && test ! -e last.old -a ! -e last.tmp",
                   p.run);
    assert_int_equal(system(command), 0);
    test_remove_tree(p.folder);
}

static hx_status put_config(void *context, const char *folder, hx_error *err) {
    char path[200];
    (void)snprintf(path, sizeof path, "%s/config.json", folder);
    return hx_file_write(path, hx_str_of(context), false, err);
}

static void replace_in(char *text, const char *from, const char *to) {
    char *at = strstr(text, from), rest[2000];
    assert_non_null(at);
    (void)snprintf(rest, sizeof rest, "%s", at + strlen(from));
    memcpy(at, to, strlen(to));
    memcpy(at + strlen(to), rest, strlen(rest) + 1);
}

/* What another version's state.json has besides, or not yet, is no damage. */
static void states_of_other_versions_are_read(void **state) {
    (void)state;
    place p = with_checkpoint();
    char text[2000];
    hx_run_state s;
    bool resumed;
    read_text(&p, "last/state.json", text, sizeof text);
    replace_in(text, "\"step\":", "\"later\":[1],\"step\":");
    replace_in(text, "\"milliseconds\":", "\"of_later\":");
    replace_in(text, "\"part_sum\":", "\"part_of_later\":");
    write_text(&p, "last/state.json", text);
    hx_run_folder *r = must_open(&p, true, &resumed, &s);
    assert_true(resumed);
    assert_int_equal(s.step, 7);
    assert_int_equal(s.milliseconds, 0);
    assert_true(s.part_sum == 0);
    hx_run_close(r);
    replace_in(text, "\"step\":7", "\"step\":\"7\"");
    write_text(&p, "last/state.json", text);
    refused(&p, config, true, HX_EFORMAT, "state.json is damaged (step)");
    test_remove_tree(p.folder);
}

static void commands_find_the_model_of_a_run(void **state) {
    (void)state;
    place p = with_checkpoint();
    hx_arena *arena = hx_arena_new(0);
    hx_str path = {NULL, 0};
    hx_run_state s;
    bool resumed;
    char text[] = "{}";
    assert_int_equal(hx_model_resolve(p.run, NULL, arena, &path, &p.err), HX_EINVAL);
    assert_non_null(strstr(p.err.message, "has no model yet"));
    assert_int_equal(hx_run_model(p.folder, arena, &path, &p.err), HX_ENOTFOUND);
    hx_run_folder *r = must_open(&p, true, &resumed, &s);
    assert_int_equal(hx_run_keep_best(r, put_config, text, &p.err), HX_OK);
    hx_run_close(r);
    assert_int_equal(hx_model_resolve(p.run, NULL, arena, &path, &p.err), HX_OK);
    assert_non_null(strstr(path.ptr, "/run/best"));
    assert_int_equal(hx_model_resolve(p.folder, NULL, arena, &path, &p.err), HX_OK);
    assert_string_equal(path.ptr, p.folder);
    hx_arena_free(arena);
    test_remove_tree(p.folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_where_it_was),
        cmocka_unit_test(without_a_checkpoint_it_begins_anew),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(a_failed_checkpoint_changes_nothing),
        cmocka_unit_test(half_a_replacement_is_mended),
        cmocka_unit_test(states_of_other_versions_are_read),
        cmocka_unit_test(commands_find_the_model_of_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
