/* test_train_bf16.c - trainings whose products have factors of bfloat16: the same bytes from any number of threads and after an interruption,
 * nearly the losses of F32, in every kind of training; a run that goes on in other arithmetic says so in its log; without the processor for it, or
 * with kernels that have none, it is refused. Where the processor has no AVX512_BF16 only the refusal is looked at. */
#include "unit/model/model_test.h"

#include <math.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "huaxiang/model.h"
#include "tensor/kernels.h"

#define SIZES                                                                                      \
    "\"sizes\":{\"hidden_size\":32,\"num_hidden_layers\":2,\"num_attention_heads\":2,"             \
    "\"intermediate_size\":48}"
#define STEPS "\"steps\":24,\"evaluate_every\":8,\"batch_tokens\":128,\"rate\":0.003"
#define BF16 ",\"arithmetic\":\"bf16\""
#define PATH 256

typedef struct {
    char folder[64];
    hx_arena *arena;
    hx_error err;
    hx_str metrics;
    volatile int cancel;
    uint64_t stop_at; /* 0 = never */
    const char *kernels;
} place;

static void write_data(const place *p) {
    static const char *const words[] = {"good", "fine", "bad", "poor"};
    static const char *const names[] = {"labels.csv", "plain.txt", "tags.tsv"};
    hx_buf b[3];
    for (size_t i = 0; i < 3; i++)
        hx_buf_init(&b[i], 1 << 20);
    (void)hx_buf_append_lit(&b[0], "text,label\n");
    (void)hx_buf_append_lit(&b[2], "text\tlabel\n");
    for (size_t i = 0; i < 120; i++) {
        const char *mood = i % 4 < 2 ? "yes" : "no";
        (void)hx_buf_printf(&b[0], "the shop %zu is %s today,%s\n", i, words[i % 4], mood);
        (void)hx_buf_printf(&b[1], "the shop %zu is %s today\n\n", i, words[i % 4]);
        (void)hx_buf_printf(&b[2], "shop %s %zu\tO B-%s O\n", words[i % 4], i, mood);
    }
    for (size_t i = 0; i < 3; i++) {
        char path[PATH];
        (void)snprintf(path, sizeof path, "%s/%s", p->folder, names[i]);
        assert_int_equal(hx_file_write(path, hx_buf_str(&b[i]), false, NULL), HX_OK);
        hx_buf_release(&b[i]);
    }
}

static void on_step(void *context, const hx_train_progress *progress) {
    place *p = context;
    if (p->stop_at && progress->step == p->stop_at) hx_flag_raise(&p->cancel);
}

/* '@' stands for the folder. */
static hx_status train(place *p, const char *config, const char *name, bool resume,
                       size_t threads) {
    hx_buf b;
    char path[PATH];
    const hx_train_calls calls = {.n_threads = threads,
                                  .kernels = p->kernels,
                                  .progress = on_step,
                                  .context = p,
                                  .cancel = &p->cancel};
    hx_buf_init(&b, 1 << 16);
    p->err = (hx_error){.ui = HX_UI_EN};
    p->cancel = 0;
    for (const char *s = config; *s; s++)
        (void)(*s == '@' ? hx_buf_append_lit(&b, p->folder) : hx_buf_append_byte(&b, *s));
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
    hx_status st = hx_train(hx_buf_str(&b), path, resume, &calls, p->arena, &p->metrics, &p->err);
    hx_buf_release(&b);
    return st;
}

static void must_train(place *p, const char *config, const char *name, bool resume,
                       size_t threads) {
    p->stop_at = 0;
    hx_status st = train(p, config, name, resume, threads);
    if (st != HX_OK) print_message("%s\n", p->err.message);
    assert_int_equal(st, HX_OK);
}

static void must_stop(place *p, const char *config, const char *name, uint64_t at) {
    p->stop_at = at;
    assert_int_equal(train(p, config, name, false, 2), HX_ECANCELLED);
}

static void read_of(const place *p, const char *run, const char *file, hx_buf *out) {
    char path[PATH];
    hx_buf_init(out, 1 << 24);
    (void)snprintf(path, sizeof path, "%s/%s/%s", p->folder, run, file);
    assert_int_equal(hx_file_read(path, out, NULL), HX_OK);
    assert_true(out->len > 0);
}

static bool are_same(const place *p, const char *one, const char *other, const char *file) {
    hx_buf a, b;
    read_of(p, one, file, &a);
    read_of(p, other, file, &b);
    bool same = a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
    hx_buf_release(&a);
    hx_buf_release(&b);
    return same;
}

static bool has_bf16(void) {
    const hx_kernels *k;
    assert_int_equal(hx_kernels_choose(NULL, &k, NULL), HX_OK);
    return hx_kernels_has_bf16(k);
}

/* Loss of validation of the last training. */
static double loss_of(const place *p, const char *task) {
    json_t *j = NULL;
    assert_int_equal(hx_json_parse(p->metrics, 1 << 20, "metrics", &j, NULL), HX_OK);
    const json_t *tasks = json_object_get(json_object_get(j, "validation"), "tasks");
    const json_t *v = json_object_get(json_object_get(tasks, task), "loss");
    assert_true(json_is_number(v));
    double x = json_number_value(v);
    json_decref(j);
    return x;
}

#define TEXT_TASK                                                                                  \
    ",\"tasks\":[{\"name\":\"t\",\"kind\":\"mixed\",\"data\":\"@/plain.txt\",\"length\":16,"       \
    "\"validation_size\":0.2}]"
