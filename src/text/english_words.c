/* english_words.c - words and sentences of English text by rules that follow UD English EWT.
 *
 *     text -> runs between white space -> marks in front, marks behind, the middle -> words
 *
 * Whole:   URLs, e-mail addresses, emoticons, "...", "--", abbreviations with their full stop (Mr., U.S., p.m.), numbers with , . : / inside
 * Cut:     do|n't, it|'s, can|not, gon|na (one word as written: `joins`); well|-|known, but not e-mail, co-op, 555-1234; and|/|or; 5|pm; $|5; 50|%
 * Sentences end behind . ! ? and quotes or brackets that close there, where no small letter follows; and at an empty line.
 *
 * A word's span is all there is: forms are bytes of the text. Time is linear: what looks ahead has a bound. */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "text/conllu.h"

enum { SHORT_MAX = 16 }; /* bytes of what is looked up in lists */

typedef struct {
    hx_str text;
    hx_buf words; /* hx_english_word */
    bool begins; /* the next word begins a sentence */
    bool ended; /* the word before may end one */
} english_cutter;

/* ------------------------------------------------------------------ bytes and lists */
static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

/* A letter; bytes of other characters count, but marks of E2 80 (quotes, dashes) are looked for before. */
static bool is_letter(char c) {
    return is_upper(c) || (c >= 'a' && c <= 'z') || ((unsigned char)c & 0x80) != 0;
}

static char lower(char c) {
    return is_upper(c) ? (char)(c + 32) : c;
}

/* `list`: words between blanks, with one at either end. */
static bool is_in(const char *list, hx_str s) {
    char key[SHORT_MAX + 3];
    if (s.len == 0 || s.len > SHORT_MAX || memchr(s.ptr, '\0', s.len)) return false;
    key[0] = ' ';
    for (size_t i = 0; i < s.len; i++)
        key[i + 1] = lower(s.ptr[i]);
    key[s.len + 1] = ' ';
    key[s.len + 2] = '\0';
    return strstr(list, key) != NULL;
}

static hx_str part(const english_cutter *e, size_t from, size_t to) {
    return (hx_str){e->text.ptr + from, to - from};
}

static void add(english_cutter *e, size_t from, size_t to, bool joins) {
    if (from == to) return;
    const hx_english_word w = {{(uint32_t)from, (uint32_t)to}, e->begins, joins};
    (void)hx_buf_append(&e->words, &w, sizeof w);
    e->begins = false;
}

/* ------------------------------------------------------------------ marks */
/* Bytes of the mark at `at`, 0 = a letter or digit. */
static size_t mark_len(const english_cutter *e, size_t at, size_t end) {
    const char *s = e->text.ptr;
    char c = s[at];
    if (is_digit(c)) return 0;
    if (!((unsigned char)c & 0x80)) return is_letter(c) ? 0 : 1;
    bool general = c == '\xE2' && end - at >= 3 && (s[at + 1] == '\x80' || s[at + 1] == '\x82');
    bool latin = c == '\xC2' && end - at >= 2 && (unsigned char)s[at + 1] >= 0xA1 &&
                 (unsigned char)s[at + 1] <= 0xBF && s[at + 1] != '\xAA' && s[at + 1] != '\xBA';
    return general ? 3 : latin ? 2 : 0;
}

/* The end of the marks at `at` that are one word: "...", "--", "!!!" and "?!" are. */
static size_t mark_end(const english_cutter *e, size_t at, size_t end) {
    const char *s = e->text.ptr;
    size_t next = at + mark_len(e, at, end);
    if (s[at] == '!' || s[at] == '?') {
        while (next < end && (s[next] == '!' || s[next] == '?'))
            next++;
    } else if (strchr(".-=*_~+$<>\\", s[at])) {
        while (next < end && s[next] == s[at])
            next++;
    }
    return next;
}

static bool is_emoticon(hx_str s) {
    static const char list[] = " :) :-) ;) ;-) :( :-( :d :-d :p :-p ;d =) =( =d :/ :-/ :o :-o xd "
                               "<3 :| :'( :)) :))) ^_^ (: ): 8) b-) :] :* ";
    return is_in(list, s);
}

/* ------------------------------------------------------------------ the middle */
static bool is_link(hx_str s) {
    static const char *const begins[] = {"http://", "https://", "www.", "ftp://", "file:"};
    const char *at = memchr(s.ptr, '@', s.len);
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        size_t n = strlen(begins[i]), k = 0;
        while (k < n && k < s.len && lower(s.ptr[k]) == begins[i][k])
            k++;
        if (k == n) return true;
    }
    if (at && at > s.ptr) {
        size_t left = s.len - (size_t)(at + 1 - s.ptr);
        return left > 2 && memchr(at + 1, '.', left) != NULL;
    }
    static const char *const ends[] = {".com",  ".org", ".net", ".edu", ".gov",
                                       ".html", ".doc", ".pdf", ".xls", ".ppt"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t n = strlen(ends[i]);
        if (s.len > n && memcmp(s.ptr + s.len - n, ends[i], n) == 0) return true;
    }
    return false;
}

