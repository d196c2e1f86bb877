/* lexicon.c - loading the tables of lexicons/ into one hash table and three phrase automata.
 *
 *     parameters.tsv      name                value
 *     sentiment.LL.tsv    word                weight   negated
 *     pairs.LL.tsv        word     next word  weight
 *     negation.tsv        LL       word
 *     keyword_stop.tsv    LL       word
 *     degree.tsv          LL       word       factor
 *     adversative.tsv     LL       word       turn|concede|pause|irony
 *     seed.LL.tsv         word     polarity
 *     phrases.LL.tsv      phrase   polarity
 *     emoji.tsv           emoji    polarity
 *     idf.en.tsv          word     idf
 *     intent.tsv          intent   phrase     weight
 *     noise.tsv           kind     phrase
 *
 * LL = zh or en. Words are as cleaning leaves them: NFKC, lower case, simplified. All weights are hundredths, so that
 * sums of them are exact. The table is open addressing with linear probing, at most half full; keys are 64-bit hashes of
 * kind and word: two words of one key would need 2^32 entries to be likely. */
#include "text/lexicon.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "text/aspect.h"
#include "text/lexicon_file.h"

enum { LEXEMES_MAX = 1 << 20, INTENTS_MAX = 1 << 16 };

/* A load in progress. */
typedef struct {
    hx_lexicon *l;
    const char *share_dir;
    hx_buf lexemes; /* hx_lexeme[], a key may come more than once */
    hx_map intent_of; /* hash of phrase -> index + 1 of its last pattern */
} loader;

typedef hx_status take_fn(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind, hx_error *err);

/* XXH3 adds the seed to a constant and XORs words of up to 3 bytes: seeds near each other would let "and" of one kind meet
 * "ane" of the next. Multiples of 2^64 / phi differ in the upper half. */
uint64_t hx__lexeme_key(hx_lexeme_kind kind, hx_str word) {
    uint64_t key = hx_hash_seed(word, (uint64_t)kind * 0x9E3779B97F4A7C15u);
    return key ? key : 1;
}

uint64_t hx__lexeme_pair_key(uint64_t first, uint64_t second) {
    uint64_t key = hx_hash_mix(first, second);
    return key ? key : 1;
}

/* ------------------------------------------------------------------ the table */

static hx_lexeme *slot_of(const hx_lexicon *l, uint64_t key) {
    size_t i = (size_t)(key >> 7) & (l->n_slots - 1);
    while (l->words[i].key != 0 && l->words[i].key != key)
        i = (i + 1) & (l->n_slots - 1);
    return &l->words[i];
}

const hx_lexeme *hx__lexicon_get(const hx_lexicon *l, uint64_t key) {
    const hx_lexeme *found = slot_of(l, key);
    return found->key ? found : NULL;
}

/* Adds up what several files say about one word. */
static void merge(hx_lexeme *into, const hx_lexeme *from) {
    if (into->key == 0) into->degree = 100;
    into->key = from->key;
    into->roles |= from->roles;
    if (from->degree != 100) into->degree = from->degree;
    if (from->weight) into->weight = from->weight;
    if (from->negated) into->negated = from->negated;
}

static hx_status build_table(loader *ld, hx_error *err) {
    hx_lexicon *l = ld->l;
    const hx_lexeme *list = (const hx_lexeme *)(const void *)ld->lexemes.ptr;
    size_t n = ld->lexemes.len / sizeof *list;
    for (l->n_slots = 64; l->n_slots < n * 2;)
        l->n_slots *= 2;
    l->words = calloc(l->n_slots, sizeof *l->words);
    if (!l->words) return hx_fail(err, HX_ENOMEM, "out of memory while loading the lexicons");
    for (size_t i = 0; i < n; i++) {
        hx_lexeme *slot = slot_of(l, list[i].key);
        l->n_words += slot->key == 0;
        merge(slot, &list[i]);
    }
    return HX_OK;
}

static hx_status add_lexeme(loader *ld, hx_lexeme lexeme, hx_error *err) {
    hx_buf_append(&ld->lexemes, &lexeme, sizeof lexeme);
    return hx_buf_status(&ld->lexemes, "the lexicons", err);
}