#define LABEL_TASK ",\"tasks\":[{\"name\":\"t\",\"data\":\"@/labels.csv\",\"validation_size\":0.3}]"

/* Each learns in both arithmetics; the second reads what the first wrote. */
static const struct {
    const char *name, *config;
} kinds[] = {
    {"labels", "{" SIZES "," STEPS LABEL_TASK},
    {"text",
     "{" SIZES ",\"tokenizer\":\"@/labels-f32/tokenizer\",\"optimizer\":\"muon\"," STEPS TEXT_TASK},
    {"tags", "{\"model\":\"@/text-f32\"," STEPS
             ",\"tasks\":[{\"name\":\"t\",\"kind\":\"tag\",\"data\":\"@/tags.tsv\","
             "\"validation_size\":0.3}]"},
    {"lora", "{\"model\":\"@/text-f32\",\"lora\":4,\"lora_targets\":\"all\"," STEPS LABEL_TASK},
    {"tasks", "{\"model\":\"@/text-f32\",\"accumulate\":2," STEPS
              ",\"tasks\":[{\"name\":\"t\",\"kind\":\"causal\",\"data\":\"@/plain.txt\","
              "\"length\":16,\"validation_size\":0.2},{\"name\":\"mood\",\"data\":"
              "\"@/labels.csv\",\"validation_size\":0.2}]"},
};

static void losses_are_nearly_those_of_f32(void **state) {
    place *p = *state;
    if (!has_bf16()) skip();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char config[1024], name[2][40];
        double loss[2];
        for (int bf16 = 0; bf16 < 2; bf16++) {
            (void)snprintf(config, sizeof config, "%s%s}", kinds[i].config, bf16 ? BF16 : "");
            (void)snprintf(name[bf16], sizeof name[bf16], "%s-%s", kinds[i].name,
                           bf16 ? "bf16" : "f32");
            must_train(p, config, name[bf16], false, 2);
            loss[bf16] = loss_of(p, "t");
        }
        assert_false(are_same(p, name[0], name[1], "last/weights.safetensors"));
        assert_true(fabs(loss[1] - loss[0]) < 0.02 * (1 + loss[0]));
    }
}

#define WHOLE                                                                                      \
    "{" SIZES ",\"optimizer\":\"muon\",\"accumulate\":2,\"dropout\":0.1," STEPS BF16 LABEL_TASK "}"

static void resumed_runs_and_threads_give_the_same_bytes(void **state) {
    static const char *const files[] = {"last/weights.safetensors", "last/optimiser.safetensors",
                                        "log.jsonl", "best/model.safetensors", "metrics.json"};
    place *p = *state;
    if (!has_bf16()) skip();
    must_train(p, WHOLE, "whole", false, 1);
    must_stop(p, WHOLE, "parts", 11);
    must_train(p, WHOLE, "parts", true, 3);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_true(are_same(p, "whole", "parts", files[i]));
}

static void other_arithmetic_is_logged(void **state) {
    static const char f32[] = "{" SIZES "," STEPS LABEL_TASK "}",
                      bf16[] = "{" SIZES "," STEPS BF16 LABEL_TASK "}",
                      other[] = "{" SIZES ",\"dropout\":0.2," STEPS BF16 LABEL_TASK "}";
    static const char note[] = "{\"step\":9,\"arithmetic\":\"bf16\"}\n";
    place *p = *state;
    hx_buf log;
    if (!has_bf16()) skip();
    must_stop(p, f32, "change", 9);
    p->stop_at = 0;
    assert_int_equal(train(p, other, "change", true, 2), HX_ECONFLICT);
    assert_non_null(strstr(p->err.message, "another 'dropout'"));
    must_train(p, bf16, "change", true, 2);
    must_train(p, bf16, "change", true, 1); /* is done, and notes nothing again */
    read_of(p, "change", "log.jsonl", &log);
    assert_true(hx_buf_append_byte(&log, '\0'));
    const char *found = strstr(log.ptr, note);
    assert_non_null(found);
    assert_null(strstr(found + strlen(note), "arithmetic"));
    hx_buf_release(&log);
}

static void kernels_without_it_are_refused(void **state) {
    place *p = *state;
    p->kernels = "scalar";
    p->stop_at = 0;
    assert_int_equal(train(p, "{" SIZES "," STEPS BF16 LABEL_TASK "}", "none", false, 1),
                     HX_EUNSUPPORTED);
    assert_non_null(strstr(p->err.message, "AVX512_BF16"));
    assert_non_null(strstr(p->err.message, "not scalar"));
    assert_int_equal(
        train(p, "{" SIZES ",\"arithmetic\":\"f16\"," STEPS LABEL_TASK "}", "none", false, 1),
        HX_EINVAL);
    assert_non_null(strstr(p->err.message, "\"arithmetic\" must be one of f32,bf16"));
    p->kernels = NULL;
}

static int set_up(void **state) {
    static place p;
    p = (place){.folder = "/tmp/hx-bf16-XXXXXX"};
    assert_non_null(mkdtemp(p.folder));
    p.arena = hx_arena_new(0);
    write_data(&p);
    *state = &p;
    return 0;
}

static int tear_down(void **state) {
    place *p = *state;
    hx_arena_free(p->arena);
    test_remove_tree(p->folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_nearly_those_of_f32),
        cmocka_unit_test(resumed_runs_and_threads_give_the_same_bytes),
        cmocka_unit_test(other_arithmetic_is_logged),
        cmocka_unit_test(kernels_without_it_are_refused),
    };
    return cmocka_run_group_tests_name("model/train_bf16", tests, set_up, tear_down);
}
