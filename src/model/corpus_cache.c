/* corpus_cache.c - a corpus as a file that is mapped; see corpus.h.
 *
 *     12 x u64: magic, key, hash, width, documents, tokens, bytes, empty, bad, 0, 0, hash of these eleven
 *     u32 x documents: ids of each      u32 x documents: hashes of the texts      ids, `width` bytes each
 *
 * Numbers are little-endian, as on every machine this runs on; magic says so. The key is the hash of the tokenizer (its tokens, and what it
 * makes of a probe), of the bytes of all files and of the options that matter: where it is another one, the file is made anew. All
 * ids are hashed and compared with the vocabulary when the file is opened. */
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "model/corpus_parts.h"

#define MAGIC 0x31505258554E5848u /* "HXNUXRP1" */
#define N_FIELDS 12u

enum { F_MAGIC = 0, F_KEY, F_HASH, F_WIDTH, F_DOCUMENTS, F_TOKENS, F_BYTES, F_EMPTY, F_BAD };

/* Blanks, both cases, digits, accents, full width, a ligature, Han, kana, an emoji, a symbol. */
static const char probe[] = " A  b\tc\n12345 e\xCC\x81\xC3\xA9 \xEF\xBC\xA1\xEF\xAC\x81 "
                            "\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x81\x82\xF0\x9F\x98\x80 <mask>\x01\xFF";

/* ------------------------------------------------------------------ key */
static hx_status hash_tokenizer(const hx_tokenizer *t, uint64_t *hash, hx_error *err) {
    const hx_token_options options = {.special = true};
    hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
    hx_buf ids;
    if (!s) return hx_fail(err, HX_ENOMEM, "out of memory while texts are read");
    hx_buf_init(&ids, 1u << 20);
    hx_status status =
        hx_tokenizer_encode(t, s, (hx_str){probe, sizeof probe - 1}, &options, &ids, err);
    *hash = hx_hash(hx_buf_str(&ids));
    for (size_t i = 0; i < hx_tokenizer_n_vocab(t); i++)
        *hash = hx_hash_mix(*hash, hx_hash(hx_tokenizer_spelling(t, (int32_t)i)));
    hx_buf_release(&ids);
    hx_tokenizer_scratch_free(s);
    return status;
}

hx_status hx__corpus_key(const hx_corpus *c, const hx_corpus_options *o, uint64_t *key,
                         hx_error *err) {
    HX_TRY(hash_tokenizer(c->tokenizer, key, err));
    *key = hx_hash_mix(*key, hx_hash(hx_str_of(o->text)));
    *key = hx_hash_mix(*key, (uint64_t)o->split);
    *key = hx_hash_mix(*key, o->max_tokens);
    for (size_t i = 0; i < o->n_paths; i++) {
        hx_mapping m;
        HX_TRY(hx_mapping_open(&m, o->paths[i], err));
        *key = hx_hash_mix(*key, hx_hash(m.bytes));
        hx_mapping_close(&m);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ reading */
static uint64_t header_hash(const uint64_t *h) {
    return hx_hash((hx_str){(const char *)h, (N_FIELDS - 1) * sizeof *h});
}

static bool is_header(const uint64_t *h, uint64_t key, size_t len) {
    if (h[F_MAGIC] != MAGIC || h[F_KEY] != key || h[N_FIELDS - 1] != header_hash(h)) return false;
    if (h[F_WIDTH] != 2 && h[F_WIDTH] != 4) return false;
    if (h[F_DOCUMENTS] > len / 8 || h[F_TOKENS] > len / h[F_WIDTH]) return false;
    return N_FIELDS * sizeof *h + 8 * h[F_DOCUMENTS] + h[F_WIDTH] * h[F_TOKENS] == len;
}

static void take_mapping(hx_corpus *c, const uint64_t *h) {
    const char *p = c->mapping.bytes.ptr + N_FIELDS * sizeof *h;
    c->n_documents = (size_t)h[F_DOCUMENTS];
    c->lengths = (const uint32_t *)(const void *)p;
    c->hashes = c->lengths + c->n_documents;
    c->ids = (const char *)(c->hashes + c->n_documents);
    c->width = (unsigned)h[F_WIDTH];
    c->counts =
        (hx_corpus_counts){h[F_DOCUMENTS], h[F_BYTES], h[F_TOKENS], h[F_EMPTY], h[F_BAD], true};
}

static bool is_whole(hx_corpus *c, uint64_t hash) {
    uint64_t sum = 0;
    hx__corpus_hash(c);
    if (c->hash != hash) return false;
    for (size_t i = 0; i < c->n_documents; i++)
        sum += c->lengths[i];
    bool fine = sum == c->counts.n_tokens;
    for (uint64_t i = 0; i < c->counts.n_tokens && fine; i++)
        fine = hx__corpus_id(c, i) < c->n_vocab;
    return fine;
}

hx_status hx__corpus_cache_open(hx_corpus *c, const char *path, uint64_t key, bool *found,
                                hx_error *err) {
    uint64_t h[N_FIELDS];
    *found = false;
    if (!hx_file_exists(path)) return HX_OK;
    HX_TRY(hx_mapping_open(&c->mapping, path, err));
    size_t len = c->mapping.bytes.len;
    if (len >= sizeof h) {
        memcpy(h, c->mapping.bytes.ptr, sizeof h);
        *found = is_header(h, key, len);
    }
    if (*found) {
        take_mapping(c, h);
        *found = is_whole(c, h[F_HASH]);
    }
    if (*found) return HX_OK;
    hx_mapping_close(&c->mapping);
    c->mapping = (hx_mapping){{NULL, 0}};
    c->counts = (hx_corpus_counts){0};
    return HX_OK;
}

/* ------------------------------------------------------------------ writing */
typedef struct {
    const hx_corpus *c;
    uint64_t key;
} writing;

static hx_status fill(void *context, int fd, const char *path, hx_error *err) {
    const writing *w = context;
    const hx_corpus *c = w->c;
    uint64_t h[N_FIELDS] = {MAGIC,
                            w->key,
                            c->hash,
                            c->width,
                            c->counts.n_documents,
                            c->counts.n_tokens,
                            c->counts.n_bytes,
                            c->counts.n_empty,
                            c->counts.n_bad};
    h[N_FIELDS - 1] = header_hash(h);
    HX_TRY(hx_file_put(fd, path, (hx_str){(const char *)h, sizeof h}, err));
    HX_TRY(hx_file_put(fd, path, hx_buf_str(&c->length_bytes), err));
    HX_TRY(hx_file_put(fd, path, hx_buf_str(&c->hash_bytes), err));
    return hx_file_put(fd, path, hx_buf_str(&c->id_bytes), err);
}

hx_status hx__corpus_cache_write(const hx_corpus *c, const char *path, uint64_t key,
                                 hx_error *err) {
    writing w = {c, key};
    return hx_file_write_by(path, false, fill, &w, err);
}
