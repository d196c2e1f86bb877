/* lexicon.h - the tables behind the engine `rules`: sentiment words and their pairs, negation, degree, adversatives, phrases,
 * intents, noise, English idf. Built at open from share_dir/lexicons, immutable afterwards, shared by threads. */
#ifndef HX_TEXT_LEXICON_H
#define HX_TEXT_LEXICON_H

#include "text/model.h"
#include "text/phrase.h"

/* What a word does to the words behind it. */
typedef enum {
    HX_ROLE_NEGATOR = 1, /* not, 不: turns what follows, until a pause or the scope's end */
    HX_ROLE_DEGREE = 2, /* very, 很: times `degree` for the next word */
    HX_ROLE_TURN = 4, /* but, 但是: what stands before it counts less, what stands behind it more */
    HX_ROLE_PAUSE = 16, /* and, because: ends a negation's scope */
    HX_ROLE_CONCEDE = 8, /* although, 虽然: what follows until the next pause counts less */
    HX_ROLE_POLAR = 32, /* good, 差: of a hand-written polarity of 1 or more; may decide a label */
    HX_ROLE_NO_KEYWORD = 128, /* yesterday, 三天: means nothing by itself */
    HX_ROLE_IRONY = 256, /* yeah right, 呵呵了: praise in its sentence is none */
    HX_ROLE_MIDDLING = 64 /* so-so, 一般: of a hand-written polarity below 1; decides none */
} hx_word_role;

/* One word of one language. */
typedef struct {
    uint64_t key; /* 0 = free slot */
    int16_t weight; /* hundredths; + speaks for positive */
    int16_t negated; /* hundredths; added where the word stands in a negation's scope */
    uint16_t degree; /* hundredths, 100 = leaves the next word as it is */
    uint16_t roles; /* hx_word_role */
} hx_lexeme;

/* The numbers of the score's formula, by language; see sentiment.c. */
typedef struct {
    double bias;
    double negation; /* a negated word weighs -negation * weight + negated */
    double before, after; /* factors of what stands before and behind an adversative */
    double length; /* texts of more words than this are damped by sqrt(length / words) */
    int scope; /* words a negation reaches */
} hx_sentiment_parameters;

/* A noise pattern's kind, the value of `noise` hits. */
typedef enum {
    HX_NOISE_PATTERN_PRAISE = 1,
    HX_NOISE_PATTERN_SOLICIT,
    HX_NOISE_PATTERN_CONTACT,
    HX_NOISE_PATTERN_SPAM,
    HX_NOISE_PATTERN_BOT,
    HX_NOISE_PATTERN_FILLER
} hx_noise_pattern;

/* An intent phrase; intent hits carry an index into hx_lexicon.intents. */
typedef struct {
    hx_intent_label label;
    int weight; /* hundredths; below 0 speaks against the intent */
    uint32_t next; /* index + 1 of the same phrase's entry for another intent, 0 = none */
} hx_intent_pattern;

/* What a phrase is found for. */
typedef enum {
    HX_PHRASE_WORD = 0, /* sentiment: taken as one word; value 0 */
    HX_PHRASE_INTENT, /* value: index into hx_lexicon.intents */
    HX_PHRASE_NOISE, /* value: hx_noise_pattern */
    HX_PHRASE_ASPECT, /* value: aspect.h */
    HX_PHRASE_KINDS
} hx_phrase_kind;

/* A phrase's value by kind + 1, 0 = none of that kind; the automaton's hits carry an index of these. */
typedef struct {
    uint32_t value[HX_PHRASE_KINDS];
} hx_phrase_use;

struct hx_lexicon {
    hx_lexeme *words; /* owned, open addressing */
    size_t n_words, n_slots; /* slots are a power of two */
    hx_sentiment_parameters zh, en;
    hx_phrases phrases; /* of every kind, so that one walk finds them all; value: index of a use */
    hx_buf uses; /* hx_phrase_use[] */
    hx_buf intents; /* hx_intent_pattern[] */
    hx_buf aspect_table; /* hx_aspect_entry[] */
    hx_arena *arena; /* owned: strings of the aspects */
    uint64_t hash;
};

/* While the lexicon is opened; a phrase given twice in one kind keeps its first value there. */
hx_status hx__lexicon_add_phrase(hx_lexicon *l, hx_phrase_kind kind, hx_str phrase, uint32_t value,
                                 hx_error *err) HX_MUST_USE;

/* The key of a word in a language, of two words in a row, and of an English word's idf. */
typedef enum { HX_LEXEME_ZH = 1, HX_LEXEME_EN = 2, HX_LEXEME_IDF_EN = 3 } hx_lexeme_kind;
uint64_t hx__lexeme_key(hx_lexeme_kind kind, hx_str word);
uint64_t hx__lexeme_pair_key(uint64_t first, uint64_t second);
/* NULL where it is absent. */
const hx_lexeme *hx__lexicon_get(const hx_lexicon *l, uint64_t key);

/* Inverse document frequency of an English word; that of a word met once where it is unknown. */
double hx__lexicon_idf_en(const hx_lexicon *l, hx_str word);

static inline const hx_sentiment_parameters *hx__lexicon_parameters(const hx_lexicon *l,
                                                                    hx_lang lang) {
    return lang == HX_LANG_EN || lang == HX_LANG_OTHER ? &l->en : &l->zh;
}

#endif