hx_status hx__lexicon_add_phrase(hx_lexicon *l, hx_phrase_kind kind, hx_str phrase, uint32_t value,
                                 hx_error *err) {
    uint32_t n = (uint32_t)(l->uses.len / sizeof(hx_phrase_use)), at;
    HX_TRY(hx__phrases_add_once(&l->phrases, phrase, n, &at, err));
    if (at == n) {
        static const hx_phrase_use none = {0};
        hx_buf_append(&l->uses, &none, sizeof none);
        HX_TRY(hx_buf_status(&l->uses, "the lexicon's phrases", err));
    }
    hx_phrase_use *use = (hx_phrase_use *)(void *)l->uses.ptr + at;
    if (use->value[kind] == 0) use->value[kind] = value + 1;
    return HX_OK;
}

/* ------------------------------------------------------------------ records */

static hx_status take_word(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                           hx_error *err) {
    int weight, negated;
    HX_TRY(hx__lexicon_file_hundredths(f, 1, &weight, err));
    HX_TRY(hx__lexicon_file_hundredths(f, 2, &negated, err));
    hx_lexeme lexeme = {hx__lexeme_key(kind, f->field[0]), (int16_t)weight, (int16_t)negated, 100,
                        0};
    return add_lexeme(ld, lexeme, err);
}

static hx_status take_pair(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                           hx_error *err) {
    int weight;
    HX_TRY(hx__lexicon_file_hundredths(f, 2, &weight, err));
    uint64_t key =
        hx__lexeme_pair_key(hx__lexeme_key(kind, f->field[0]), hx__lexeme_key(kind, f->field[1]));
    return add_lexeme(ld, (hx_lexeme){key, (int16_t)weight, 0, 100, 0}, err);
}

static hx_status take_idf(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                          hx_error *err) {
    int idf;
    HX_TRY(hx__lexicon_file_hundredths(f, 1, &idf, err));
    return add_lexeme(ld, (hx_lexeme){hx__lexeme_key(kind, f->field[0]), (int16_t)idf, 0, 100, 0},
                      err);
}

/* The language in field 0. */
static hx_status take_lang(const hx_lexicon_file *f, hx_lexeme_kind *kind, hx_error *err) {
    if (hx_str_equal(f->field[0], HX_STR_LIT("zh"))) {
        *kind = HX_LEXEME_ZH;
    } else if (hx_str_equal(f->field[0], HX_STR_LIT("en"))) {
        *kind = HX_LEXEME_EN;
    } else {
        return hx__lexicon_file_unknown(f, 0, err);
    }
    return HX_OK;
}

static hx_status take_negation(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                               hx_error *err) {
    HX_TRY(take_lang(f, &kind, err));
    return add_lexeme(
        ld, (hx_lexeme){hx__lexeme_key(kind, f->field[1]), 0, 0, 100, HX_ROLE_NEGATOR}, err);
}

static hx_status take_keyword_stop(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                                   hx_error *err) {
    HX_TRY(take_lang(f, &kind, err));
    return add_lexeme(
        ld, (hx_lexeme){hx__lexeme_key(kind, f->field[1]), 0, 0, 100, HX_ROLE_NO_KEYWORD}, err);
}

static hx_status take_degree(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                             hx_error *err) {
    int factor;
    HX_TRY(take_lang(f, &kind, err));
    HX_TRY(hx__lexicon_file_hundredths(f, 2, &factor, err));
    if (factor < 0) return hx__lexicon_file_unknown(f, 2, err);
    hx_lexeme lexeme = {hx__lexeme_key(kind, f->field[1]), 0, 0, (uint16_t)factor, HX_ROLE_DEGREE};
    return add_lexeme(ld, lexeme, err);
}

static hx_status take_adversative(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                                  hx_error *err) {
    HX_TRY(take_lang(f, &kind, err));
    static const struct {
        const char *name;
        uint16_t role;
    } kinds[] = {{"turn", HX_ROLE_TURN},
                 {"concede", HX_ROLE_CONCEDE},
                 {"pause", HX_ROLE_PAUSE},
                 {"irony", HX_ROLE_IRONY}};
    if (hx_str_equal(f->field[2], HX_STR_LIT("irony")))
        HX_TRY(hx__lexicon_add_phrase(ld->l, HX_PHRASE_WORD, f->field[1], 0, err));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (hx_str_equal(f->field[2], hx_str_of(kinds[i].name)))
            return add_lexeme(
                ld, (hx_lexeme){hx__lexeme_key(kind, f->field[1]), 0, 0, 100, kinds[i].role}, err);
    return hx__lexicon_file_unknown(f, 2, err);
}