static bool is_abbreviation(hx_str s) {
    static const char list[] =
        " mr. mrs. ms. dr. prof. st. jr. sr. inc. corp. co. ltd. llc. vs. etc. no. gen. sen. rep. "
        "gov. col. lt. sgt. rev. hon. jan. feb. mar. apr. jun. jul. aug. sep. sept. oct. nov. dec. "
        "dept. est. approx. ave. blvd. rd. mt. ft. ext. fig. vol. pp. cf. al. capt. cmdr. messrs. "
        "a.m. p.m. e.g. i.e. ph.d. d.c. ";
    if (is_in(list, s)) return true;
    bool dots = s.len >= 2 && s.len <= SHORT_MAX && s.len % 2 == 0;
    for (size_t i = 0; dots && i < s.len; i++)
        dots = i % 2 ? s.ptr[i] == '.' : is_upper(s.ptr[i]) || (s.len > 2 && is_letter(s.ptr[i]));
    return dots && (s.len > 2 || s.ptr[0] != 'I');
}

/* Where a contraction begins in [from, to): do|n't, it|'s; `to` = nowhere. */
static size_t contraction_at(const english_cutter *e, size_t from, size_t to) {
    const char *s = e->text.ptr;
    hx_str whole = part(e, from, to);
    if (is_in(" cannot gonna gotta wanna gimme lemme outta ", whole)) return from + 3;
    if (is_in(" dont cant didnt doesnt isnt wasnt wouldnt couldnt arent havent hasnt ", whole))
        return to - 2;
    size_t quote = to;
    for (size_t i = to; i-- > from && to - i <= 6;)
        if (s[i] == '\'' || (s[i] == '\xE2' && to - i >= 3 && s[i + 1] == '\x80' &&
                             (s[i + 2] == '\x99' || s[i + 2] == '\x98'))) {
            quote = i;
            break;
        }
    if (quote == to || quote == from) return to;
    size_t behind = quote + (s[quote] == '\'' ? 1 : 3);
    if (is_in(" t ", part(e, behind, to)) && lower(s[quote - 1]) == 'n' && quote - 1 > from)
        return quote - 1;
    return is_in(" s re ve ll d m ", part(e, behind, to)) ? quote : to;
}

/* "5pm" is two words; "5" and "pm" are, too, where they are cut already. */
static void add_number(english_cutter *e, size_t from, size_t to) {
    size_t digits = from;
    while (digits < to && (is_digit(e->text.ptr[digits]) || e->text.ptr[digits] == '.' ||
                           e->text.ptr[digits] == ',' || e->text.ptr[digits] == ':'))
        digits++;
    bool unit = digits > from && digits < to &&
                is_in(" pm am p.m. a.m. k m mm cm km kg g mb gb hr hrs min ft lb lbs yr yrs ",
                      part(e, digits, to));
    add(e, from, unit ? digits : to, false);
    if (unit) add(e, digits, to, true);
}

/* At most two contractions are cut off: could|n't|'ve. */
static void add_letters(english_cutter *e, size_t from, size_t to) {
    size_t last = contraction_at(e, from, to);
    if (last == to) {
        add_number(e, from, to);
        return;
    }
    size_t first = contraction_at(e, from, last);
    add(e, from, first, false);
    add(e, first, last, true);
    add(e, last, to, true);
}

/* Whether what stands around the hyphen or slash at `at` is one word. */
static bool is_whole(const english_cutter *e, size_t from, size_t at, size_t to) {
    const char *s = e->text.ptr;
    bool digits = at > from && at + 1 < to && is_digit(s[at - 1]) && is_digit(s[at + 1]);
    if (is_in(" b/c w/o c/o f/2 a/c n/a ", part(e, from, to))) return true;
    if (s[at] == '-') {
        bool phone = digits && at - from >= 3 && to - at >= 4 && to - from != 9;
        return phone ||
               is_in(
                   " e co non re pre anti ex x t u mid mis multi semi bi counter de over un vice ",
                   part(e, from, at));
    }
    return digits;
}

static bool separates(const english_cutter *e, size_t from, size_t at, size_t to) {
    const char *s = e->text.ptr;
    if (at == from || at + 1 >= to) return false;
    if (s[at] == '-' || s[at] == '/') return !is_whole(e, from, at, to);
    if (strchr("()[]\"<>;=+*|~%$!?", s[at])) return true;
    if (s[at] == ',') return !(is_digit(s[at - 1]) && is_digit(s[at + 1]));
    if (s[at] == ':') return !(is_digit(s[at - 1]) && is_digit(s[at + 1]));
    if (s[at] == '.') return s[at + 1] == '.';
    return mark_len(e, at, to) == 3 && !(s[at + 1] == '\x80' && (s[at + 2] == '\x99'));
}

