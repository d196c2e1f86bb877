/* compress.c - hx_model_compress(): each way tried on one task, and what it gives; see compress.h and model.h.
 *
 *     data -> train, test (labels are the model's; of a run's own data its own parts) -> train.jsonl, validation.jsonl
 *     each try: model -> step -> FOLDER/NAME.1 -> step -> ... -> FOLDER/NAME(.gguf) -> opened, all test texts classified
 *
 * Speed: the same texts through the smaller model and the model as it is, in turn, nine times; what counts is the median of the nine ratios,
 * so that what else the machine does meanwhile falls on both. Calibration, tuning and vocabularies never see the test's texts. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "huaxiang/llama.h"
#include "learn/metrics.h"
#include "llama/model.h"
#include "model/compress.h"
#include "model/run.h"

#define TEST_SIZE 0.2
#define VALIDATION_EVERY 10
#define ROUNDS 9
#define TIMED_TEXTS 2048
#define NAME_MAX_BYTES 120

/* ------------------------------------------------------------------ data */
/* Training begins from this; what the model does not say is as the head of a model that others trained. */
static hx_status copy_head(hx__compress_job *j, const hx_config *c, hx_error *err) {
    hx_config_task *h = hx_arena_alloc(j->arena, sizeof *h);
    if (!h) return hx_fail(err, HX_ENOMEM, "out of memory");
    *h = (hx_config_task){.mean = c->head_is_mean};
    for (size_t i = 0; i < c->n_tasks; i++)
        if (c->tasks[i].is_score && c->tasks[i].kind == HX_LLAMA_LABEL) *h = c->tasks[i];
    h->name = (char *)(uintptr_t)hx_arena_str(j->arena, hx_str_of(h->name ? h->name : "label")).ptr;
    h->labels = NULL;
    j->head = h;
    return h->name ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status read_texts(hx__compress_job *j, const hx_llama *m, hx_error *err) {
    const hx_compress_options *o = j->options;
    const hx_llama_info *info = hx_llama_describe(m);
    const char **labels = hx_arena_alloc(j->arena, (info->n_labels + 1) * sizeof *labels);
    for (size_t i = 0; labels && i < info->n_labels; i++)
        labels[i] = hx_arena_str(j->arena, hx_str_of(hx_llama_label(m, i))).ptr;
    const hx_dataset_options read = {.text = o->text,
                                     .label = o->label,
                                     .target = HX_TARGET_LABEL,
                                     .test_size = o->test_size > 0 ? o->test_size : TEST_SIZE,
                                     .test_path = o->test,
                                     .seed = o->seed > 0 ? o->seed : 1,
                                     .lower = j->head->lower,
                                     .labels = labels,
                                     .n_labels = info->n_labels,
                                     .cancel = o->cancel};
    hx_status st = HX_OK;
    if (!labels) st = hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK && (info->n_labels == 0 || info->is_token_classifier))
        st = hx_fail(err, HX_EUNSUPPORTED,
                     "the model has no head for texts; train one first: huaxiang train classify");
    if (st == HX_OK && (!m->head || m->config.score_kind != HX_LLAMA_LABEL))
        st = hx_fail(err, HX_EUNSUPPORTED,
                     "what is compressed has one head, of one label a text, without layers of its "
                     "own: huaxiang train classify makes such models");
    if (st == HX_OK) st = hx__compress_read_run(j, labels, info->n_labels, err);
    if (st == HX_OK && !j->data) st = hx_dataset_read(&j->data, o->data, &read, err);
    return st;
}

static hx_status read_data(hx__compress_job *j, hx_error *err) {
    const hx_compress_options *o = j->options;
    const hx_llama_options lo = {.tokenizer_only = false, .n_threads = 1};
    hx_llama *m = NULL;
    HX_TRY(hx_llama_open(&m, j->model, &lo, err));
    hx_status st = copy_head(j, &m->config, err);
    if (st == HX_OK) st = read_texts(j, m, err);
    hx_llama_close(m);
    HX_TRY(st);
    if (hx_dataset_count(j->data, j->measured) > 0) return HX_OK;
    return hx_fail(err, HX_EINVAL, "%s: too few texts to keep some for the test", o->data);
}

static void put_example(hx_buf *out, const hx_dataset *d, const hx_example *e) {
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    hx_json_key(&w, "text");
    hx_json_str(&w, e->text);
    hx_json_key(&w, "label");
    hx_json_cstr(&w, hx_dataset_label(d, e->label));
    hx_json_end_object(&w);
    (void)hx_buf_append_byte(out, '\n');
}