/* The hand-written polarity in field 1 as a role; the weight is the learned one. */
static hx_status take_seed(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                           hx_error *err) {
    int polarity;
    HX_TRY(hx__lexicon_file_hundredths(f, 1, &polarity, err));
    if (polarity == 0) return HX_OK;
    uint16_t role = abs(polarity) < 100 ? HX_ROLE_MIDDLING : HX_ROLE_POLAR;
    return add_lexeme(ld, (hx_lexeme){hx__lexeme_key(kind, f->field[0]), 0, 0, 100, role}, err);
}

static hx_status take_phrase(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                             hx_error *err) {
    HX_TRY(hx__lexicon_add_phrase(ld->l, HX_PHRASE_WORD, f->field[0], 0, err));
    return take_seed(ld, f, kind, err);
}

/* Faces speak in both languages. */
static hx_status take_emoji(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                            hx_error *err) {
    (void)kind;
    HX_TRY(take_phrase(ld, f, HX_LEXEME_ZH, err));
    return take_seed(ld, f, HX_LEXEME_EN, err);
}

static hx_status take_noise(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                            hx_error *err) {
    static const char *const names[] = {"praise", "solicit", "contact", "spam", "bot", "filler"};
    (void)kind;
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        if (hx_str_equal(f->field[0], hx_str_of(names[i])))
            return hx__lexicon_add_phrase(ld->l, HX_PHRASE_NOISE, f->field[1], i + 1, err);
    return hx__lexicon_file_unknown(f, 0, err);
}

static hx_status add_intent(loader *ld, hx_str phrase, hx_intent_label label, int weight,
                            hx_error *err) {
    uint64_t *last = hx_map_put(&ld->intent_of, hx_hash(phrase));
    if (!last) return hx_fail(err, HX_ENOMEM, "out of memory while loading the lexicons");
    hx_intent_pattern pattern = {label, weight, 0};
    hx_buf_append(&ld->l->intents, &pattern, sizeof pattern);
    HX_TRY(hx_buf_status(&ld->l->intents, "the intent lexicon", err));
    uint32_t index = (uint32_t)(ld->l->intents.len / sizeof pattern - 1);
    if (*last) ((hx_intent_pattern *)(void *)ld->l->intents.ptr)[*last - 1].next = index + 1;
    *last = index + 1;
    return hx__lexicon_add_phrase(ld->l, HX_PHRASE_INTENT, phrase, index, err);
}

static hx_status take_intent(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                             hx_error *err) {
    int weight;
    (void)kind;
    HX_TRY(hx__lexicon_file_hundredths(f, 2, &weight, err));
    for (int i = HX_INTENT_OTHER; i < HX_INTENT_N; i++)
        if (hx_str_equal(f->field[0], hx_str_of(hx_intent_name((hx_intent_label)i))))
            return add_intent(ld, f->field[1], (hx_intent_label)i, weight, err);
    return hx__lexicon_file_unknown(f, 0, err);
}

static hx_status take_parameter(loader *ld, const hx_lexicon_file *f, hx_lexeme_kind kind,
                                hx_error *err) {
    static const char *const names[] = {"bias", "negation", "before", "after", "length", "scope"};
    (void)kind;
    int value;
    HX_TRY(hx__lexicon_file_hundredths(f, 2, &value, err));
    HX_TRY(take_lang(f, &kind, err));
    hx_sentiment_parameters *p = kind == HX_LEXEME_ZH ? &ld->l->zh : &ld->l->en;
    double *const places[] = {&p->bias, &p->negation, &p->before, &p->after, &p->length, NULL};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!hx_str_equal(f->field[1], hx_str_of(names[i]))) continue;
        if (places[i]) *places[i] = value / 100.0;
        if (!places[i]) p->scope = value / 100;
        return HX_OK;
    }
    return hx__lexicon_file_unknown(f, 1, err);
}

/* ------------------------------------------------------------------ files */

static hx_status load_file(loader *ld, const char *name, int n_fields, hx_lexeme_kind kind,
                           take_fn *take, hx_error *err) {
    hx_lexicon_file f;
    hx_status status = hx__lexicon_file_open(&f, ld->share_dir, name, err);
    if (status == HX_OK) ld->l->hash = hx_hash_mix(ld->l->hash, hx_hash(hx_buf_str(&f.bytes)));
    bool more = status == HX_OK;
    while (status == HX_OK && more) {
        status = hx__lexicon_file_next(&f, n_fields, &more, err);
        if (status == HX_OK && more) status = take(ld, &f, kind, err);
    }
    hx__lexicon_file_close(&f);
    return status;
}