static void add_middle(english_cutter *e, size_t from, size_t to) {
    size_t word = from;
    if (is_link(part(e, from, to))) {
        add(e, from, to, false);
        return;
    }
    for (size_t at = from; at < to;) {
        if (!separates(e, word, at, to)) {
            at++;
            continue;
        }
        size_t end = mark_end(e, at, to);
        add_letters(e, word, at);
        add(e, at, end, false);
        word = at = end;
    }
    if (word < to) add_letters(e, word, to);
}

/* ------------------------------------------------------------------ a run between white space */
static size_t skip_front(english_cutter *e, size_t from, size_t to) {
    const char *s = e->text.ptr;
    while (from < to && mark_len(e, from, to) > 0) {
        bool clitic = is_in(" 's 're 've 'll 'd 'm \xE2\x80\x99s ", part(e, from, to));
        bool number = (s[from] == '.' || s[from] == '\'') && from + 1 < to && is_digit(s[from + 1]);
        if (clitic || number || is_emoticon(part(e, from, to))) break;
        size_t end = mark_end(e, from, to);
        add(e, from, end, false);
        from = end;
    }
    return from;
}

/* Where the marks behind the middle begin. */
static size_t back_of(const english_cutter *e, size_t from, size_t to) {
    const char *s = e->text.ptr;
    bool link = is_link(part(e, from, to));
    size_t at = to;
    while (at > from) {
        size_t n = 1;
        if (at - from >= 3 && s[at - 3] == '\xE2')
            n = 3;
        else if (at - from >= 2 && s[at - 2] == '\xC2')
            n = 2;
        if (mark_len(e, at - n, at) != n) break;
        if (s[at - 1] == '.' && is_abbreviation(part(e, from, at))) break;
        if (link && (s[at - 1] == '/' || s[at - 1] == '-' || s[at - 1] == '_')) break;
        at -= n;
    }
    return at;
}

static bool closes(const english_cutter *e, size_t from, size_t to) {
    hx_str s = part(e, from, to);
    return is_in(" \" ' '' ) ] \xE2\x80\x9D \xE2\x80\x99 ", s) || is_emoticon(s);
}

static bool ends_sentence(const english_cutter *e, size_t from, size_t to) {
    char c = e->text.ptr[from];
    return to > from && (c == '.' || c == '!' || c == '?');
}

static void add_back(english_cutter *e, size_t from, size_t to) {
    while (from < to) {
        size_t end = is_emoticon(part(e, from, to)) ? to : mark_end(e, from, to);
        if (ends_sentence(e, from, end))
            e->ended = true;
        else if (!closes(e, from, end))
            e->ended = false;
        add(e, from, end, false);
        from = end;
    }
}

/* A sentence may begin with this run: no small letter stands in front. */
static bool may_begin(const english_cutter *e, size_t from, size_t to) {
    while (from < to && mark_len(e, from, to) > 0)
        from += mark_len(e, from, to);
    return from == to || !(e->text.ptr[from] >= 'a' && e->text.ptr[from] <= 'z');
}

static void cut_run(english_cutter *e, size_t from, size_t to) {
    if (e->ended && may_begin(e, from, to)) e->begins = true;
    e->ended = false;
    if (is_emoticon(part(e, from, to))) {
        add(e, from, to, false);
        return;
    }
    size_t back = back_of(e, from, to);
    if (back == from) {
        add_back(e, from, to);
        return;
    }
    from = skip_front(e, from, to);
    if (back < from) back = from;
    add_middle(e, from, back);
    add_back(e, back, to);
}

hx_status hx_english_words(hx_str text, hx_arena *arena, hx_english_word **out, size_t *n,
                           hx_error *err) {
    english_cutter e = {.text = text, .begins = true};
    if (text.len > HX_TEXT_MAX)
        return hx_fail(err, HX_ELIMIT, "a text has %zu bytes; at most %u can be cut into words",
                       text.len, HX_TEXT_MAX);
    hx_buf_init(&e.words, SIZE_MAX / 2);
    for (size_t at = 0; at < text.len;) {
        size_t from = at, lines = 0;
        for (; at < text.len && is_blank(text.ptr[at]); at++)
            lines += text.ptr[at] == '\n';
        if (lines > 1) e.begins = true;
        for (from = at; at < text.len && !is_blank(text.ptr[at]); at++) {
        }
        if (at > from) cut_run(&e, from, at);
    }
    hx_status st = hx_buf_status(&e.words, "the words of a text", err);
    *n = e.words.len / sizeof **out;
    *out = hx_arena_alloc(arena, e.words.len + 1);
    if (st == HX_OK && !*out) st = hx_fail(err, HX_ENOMEM, "out of memory for %zu words", *n);
    if (st == HX_OK && *n > 0) memcpy(*out, e.words.ptr, e.words.len);
    hx_buf_release(&e.words);
    return st;
}
