/* test_corpus.c - plain text for pre-training: documents of files of all kinds, ids and their cache, sequences that hold every token once an
 * epoch, batches that follow from seed and number, and what each objective asks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/rng.h"
#include "llama/tokenizer_train.h"
#include "model/corpus.h"

#define N_DOCUMENTS 400

typedef struct {
    char folder[64], tokens[96], text[96], cache[96];
    hx_tokenizer *tokenizer;
    hx_arena *arena;
} world;

static hx_error err;

static void check(hx_status status) {
    if (status != HX_OK) fail_msg("%s", err.message);
}

static void write_text(const char *path, const char *text, size_t len) {
    check(hx_file_write(path, (hx_str){text, len}, false, &err));
}

/* Sentences of a few words in Chinese and English; a document has 1 to 60 of them. */
static void make_text(hx_buf *out, const char *between) {
    static const char *const words[] = {"服务", "很好", "质量",   "太差",   "快递",   "慢",
                                        "the ", "box ", "was ",   "late ",  "again ", "，",
                                        "。",   "12 ",  "phone ", "works ", "nicely "};
    hx_rng r;
    hx_rng_seed(&r, 7);
    hx_buf_init(out, (size_t)16 << 20);
    for (size_t d = 0; d < N_DOCUMENTS; d++) {
        char number[32];
        snprintf(number, sizeof number, "document %zu ", d);
        hx_buf_append_lit(out, number);
        for (size_t i = 0; i < 6; i++) /* a word that no piece spells */
            hx_buf_append_byte(out, (char)('a' + hx_rng_below(&r, 26)));
        for (size_t n = 1 + (size_t)hx_rng_below(&r, d % 10 ? 12 : 200); n > 0; n--)
            hx_buf_append_lit(out, words[hx_rng_below(&r, 17)]);
        hx_buf_append_lit(out, between);
    }
    assert_false(out->failed);
}

static void train_tokenizer(const world *w, hx_str text) {
    const hx_str symbols[] = {HX_STR_LIT("<mask>")};
    const hx_tokenizer_train_options o = {
        .vocab = 512, .coverage = 1, .symbols = symbols, .n_symbols = 1};
    hx_tokenizer_trainer *t = NULL;
    check(hx_tokenizer_trainer_new(&t, &o, &err));
    check(hx_tokenizer_trainer_add(t, text, &err));
    check(hx_tokenizer_trainer_write(t, w->tokens, &err));
    hx_tokenizer_trainer_free(t);
}

