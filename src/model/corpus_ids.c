/* corpus_ids.c - documents to token ids, by several threads; see corpus.h.
 *
 * Texts are gathered until there are BATCH_BYTES of them and encoded in jobs of about JOB_BYTES; the results are put together in the order
 * of the files, so neither threads nor the size of a batch show in them.
 *
 * Ids are 16 bits wide where the vocabulary has at most 65,536. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "model/corpus_parts.h"

#define BATCH_BYTES ((size_t)8 << 20)
#define JOB_BYTES ((size_t)64 << 10)
#define THREADS_MAX 64u
#define TOKENS_MAX ((uint64_t)1 << 40)

typedef struct {
    size_t at, len; /* in the texts of the batch */
} span;

typedef struct {
    size_t from, to; /* documents of the batch */
    hx_buf ids; /* int32_t */
    hx_buf lengths; /* uint32_t, one a document */
} job;

typedef struct {
    hx_corpus *c;
    const hx_corpus_options *options;
    hx_tokenizer_scratch *scratch[THREADS_MAX]; /* made on first need */
    size_t n_threads;
    uint64_t max_tokens;
    hx_buf texts, spans; /* span */
    bool full; /* max_tokens is reached */
} encoding;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while texts are read");
}

static const span *spans_of(const encoding *e) {
    return (const span *)(const void *)e->spans.ptr;
}

/* ------------------------------------------------------------------ jobs */
typedef struct {
    encoding *e;
    job *jobs;
} encoding_jobs;

static hx_status encode_job(void *context, size_t i, size_t worker, hx_error *err) {
    const encoding_jobs *all = context;
    encoding *e = all->e;
    job *j = &all->jobs[i];
    const hx_token_options plain = {0};
    if (hx_flag_is_raised(e->options->cancel))
        return hx_fail(err, HX_ECANCELLED, "the reading of texts was stopped");
    if (!e->scratch[worker]) e->scratch[worker] = hx_tokenizer_scratch_new(e->c->tokenizer);
    if (!e->scratch[worker]) return no_memory(err);
    for (size_t d = j->from; d < j->to; d++) {
        const span *s = &spans_of(e)[d];
        size_t before = j->ids.len;
        HX_TRY(hx_tokenizer_encode(e->c->tokenizer, e->scratch[worker],
                                   (hx_str){e->texts.ptr + s->at, s->len}, &plain, &j->ids, err));
        uint32_t n = (uint32_t)((j->ids.len - before) / sizeof(int32_t));
        if (!hx_buf_append(&j->lengths, &n, sizeof n)) return no_memory(err);
    }
    return HX_OK;
}

static void put_ids(hx_corpus *c, const int32_t *ids, size_t n) {
    if (c->width == 4) {
        hx_buf_append(&c->id_bytes, ids, n * sizeof *ids);
        return;
    }
    if (!hx_buf_reserve(&c->id_bytes, n * sizeof(uint16_t))) return;
    uint16_t *to = (uint16_t *)(void *)(c->id_bytes.ptr + c->id_bytes.len);
    for (size_t i = 0; i < n; i++)
        to[i] = (uint16_t)ids[i];
    c->id_bytes.len += n * sizeof *to;
}

static hx_status keep_job(encoding *e, const job *j, hx_error *err) {
    hx_corpus *c = e->c;
    const int32_t *ids = (const int32_t *)(const void *)j->ids.ptr;
    const uint32_t *lengths = (const uint32_t *)(const void *)j->lengths.ptr;
    for (size_t d = j->from; d < j->to && !e->full; d++) {
        const span *s = &spans_of(e)[d];
        uint32_t n = lengths[d - j->from];
        uint64_t hash = hx_hash((hx_str){e->texts.ptr + s->at, s->len});
        uint32_t high = (uint32_t)(hash >> 32);
        put_ids(c, ids, n);
        ids += n;
        hx_buf_append(&c->length_bytes, &n, sizeof n);
        hx_buf_append(&c->hash_bytes, &high, sizeof high);
        c->counts.n_documents++;
        c->counts.n_bytes += s->len;
        c->counts.n_tokens += n;
        e->full = c->counts.n_tokens >= e->max_tokens;
    }
    if (!c->id_bytes.failed && !c->length_bytes.failed && !c->hash_bytes.failed) return HX_OK;
    return no_memory(err);
}

