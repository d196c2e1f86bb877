/* generate.c - text from a prompt: one run for the prompt, then one step a token.
 *
 *   token -> bytes -> whole characters (`text`) -> looked through for stop texts -> given to the caller once certain
 *
 * Invariants
 *   - `text` is valid UTF-8. Bytes of a character that is not whole wait in `raw`; bytes that cannot be part of one become U+FFFD; what waits
 *     at the end is dropped.
 *   - What was given never changes: the longest end of `text` that a stop text may begin with is held back, until more comes or all ends.
 *   - Under a grammar no token is taken that the grammar refuses, whatever the logits are. A failure of the grammar's matcher ends the
 *     generation with its error.
 *
 * The bytes of tokens, for grammars, are sorted once a model (m->token_table), which also keeps the last grammars' automata and masks. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "llama/context.h"
#include "llama/sampler.h"

enum {
    TOKENS_DEFAULT = 256,
    TEXT_CAP = 64 << 20,
    STOPS_MAX = 64,
    STOP_BYTES_MAX = 1024,
    PENALTY_TOKENS = 64 /* of the prompt, for the repetition penalty */
};

typedef struct {
    hx_llama_context *c;
    const hx_tokenizer *tokenizer;
    int32_t sequence;
    const hx_generate_options *o;
    hx_sampler *sampler;
    hx_guide *guide; /* NULL = free */
    hx_buf raw, text;
    size_t given; /* bytes of text */
    size_t max_tokens, longest_stop;
    bool (*each)(void *context, const hx_generated *g);
    void *context;
    hx_generation result;
    bool is_over;
    hx_error *err;
} generation;

/* ------------------------------------------------------------------ tokens of the model */
static hx_str bytes_of(const void *tokenizer, int32_t id) {
    return hx_tokenizer_bytes(tokenizer, id);
}

static bool ends_text(const void *tokenizer, int32_t id) {
    return hx_tokenizer_ends(tokenizer, id);
}

static hx_status token_table_of(hx_llama *m, hx_token_table **out, hx_error *err) {
    size_t n = hx_tokenizer_n_vocab(m->tokenizer);
    if (n > m->info.n_vocab) n = m->info.n_vocab;
    pthread_mutex_lock(&m->lock);
    if (!m->token_table) m->token_table = hx_token_table_new(n, bytes_of, ends_text, m->tokenizer);
    *out = m->token_table;
    pthread_mutex_unlock(&m->lock);
    return *out ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory to follow the grammar");
}

/* ------------------------------------------------------------------ text */
/* The bytes begin a character and lack its rest. */
static bool is_begun(hx_str s) {
    unsigned char c = (unsigned char)s.ptr[0];
    size_t need = c >= 0xC2 && c < 0xE0   ? 2
                  : c >= 0xE0 && c < 0xF0 ? 3
                  : c >= 0xF0 && c < 0xF5 ? 4
                                          : 0;
    if (s.len >= need) return false;
    for (size_t i = 1; i < s.len; i++)
        if (((unsigned char)s.ptr[i] & 0xC0) != 0x80) return false;
    return true;
}

static hx_status take_bytes(generation *g, hx_str bytes) {
    hx_buf_append_str(&g->raw, bytes);
    hx_str left = hx_buf_str(&g->raw);
    while (left.len > 0) {
        size_t valid = hx_utf8_valid_prefix(left);
        hx_buf_append(&g->text, left.ptr, valid);
        left.ptr += valid;
        left.len -= valid;
        if (left.len == 0 || is_begun(left)) break;
        hx_buf_append_lit(&g->text, "\xEF\xBF\xBD");
        left.ptr++;
        left.len--;
    }
    if (left.len > 0) memmove(g->raw.ptr, left.ptr, left.len);
    g->raw.len = left.len;
    HX_TRY(hx_buf_status(&g->raw, "the generated text", g->err));
    return hx_buf_status(&g->text, "the generated text", g->err);
}

