/* word_vectors.c - vectors of words: from a corpus, and what is asked of them; see word_vectors.h and huaxiang/learn.h.
 *
 *     corpus -> vocabulary (words that are common enough, the commonest first, equals bytewise) -> tokens as its numbers -> trainer
 *
 * Likeness is the cosine. A question of several words - this one and that one, but not the third - is the mean of their vectors at length 1, those
 * that are taken away with a minus, as gensim's most_similar() has it; the words of the question are no answers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "learn/word_vectors.h"

#define WORD_STORE_MAX ((size_t)8 << 30)
#define SUMMARY_MAX ((size_t)16 << 20)

static const char *const names[HX_WORDS_N] = {"skipgram", "cbow", "glove"};

const char *hx_word_method_name(hx_word_method method) {
    return method < HX_WORDS_N ? names[method] : "";
}

hx_word_method hx_word_method_of_name(const char *name) {
    for (int m = 0; m < HX_WORDS_N; m++)
        if (strcmp(names[m], name) == 0) return (hx_word_method)m;
    return HX_WORDS_N;
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the vectors of words");
}

/* ------------------------------------------------------------------ life */
hx_status hx_word_vectors_new(hx_word_vectors **out, size_t n, size_t dimension, hx_error *err) {
    hx_word_vectors *v = calloc(1, sizeof *v);
    if (v == NULL) return no_memory(err);
    v->dimension = dimension;
    hx_map_init(&v->ids);
    v->arena = hx_arena_new(WORD_STORE_MAX);
    v->rows = calloc(n * dimension + 1, sizeof *v->rows);
    if (v->arena != NULL) v->words = hx_arena_alloc(v->arena, (n + 1) * sizeof *v->words);
    if (v->words != NULL && v->rows != NULL) {
        *out = v;
        return HX_OK;
    }
    hx_word_vectors_free(v);
    return no_memory(err);
}

void hx_word_vectors_free(hx_word_vectors *v) {
    if (v == NULL) return;
    hx_map_release(&v->ids);
    free(v->rows);
    hx_arena_free(v->arena);
    free(v);
}

bool hx_word_vectors_add(hx_word_vectors *v, hx_str word, bool *fresh) {
    uint64_t *place;
    if (!hx_word_place(&v->ids, v->words, word, &place)) return false;
    *fresh = *place == 0;
    if (!*fresh) return true;
    v->words[v->n] = hx_arena_str(v->arena, word);
    *place = v->n + 1;
    return v->words[v->n++].ptr != NULL;
}

size_t hx_word_vectors_count(const hx_word_vectors *v) {
    return v->n;
}
size_t hx_word_vectors_dimension(const hx_word_vectors *v) {
    return v->dimension;
}
hx_str hx_word_vectors_word(const hx_word_vectors *v, size_t i) {
    return i < v->n ? v->words[i] : (hx_str){NULL, 0};
}
const float *hx_word_vectors_row(const hx_word_vectors *v, size_t i) {
    return i < v->n ? v->rows + i * v->dimension : NULL;
}
size_t hx_word_vectors_find(const hx_word_vectors *v, hx_str word) {
    return hx_word_find(&v->ids, v->words, word);
}
hx_str hx_word_vectors_summary(const hx_word_vectors *v) {
    return v->summary;
}

/* ------------------------------------------------------------------ learning */
hx_status hx_word_tell(const hx_word_task *t, size_t epoch, double share, double loss,
                       hx_error *err) {
    const hx_word_progress p = {epoch + 1, t->options.n_epochs, share, loss};
    if (t->options.progress != NULL) t->options.progress(t->options.context, &p);
    if (hx_flag_is_raised(t->options.cancel))
        return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
    return HX_OK;
}