/* Jobs of the batch; their number. */
static size_t cut_jobs(const encoding *e, job *jobs) {
    size_t n_spans = e->spans.len / sizeof(span), n = 0, bytes = 0;
    for (size_t d = 0; d < n_spans; d++) {
        if (n == 0 || bytes >= JOB_BYTES) {
            jobs[n] = (job){.from = d};
            hx_buf_init(&jobs[n].ids, SIZE_MAX / 2);
            hx_buf_init(&jobs[n++].lengths, SIZE_MAX / 2);
            bytes = 0;
        }
        bytes += spans_of(e)[d].len;
        jobs[n - 1].to = d + 1;
    }
    return n;
}

static hx_status encode_batch(encoding *e, hx_error *err) {
    job *jobs = calloc(e->texts.len / JOB_BYTES + 2, sizeof *jobs);
    if (!jobs) return no_memory(err);
    size_t n = cut_jobs(e, jobs);
    encoding_jobs all = {e, jobs};
    hx_status status = hx_pool_run(e->n_threads, n, encode_job, &all, err);
    for (size_t i = 0; i < n; i++) {
        if (status == HX_OK && !e->full) status = keep_job(e, &jobs[i], err);
        hx_buf_release(&jobs[i].ids);
        hx_buf_release(&jobs[i].lengths);
    }
    free(jobs);
    hx_buf_reset(&e->texts);
    hx_buf_reset(&e->spans);
    return status;
}

static hx_status take_document(void *context, hx_str text, hx_error *err) {
    encoding *e = context;
    span s = {e->texts.len, text.len};
    if (!hx_buf_append_str(&e->texts, text) || !hx_buf_append(&e->spans, &s, sizeof s))
        return no_memory(err);
    if (e->texts.len >= BATCH_BYTES) HX_TRY(encode_batch(e, err));
    return e->full ? HX_ECANCELLED : HX_OK;
}

/* ------------------------------------------------------------------ the whole */
void hx__corpus_hash(hx_corpus *c) {
    uint64_t n = c->counts.n_tokens;
    hx_str lengths = {(const char *)c->lengths, c->n_documents * sizeof *c->lengths};
    hx_str hashes = {(const char *)c->hashes, c->n_documents * sizeof *c->hashes};
    hx_str ids = {c->ids, (size_t)n * c->width};
    c->hash = hx_hash_mix(hx_hash_mix(hx_hash(lengths), hx_hash(hashes)), hx_hash(ids));
}

static void take_buffers(hx_corpus *c) {
    c->lengths = (const uint32_t *)(const void *)c->length_bytes.ptr;
    c->hashes = (const uint32_t *)(const void *)c->hash_bytes.ptr;
    c->ids = c->id_bytes.ptr;
    c->n_documents = (size_t)c->counts.n_documents;
}

static hx_status read_all(encoding *e, hx_error *err) {
    hx_corpus_counts read;
    hx_status status = hx_corpus_read(e->options, take_document, e, &read, err);
    if (e->full) status = HX_OK;
    if (status == HX_OK && !e->full) status = encode_batch(e, err);
    e->c->counts.n_empty = read.n_empty;
    e->c->counts.n_bad = read.n_bad;
    return status;
}

hx_status hx__corpus_tokenise(hx_corpus *c, const hx_corpus_options *options, hx_error *err) {
    encoding e = {.c = c, .options = options};
    e.n_threads = options->n_threads ? options->n_threads : hx_processors();
    if (e.n_threads > THREADS_MAX) e.n_threads = THREADS_MAX;
    e.max_tokens = options->max_tokens ? options->max_tokens : TOKENS_MAX;
    hx_buf_init(&e.texts, BATCH_BYTES + HX_CORPUS_DOCUMENT_MAX);
    hx_buf_init(&e.spans, SIZE_MAX / 2);
    hx_status status = read_all(&e, err);
    for (size_t i = 0; i < THREADS_MAX; i++)
        hx_tokenizer_scratch_free(e.scratch[i]);
    hx_buf_release(&e.texts);
    hx_buf_release(&e.spans);
    HX_TRY(status);
    take_buffers(c);
    hx__corpus_hash(c);
    return HX_OK;
}
