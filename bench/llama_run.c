/* llama_run.c - a worker that runs the engine for bench/llama.py, through the public interface alone.
 *
 * usage: bench_llama_run MODEL WORK [KEY=VALUE...]
 *
 * Says {"ready":true} when it has loaded and prepared, then answers each line of standard input with a line of JSON: "run" ->
 * seconds, processor seconds, tokens of one run, "save PATH" -> the same, and what came out as float32 rows in PATH, "quit" -> peak megabytes.
 * Works, with their keys (all: threads=2 precision=fast|exact kernels=NAME tokens=1024, the batch's):
 *   embed       texts=FILE (one a line) pool=last|mean; tokenising is timed too
 *   states      ids=FILE wanted=logits|hidden; a row a token
 *   decode      ids=FILE streams=1 prompt=128 steps=64; only the steps are timed
 *   prefill     ids=FILE prompt=2048
 *   perplexity  ids=FILE chunk=512; the mean negative log-likelihood of each chunk's second half
 *   label       texts=FILE instruction=FILE labels=a,b; the rows are probabilities
 *   generate    texts=FILE (its first line is the prompt) schema=FILE steps=64
 *   cold        texts=FILE; embeds its first line once before it is ready
 * Files of ids hold one JSON list of numbers a line. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/buf.h"
#include "base/file.h"
#include "huaxiang/llama.h"

enum { LABELS_MAX = 16, LINE_MAX_BYTES = 4096 };

typedef struct worker worker;
typedef bool work(worker *w);

struct worker {
    char **keys;
    int n_keys;
    hx_llama *model;
    hx_llama_context *context;
    const hx_llama_info *info;
    hx_arena *arena;
    hx_buf file;
    hx_str *texts;
    size_t n_texts;
    int32_t *ids; /* of all lists, one after the other */
    size_t *starts; /* (n_lists + 1) */
    size_t n_lists;
    hx_llama_piece *pieces;
    hx_label_prompt *prompt;
    hx_grammar *grammar;
    size_t n_labels;
    float *rows; /* what came out */
    size_t n_values, room;
    double seconds, nll;
    size_t tokens;
    work *run;
    hx_error err;
};