static hx_status set_defaults(hx_word_options *o, hx_error *err) {
    const bool glove = o->method == HX_WORDS_GLOVE;
    if (o->dimension == 0) o->dimension = 100;
    if (o->window == 0) o->window = 5;
    if (o->negative == 0) o->negative = 5;
    if (o->min_count == 0) o->min_count = 5;
    if (o->n_epochs == 0) o->n_epochs = glove ? 25 : 5;
    if (o->sample == 0) o->sample = 1e-3;
    if (o->rate == 0) o->rate = glove ? 0.05 : 0.025;
    if (o->x_max == 0) o->x_max = 100;
    if (o->method >= HX_WORDS_N)
        return hx_fail(err, HX_EINVAL, "no method of vectors has the number %d", (int)o->method);
    if (o->dimension > HX_WORD_DIMENSION_MAX || o->window > HX_WORD_WINDOW_MAX ||
        o->negative > HX_WORD_NEGATIVE_MAX)
        return hx_fail(err, HX_EINVAL,
                       "vectors have at most %d values, windows %d words, samples %d wrong words",
                       HX_WORD_DIMENSION_MAX, HX_WORD_WINDOW_MAX, HX_WORD_NEGATIVE_MAX);
    if (!(o->rate > 0 && o->rate <= 10) || !(o->x_max > 0) || !(o->sample <= 1))
        return hx_fail(err, HX_EINVAL,
                       "the learning rate lies in (0, 10], the thinning up to 1, x_max above 0");
    return HX_OK;
}

typedef struct {
    hx_str word;
    uint64_t count;
    uint32_t id;
} candidate;

static int by_count(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return hx_str_compare(x->word, y->word);
}

/* What a fit needs and frees at its end. */
typedef struct {
    hx_word_task task;
    candidate *all;
    uint32_t *numbers; /* (ids of the corpus) in the vocabulary; HX_WORD_END = too rare */
    hx_str *words;
    uint64_t *counts, *samples;
    uint32_t *tokens;
    double *losses;
    float *rows, *aligned; /* (n_words, stride) */
} fitting;

static size_t choose_words(fitting *f, const hx_word_corpus *c) {
    const size_t n = hx_word_corpus_vocabulary(c);
    const hx_str *words = (const hx_str *)(const void *)c->words.ptr;
    const uint64_t *counts = (const uint64_t *)(const void *)c->counts.ptr;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        f->numbers[i] = HX_WORD_END;
        if (counts[i] >= f->task.options.min_count)
            f->all[kept++] = (candidate){words[i], counts[i], (uint32_t)i};
    }
    if (kept > 1) qsort(f->all, kept, sizeof *f->all, by_count);
    for (size_t i = 0; i < kept; i++) {
        f->numbers[f->all[i].id] = (uint32_t)i;
        f->words[i] = f->all[i].word;
        f->counts[i] = f->all[i].count;
    }
    return kept;
}

static void number_tokens(fitting *f, const hx_word_corpus *c) {
    const uint32_t *ids = (const uint32_t *)(const void *)c->tokens.ptr;
    const size_t n = c->tokens.len / sizeof *ids;
    for (size_t i = 0; i < n; i++) {
        const uint32_t number = ids[i] == HX_WORD_END ? HX_WORD_END : f->numbers[ids[i]];
        const bool end = ids[i] == HX_WORD_END;
        if (!end && number == HX_WORD_END) continue;
        f->task.n_counted += !end;
        f->tokens[f->task.n_tokens++] = number;
    }
}

static hx_status prepare(fitting *f, const hx_word_corpus *c, hx_error *err) {
    const size_t n = hx_word_corpus_vocabulary(c), epochs = f->task.options.n_epochs;
    f->all = calloc(n + 1, sizeof *f->all);
    f->numbers = calloc(n + 1, sizeof *f->numbers);
    f->words = calloc(n + 1, sizeof *f->words);
    f->counts = calloc(n + 1, sizeof *f->counts);
    f->tokens = calloc(c->tokens.len / sizeof(uint32_t) + 1, sizeof *f->tokens);
    f->losses = calloc(epochs, sizeof *f->losses);
    f->samples = calloc(epochs, sizeof *f->samples);
    if (f->all == NULL || f->numbers == NULL || f->words == NULL || f->counts == NULL ||
        f->tokens == NULL || f->losses == NULL || f->samples == NULL)
        return no_memory(err);
    const size_t kept = choose_words(f, c);
    if (kept < 2)
        return hx_fail(err, HX_EINVAL,
                       "%zu words occur %zu times or more; vectors need two at least, so give more "
                       "text or a smaller least count",
                       kept, f->task.options.min_count);
    number_tokens(f, c);
    const size_t stride = (f->task.options.dimension + HX_WORD_LANES - 1) / HX_WORD_LANES;
    f->task.stride = stride * HX_WORD_LANES;
    f->rows = calloc(kept * f->task.stride + HX_WORD_LANES, sizeof *f->rows);
    if (f->rows == NULL) return no_memory(err);
    f->aligned = (float *)(((uintptr_t)f->rows + 63) & ~(uintptr_t)63);
    f->task.n_words = kept;
    f->task.words = f->words;
    f->task.counts = f->counts;
    f->task.tokens = f->tokens;
    f->task.losses = f->losses;
    f->task.samples = f->samples;
    return HX_OK;
}