/* A run's own validation, or every tenth text of TRAIN, to the one file, the others to the other. */
static hx_status write_part(const hx__compress_job *j, bool validation, const char *path,
                            hx_error *err) {
    hx_buf out;
    bool given =
        j->measured != HX_PART_VALIDATION && hx_dataset_count(j->data, HX_PART_VALIDATION) > 0;
    hx_part part = given && validation ? HX_PART_VALIDATION : HX_PART_TRAIN;
    size_t n = hx_dataset_count(j->data, part);
    hx_buf_init(&out, (size_t)4 << 30);
    for (size_t i = 0; i < n; i++)
        if (given || (i % VALIDATION_EVERY == 0) == validation)
            put_example(&out, j->data, hx_dataset_at(j->data, part, i));
    hx_status st = hx_buf_status(&out, "texts", err);
    if (st == HX_OK) st = hx_file_write(path, hx_buf_str(&out), false, err);
    hx_buf_release(&out);
    return st;
}

/* A folder that holds something is somebody's: a model, or what another run left. */
static hx_status check_folder(const char *folder, hx_error *err) {
    size_t n = 0;
    DIR *d = opendir(folder);
    if (!d && errno == ENOENT) return HX_OK;
    if (!d && errno == ENOTDIR)
        return hx_fail(err, HX_EINVAL, "%s is a file; what is compressed goes into a new folder",
                       folder);
    if (!d) return hx_fail_errno(err, folder, errno);
    for (const struct dirent *e = readdir(d); e; e = readdir(d))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    if (n == 0) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "%s is there already and not empty; what is compressed goes into a new folder",
                   folder);
}

static hx_status write_parts(hx__compress_job *j, const char *folder, hx_error *err) {
    static const char *const names[] = {"/train.jsonl", "/validation.jsonl"};
    const char *paths[2];
    HX_TRY(hx_run_make_folder(folder, err));
    for (size_t i = 0; i < 2; i++) {
        char *path = hx_file_beside(folder, names[i]);
        paths[i] = path ? hx_arena_str(j->arena, hx_str_of(path)).ptr : NULL;
        free(path);
        if (!paths[i]) return hx_fail(err, HX_ENOMEM, "out of memory");
        HX_TRY(write_part(j, i == 1, paths[i], err));
    }
    j->train_file = paths[0];
    j->validation_file = paths[1];
    return HX_OK;
}

/* ------------------------------------------------------------------ measuring */
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t bytes_of(const char *path) {
    struct stat st;
    char *weights = hx_model_is_folder(path) ? hx_model_join(path, "model.safetensors") : NULL;
    uint64_t n = stat(weights ? weights : path, &st) == 0 ? (uint64_t)st.st_size : 0;
    free(weights);
    return n;
}

typedef struct {
    hx_llama *model;
    hx_llama_context *context;
} reader;

static hx_status open_reader(reader *r, const hx__compress_job *j, const char *path,
                             hx_error *err) {
    const hx_llama_options options = {.n_threads = j->options->n_threads};
    HX_TRY(hx_llama_open(&r->model, path, &options, err));
    return hx_llama_context_open(&r->context, r->model, NULL, err);
}

static void close_reader(reader *r) {
    hx_llama_context_close(r->context);
    hx_llama_close(r->model);
}

typedef struct {
    reader small, whole; /* whole: the model as it is, where small is another */
    hx_str *texts;
    uint32_t *labels, *predictions;
    float *probabilities;
    size_t n, n_labels;
    hx_arena *arena; /* of this measurement; owned */
} measurement;

static hx_status make_lists(measurement *m, const hx__compress_job *j, hx_error *err) {
    const hx_dataset *d = j->data;
    m->n = hx_dataset_count(d, j->measured);
    m->n_labels = hx_dataset_n_labels(d);
    m->texts = hx_arena_alloc(m->arena, m->n * sizeof *m->texts);
    m->labels = hx_arena_alloc(m->arena, m->n * sizeof *m->labels);
    m->predictions = hx_arena_alloc(m->arena, m->n * sizeof *m->predictions);
    m->probabilities = hx_arena_alloc(m->arena, m->n * m->n_labels * sizeof *m->probabilities);
    if (!m->texts || !m->labels || !m->predictions || !m->probabilities)
        return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < m->n; i++) {
        const hx_example *e = hx_dataset_at(d, j->measured, i);
        m->texts[i] = e->text;
        m->labels[i] = e->label;
    }
    return HX_OK;
}