static double clock_of(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now(void) {
    return clock_of(CLOCK_MONOTONIC);
}

static const char *key(const worker *w, const char *name, const char *otherwise) {
    size_t n = strlen(name);
    for (int i = 0; i < w->n_keys; i++)
        if (strncmp(w->keys[i], name, n) == 0 && w->keys[i][n] == '=') return w->keys[i] + n + 1;
    return otherwise;
}

static size_t number(const worker *w, const char *name, size_t otherwise) {
    const char *value = key(w, name, NULL);
    return value ? (size_t)strtoul(value, NULL, 10) : otherwise;
}

static bool fail(worker *w, const char *message) {
    snprintf(w->err.message, sizeof w->err.message, "%s", message);
    return false;
}

/* ------------------------------------------------------------------ input */
static bool read_file(worker *w, const char *name) {
    const char *path = key(w, name, NULL);
    if (!path) return fail(w, "a file is missing among the keys");
    hx_buf_reset(&w->file);
    return hx_file_read(path, &w->file, &w->err) == HX_OK;
}

static hx_str whole_file(worker *w, const char *name) {
    if (!read_file(w, name)) return (hx_str){NULL, 0};
    return hx_arena_str(w->arena, hx_buf_str(&w->file));
}

static bool read_texts(worker *w) {
    hx_str all = whole_file(w, "texts");
    if (!all.ptr) return false;
    w->texts = calloc(all.len + 1, sizeof *w->texts);
    if (!w->texts) return fail(w, "out of memory");
    for (size_t from = 0; from < all.len;) {
        const char *end = memchr(all.ptr + from, '\n', all.len - from);
        size_t len = end ? (size_t)(end - all.ptr) - from : all.len - from;
        w->texts[w->n_texts++] = (hx_str){all.ptr + from, len};
        from += len + 1;
    }
    return w->n_texts > 0 || fail(w, "no texts");
}

static bool read_ids(worker *w) {
    hx_str all = whole_file(w, "ids");
    if (!all.ptr) return false;
    w->ids = calloc(all.len + 1, sizeof *w->ids);
    w->starts = calloc(all.len + 2, sizeof *w->starts);
    if (!w->ids || !w->starts) return fail(w, "out of memory");
    size_t n = 0;
    for (const char *p = all.ptr; p < all.ptr + all.len;) {
        char *end;
        if (*p == '[') w->starts[w->n_lists++] = n;
        if (*p < '0' || *p > '9') {
            p++;
            continue;
        }
        w->ids[n++] = (int32_t)strtol(p, &end, 10);
        p = end;
    }
    w->starts[w->n_lists] = n;
    return w->n_lists > 0 || fail(w, "no ids");
}

static bool keep(worker *w, const float *values, size_t n) {
    if (w->n_values + n > w->room) {
        size_t room = (w->n_values + n) * 2;
        float *grown = realloc(w->rows, room * sizeof *grown);
        if (!grown) return fail(w, "out of memory");
        w->rows = grown;
        w->room = room;
    }
    memcpy(w->rows + w->n_values, values, n * sizeof *values);
    w->n_values += n;
    return true;
}

/* ------------------------------------------------------------------ model */
static bool open_model(worker *w, const char *path) {
    hx_llama_options options = {.precision = strcmp(key(w, "precision", "fast"), "exact") == 0
                                                 ? HX_PRECISION_EXACT
                                                 : HX_PRECISION_FAST,
                                .n_threads = number(w, "threads", 2),
                                .kernels = key(w, "kernels", NULL)};
    if (hx_llama_open(&w->model, path, &options, &w->err) != HX_OK) return false;
    w->info = hx_llama_describe(w->model);
    return true;
}

static bool open_context(worker *w, size_t n_sequences, size_t n_positions) {
    hx_context_options options = {.n_sequences = n_sequences,
                                  .n_positions = n_positions,
                                  .batch_tokens = number(w, "tokens", 0)};
    return hx_llama_context_open(&w->context, w->model, &options, &w->err) == HX_OK;
}

/* ------------------------------------------------------------------ embed */
static bool run_embed(worker *w) {
    hx_embed_options options = {
        .pooling = strcmp(key(w, "pool", "last"), "mean") == 0 ? HX_POOL_MEAN : HX_POOL_LAST,
        .max_length = number(w, "longest", 512)};
    w->n_values = w->n_texts * w->info->n_embd;
    return hx_llama_embed(w->context, w->texts, w->n_texts, &options, w->rows, &w->err) == HX_OK;
}

static bool count_tokens(worker *w) {
    hx_token_options options = {.special = true, .max_length = number(w, "longest", 512)};
    for (size_t i = 0; i < w->n_texts; i++) {
        hx_tokens tokens;
        if (hx_llama_tokenize(w->model, w->texts[i], &options, w->arena, &tokens, NULL, &w->err) !=
            HX_OK)
            return false;
        w->tokens += tokens.n;
    }
    return true;
}

static bool prepare_embed(worker *w) {
    w->run = run_embed;
    if (!read_texts(w) || !count_tokens(w) || !open_context(w, 1, 512)) return false;
    w->rows = malloc(w->n_texts * w->info->n_embd * sizeof *w->rows);
    return w->rows || fail(w, "out of memory");
}

/* Loading is what is measured, so nothing but the text comes before it. */
static bool prepare_cold(worker *w) {
    w->run = run_embed;
    if (!read_texts(w) || !open_context(w, 1, 512)) return false;
    w->n_texts = 1;
    w->rows = malloc(w->info->n_embd * sizeof *w->rows);
    return w->rows ? run_embed(w) : fail(w, "out of memory");
}

/* ------------------------------------------------------------------ states, perplexity */
static bool run_states(worker *w) {
    bool logits = strcmp(key(w, "wanted", "logits"), "logits") == 0;
    size_t columns = logits ? w->info->n_vocab : w->info->n_embd;
    w->n_values = 0;
    w->tokens = w->starts[w->n_lists];
    for (size_t i = 0; i < w->n_lists; i++) {
        hx_llama_piece piece = {.ids = w->ids + w->starts[i],
                                .n = w->starts[i + 1] - w->starts[i],
                                .sequence = -1,
                                .want = logits ? HX_WANT_LOGITS_ALL : HX_WANT_HIDDEN_ALL};
        size_t rows;
        if (hx_llama_run(w->context, &piece, 1, &w->err) != HX_OK) return false;
        const float *values =
            logits ? hx_llama_logits(w->context, 0, &rows) : hx_llama_hidden(w->context, 0, &rows);
        if (!keep(w, values, rows * columns)) return false;
    }
    return true;
}

static bool prepare_states(worker *w) {
    w->run = run_states;
    return read_ids(w) && open_context(w, 1, 0);
}

static double negative_log(const float *row, size_t n, int32_t id) {
    float most = row[0];
    double sum = 0;
    for (size_t i = 1; i < n; i++)
        if (row[i] > most) most = row[i];
    for (size_t i = 0; i < n; i++)
        sum += exp((double)row[i] - (double)most);
    return log(sum) + (double)most - (double)row[id];
}

static bool run_perplexity(worker *w) {
    size_t chunk = number(w, "chunk", 512);
    double sum = 0;
    w->tokens = 0;
    for (size_t from = 0; from + chunk <= w->starts[1]; from += chunk) {
        hx_llama_piece piece = {
            .ids = w->ids + from, .n = chunk, .sequence = -1, .want = HX_WANT_LOGITS_ALL};
        if (hx_llama_run(w->context, &piece, 1, &w->err) != HX_OK) return false;
        const float *rows = hx_llama_logits(w->context, 0, NULL);
        for (size_t i = chunk / 2; i < chunk; i++, w->tokens++)
            sum +=
                negative_log(rows + (i - 1) * w->info->n_vocab, w->info->n_vocab, w->ids[from + i]);
    }
    w->nll = sum / (double)w->tokens;
    return true;
}

static bool prepare_perplexity(worker *w) {
    w->run = run_perplexity;
    return read_ids(w) && open_context(w, 1, 0);
}

/* ------------------------------------------------------------------ decode, prefill */
static int32_t best(const float *row, size_t n) {
    size_t at = 0;
    for (size_t i = 1; i < n; i++)
        if (row[i] > row[at]) at = i;
    return (int32_t)at;
}

static bool start_streams(worker *w, size_t streams, size_t prompt) {
    for (size_t s = 0; s < streams; s++) {
        if (hx_llama_sequence_cut(w->context, (int32_t)s, 0, &w->err) != HX_OK) return false;
        w->pieces[s] = (hx_llama_piece){.ids = w->ids + w->starts[s],
                                        .n = prompt,
                                        .sequence = (int32_t)s,
                                        .want = HX_WANT_LOGITS_LAST};
    }
    return hx_llama_run(w->context, w->pieces, streams, &w->err) == HX_OK;
}

static bool run_decode(worker *w) {
    size_t streams = number(w, "streams", 1), steps = number(w, "steps", 64);
    int32_t next[64];
    if (streams > 64 || streams > w->n_lists) return fail(w, "too many streams");
    if (!start_streams(w, streams, number(w, "prompt", 128))) return false;
    double start = now();
    for (size_t step = 0; step <= steps; step++) {
        for (size_t s = 0; s < streams; s++) {
            next[s] = best(hx_llama_logits(w->context, s, NULL), w->info->n_vocab);
            w->pieces[s].ids = &next[s];
            w->pieces[s].n = 1;
            w->pieces[s].step = true;
        }
        if (step < steps && hx_llama_run(w->context, w->pieces, streams, &w->err) != HX_OK)
            return false;
    }
    w->seconds = now() - start;
    w->tokens = streams * steps;
    return true;
}

static bool prepare_decode(worker *w) {
    size_t streams = number(w, "streams", 1);
    w->run = run_decode;
    w->pieces = calloc(streams + 1, sizeof *w->pieces);
    return w->pieces && read_ids(w) &&
           open_context(w, streams, number(w, "prompt", 128) + number(w, "steps", 64));
}

static bool run_prefill(worker *w) {
    w->tokens = number(w, "prompt", 2048);
    return start_streams(w, 1, w->tokens);
}

static bool prepare_prefill(worker *w) {
    w->run = run_prefill;
    w->pieces = calloc(1, sizeof *w->pieces);
    return w->pieces && read_ids(w) && open_context(w, 1, number(w, "prompt", 2048));
}

/* ------------------------------------------------------------------ label, generate */
static bool run_label(worker *w) {
    w->n_values = w->n_texts * w->n_labels;
    return hx_llama_label_texts(w->context, w->prompt, w->texts, w->n_texts, w->rows, &w->err) ==
           HX_OK;
}

static bool prepare_label(worker *w) {
    const char *labels[LABELS_MAX];
    hx_str list = hx_arena_str(w->arena, hx_str_of(key(w, "labels", "negative,positive")));
    hx_str instruction = whole_file(w, "instruction");
    if (!list.ptr || !instruction.ptr) return false;
    char *rest = (char *)(uintptr_t)list.ptr;
    while (rest && w->n_labels < LABELS_MAX)
        labels[w->n_labels++] = strsep(&rest, ",");
    w->run = run_label;
    if (!read_texts(w) || !count_tokens(w) || !open_context(w, 2, 2048)) return false;
    hx_label_options options = {
        .instruction = instruction.ptr, .labels = labels, .n_labels = w->n_labels};
    w->rows = malloc(w->n_texts * w->n_labels * sizeof *w->rows);
    return w->rows && hx_label_prompt_new(&w->prompt, w->context, &options, &w->err) == HX_OK;
}

static bool run_generate(worker *w) {
    hx_chat_message message = {"user", w->texts[0]};
    hx_generate_options options = {.max_tokens = number(w, "steps", 64), .grammar = w->grammar};
    hx_tokens prompt;
    hx_generation out;
    hx_arena *arena = hx_arena_new(0);
    bool ok = arena && hx_llama_sequence_cut(w->context, 0, 0, &w->err) == HX_OK &&
              hx_llama_chat(w->model, &message, 1, true, arena, &prompt, &w->err) == HX_OK;
    /* The prompt but for its last token is read before the clock starts: decoding is what is compared. */
    hx_llama_piece piece = {.sequence = 1};
    if (ok) {
        piece.ids = prompt.ids;
        piece.n = prompt.n - 1;
        ok = hx_llama_sequence_cut(w->context, 1, 0, &w->err) == HX_OK &&
             hx_llama_run(w->context, &piece, 1, &w->err) == HX_OK &&
             hx_llama_sequence_fork(w->context, 0, 1, &w->err) == HX_OK;
    }
    double start = now();
    ok = ok && hx_llama_generate(w->context, 0, prompt.ids + prompt.n - 1, 1, &options, NULL, NULL,
                                 arena, &out, &w->err) == HX_OK;
    w->seconds = now() - start;
    if (ok) {
        w->tokens = out.n_tokens;
        fprintf(stderr, "%.*s\n", (int)out.text.len, out.text.ptr);
    }
    hx_arena_free(arena);
    return ok;
}

static bool prepare_generate(worker *w) {
    w->run = run_generate;
    if (key(w, "schema", NULL)) {
        hx_str schema = whole_file(w, "schema");
        if (!schema.ptr || hx_grammar_of_schema(&w->grammar, schema, &w->err) != HX_OK)
            return false;
    }
    return read_texts(w) && open_context(w, 2, 2048);
}

/* ------------------------------------------------------------------ protocol */
static const struct {
    const char *name;
    work *prepare;
} works[] = {{"embed", prepare_embed},   {"cold", prepare_cold},
             {"states", prepare_states}, {"perplexity", prepare_perplexity},
             {"decode", prepare_decode}, {"prefill", prepare_prefill},
             {"label", prepare_label},   {"generate", prepare_generate}};

static bool save(worker *w, const char *path) {
    FILE *file = fopen(path, "wb");
    if (!file) return fail(w, "the file for the rows cannot be written");
    bool ok = fwrite(w->rows, sizeof *w->rows, w->n_values, file) == w->n_values;
    return (fclose(file) == 0 && ok) || fail(w, "the rows were not written");
}

static bool answer(worker *w, char *line) {
    w->seconds = 0;
    double start = now(), spent = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    if (!w->run(w)) return false;
    double took = now() - start;
    spent = clock_of(CLOCK_PROCESS_CPUTIME_ID) - spent;
    if (strncmp(line, "save ", 5) == 0) {
        line[strcspn(line, "\n")] = '\0';
        if (!save(w, line + 5)) return false;
    }
    printf("{\"seconds\":%.6f,\"cpu\":%.6f,\"tokens\":%zu,\"texts\":%zu,\"nll\":%.6f}\n",
           w->seconds > 0 ? w->seconds : took, spent, w->tokens, w->n_texts, w->nll);
    return fflush(stdout) == 0;
}

static bool serve(worker *w) {
    char line[LINE_MAX_BYTES];
    struct rusage usage;
    puts("{\"ready\":true}");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) && strncmp(line, "quit", 4) != 0)
        if (!answer(w, line)) return false;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"peak_mb\":%.1f}\n", (double)usage.ru_maxrss / 1024);
    return true;
}

static void close_all(worker *w) {
    hx_label_prompt_free(w->prompt);
    hx_grammar_free(w->grammar);
    hx_llama_context_close(w->context);
    hx_llama_close(w->model);
    hx_arena_free(w->arena);
    hx_buf_release(&w->file);
    free(w->texts);
    free(w->ids);
    free(w->starts);
    free(w->pieces);
    free(w->rows);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fputs("usage: bench_llama_run MODEL WORK [KEY=VALUE...]\n", stderr);
        return 2;
    }
    worker w = {.keys = argv + 3, .n_keys = argc - 3, .arena = hx_arena_new(0)};
    hx_buf_init(&w.file, (size_t)1 << 30);
    work *prepare = NULL;
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++)
        if (strcmp(argv[2], works[i].name) == 0) prepare = works[i].prepare;
    bool ok = w.arena && (prepare || fail(&w, "no such work"));
    ok = ok && open_model(&w, argv[1]) && prepare(&w) && serve(&w);
    if (!ok) fprintf(stderr, "bench_llama_run: %s\n", w.err.message);
    close_all(&w);
    return ok ? 0 : 1;
}