static int setup(void **state) {
    world *w = calloc(1, sizeof *w);
    hx_buf text;
    assert_non_null(w);
    snprintf(w->folder, sizeof w->folder, "/tmp/hx-corpus-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->tokens, sizeof w->tokens, "%s/tokenizer.model", w->folder);
    snprintf(w->text, sizeof w->text, "%s/text.txt", w->folder);
    snprintf(w->cache, sizeof w->cache, "%s/ids.cache", w->folder);
    make_text(&text, "\n");
    write_text(w->text, text.ptr, text.len);
    train_tokenizer(w, hx_buf_str(&text));
    hx_buf_release(&text);
    check(hx_tokenizer_open_folder(&w->tokenizer, w->folder, &err));
    w->arena = hx_arena_new(0);
    assert_non_null(w->arena);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    world *w = *state;
    unlink(w->tokens);
    unlink(w->text);
    unlink(w->cache);
    int left = rmdir(w->folder);
    hx_tokenizer_close(w->tokenizer);
    hx_arena_free(w->arena);
    free(w);
    return left;
}

static hx_corpus *open_with(const world *w, double held_out, const char *cache, size_t threads) {
    const char *path = w->text;
    const hx_corpus_options o = {
        .paths = &path, .n_paths = 1, .cache = cache, .held_out = held_out, .n_threads = threads};
    hx_corpus *c = NULL;
    check(hx_corpus_open(&c, w->tokenizer, &o, &err));
    return c;
}

/* ------------------------------------------------------------------ documents */
typedef struct {
    char text[1024]; /* joined by | */
    size_t n;
} heard;

static hx_status hear(void *context, hx_str text, hx_error *e) {
    heard *h = context;
    (void)e;
    size_t at = strlen(h->text);
    snprintf(h->text + at, sizeof h->text - at, "%.*s|", (int)text.len, text.ptr);
    h->n++;
    return HX_OK;
}

static void read_as(const world *w, const char *name, const char *bytes, size_t len,
                    hx_corpus_options o, const char *wanted) {
    char path[128];
    const char *paths = path;
    heard h = {"", 0};
    hx_corpus_counts counts;
    snprintf(path, sizeof path, "%s/%s", w->folder, name);
    write_text(path, bytes, len);
    o.paths = &paths;
    o.n_paths = 1;
    check(hx_corpus_read(&o, hear, &h, &counts, &err));
    unlink(path);
    assert_string_equal(h.text, wanted);
    assert_int_equal(h.n, counts.n_documents);
}

static void test_documents(void **state) {
    const world *w = *state;
    const hx_corpus_options any = {0}, lines = {.split = HX_CORPUS_SPLIT_LINES},
                            blank = {.split = HX_CORPUS_SPLIT_BLANK}, column = {.text = "b"};
    const char poem[] = "one\ntwo\n\nthree\n\n\nfour\n", plain[] = "one\ntwo\r\nthree";
    const char csv[] = "a,b\n1,\"x, y\"\n2,\n3,z\n";
    const char json[] = "{\"text\":\"x\\ny\",\"n\":1}\n{\"text\":\"z\",\"n\":2}\n";
    read_as(w, "p.txt", poem, sizeof poem - 1, any, "one\ntwo|three|four|");
    read_as(w, "p.txt", poem, sizeof poem - 1, lines, "one|two|three|four|");
    read_as(w, "p.txt", plain, sizeof plain - 1, any, "one|two|three|");
    read_as(w, "p.txt", plain, sizeof plain - 1, blank, "one\ntwo\nthree|");
    read_as(w, "t.csv", csv, sizeof csv - 1, column, "x, y|z|");
    read_as(w, "j.jsonl", json, sizeof json - 1, any, "x\ny|z|");
}

static void test_bad_files(void **state) {
    const world *w = *state;
    const char *missing = "/nowhere/x.txt", *path = w->text;
    hx_corpus *c = NULL;
    hx_corpus_options o = {.paths = &missing, .n_paths = 1};
    assert_int_equal(hx_corpus_open(&c, w->tokenizer, &o, &err), HX_ENOTFOUND);
    o = (hx_corpus_options){.paths = &path, .n_paths = 1, .held_out = 1.5};
    assert_int_equal(hx_corpus_open(&c, w->tokenizer, &o, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "0 to 1, not 1.5"));
    o = (hx_corpus_options){.paths = &path, .n_paths = 0};
    assert_int_equal(hx_corpus_open(&c, w->tokenizer, &o, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "no text"));
    assert_null(c);
}

/* ------------------------------------------------------------------ ids and their file */
static void test_cache(void **state) {
    const world *w = *state;
    hx_corpus *memory = open_with(w, 0, NULL, 1), *made = open_with(w, 0, w->cache, 3);
    hx_corpus *kept = open_with(w, 0, w->cache, 1);
    assert_false(hx_corpus_counted(memory)->cached);
    assert_false(hx_corpus_counted(made)->cached);
    assert_true(hx_corpus_counted(kept)->cached);
    assert_int_equal(hx_corpus_hash(memory), hx_corpus_hash(made));
    assert_int_equal(hx_corpus_hash(memory), hx_corpus_hash(kept));
    assert_int_equal(hx_corpus_counted(kept)->n_documents, N_DOCUMENTS);
    assert_int_equal(hx_corpus_counted(kept)->n_tokens, hx_corpus_counted(memory)->n_tokens);
    assert_int_equal(hx_corpus_counted(kept)->n_bytes, hx_corpus_counted(memory)->n_bytes);
    hx_corpus_close(memory);
    hx_corpus_close(made);
    hx_corpus_close(kept);
}

static void read_cache(const world *w, hx_buf *out) {
    hx_buf_init(out, (size_t)16 << 20);
    check(hx_file_read(w->cache, out, &err));
}

/* A file that was cut, changed anywhere, or made of another text is made anew. */
static void test_stale_cache(void **state) {
    const world *w = *state;
    hx_buf good, text, now;
    hx_corpus_close(open_with(w, 0, w->cache, 1));
    read_cache(w, &good);
    for (size_t at = 0; at < good.len; at += good.len / 37 + 1) {
        good.ptr[at] ^= 0x10;
        write_text(w->cache, good.ptr, at % 2 ? good.len : good.len - 1);
        good.ptr[at] ^= 0x10;
        hx_corpus *c = open_with(w, 0, w->cache, 1);
        assert_false(hx_corpus_counted(c)->cached);
        hx_corpus_close(c);
        read_cache(w, &now);
        assert_true(hx_str_equal(hx_buf_str(&good), hx_buf_str(&now)));
        hx_buf_release(&now);
    }
    hx_buf_init(&text, (size_t)16 << 20);
    check(hx_file_read(w->text, &text, &err));
    write_text(w->text, text.ptr, text.len - 30);
    hx_corpus *c = open_with(w, 0, w->cache, 1);
    assert_false(hx_corpus_counted(c)->cached);
    hx_corpus_close(c);
    write_text(w->text, text.ptr, text.len);
    hx_buf_release(&good);
    hx_buf_release(&text);
}

/* ------------------------------------------------------------------ batches */
static void set(hx_corpus *c, hx_corpus_batching how) {
    if (how.length == 0) how.length = 32;
    if (how.tokens == 0) how.tokens = 256;
    check(hx_corpus_batch_by(c, &how, &err));
}

static hx_corpus_batch batch_of(const world *w, hx_corpus *c, hx_part part, uint64_t number) {
    hx_corpus_batch b;
    hx_arena_reset(w->arena);
    check(hx_corpus_make_batch(c, part, number, w->arena, &b, &err));
    return b;
}

/* Sum over the tokens of a batch that does not depend on their order; checks its shape. */
static uint64_t weigh(const hx_corpus_batch *b, size_t *n_tokens, size_t *n_ends) {
    uint64_t sum = 0;
    size_t counted = 0;
    assert_int_equal(b->batch.starts[0], 0);
    assert_int_equal(b->batch.starts[b->batch.n_sequences], b->batch.n_tokens);
    assert_true(b->batch.n_tokens <= 256);
    for (size_t s = 0; s < b->batch.n_sequences; s++) {
        size_t from = b->batch.starts[s], to = b->batch.starts[s + 1];
        assert_true(to - from >= 2 && to - from <= 32);
        assert_int_equal(b->batch.ids[from], 1);
        assert_true(b->batch.causal[s]);
        *n_ends += b->batch.ids[to - 1] == 2;
        for (size_t t = from; t < to; t++) {
            uint32_t next = t + 1 < to ? b->batch.ids[t + 1] : HX_NN_IGNORE;
            assert_int_equal(b->labels[t], next);
            counted += next != HX_NN_IGNORE;
            if (b->batch.ids[t] > 2) {
                sum += (uint64_t)b->batch.ids[t] * b->batch.ids[t];
                ++*n_tokens;
            }
        }
    }
    assert_int_equal(counted, b->n_counted);
    assert_ptr_equal(b->targets.labels, b->labels);
    return sum;
}

static uint64_t weigh_epoch(const world *w, hx_corpus *c, uint64_t epoch, size_t *n_tokens,
                            size_t *n_ends) {
    uint64_t from = 0, to = 0, sum = 0;
    check(hx_corpus_count_batches(c, HX_PART_TRAIN, (double)epoch, &from, &err));
    check(hx_corpus_count_batches(c, HX_PART_TRAIN, (double)epoch + 1, &to, &err));
    for (uint64_t i = from; i < to; i++) {
        hx_corpus_batch b = batch_of(w, c, HX_PART_TRAIN, i);
        assert_int_equal(b.epoch, epoch);
        sum += weigh(&b, n_tokens, n_ends);
        if (i + 1 == to) assert_true(b.share == (double)epoch + 1);
    }
    return sum;
}

static void test_epochs(void **state) {
    const world *w = *state;
    hx_corpus *c = open_with(w, 0, NULL, 2);
    set(c, (hx_corpus_batching){.seed = 3});
    size_t n = 0, ends = 0, again = 0, ends_again = 0;
    uint64_t sum = weigh_epoch(w, c, 0, &n, &ends);
    assert_int_equal(n, hx_corpus_counted(c)->n_tokens);
    assert_int_equal(ends, N_DOCUMENTS);
    assert_int_equal(weigh_epoch(w, c, 3, &again, &ends_again), sum);
    assert_int_equal(again, n);
    uint64_t half = 0, one = 0;
    check(hx_corpus_count_batches(c, HX_PART_TRAIN, 0.5, &half, &err));
    check(hx_corpus_count_batches(c, HX_PART_TRAIN, 1, &one, &err));
    assert_int_equal(half, (one + 1) / 2);
    hx_corpus_close(c);
}

static bool same(const hx_corpus_batch *a, const hx_corpus_batch *b) {
    return a->batch.n_tokens == b->batch.n_tokens && a->batch.n_sequences == b->batch.n_sequences &&
           memcmp(a->batch.ids, b->batch.ids, a->batch.n_tokens * sizeof *a->batch.ids) == 0 &&
           memcmp(a->labels, b->labels, a->batch.n_tokens * sizeof *a->labels) == 0 &&
           memcmp(a->batch.causal, b->batch.causal, a->batch.n_sequences) == 0;
}

/* In any order, by another corpus with other threads: the same; of another seed: another. */
static void test_pure(void **state) {
    const world *w = *state;
    hx_corpus *c = open_with(w, 0.1, NULL, 1), *d = open_with(w, 0.1, w->cache, 3);
    hx_arena *other = hx_arena_new(0);
    for (int o = HX_CORPUS_CAUSAL; o <= HX_CORPUS_DENOISED; o++) {
        set(c, (hx_corpus_batching){.objective = (hx_corpus_objective)o, .seed = 3});
        set(d, (hx_corpus_batching){.objective = (hx_corpus_objective)o, .seed = 3});
        size_t different = 0;
        hx_corpus_batch a, b;
        for (uint64_t i = 0; i < 200; i += 7) {
            a = batch_of(w, c, HX_PART_TRAIN, i);
            hx_arena_reset(other);
            check(hx_corpus_make_batch(d, HX_PART_TRAIN, 196 - i, other, &b, &err));
            hx_arena_reset(other);
            check(hx_corpus_make_batch(d, HX_PART_TRAIN, i, other, &b, &err));
            assert_true(same(&a, &b));
        }
        set(d, (hx_corpus_batching){.objective = (hx_corpus_objective)o, .seed = 4});
        for (uint64_t i = 0; i < 10; i++) {
            a = batch_of(w, c, HX_PART_TRAIN, i);
            hx_arena_reset(other);
            check(hx_corpus_make_batch(d, HX_PART_TRAIN, i, other, &b, &err));
            different += !same(&a, &b);
        }
        assert_int_equal(different, 10);
    }
    hx_arena_free(other);
    hx_corpus_close(c);
    hx_corpus_close(d);
}

static void test_held_out(void **state) {
    const world *w = *state;
    hx_corpus *c = open_with(w, 0.2, NULL, 1), *all = open_with(w, 1, NULL, 1);
    size_t train = hx_corpus_documents(c, HX_PART_TRAIN);
    size_t held = hx_corpus_documents(c, HX_PART_VALIDATION);
    assert_int_equal(train + held, N_DOCUMENTS);
    assert_true(held > 50 && held < 110);
    set(c, (hx_corpus_batching){.objective = HX_CORPUS_MASKED});
    uint64_t n = 0;
    check(hx_corpus_count_batches(c, HX_PART_VALIDATION, 1, &n, &err));
    assert_true(n > 1);
    hx_corpus_batch last = batch_of(w, c, HX_PART_VALIDATION, n - 1);
    assert_true(last.n_counted > 0);
    assert_int_equal(hx_corpus_make_batch(c, HX_PART_VALIDATION, n, w->arena, &last, &err),
                     HX_EINVAL);
    set(all, (hx_corpus_batching){0});
    assert_int_equal(hx_corpus_make_batch(all, HX_PART_TRAIN, 0, w->arena, &last, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "held out"));
    assert_int_equal(hx_corpus_documents(all, HX_PART_VALIDATION), N_DOCUMENTS);
    hx_corpus_close(c);
    hx_corpus_close(all);
}

/* ------------------------------------------------------------------ objectives */
/* The same batches without anything asked: what ids should be. */
static void plain_batches(const world *w, hx_corpus **c) {
    *c = open_with(w, 0, NULL, 1);
    set(*c, (hx_corpus_batching){.seed = 3});
}

typedef struct {
    size_t tokens, asked, masked, kept, other, none;
    size_t sequences, bidirectional;
} tally;

static void tally_batch(const hx_corpus_batch *a, const hx_corpus_batch *was, uint32_t mask,
                        tally *n) {
    assert_int_equal(a->batch.n_tokens, was->batch.n_tokens);
    for (size_t s = 0; s < a->batch.n_sequences; s++) {
        size_t from = a->batch.starts[s], to = a->batch.starts[s + 1], asked = 0;
        n->sequences++;
        if (a->batch.causal[s]) continue;
        n->bidirectional++;
        assert_int_equal(a->labels[to - 1], HX_NN_IGNORE);
        assert_int_equal(a->batch.ids[from], 1);
        for (size_t t = from + 1; t < to; t++) {
            uint32_t id = a->batch.ids[t], before = was->batch.ids[t];
            n->tokens += before > 2;
            if (a->labels[t - 1] == HX_NN_IGNORE) {
                assert_int_equal(id, before);
                continue;
            }
            assert_int_equal(a->labels[t - 1], before);
            assert_true(before > 2);
            asked++;
            n->masked += id == mask;
            n->kept += id == before;
            n->other += id != mask && id != before;
        }
        n->asked += asked;
        n->none += asked == 0;
    }
}

static tally tally_of(const world *w, hx_corpus_batching how) {
    hx_corpus *c = open_with(w, 0, NULL, 1), *plain;
    hx_arena *other = hx_arena_new(0);
    tally n = {0};
    plain_batches(w, &plain);
    how.seed = 3;
    set(c, how);
    for (uint64_t i = 0; i < 150; i++) {
        hx_corpus_batch a = batch_of(w, c, HX_PART_TRAIN, i), was;
        hx_arena_reset(other);
        check(hx_corpus_make_batch(plain, HX_PART_TRAIN, i, other, &was, &err));
        tally_batch(&a, &was, hx_corpus_mask_id(c), &n);
    }
    assert_int_equal(hx_corpus_mask_id(c), hx_tokenizer_find(w->tokenizer, HX_STR_LIT("<mask>")));
    hx_arena_free(other);
    hx_corpus_close(c);
    hx_corpus_close(plain);
    return n;
}

static void assert_near(double a, double b, double within) {
    if (fabs(a - b) > within) fail_msg("%g is not near %g", a, b);
}

static void test_masked(void **state) {
    const world *w = *state;
    tally n = tally_of(w, (hx_corpus_batching){.objective = HX_CORPUS_MASKED});
    assert_int_equal(n.bidirectional, n.sequences);
    assert_int_equal(n.none, 0);
    double asked = (double)n.asked;
    assert_near(asked / (double)n.tokens, 0.15, 0.02);
    assert_near((double)n.masked / asked, 0.8, 0.03);
    assert_near((double)n.kept / asked, 0.1, 0.03);
    assert_near((double)n.other / asked, 0.1, 0.03);
    n = tally_of(w, (hx_corpus_batching){.objective = HX_CORPUS_MASKED, .rate = 0.4, .keep = 0.5});
    assert_near((double)n.asked / (double)n.tokens, 0.4, 0.03);
    assert_near((double)n.kept / (double)n.asked, 0.5, 0.03);
    assert_int_equal(n.other, 0);
}

static void test_mixed(void **state) {
    const world *w = *state;
    tally n = tally_of(w, (hx_corpus_batching){.objective = HX_CORPUS_MIXED, .mixed = 0.3});
    assert_near((double)n.bidirectional / (double)n.sequences, 0.3, 0.05);
}

/* A token of letters that follows one without a blank between them is masked where that one is. */
static void test_whole_words(void **state) {
    const world *w = *state;
    hx_corpus *c = open_with(w, 0, NULL, 1);
    size_t joined = 0;
    set(c,
        (hx_corpus_batching){
            .objective = HX_CORPUS_MASKED, .whole_words = true, .seed = 3, .rate = 0.3, .keep = 1});
    for (uint64_t i = 0; i < 100; i++) {
        hx_corpus_batch b = batch_of(w, c, HX_PART_TRAIN, i);
        for (size_t s = 0; s < b.batch.n_sequences; s++)
            for (size_t t = b.batch.starts[s] + 2; t < b.batch.starts[s + 1]; t++) {
                hx_str one = hx_tokenizer_bytes(w->tokenizer, (int32_t)b.batch.ids[t - 1]);
                hx_str two = hx_tokenizer_bytes(w->tokenizer, (int32_t)b.batch.ids[t]);
                if (!one.len || !two.len) continue;
                char end = one.ptr[one.len - 1], begin = two.ptr[0];
                if (end < 'a' || end > 'z' || begin < 'a' || begin > 'z') continue;
                joined++;
                assert_int_equal(b.labels[t - 2] == HX_NN_IGNORE, b.labels[t - 1] == HX_NN_IGNORE);
            }
    }
    assert_true(joined > 20);
    hx_corpus_close(c);
}

static void check_replaced(const hx_corpus_batch *a, const hx_corpus_batch *was, tally *n) {
    for (size_t t = 0; t < a->batch.n_tokens; t++) {
        uint32_t id = a->batch.ids[t], before = was->batch.ids[t];
        if (before <= 2) {
            assert_int_equal(id, before);
            assert_int_equal(a->labels[t], HX_NN_IGNORE);
            continue;
        }
        assert_int_equal(a->labels[t], id != before);
        n->tokens++;
        n->other += id != before;
    }
}

static hx_status generate(void *context, const hx_trunk_batch *masked, const uint32_t *at, size_t n,
                          uint64_t seed, uint32_t *ids, hx_error *e) {
    uint32_t mask = *(const uint32_t *)context;
    (void)e;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(masked->ids[at[i]], mask);
        assert_true(i == 0 || at[i] > at[i - 1]);
        ids[i] = (uint32_t)(300 + (seed + i) % 100);
    }
    return HX_OK;
}

