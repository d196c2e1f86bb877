/* noise.c - why a text does not count as the customer's voice, in this order:
 *
 *   empty            no letter, digit or emoji
 *   default praise   what a shop's system wrote (lexicons/noise.tsv, praise); at most REST_MAX letters stand beside it
 *   spam             one phrase of gambling, fraud, chain letters (lexicons/noise.tsv, spam)
 *   advert           two different solicitations, or one and a way to make contact: a link, a contact word, or a number
 *                    or name of CONTACT_MIN digits and letters (加微信 abc12345)
 *   bot              one phrase of a template, an unfilled form, a machine's answer (bot)
 *   off topic        at least half of the letters stand in phrases that fill the field (filler): 凑字数, a poem, code
 *   repeated         at least REPEAT_MIN letters of at most two kinds, or UNIT_MIN letters that repeat a unit of at most
 *                    UNIT_MAX four times or more, or at least KEYS_MIN Latin letters most of which lie side by side on a
 *                    keyboard (asdfgh)
 *
 * Only the first LETTERS_MAX letters are looked at for repetition. */
#include "text/noise.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "text/annotator.h"

enum {
    REST_MAX = 4,
    CONTACT_MIN = 5,
    REPEAT_MIN = 8,
    UNIT_MIN = 12,
    UNIT_MAX = 16,
    KEYS_MIN = 6,
    LETTERS_MAX = 4096
};

const char *hx_noise_name(hx_noise n) {
    static const char *const names[HX_NOISE_N] = {
        "none", "empty", "default praise", "advert", "repeated", "spam", "bot", "off topic"};
    return (unsigned)n < HX_NOISE_N ? names[n] : "unknown";
}

/* Letters inside patterns of one kind. */
typedef struct {
    size_t cut; /* first word not counted yet */
    size_t end; /* clean bytes up to here are counted */
    size_t letters;
} covered;

typedef struct {
    covered praise, filler;
    bool spam, bot;
    uint32_t solicits; /* different ones, 2 = two or more */
    size_t solicit_start, solicit_end; /* the last one */
    size_t first_solicit_start, first_solicit_len;
    bool contact;
} noise_scan;

static bool is_letter_cut(const hx_cut *c) {
    return c->kind != HX_CUT_MARK;
}

/* Letters of the words of [start, end). `*cut` = the word to begin with; ends at the last one looked at. */
static size_t letters_in(const hx_analysis *t, size_t *cut, size_t start, size_t end) {
    size_t n = 0;
    for (; *cut < t->n_words && t->words[*cut].start < end; ++*cut) {
        const hx_cut *c = &t->words[*cut];
        if (!is_letter_cut(c) || c->end <= start) continue;
        size_t from = c->start > start ? c->start : start;
        size_t to = c->end < end ? c->end : end;
        n += hx_utf8_count((hx_str){t->clean.text.ptr + from, to - from});
        if (c->end > end) break;
    }
    return n;
}

static void take_solicit(noise_scan *s, hx_str clean, const hx_phrase_hit *h) {
    size_t len = h->end - h->start;
    if (s->solicits == 0) {
        s->solicits = 1;
        s->first_solicit_start = h->start;
        s->first_solicit_len = len;
    } else if (h->start >= s->solicit_end && s->solicits == 1) {
        bool same = len == s->first_solicit_len &&
                    memcmp(clean.ptr + h->start, clean.ptr + s->first_solicit_start, len) == 0;
        if (!same) s->solicits = 2;
    }
    s->solicit_start = h->start;
    s->solicit_end = h->end;
}

static void cover(covered *c, const hx_analysis *t, const hx_phrase_hit *h) {
    size_t from = h->start > c->end ? h->start : c->end;
    if (h->end > from) c->letters += letters_in(t, &c->cut, from, h->end);
    c->end = h->end;
}

static void take_hit(noise_scan *s, const hx_analysis *t, const hx_phrase_hit *h) {
    if (h->value == HX_NOISE_PATTERN_PRAISE) {
        cover(&s->praise, t, h);
    } else if (h->value == HX_NOISE_PATTERN_FILLER) {
        cover(&s->filler, t, h);
    } else if (h->value == HX_NOISE_PATTERN_SPAM) {
        s->spam = true;
    } else if (h->value == HX_NOISE_PATTERN_BOT) {
        s->bot = true;
    } else if (h->value == HX_NOISE_PATTERN_SOLICIT) {
        take_solicit(s, t->clean.text, h);
    } else if (s->solicits == 0 || h->start >= s->solicit_end) {
        s->contact = true;
    }
}

/* A number or a name with digits in it, long enough to be called or written to. */
static bool is_contact_name(const hx_analysis *t, const hx_cut *c) {
    if ((c->kind != HX_CUT_LATIN && c->kind != HX_CUT_NUMBER) || c->end - c->start < CONTACT_MIN)
        return false;
    for (uint32_t i = c->start; i < c->end; i++)
        if (t->clean.text.ptr[i] >= '0' && t->clean.text.ptr[i] <= '9') return true;
    return false;
}

