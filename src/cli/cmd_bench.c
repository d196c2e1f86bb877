/* cmd_bench.c - how fast a model runs on this machine, in tokens a second: short texts to vectors, one long text, answers token by token.
 *
 * Each work is done once to warm up and three times more, of which the fastest counts; texts and tokens are made up here, the same ones
 * every time. For figures beside other engines see bench/ in the sources.
 *
 * One record a work: {"work","tokens","seconds","tokens_per_second","kernels","precision"}. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/llama.h"
#include "cli/output.h"

#define ROUNDS 3
#define TEXTS 200
#define LONG_TOKENS 512
#define PROMPT_TOKENS 128
#define ANSWER_TOKENS 64

typedef struct {
    hx_cli *c;
    const hx_cli_llama *l;
    hx_str texts[TEXTS];
    size_t n_text_tokens;
    float *vectors; /* (TEXTS, n_embd) */
    int32_t ids[LONG_TOKENS];
} work;

typedef hx_status work_fn(work *w, double *seconds, hx_error *err);

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static hx_status embed_texts(work *w, double *seconds, hx_error *err) {
    const hx_embed_options options = {.pooling = HX_POOL_MEAN};
    double start = now();
    hx_status st = hx_llama_embed(w->l->context, w->texts, TEXTS, &options, w->vectors, err);
    *seconds = now() - start;
    return st;
}

static hx_status read_tokens(work *w, size_t n, hx_error *err) {
    const hx_llama_piece piece = {.ids = w->ids, .n = n, .want = HX_WANT_HIDDEN_LAST};
    hx_status st = hx_llama_sequence_cut(w->l->context, 0, 0, err);
    return st == HX_OK ? hx_llama_run(w->l->context, &piece, 1, err) : st;
}

static hx_status read_long_text(work *w, double *seconds, hx_error *err) {
    double start = now();
    hx_status st = read_tokens(w, LONG_TOKENS, err);
    *seconds = now() - start;
    return st;
}

static hx_status answer(work *w, double *seconds, hx_error *err) {
    hx_status st = read_tokens(w, PROMPT_TOKENS, err);
    double start = now();
    for (size_t i = 0; i < ANSWER_TOKENS && st == HX_OK; i++) {
        const hx_llama_piece piece = {.ids = &w->ids[i],
                                      .n = 1,
                                      .want = w->l->info->has_output ? HX_WANT_LOGITS_LAST
                                                                     : HX_WANT_HIDDEN_LAST,
                                      .step = true};
        st = hx_llama_run(w->l->context, &piece, 1, err);
    }
    *seconds = now() - start;
    return st;
}

/* ------------------------------------------------------------------ what is worked on */
static bool make_texts(work *w) {
    static const char *const parts[] = {"The delivery was quick and the box was fine. ",
                                        "这家店的服务态度很好，下次还会再来。",
                                        "I asked for a refund a week ago and nobody answered. ",
                                        "物流太慢了，包装也破了，希望尽快处理。",
                                        "Great value for the price, works as described. "};
    const size_t n = sizeof parts / sizeof *parts;
    const hx_token_options options = {.special = true};
    hx_error err = {.ui = w->c->ui};
    for (size_t i = 0; i < TEXTS; i++) {
        hx_outbuf b = {0};
        hx_tokens tokens;
        for (size_t k = 0; k <= i % 3; k++)
            hx_outbuf_text(&b, parts[(i * 7 + k * 3) % n]);
        w->texts[i] = hx_arena_str(w->c->arena, hx_outbuf_str(&b));
        hx_outbuf_release(&b);
        if (hx_llama_tokenize(w->l->model, w->texts[i], &options, w->c->arena, &tokens, NULL,
                              &err) != HX_OK) {
            hx_cli_error(w->c, &err);
            return false;
        }
        w->n_text_tokens += tokens.n;
    }
    return true;
}

static bool prepare(work *w) {
    uint64_t state = 1;
    for (size_t i = 0; i < LONG_TOKENS; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        w->ids[i] = (int32_t)((state >> 33) % w->l->info->n_vocab);
    }
    w->vectors = hx_arena_alloc(w->c->arena, TEXTS * w->l->info->n_embd * sizeof(float));
    if (!w->vectors) hx_cli_fail(w->c, "not enough memory to start", "内存不足，无法启动");
    return w->vectors && make_texts(w);
}

/* ------------------------------------------------------------------ figures */
static int measure(work *w, json_t *records, const char *en, const char *zh, work_fn *run,
                   size_t tokens) {
    hx_error err = {.ui = w->c->ui};
    double best = 0;
    for (int i = 0; i <= ROUNDS && !hx_flag_is_raised(&w->c->cancel); i++) {
        double seconds = 0;
        if (run(w, &seconds, &err) != HX_OK) return hx_cli_error(w->c, &err);
        if (i == 1 || (i > 1 && seconds < best)) best = seconds; /* the first one packs weights */
    }
    if (hx_flag_is_raised(&w->c->cancel)) return HX_EXIT_FAILED;
    (void)json_array_append_new(
        records, json_pack("{s:s,s:I,s:f,s:f,s:s,s:s}", "work", hx_cli_tr(w->c, en, zh), "tokens",
                           (json_int_t)tokens, "seconds", best, "tokens_per_second",
                           best > 0 ? floor((double)tokens / best * 10) / 10 : 0.0, "kernels",
                           w->l->info->kernels, "precision",
                           w->c->options.number[HX_OPT_PRECISION] ? "exact" : "fast"));
    return HX_EXIT_DONE;
}

static int measure_all(work *w, json_t *records) {
    int status = measure(w, records, "200 short texts to vectors", "200 条短文本转向量",
                         embed_texts, w->n_text_tokens);
    if (status == HX_EXIT_DONE)
        status = measure(w, records, "one text of 512 tokens", "一段 512 词元的文本",
                         read_long_text, LONG_TOKENS);
    if (status == HX_EXIT_DONE)
        status = measure(w, records, "an answer of 64 tokens after 128", "128 词元后续写 64 词元",
                         answer, ANSWER_TOKENS);
    return status;
}

int hx_cmd_bench(hx_cli *c) {
    static const hx_record_column columns[] = {
        {"work", "work", "内容", HX_CELL_LEFT},
        {"tokens", "tokens", "词元", HX_CELL_RIGHT},
        {"seconds", "seconds", "秒", HX_CELL_RIGHT},
        {"tokens_per_second", "tokens/s", "词元/秒", HX_CELL_RIGHT},
        {"precision", "precision", "精度", HX_CELL_LEFT},
        {"kernels", "kernels", "内核", HX_CELL_LEFT}};
    const hx_context_options context = {.n_sequences = 1,
                                        .n_positions = LONG_TOKENS + ANSWER_TOKENS};
    hx_cli_llama l;
    work w = {.c = c, .l = &l};
    hx_cli_catch_interrupts(c);
    if (!hx_cli_llama_open(c, &l, &context)) return HX_EXIT_FAILED;
    json_t *records = json_array();
    int status = prepare(&w) ? measure_all(&w, records) : HX_EXIT_FAILED;
    if (status == HX_EXIT_DONE &&
        !hx_output_records(c, records, columns, sizeof columns / sizeof *columns))
        status = HX_EXIT_FAILED;
    if (status == HX_EXIT_DONE)
        hx_cli_note(c, "beside llama.cpp, PyTorch and OpenVINO: script/bench llama, in the sources",
                    "与 llama.cpp、PyTorch、OpenVINO 对比：源代码中的 script/bench llama");
    json_decref(records);
    hx_cli_llama_close(&l);
    return status;
}