/* Cuts the text where the earliest stop text begins. Only what is new can complete one. */
static bool cut_at_stop(generation *g, size_t n_before) {
    size_t from = n_before > g->longest_stop ? n_before - g->longest_stop : 0;
    if (from < g->given) from = g->given;
    for (size_t at = from; at < g->text.len; at++)
        for (size_t i = 0; i < g->o->n_stop; i++) {
            hx_str stop = g->o->stop[i];
            if (stop.len > g->text.len - at || memcmp(g->text.ptr + at, stop.ptr, stop.len) != 0)
                continue;
            g->text.len = at;
            return true;
        }
    return false;
}

/* Bytes at the end that a stop text may begin with. */
static size_t held_back(const generation *g) {
    size_t room = g->text.len - g->given;
    for (size_t n = room < g->longest_stop ? room : g->longest_stop; n > 0; n--)
        for (size_t i = 0; i < g->o->n_stop; i++)
            if (g->o->stop[i].len > n &&
                memcmp(g->text.ptr + g->text.len - n, g->o->stop[i].ptr, n) == 0)
                return n;
    return 0;
}

static void end_with(generation *g, hx_end_reason reason) {
    g->is_over = true;
    g->result.end = reason;
}

static void give(generation *g, int32_t token, float log_prob) {
    size_t certain = g->text.len - (g->is_over ? 0 : held_back(g));
    hx_generated out = {
        {g->text.ptr ? g->text.ptr + g->given : "", certain - g->given}, token, log_prob};
    g->given = certain;
    if (g->each && !g->each(g->context, &out)) end_with(g, HX_END_CANCELLED);
}

/* ------------------------------------------------------------------ steps */
static hx_status take_token(generation *g, int32_t token) {
    size_t before = g->text.len;
    hx_sampler_accept(g->sampler, token);
    if (g->guide) hx_guide_accept(g->guide, token);
    HX_TRY(take_bytes(g, hx_tokenizer_bytes(g->tokenizer, token)));
    if (cut_at_stop(g, before))
        end_with(g, HX_END_STOP);
    else if (g->guide && hx_guide_is_over(g->guide))
        end_with(g, HX_END_OF_TEXT);
    else if (g->result.n_tokens == g->max_tokens ||
             hx_llama_sequence_length(g->c, g->sequence) >= g->c->options.n_positions)
        end_with(g, HX_END_LENGTH);
    return g->guide ? hx_guide_status(g->guide, g->err) : HX_OK;
}

static hx_status choose(generation *g, int32_t *token, float *log_prob) {
    const float *logits = hx_llama_logits(g->c, 0, NULL);
    if (!logits)
        return hx_fail(g->err, HX_EUNSUPPORTED,
                       "the model gives no logits: it has no output matrix");
    HX_TRY(hx_sampler_choose(g->sampler, logits, g->guide, token, log_prob, g->err));
    g->result.n_tokens++;
    g->result.log_prob += (double)*log_prob;
    if (hx_tokenizer_ends(g->tokenizer, *token)) {
        end_with(g, HX_END_OF_TEXT);
        return HX_OK;
    }
    return take_token(g, *token);
}

static hx_status run(generation *g, const int32_t *prompt, size_t n_prompt) {
    hx_llama_piece piece = {
        .ids = prompt, .n = n_prompt, .sequence = g->sequence, .want = HX_WANT_LOGITS_LAST};
    int32_t token = -1;
    for (;;) {
        float log_prob = 0;
        HX_TRY(hx_llama_run(g->c, &piece, 1, g->err));
        HX_TRY(choose(g, &token, &log_prob));
        give(g, token, log_prob);
        if (g->is_over) return HX_OK;
        piece = (hx_llama_piece){.ids = &token,
                                 .n = 1,
                                 .sequence = g->sequence,
                                 .want = HX_WANT_LOGITS_LAST,
                                 .step = true};
    }
}

