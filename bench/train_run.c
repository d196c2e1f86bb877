/* train_run.c - a worker that trains for bench/train.py: forward, loss, backward, AdamW step.
 *
 * usage: bench_train_run WORK BATCHES [KEY=VALUE...]
 *
 * Says {"ready":true} when it is prepared, then answers each line of standard input with a line of JSON: "run" -> seconds, processor seconds and tokens of
 * `steps` steps, and the mean loss; "quit" -> peak megabytes. BATCHES holds one JSON list of lists of token ids a line: a batch.
 *   pretrain   a new model (vocab=8192 d=256 layers=6 heads=4 ff=768), next tokens
 *   classify   model=FILE; labels are the parity of a sequence's place; rank=8 (LoRA on q and v over frozen weights) or rank=0 (full)
 * Keys of both: threads=2 steps=4 recompute=0 bf16=0 kernels=NAME. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "huaxiang/llama.h"
#include "llama/objective.h"
#include "nn/optim.h"

#define BATCHES_MAX 64
#define TOKENS_MAX 65536
#define BYTES_MAX ((size_t)64 << 20)

typedef struct {
    uint32_t *ids, *starts, *labels; /* labels: (T) next tokens, or (n) of sequences */
    size_t n_tokens, n_sequences;
} train_batch;

typedef struct {
    char **keys;
    int n_keys;
    bool classify;
    train_batch batches[BATCHES_MAX];
    size_t n_batches;
    hx_llama *model;
    hx_trunk *trunk;
    hx_train_head *head;
    hx_optim *optim;
    hx_nn nn;
    float *dhidden;
    uint64_t step;
    double loss;
    hx_error err;
} trainer;

static const char *value_of(const trainer *w, const char *key, const char *otherwise) {
    size_t n = strlen(key);
    for (int i = 0; i < w->n_keys; i++)
        if (strncmp(w->keys[i], key, n) == 0 && w->keys[i][n] == '=') return w->keys[i] + n + 1;
    return otherwise;
}

static size_t number_of(const trainer *w, const char *key, const char *otherwise) {
    return (size_t)strtoul(value_of(w, key, otherwise), NULL, 10);
}

static double now(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ------------------------------------------------------------------ batches */
static bool take_batch(trainer *w, const json_t *lists) {
    train_batch *b = &w->batches[w->n_batches++];
    b->n_sequences = json_array_size(lists);
    b->ids = calloc(TOKENS_MAX, sizeof *b->ids);
    b->labels = calloc(TOKENS_MAX, sizeof *b->labels);
    b->starts = calloc(b->n_sequences + 1, sizeof *b->starts);
    if (!b->ids || !b->labels || !b->starts) return false;
    for (size_t i = 0; i < b->n_sequences; i++) {
        const json_t *list = json_array_get(lists, i);
        size_t n = json_array_size(list);
        for (size_t j = 0; j < n && b->n_tokens < TOKENS_MAX; j++)
            b->ids[b->n_tokens++] = (uint32_t)json_integer_value(json_array_get(list, j));
        b->starts[i + 1] = (uint32_t)b->n_tokens;
        if (w->classify) b->labels[i] = i % 2;
        for (size_t j = b->starts[i]; !w->classify && j < b->n_tokens; j++)
            b->labels[j] = j + 1 < b->n_tokens ? b->ids[j + 1] : HX_NN_IGNORE;
        if (!w->classify) b->labels[b->n_tokens - 1] = HX_NN_IGNORE;
    }
    return b->n_tokens < TOKENS_MAX;
}

static bool read_batches(trainer *w, const char *path) {
    hx_buf file;
    hx_buf_init(&file, BYTES_MAX);
    bool fine = hx_file_read(path, &file, &w->err) == HX_OK;
    for (size_t at = 0; fine && at < file.len && w->n_batches < BATCHES_MAX;) {
        const char *end = memchr(file.ptr + at, '\n', file.len - at);
        size_t n = end ? (size_t)(end - file.ptr) - at : file.len - at;
        json_t *lists = NULL;
        fine = hx_json_parse((hx_str){file.ptr + at, n}, BYTES_MAX, path, &lists, &w->err) == HX_OK;
        fine = fine && take_batch(w, lists);
        json_decref(lists);
        at += n + 1;
    }
    hx_buf_release(&file);
    return fine && w->n_batches > 0;
}

/* ------------------------------------------------------------------ preparing */
static hx_status make_trunk(trainer *w) {
    hx_trunk_options o = {.recompute = number_of(w, "recompute", "0") != 0, .without_output = true};
    if (!w->classify) {
        hx_config c;
        HX_TRY(hx_config_begin(&c, HX_STR_LIT("llama"), "bench", &w->err));
        c.n_vocab = number_of(w, "vocab", "8192");
        c.n_embd = number_of(w, "d", "256");
        c.n_layers = number_of(w, "layers", "6");
        c.n_heads = number_of(w, "heads", "4");
        c.n_ff = number_of(w, "ff", "768");
        c.tied = true;
        return hx_trunk_new(&w->trunk, &c, &o, 1, &w->err);
    }
    hx_llama_options open = {.precision = HX_PRECISION_EXACT};
    HX_TRY(hx_llama_open(&w->model, value_of(w, "model", ""), &open, &w->err));
    o.lora_rank = number_of(w, "rank", "0");
    o.frozen = o.lora_rank > 0;
    return hx_trunk_of_model(&w->trunk, w->model, &o, 1, &w->err);
}

static hx_status make_room(trainer *w) {
    size_t threads = hx_team_size(w->nn.team), bytes = hx_optim_scratch(w->optim, threads);
    size_t tokens = 0;
    for (size_t i = 0; i < w->n_batches; i++) {
        const train_batch *b = &w->batches[i];
        size_t a = hx_trunk_scratch(w->trunk, b->n_tokens, b->n_sequences, threads);
        size_t h = hx_train_head_scratch(w->head, b->n_tokens, b->n_sequences, threads);
        bytes = a > bytes ? a : bytes;
        bytes = h > bytes ? h : bytes;
        tokens = b->n_tokens > tokens ? b->n_tokens : tokens;
    }
    w->nn.scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);
    w->dhidden = calloc(tokens * hx_trunk_config(w->trunk)->n_embd, sizeof *w->dhidden);
    return w->nn.scratch && w->dhidden ? HX_OK : HX_ENOMEM;
}