static bool has_link(const hx_lexicon *l, hx_str raw) {
    const hx_phrase_use *uses = (const hx_phrase_use *)(const void *)l->uses.ptr;
    hx_phrase_walk walk = hx__phrase_walk_of(&l->phrases, raw);
    hx_phrase_hit h;
    while (hx__phrase_walk_next(&walk, &h))
        if (uses[h.value].value[HX_PHRASE_NOISE] == HX_NOISE_PATTERN_CONTACT + 1 &&
            memchr("hw.", raw.ptr[h.start], 3))
            return true;
    return false;
}

static bool is_advert(const hx_lexicon *l, hx_str raw, const hx_analysis *t, const noise_scan *s) {
    if (s->solicits != 1) return s->solicits > 1;
    if (s->contact) return true;
    for (size_t i = 0; i < t->n_words; i++)
        if (is_contact_name(t, &t->words[i])) return true;
    return has_link(l, raw);
}

/* ------------------------------------------------------------------ repetition */

static size_t read_letters(const hx_analysis *t, uint32_t *letters) {
    size_t n = 0;
    for (size_t i = 0; i < t->n_words && n < LETTERS_MAX; i++) {
        if (!is_letter_cut(&t->words[i])) continue;
        hx_str word = hx__cut_text(&t->clean, &t->words[i]);
        for (size_t pos = 0; pos < word.len && n < LETTERS_MAX;)
            letters[n++] = hx_utf8_next(word, &pos);
    }
    return n;
}

static bool is_two_kinds(const uint32_t *c, size_t n) {
    uint32_t other = c[0];
    for (size_t i = 1; i < n; i++) {
        if (c[i] == c[0] || c[i] == other) continue;
        if (other != c[0]) return false;
        other = c[i];
    }
    return true;
}

static bool is_periodic(const uint32_t *c, size_t n) {
    for (size_t unit = 1; unit <= UNIT_MAX && unit * 4 <= n; unit++) {
        size_t i = unit;
        while (i < n && c[i] == c[i - unit])
            i++;
        if (i == n) return true;
    }
    return false;
}

static int key_of(uint32_t c) {
    static const char rows[] = "qwertyuiop  asdfghjkl  zxcvbnm";
    const char *at = c >= 'a' && c <= 'z' ? strchr(rows, (int)c) : NULL;
    return at ? (int)(at - rows) : -100;
}

static bool is_keyboard(const uint32_t *c, size_t n) {
    size_t near = 0;
    for (size_t i = 0; i < n; i++) {
        if (c[i] < 'a' || c[i] > 'z') return false;
        int step = i > 0 ? key_of(c[i]) - key_of(c[i - 1]) : 9;
        near += step >= -1 && step <= 1;
    }
    return near * 4 >= (n - 1) * 3;
}

static bool is_repeated(const uint32_t *c, size_t n) {
    return (n >= REPEAT_MIN && is_two_kinds(c, n)) || (n >= UNIT_MIN && is_periodic(c, n)) ||
           (n >= KEYS_MIN && is_keyboard(c, n));
}

hx_status hx__noise_find(hx_annotator *a, hx_str raw, const hx_analysis *text, hx_noise *out,
                         hx_error *err) {
    const hx_lexicon *l = a->model->lexicon;
    size_t room = text->clean.text.len < LETTERS_MAX ? text->clean.text.len + 1 : LETTERS_MAX;
    uint32_t *letters = hx_arena_alloc(a->scratch, room * sizeof *letters);
    if (!letters)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       raw.len);
    size_t n = read_letters(text, letters);
    noise_scan s = {0};
    size_t first = 0;
    hx_phrase_hit hit;
    hx_found_walk walk;
    HX_TRY(hx__found_of(a, text, HX_PHRASE_NOISE, &walk, err));
    while (hx__found_next(&walk, &hit))
        take_hit(&s, text, &hit);
    size_t all = letters_in(text, &first, 0, text->clean.text.len);
    if (n == 0) {
        *out = HX_NOISE_EMPTY;
    } else if (s.praise.letters > 0 && all - s.praise.letters <= REST_MAX) {
        *out = HX_NOISE_DEFAULT_PRAISE;
    } else if (s.spam) {
        *out = HX_NOISE_SPAM;
    } else if (is_advert(l, raw, text, &s)) {
        *out = HX_NOISE_ADVERT;
    } else if (s.bot) {
        *out = HX_NOISE_BOT;
    } else if (s.filler.letters > 0 && s.filler.letters * 2 >= all) {
        *out = HX_NOISE_OFF_TOPIC;
    } else {
        *out = is_repeated(letters, n) ? HX_NOISE_REPEATED : HX_NOISE_NONE;
    }
    return HX_OK;
}