/* ------------------------------------------------------------------ beginning and end */
static hx_status check_stops(generation *g) {
    if (g->o->n_stop > STOPS_MAX)
        return hx_fail(g->err, HX_ELIMIT, "at most %d stop texts are possible", STOPS_MAX);
    for (size_t i = 0; i < g->o->n_stop; i++) {
        hx_str stop = g->o->stop[i];
        if (stop.len == 0 || stop.len > STOP_BYTES_MAX || !hx_utf8_is_valid(stop))
            return hx_fail(g->err, HX_EINVAL, "a stop text must be UTF-8 of 1 to %d bytes",
                           STOP_BYTES_MAX);
        if (stop.len > g->longest_stop) g->longest_stop = stop.len;
    }
    return HX_OK;
}

/* An empty slot that shares a prefix goes on from there; any other begins anew. */
static hx_status empty_slot(generation *g) {
    const hx_cache *cache = &g->c->cache;
    bool is_fork = g->sequence >= 0 && (size_t)g->sequence < cache->n_slots &&
                   cache->slots[g->sequence].prefix >= 0 && cache->slots[g->sequence].own == 0;
    return is_fork ? HX_OK : hx_llama_sequence_cut(g->c, g->sequence, 0, g->err);
}

static hx_status begin(generation *g, const int32_t *prompt, size_t n_prompt) {
    hx_llama *m = g->c->model;
    if (!m->tokenizer)
        return hx_fail(g->err, HX_EUNSUPPORTED,
                       "the model has no tokenizer: it cannot generate text");
    if (!m->output)
        return hx_fail(g->err, HX_EUNSUPPORTED,
                       "the model gives no logits: it has no output matrix");
    if (n_prompt == 0)
        return hx_fail(g->err, HX_EINVAL, "the prompt is empty: give at least one token");
    g->tokenizer = m->tokenizer;
    g->max_tokens = g->o->max_tokens > 0 ? g->o->max_tokens : TOKENS_DEFAULT;
    g->result.n_prompt = n_prompt;
    HX_TRY(check_stops(g));
    HX_TRY(hx_sampler_new(&g->sampler, m->kernels, m->info.n_vocab, g->o, g->err));
    for (size_t i = n_prompt > PENALTY_TOKENS ? n_prompt - PENALTY_TOKENS : 0; i < n_prompt; i++)
        hx_sampler_accept(g->sampler, prompt[i]);
    HX_TRY(empty_slot(g));
    if (!g->o->grammar) return HX_OK;
    hx_token_table *table;
    HX_TRY(token_table_of(m, &table, g->err));
    g->guide = hx_guide_take(g->o->grammar, table);
    return g->guide ? HX_OK : hx_fail(g->err, HX_ENOMEM, "not enough memory to follow the grammar");
}

hx_status hx_llama_generate(hx_llama_context *c, int32_t sequence, const int32_t *prompt,
                            size_t n_prompt, const hx_generate_options *options,
                            bool (*each)(void *context, const hx_generated *g), void *context,
                            hx_arena *arena, hx_generation *out, hx_error *err) {
    hx_generate_options defaults = {0};
    generation g = {.c = c,
                    .sequence = sequence,
                    .o = options ? options : &defaults,
                    .each = each,
                    .context = context,
                    .err = err};
    hx_buf_init(&g.raw, TEXT_CAP);
    hx_buf_init(&g.text, TEXT_CAP);
    hx_status status = begin(&g, prompt, n_prompt);
    if (status == HX_OK) status = run(&g, prompt, n_prompt);
    if (status == HX_OK) {
        g.result.text = hx_arena_str(arena, hx_buf_str(&g.text));
        if (!g.result.text.ptr)
            status = hx_fail(err, HX_ENOMEM, "not enough memory for the generated text");
        else
            *out = g.result;
    }
    hx_sampler_free(g.sampler);
    hx_guide_give(g.guide);
    hx_buf_release(&g.raw);
    hx_buf_release(&g.text);
    return status;
}