static void test_replaced(void **state) {
    const world *w = *state;
    hx_corpus *c = open_with(w, 0, NULL, 1), *plain;
    hx_arena *other = hx_arena_new(0);
    uint32_t mask = (uint32_t)hx_tokenizer_find(w->tokenizer, HX_STR_LIT("<mask>"));
    plain_batches(w, &plain);
    for (int generated = 0; generated < 2; generated++) {
        tally n = {0};
        set(c, (hx_corpus_batching){.objective = HX_CORPUS_REPLACED,
                                    .seed = 3,
                                    .generate = generated ? generate : NULL,
                                    .context = &mask});
        for (uint64_t i = 0; i < 100; i++) {
            hx_corpus_batch a = batch_of(w, c, HX_PART_TRAIN, i), was;
            hx_arena_reset(other);
            check(hx_corpus_make_batch(plain, HX_PART_TRAIN, i, other, &was, &err));
            check_replaced(&a, &was, &n);
            assert_false(a.batch.causal[0]);
        }
        assert_near((double)n.other / (double)n.tokens, 0.145, 0.025);
    }
    hx_arena_free(other);
    hx_corpus_close(c);
    hx_corpus_close(plain);
}

/* One token is taken for its neighbour in the list, no other changes; all are asked. */
static void test_denoised(void **state) {
    const world *w = *state;
    static uint32_t starts[513], to[1] = {300};
    hx_corpus *c = open_with(w, 0, NULL, 1), *plain;
    hx_arena *other = hx_arena_new(0);
    uint32_t from = 0;
    size_t changed = 0, stayed = 0;
    plain_batches(w, &plain);
    hx_corpus_batch first = batch_of(w, plain, HX_PART_TRAIN, 0);
    from = first.batch.ids[2];
    for (size_t i = from + 1; i < 513; i++)
        starts[i] = 1;
    const hx_confusions confusions = {starts, to};
    set(c, (hx_corpus_batching){
               .objective = HX_CORPUS_DENOISED, .seed = 3, .rate = 0.5, .confusions = &confusions});
    for (uint64_t i = 0; i < 100; i++) {
        hx_corpus_batch a = batch_of(w, c, HX_PART_TRAIN, i), was;
        hx_arena_reset(other);
        check(hx_corpus_make_batch(plain, HX_PART_TRAIN, i, other, &was, &err));
        for (size_t t = 1; t < a.batch.n_tokens; t++) {
            uint32_t before = was.batch.ids[t];
            if (before <= 2) continue;
            assert_int_equal(a.labels[t - 1], before);
            assert_true(a.batch.ids[t] == before || (before == from && a.batch.ids[t] == 300));
            changed += a.batch.ids[t] != before;
            stayed += before == from && a.batch.ids[t] == before;
        }
    }
    assert_true(changed > 10 && stayed > 10);
    hx_arena_free(other);
    hx_corpus_close(c);
    hx_corpus_close(plain);
}