static void predict(measurement *m) {
    for (size_t i = 0; i < m->n; i++) {
        const float *p = m->probabilities + i * m->n_labels;
        uint32_t best = 0;
        for (uint32_t k = 1; k < m->n_labels; k++)
            if (p[k] > p[best]) best = k;
        m->predictions[i] = best;
    }
}

static hx_status classify(measurement *m, hx_compressed *row, hx_error *err) {
    hx_classification figures;
    HX_TRY(hx_llama_classify(m->small.context, m->texts, m->n, 0, m->probabilities, err));
    predict(m);
    HX_TRY(hx_classification_of(m->labels, m->predictions, NULL, m->n, m->n_labels, m->arena,
                                &figures, err));
    row->n_parameters = hx_llama_describe(m->small.model)->n_parameters;
    row->accuracy = figures.accuracy;
    row->macro_f1 = figures.macro_f1;
    return HX_OK;
}

static hx_status time_texts(measurement *m, const reader *r, double *seconds, hx_error *err) {
    size_t n = m->n < TIMED_TEXTS ? m->n : TIMED_TEXTS;
    double start = now();
    HX_TRY(hx_llama_classify(r->context, m->texts, n, 0, m->probabilities, err));
    *seconds = fmax(now() - start, 1e-9) / (double)n;
    return HX_OK;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The first round, which makes what the fast arithmetic needs, does not count. */
static hx_status time_both(measurement *m, const hx__compress_job *j, hx_compressed *row,
                           const hx_compressed *whole, hx_error *err) {
    double seconds[ROUNDS + 1], ratios[ROUNDS + 1], other;
    for (size_t k = 0; k <= ROUNDS; k++) {
        HX_TRY(time_texts(m, &m->small, &seconds[k], err));
        other = seconds[k];
        if (whole) HX_TRY(time_texts(m, &m->whole, &other, err));
        ratios[k] = other / seconds[k];
        if (hx_flag_is_raised(j->options->cancel))
            return hx_fail(err, HX_ECANCELLED, "stopped on request");
    }
    qsort(seconds + 1, ROUNDS, sizeof *seconds, by_size);
    qsort(ratios + 1, ROUNDS, sizeof *ratios, by_size);
    row->speed = ratios[1 + ROUNDS / 2];
    row->texts_per_second =
        whole ? whole->texts_per_second * row->speed : 1 / seconds[1 + ROUNDS / 2];
    return HX_OK;
}

static hx_status measure_open(measurement *m, const hx__compress_job *j, hx_compressed *row,
                              const hx_compressed *whole, hx_error *err) {
    HX_TRY(make_lists(m, j, err));
    HX_TRY(open_reader(&m->small, j, row->path, err));
    if (whole) HX_TRY(open_reader(&m->whole, j, whole->path, err));
    HX_TRY(classify(m, row, err));
    return time_both(m, j, row, whole, err);
}

/* `whole`: the measured model as it is; NULL where that is the row. */
static hx_status measure(const hx__compress_job *j, hx_compressed *row, const hx_compressed *whole,
                         hx_error *err) {
    measurement m = {.arena = hx_arena_new((size_t)4 << 30)};
    if (!m.arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    row->bytes = bytes_of(row->path);
    hx_status st = measure_open(&m, j, row, whole, err);
    close_reader(&m.small);
    close_reader(&m.whole);
    hx_arena_free(m.arena);
    if (st == HX_OK && j->options->tried) j->options->tried(j->options->context, row);
    return st;
}

/* ------------------------------------------------------------------ tries */
/* FOLDER/NAME with what file names don't like replaced; `stage` 0 = the result, else .STAGE behind it. */
static hx_status place_of(const hx__compress_job *j, const char *folder, hx_str name, size_t stage,
                          bool file, const char **out, hx_error *err) {
    char text[NAME_MAX_BYTES + 40];
    size_t n = name.len < NAME_MAX_BYTES ? name.len : NAME_MAX_BYTES;
    (void)snprintf(text, sizeof text, "/%.*s", (int)n, name.ptr);
    for (size_t i = 1; text[i]; i++)
        if (text[i] == ':' || text[i] == '/') text[i] = '-';
    size_t at = strlen(text);
    if (stage > 0) (void)snprintf(text + at, sizeof text - at, ".%zu", stage);
    if (file) (void)snprintf(text + at, sizeof text - at, ".gguf");
    char *path = hx_file_beside(folder, text);
    *out = path ? hx_arena_str(j->arena, hx_str_of(path)).ptr : NULL;
    free(path);
    return *out ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status run_try(const hx__compress_job *j, const char *folder, hx_str name,
                         hx_compressed *row, const hx_compressed *whole, hx_error *err) {
    hx__step steps[HX_STEPS_MAX];
    size_t n = 0;
    const char *from = j->model, *to = NULL;
    HX_TRY(hx__steps_parse(name, steps, &n, err));
    row->name = hx_arena_str(j->arena, name).ptr;
    for (size_t i = 0; i < n; i++) {
        bool last = i + 1 == n;
        bool file = steps[i].kind == HX_STEP_QUANTISE || steps[i].kind == HX_STEP_QAT;
        HX_TRY(place_of(j, folder, name, last ? 0 : i + 1, file, &to, err));
        hx_status st = hx__step_apply(j, &steps[i], from, to, err);
        if (i > 0) hx__reshape_remove(from);
        HX_TRY(st);
        from = to;
    }
    row->path = to;
    return measure(j, row, whole, err);
}

static hx_status check_tries(hx_str tries, size_t *n, hx_error *err) {
    hx__step steps[HX_STEPS_MAX];
    size_t n_steps;
    *n = 0;
    for (hx_str left = tries; left.ptr; ++*n) {
        const char *comma = memchr(left.ptr, ',', left.len);
        hx_str one = {left.ptr, comma ? (size_t)(comma - left.ptr) : left.len};
        HX_TRY(hx__steps_parse(one, steps, &n_steps, err));
        left = comma ? (hx_str){comma + 1, left.len - one.len - 1} : (hx_str){NULL, 0};
    }
    return HX_OK;
}

static hx_status run_tries(hx__compress_job *j, const char *folder, hx_compressed **rows,
                           size_t *n_rows, hx_error *err) {
    hx_str tries = hx_str_of(j->options->tries ? j->options->tries : "int8,q4,vocab");
    size_t n = 0, done = 1;
    HX_TRY(check_tries(tries, &n, err));
    HX_TRY(check_folder(folder, err));
    HX_TRY(read_data(j, err));
    HX_TRY(write_parts(j, folder, err));
    hx_compressed *made = hx_arena_alloc(j->arena, (n + 1) * sizeof *made);
    if (!made) return hx_fail(err, HX_ENOMEM, "out of memory");
    made[0] = (hx_compressed){.name = "as it is", .path = j->model};
    HX_TRY(measure(j, &made[0], NULL, err));
    for (hx_str left = tries; done <= n; done++) {
        const char *comma = memchr(left.ptr, ',', left.len);
        hx_str one = {left.ptr, comma ? (size_t)(comma - left.ptr) : left.len};
        HX_TRY(run_try(j, folder, one, &made[done], &made[0], err));
        left = comma ? (hx_str){comma + 1, left.len - one.len - 1} : (hx_str){NULL, 0};
    }
    *rows = made;
    *n_rows = n + 1;
    return HX_OK;
}

/* After a failure the folder is as it was, unless a way had been done. */
static void clear_parts(const hx__compress_job *j, const char *folder) {
    if (j->train_file) (void)unlink(j->train_file);
    if (j->validation_file) (void)unlink(j->validation_file);
    if (j->train_file) (void)rmdir(folder);
}

hx_status hx_model_compress(const char *model, const char *folder,
                            const hx_compress_options *options, hx_arena *arena,
                            hx_compressed **rows, size_t *n_rows, hx_error *err) {
    const hx_convert_options convert = {.n_threads = options->n_threads, .cancel = options->cancel};
    hx__compress_job j = {.options = options,
                          .model = model,
                          .measured = HX_PART_TEST,
                          .convert = &convert,
                          .arena = arena};
    if (!options->data)
        return hx_fail(err, HX_EINVAL, "compressing needs labelled texts to measure by");
    hx_status st = run_tries(&j, folder, rows, n_rows, err);
    if (st != HX_OK) clear_parts(&j, folder);
    hx_dataset_free(j.data);
    return st;
}
