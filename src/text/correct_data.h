/* correct_data.h - what correction knows without a language model: models/huaxiang-correct/correct.hxd (datafile.h, kind "correct").
 *
 *     zh.like.start   u32 (0x9FA6 - 0x4E00 + 1)   where the list of a character begins
 *     zh.like.code    u16    characters that may be meant where it is written
 *     zh.like.kind    u8     HX_LIKE_* bits; the upper four: how often that was seen in training (15 = or more)
 *     L.one, L.one.back                u8 (units)          of a unit (Chinese: a code point, English: 4 + a word's number)
 *     L.two.check, .prob, .back        u16, u8, u8 (buckets x 4)
 *     L.three.check, .prob             u16, u8 (buckets x 4)
 *     en.text, en.start (n + 1), en.frequency, en.name     the words in the order of their bytes; a name begins with a capital in most texts
 *
 * Probabilities are -12 ln p, back-offs -24 ln b, frequencies -10 ln p, rounded. A bucket is the upper bits of splitmix64 of
 * a << 42 | b << 21 | c; its check 1 + the lower 32 bits mod 65535. An unknown n-gram backs off: p(c | a b) = b(a b) p(c | b). */
#ifndef HX_TEXT_CORRECT_DATA_H
#define HX_TEXT_CORRECT_DATA_H

#include "text/datafile.h"

#define HX_LIKE_TONE 1u /* the same sound with the same tone */
#define HX_LIKE_SOUND 2u
#define HX_LIKE_NEAR 4u /* a sound that many don't tell from it */
#define HX_LIKE_SHAPE 8u
#define HX_LIKE_SEEN(kind) ((unsigned)(kind) >> 4)

/* Units that both languages have. English: numbers, marks within a sentence, unknown words. */
enum { HX_SPELT_BOUND = 0, HX_SPELT_NUMBER, HX_SPELT_MARK, HX_SPELT_UNKNOWN, HX_SPELT_WORDS };

typedef struct {
    const uint16_t *check;
    const uint8_t *prob, *back; /* back: NULL of three */
    unsigned shift;
} hx_gram_table;

typedef struct {
    const uint8_t *one, *one_back; /* (n_units) */
    uint32_t n_units;
    hx_gram_table two, three;
} hx_unit_model;

typedef struct {
    hx_datafile file;
    hx_unit_model zh, en;
    const uint32_t *like_start;
    const uint16_t *like_code;
    const uint8_t *like_kind;
    const char *text; /* of the words */
    const uint32_t *start;
    const uint8_t *frequency, *name;
    uint32_t *letters; /* owned: which letters each word has, a bit each */
    uint32_t n_words;
} hx_correct_data;

/* Opens SHARE_DIR/models/huaxiang-correct/correct.hxd. A failed open needs no close. */
hx_status hx__correct_data_open(hx_correct_data *d, const char *share_dir,
                                hx_error *err) HX_MUST_USE;
void hx__correct_data_close(hx_correct_data *d); /* zeroed is fine */

/* ln p(c | a b). */
double hx__unit_log_prob(const hx_unit_model *m, uint32_t a, uint32_t b, uint32_t c);
/* The number of a word in lower case; n_words = unknown. */
uint32_t hx__spelt_word(const hx_correct_data *d, hx_str word);
static inline hx_str hx__spelt_text(const hx_correct_data *d, uint32_t word) {
    return (hx_str){d->text + d->start[word], d->start[word + 1] - d->start[word]};
}
/* ln of its share of all words. */
static inline double hx__spelt_frequency(const hx_correct_data *d, uint32_t word) {
    return word < d->n_words ? -(double)d->frequency[word] / 10 : -26;
}
/* The unit a code point is in the Chinese model. */
uint32_t hx__unit_of_code(uint32_t code);
uint32_t hx__letters_of(hx_str word);

#endif