static void test_bad_batching(void **state) {
    const world *w = *state;
    hx_corpus *c = open_with(w, 0, NULL, 1);
    hx_corpus_batch b;
    assert_int_equal(hx_corpus_make_batch(c, HX_PART_TRAIN, 0, w->arena, &b, &err), HX_EINVAL);
    hx_corpus_batching how = {.length = 4};
    assert_int_equal(hx_corpus_batch_by(c, &how, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "8 to"));
    how = (hx_corpus_batching){.length = 64, .tokens = 32};
    assert_int_equal(hx_corpus_batch_by(c, &how, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "not 32"));
    how = (hx_corpus_batching){.rate = 2};
    assert_int_equal(hx_corpus_batch_by(c, &how, &err), HX_EINVAL);
    set(c, (hx_corpus_batching){0});
    assert_int_equal(hx_corpus_make_batch(c, HX_PART_TEST, 0, w->arena, &b, &err), HX_EINVAL);
    hx_corpus_close(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),    cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_cache),        cmocka_unit_test(test_stale_cache),
        cmocka_unit_test(test_epochs),       cmocka_unit_test(test_pure),
        cmocka_unit_test(test_held_out),     cmocka_unit_test(test_masked),
        cmocka_unit_test(test_mixed),        cmocka_unit_test(test_whole_words),
        cmocka_unit_test(test_replaced),     cmocka_unit_test(test_denoised),
        cmocka_unit_test(test_bad_batching),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