static hx_status load_all(loader *ld, hx_error *err) {
    static const struct {
        const char *name;
        int n_fields;
        hx_lexeme_kind kind;
        take_fn *take;
    } files[] = {
        {"parameters.tsv", 3, HX_LEXEME_ZH, take_parameter},
        {"sentiment.zh.tsv", 3, HX_LEXEME_ZH, take_word},
        {"sentiment.en.tsv", 3, HX_LEXEME_EN, take_word},
        {"pairs.zh.tsv", 3, HX_LEXEME_ZH, take_pair},
        {"pairs.en.tsv", 3, HX_LEXEME_EN, take_pair},
        {"seed.zh.tsv", 2, HX_LEXEME_ZH, take_seed},
        {"seed.en.tsv", 2, HX_LEXEME_EN, take_seed},
        {"keyword_stop.tsv", 2, HX_LEXEME_ZH, take_keyword_stop},
        {"negation.tsv", 2, HX_LEXEME_ZH, take_negation},
        {"degree.tsv", 3, HX_LEXEME_ZH, take_degree},
        {"adversative.tsv", 3, HX_LEXEME_ZH, take_adversative},
        {"phrases.zh.tsv", 2, HX_LEXEME_ZH, take_phrase},
        {"phrases.en.tsv", 2, HX_LEXEME_EN, take_phrase},
        {"emoji.tsv", 2, HX_LEXEME_ZH, take_emoji},
        {"idf.en.tsv", 2, HX_LEXEME_IDF_EN, take_idf},
        {"intent.tsv", 3, HX_LEXEME_ZH, take_intent},
        {"noise.tsv", 2, HX_LEXEME_ZH, take_noise},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        HX_TRY(load_file(ld, files[i].name, files[i].n_fields, files[i].kind, files[i].take, err));
    return build_table(ld, err);
}

hx_status hx__lexicon_open(hx_lexicon **out, const char *share_dir, const char *aspects,
                           hx_error *err) {
    hx_lexicon *l = calloc(1, sizeof *l);
    if (!l) return hx_fail(err, HX_ENOMEM, "out of memory while loading the lexicons");
    l->arena = hx_arena_new(0);
    hx_buf_init(&l->aspect_table, HX_ASPECT_TABLE_MAX * sizeof(hx_aspect_entry));
    hx__phrases_init(&l->phrases);
    hx_buf_init(&l->uses, HX_PHRASE_STATES_MAX * sizeof(hx_phrase_use));
    hx_buf_init(&l->intents, INTENTS_MAX * sizeof(hx_intent_pattern));
    loader ld = {.l = l, .share_dir = share_dir};
    hx_buf_init(&ld.lexemes, LEXEMES_MAX * sizeof(hx_lexeme));
    hx_map_init(&ld.intent_of);
    hx_status status = l->arena
                           ? load_all(&ld, err)
                           : hx_fail(err, HX_ENOMEM, "out of memory while loading the lexicons");
    if (status == HX_OK) status = hx__aspects_open(l, share_dir, aspects, err);
    if (status == HX_OK) status = hx__phrases_build(&l->phrases, err);
    hx_map_release(&ld.intent_of);
    hx_buf_release(&ld.lexemes);
    if (status == HX_OK) {
        *out = l;
    } else {
        hx__lexicon_close(l);
    }
    return status;
}

void hx__lexicon_close(hx_lexicon *l) {
    if (!l) return;
    hx__phrases_release(&l->phrases);
    hx_buf_release(&l->uses);
    hx_buf_release(&l->intents);
    hx_buf_release(&l->aspect_table);
    hx_arena_free(l->arena);
    free(l->words);
    free(l);
}

uint64_t hx__lexicon_hash(const hx_lexicon *l) {
    return l->hash;
}

double hx__lexicon_idf_en(const hx_lexicon *l, hx_str word) {
    static const double unknown = 9; /* a little above the rarest listed word's */
    const hx_lexeme *found = hx__lexicon_get(l, hx__lexeme_key(HX_LEXEME_IDF_EN, word));
    return found ? found->weight / 100.0 : unknown;
}