static hx_status prepare(trainer *w) {
    hx_optim_options o;
    hx_head_options head = {
        .kind = w->classify ? HX_HEAD_SEQUENCE : HX_HEAD_LM, .name = "", .n_labels = 2};
    HX_TRY(hx_kernels_choose(value_of(w, "kernels", ""), &w->nn.kernels, &w->err));
    w->nn.bf16 = number_of(w, "bf16", "0") != 0;
    HX_TRY(hx_team_new(&w->nn.team, number_of(w, "threads", "2"), &w->err));
    HX_TRY(make_trunk(w));
    HX_TRY(hx_train_head_new(&w->head, w->trunk, &head, 1, &w->err));
    hx_optim_defaults(&o, HX_OPTIM_ADAMW);
    HX_TRY(hx_optim_new(&w->optim, hx_trunk_params(w->trunk), &o, &w->err));
    return make_room(w);
}

/* ------------------------------------------------------------------ training */
static hx_status step(trainer *w, const train_batch *b) {
    hx_trunk_batch batch = {.ids = b->ids,
                            .n_tokens = b->n_tokens,
                            .starts = b->starts,
                            .n_sequences = b->n_sequences,
                            .seed = 1,
                            .step = ++w->step,
                            .training = true};
    hx_targets targets = {.labels = b->labels};
    hx_objective_result result;
    hx_optim_result done;
    const float *hidden = NULL;
    HX_TRY(hx_trunk_forward(w->trunk, &w->nn, &batch, &hidden, &w->err));
    float scale = (float)(1.0 / hx_train_head_count(w->head, &batch, &targets));
    memset(w->dhidden, 0, b->n_tokens * hx_trunk_config(w->trunk)->n_embd * sizeof *w->dhidden);
    HX_TRY(hx_train_head_loss(w->head, &w->nn, &batch, hidden, &targets, scale, w->dhidden, NULL,
                              &result, &w->err));
    hx_trunk_backward(w->trunk, &w->nn, w->dhidden, NULL);
    hx_optim_step(w->optim, &w->nn, w->step, 1e-4, 1.0f, &done);
    w->loss += result.loss / result.count;
    return HX_OK;
}

static bool run(trainer *w) {
    size_t steps = number_of(w, "steps", "4"), tokens = 0;
    double start = now(CLOCK_MONOTONIC), spent = now(CLOCK_PROCESS_CPUTIME_ID);
    w->loss = 0;
    for (size_t i = 0; i < steps; i++) {
        const train_batch *b = &w->batches[i % w->n_batches];
        if (step(w, b) != HX_OK) return false;
        tokens += b->n_tokens;
    }
    printf("{\"seconds\":%.6f,\"cpu\":%.6f,\"tokens\":%zu,\"loss\":%.6f}\n",
           now(CLOCK_MONOTONIC) - start, now(CLOCK_PROCESS_CPUTIME_ID) - spent, tokens,
           w->loss / (double)steps);
    return fflush(stdout) == 0;
}

static bool serve(trainer *w) {
    char line[64];
    struct rusage usage;
    puts("{\"ready\":true}");
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin) && strncmp(line, "quit", 4) != 0)
        if (!run(w)) return false;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"peak_mb\":%.1f}\n", (double)usage.ru_maxrss / 1024);
    return true;
}

static void finish(trainer *w) {
    hx_optim_free(w->optim);
    hx_train_head_free(w->head);
    hx_trunk_free(w->trunk);
    hx_llama_close(w->model);
    hx_team_free(w->nn.team);
    free(w->nn.scratch);
    free(w->dhidden);
    for (size_t i = 0; i < w->n_batches; i++) {
        free(w->batches[i].ids);
        free(w->batches[i].labels);
        free(w->batches[i].starts);
    }
}

int main(int argc, char **argv) {
    trainer w = {0};
    if (argc < 3) {
        fputs("usage: bench_train_run WORK BATCHES [KEY=VALUE...]\n", stderr);
        return 2;
    }
    w.keys = argv + 3;
    w.n_keys = argc - 3;
    w.classify = strcmp(argv[1], "classify") == 0;
    bool fine = read_batches(&w, argv[2]) && prepare(&w) == HX_OK && serve(&w);
    if (!fine) fprintf(stderr, "bench_train_run: %s\n", w.err.message);
    finish(&w);
    return fine ? 0 : 1;
}