static void put_count(hx_json_writer *w, const char *key, uint64_t v) {
    hx_json_key(w, key);
    hx_json_int(w, (int64_t)v);
}

static void put_real(hx_json_writer *w, const char *key, double v) {
    hx_json_key(w, key);
    hx_json_double(w, v);
}

static void write_summary(const hx_word_task *t, size_t words, hx_json_writer *w) {
    const hx_word_options *o = &t->options;
    hx_json_object(w);
    hx_json_key(w, "method");
    hx_json_cstr(w, hx_word_method_name(o->method));
    put_count(w, "words", t->n_words);
    put_count(w, "dimension", o->dimension);
    put_count(w, "window", o->window);
    if (o->method != HX_WORDS_GLOVE) put_count(w, "negative", o->negative);
    if (o->method != HX_WORDS_GLOVE) put_real(w, "sample", o->sample > 0 ? o->sample : 0);
    if (o->method == HX_WORDS_GLOVE) put_real(w, "x_max", o->x_max);
    put_count(w, "min_count", o->min_count);
    put_real(w, "rate", o->rate);
    put_count(w, "seed", o->seed);
    put_count(w, "running_words", words);
    put_count(w, "known", t->n_counted);
    hx_json_key(w, "epochs");
    hx_json_array(w);
    for (size_t e = 0; e < o->n_epochs; e++) {
        hx_json_object(w);
        put_count(w, "epoch", e + 1);
        put_real(w, "loss", t->losses[e]);
        put_count(w, "samples", t->samples[e]);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status make(const fitting *f, size_t words, hx_word_vectors **out, hx_error *err) {
    const hx_word_task *t = &f->task;
    const size_t d = t->options.dimension;
    hx_json_writer w;
    hx_buf b;
    HX_TRY(hx_word_vectors_new(out, t->n_words, d, err));
    hx_buf_init(&b, SUMMARY_MAX);
    hx_json_begin(&w, &b);
    write_summary(t, words, &w);
    (*out)->summary = hx_arena_str((*out)->arena, hx_buf_str(&b));
    bool ok = !b.failed && (*out)->summary.ptr != NULL, fresh;
    hx_buf_release(&b);
    for (size_t i = 0; i < t->n_words && ok; i++) {
        memcpy((*out)->rows + i * d, f->aligned + i * t->stride, d * sizeof(float));
        ok = hx_word_vectors_add(*out, t->words[i], &fresh);
    }
    if (ok) return HX_OK;
    hx_word_vectors_free(*out);
    *out = NULL;
    return no_memory(err);
}

/* Vectors that are still as they were drawn are refused. */
static hx_status check_learnt(const fitting *f, hx_error *err) {
    for (size_t e = 0; e < f->task.options.n_epochs; e++)
        if (f->samples[e] > 0) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "no word was learnt from: texts hold one known word each, or common words were "
                   "thinned out (sample %g); give more text, or keep all words (sample 0)",
                   fmax(f->task.options.sample, 0));
}

hx_status hx_word_vectors_fit(hx_word_vectors **out, const hx_word_corpus *c,
                              const hx_word_options *options, hx_error *err) {
    fitting f = {.task.options = *options};
    hx_status status = set_defaults(&f.task.options, err);
    if (status == HX_OK) status = prepare(&f, c, err);
    if (status == HX_OK)
        status = f.task.options.method == HX_WORDS_GLOVE
                     ? hx_word_train_glove(&f.task, f.aligned, err)
                     : hx_word_train_negative(&f.task, f.aligned, err);
    if (status == HX_OK) status = check_learnt(&f, err);
    if (status == HX_OK) status = make(&f, c->n_tokens, out, err);
    free(f.all);
    free(f.numbers);
    free(f.words);
    free(f.counts);
    free(f.tokens);
    free(f.losses);
    free(f.samples);
    free(f.rows);
    return status;
}

/* ------------------------------------------------------------------ questions */
static double dot(const float *a, const float *b, size_t d) {
    double sum = 0;
    for (size_t k = 0; k < d; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

/* Adds the word's vector at length 1, `sign` times. */
static hx_status ask(const hx_word_vectors *v, hx_str word, double sign, double *question,
                     size_t *asked, hx_error *err) {
    const size_t i = hx_word_vectors_find(v, word);
    if (i == SIZE_MAX)
        return hx_fail(err, HX_ENOTFOUND,
                       "the vectors do not have the word '%.*s'; they know %zu words",
                       HX_STR_ARG(word), v->n);
    const float *row = v->rows + i * v->dimension;
    const double length = sqrt(dot(row, row, v->dimension));
    for (size_t k = 0; k < v->dimension && length > 0; k++)
        question[k] += sign * (double)row[k] / length;
    *asked = i;
    return HX_OK;
}

/* The dearest first; of equals the commoner. */
static void insert(hx_near_word *best, size_t *n, size_t top, hx_near_word one) {
    size_t at = *n;
    if (at == top && (top == 0 || best[top - 1].similarity >= one.similarity)) return;
    if (at == top) at--;
    for (; at > 0 && best[at - 1].similarity < one.similarity; at--)
        best[at] = best[at - 1];
    best[at] = one;
    if (*n < top) (*n)++;
}

static bool is_asked(const size_t *asked, size_t n, size_t i) {
    for (size_t k = 0; k < n; k++)
        if (asked[k] == i) return true;
    return false;
}

static void search(const hx_word_vectors *v, const double *question, const size_t *asked,
                   size_t n_asked, size_t top, hx_near_word *best, size_t *n) {
    double length = 0;
    for (size_t k = 0; k < v->dimension; k++)
        length += question[k] * question[k];
    for (size_t i = 0; i < v->n; i++) {
        const float *row = v->rows + i * v->dimension;
        double sum = 0, own = 0;
        if (is_asked(asked, n_asked, i)) continue;
        for (size_t k = 0; k < v->dimension; k++) {
            sum += question[k] * (double)row[k];
            own += (double)row[k] * (double)row[k];
        }
        const double near = own > 0 && length > 0 ? sum / sqrt(own * length) : 0;
        insert(best, n, top, (hx_near_word){v->words[i], i, near});
    }
}

hx_status hx_word_vectors_similar(const hx_word_vectors *v, const hx_word_question *q, size_t top,
                                  hx_arena *arena, hx_near_word **out, size_t *n, hx_error *err) {
    const size_t n_asked = q->n_plus + q->n_minus;
    *n = 0;
    if (n_asked == 0) return hx_fail(err, HX_EINVAL, "similar words need a word to begin with");
    if (top > v->n) top = v->n;
    double *question = hx_arena_alloc(arena, v->dimension * sizeof *question);
    size_t *asked = hx_arena_alloc(arena, n_asked * sizeof *asked);
    *out = hx_arena_alloc(arena, (top + 1) * sizeof **out);
    if (question == NULL || asked == NULL || *out == NULL) return no_memory(err);
    for (size_t i = 0; i < q->n_plus; i++)
        HX_TRY(ask(v, q->plus[i], 1, question, &asked[i], err));
    for (size_t i = 0; i < q->n_minus; i++)
        HX_TRY(ask(v, q->minus[i], -1, question, &asked[q->n_plus + i], err));
    search(v, question, asked, n_asked, top, *out, n);
    return HX_OK;
}

size_t hx_word_vectors_mean(const hx_word_vectors *v, const hx_str *words, size_t n, double *mean) {
    size_t known = 0;
    memset(mean, 0, v->dimension * sizeof *mean);
    for (size_t i = 0; i < n; i++) {
        const size_t at = hx_word_vectors_find(v, words[i]);
        if (at == SIZE_MAX) continue;
        known++;
        for (size_t k = 0; k < v->dimension; k++)
            mean[k] += (double)v->rows[at * v->dimension + k];
    }
    for (size_t k = 0; k < v->dimension && known > 0; k++)
        mean[k] /= (double)known;
    return known;
}
