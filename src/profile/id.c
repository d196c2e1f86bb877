/* id.c - identifiers: normal form, order, keys. See id.h for the definitions.
 *
 * Normal form works on the value's bytes: full-width ASCII (U+FF01..FF5E, U+3000) becomes ASCII, blanks at both ends go. A number
 * that a spreadsheet turned into a float ("13085.0") is that number again. Values that stand for "nobody" are refused, since
 * joining on them would make one person of thousands. */
#include "profile/id.h"

#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"

static const char *const type_names[HX_ID_N] = {"customer", "email",     "phone", "account",
                                                "device",   "anonymous", "guest"};

const char *hx_id_type_name(hx_id_type t) {
    return (unsigned)t < HX_ID_N ? type_names[t] : "";
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Copies `value` with full-width ASCII folded; *out has room for value.len bytes. */
static size_t fold_width(hx_str value, char *out) {
    size_t n = 0, pos = 0;
    while (pos < value.len) {
        size_t start = pos;
        uint32_t cp = hx_utf8_next(value, &pos);
        if (cp == 0x3000) {
            out[n++] = ' ';
        } else if (cp >= 0xFF01 && cp <= 0xFF5E) {
            out[n++] = (char)(cp - 0xFEE0);
        } else {
            memcpy(out + n, value.ptr + start, pos - start);
            n += pos - start;
        }
    }
    return n;
}

static hx_str trim(hx_str s) {
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

#define WORD(lit)                                                                                  \
    { (lit), sizeof(lit) - 1 }

static bool same_word(hx_str s, hx_str word) {
    for (size_t i = 0; i < word.len; i++) {
        char c = s.ptr[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
        if (c != word.ptr[i]) return false;
    }
    return true;
}

static bool is_nobody(hx_str s) {
    static const hx_str words[] = {
        WORD("null"),      WORD("none"),    WORD("nil"),       WORD("nan"),      WORD("n/a"),
        WORD("na"),        WORD("unknown"), WORD("undefined"), WORD("guest"),    WORD("-1"),
        WORD("anonymous"), WORD("匿名"),    WORD("匿名用户"),  WORD("匿名买家"), WORD("未知"),
        WORD("未知用户"),  WORD("游客"),    WORD("无"),        WORD("暂无"),     WORD("空"),
        WORD("(null)"),    WORD("\\n"),     WORD("#n/a")};
    bool dull = true;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '*') return true;
        dull = dull && (s.ptr[i] == '0' || s.ptr[i] == '-' || s.ptr[i] == '.');
    }
    if (dull) return true;
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (words[w].len == s.len && same_word(s, words[w])) return true;
    return false;
}

/* "13085.0" -> "13085": what is left of an integer after a trip through a float column. */
static hx_str without_float_tail(hx_str s) {
    if (s.len < 3 || s.ptr[s.len - 1] != '0' || s.ptr[s.len - 2] != '.') return s;
    for (size_t i = 0; i < s.len - 2; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return s;
    return (hx_str){s.ptr, s.len - 2};
}

static bool email_form(char *p, size_t len) {
    size_t at = 0;
    bool dot = false;
    for (size_t i = 0; i < len; i++) {
        if (p[i] >= 'A' && p[i] <= 'Z') p[i] = (char)(p[i] + 32);
        if (p[i] == '@') at = i;
        if (is_blank(p[i])) return false;
        if (p[i] == '.' && at > 0) dot = true;
    }
    return at > 0 && at + 1 < len && dot;
}

/* Digits alone, without the mainland's country code. Returns the new length, 0 where it is no phone number. */
static size_t phone_form(char *p, size_t len) {
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (p[i] >= '0' && p[i] <= '9') {
            p[n++] = p[i];
        } else if (!strchr("+-() .", p[i])) {
            return 0;
        }
    }
    if (n == 13 && memcmp(p, "861", 3) == 0) {
        memmove(p, p + 2, 11);
        n = 11;
    } else if (n == 15 && memcmp(p, "00861", 5) == 0) {
        memmove(p, p + 4, 11);
        n = 11;
    }
    return n >= 5 && n <= 15 ? n : 0;
}

bool hx_id_normalize(hx_id_type type, hx_str value, hx_arena *arena, hx_id *out) {
    value = trim(value);
    if (value.len == 0 || value.len > HX_ID_VALUE_MAX) return false;
    char *copy = hx_arena_alloc(arena, value.len + 1);
    if (!copy) return false;
    hx_str s = trim((hx_str){copy, fold_width(value, copy)});
    s = without_float_tail(s);
    if (s.len == 0 || is_nobody(s)) return false;
    char *p = copy + (s.ptr - copy);
    if (type == HX_ID_EMAIL && !email_form(p, s.len)) return false;
    if (type == HX_ID_PHONE) {
        s.len = phone_form(p, s.len);
        if (s.len == 0) return false;
    }
    *out = (hx_id){type, s};
    return true;
}

/* XXH3 of short values collides for neighbouring seeds, so types are far apart: 2^64 / golden ratio. */
#define TYPE_SPACING UINT64_C(0x9E3779B97F4A7C15)

uint64_t hx_id_key(hx_id id) {
    uint64_t key = hx_hash_seed(id.value, 0x68780000u + (uint64_t)id.type * TYPE_SPACING);
    return hx_id_key_is_guest(key) || key == 0 ? key ^ 0x8000000000000001u : key;
}

int hx_id_compare(hx_id a, hx_id b) {
    if (a.type != b.type) return a.type < b.type ? -1 : 1;
    return hx_str_compare(a.value, b.value);
}

/* Guest buckets: 0x67756573 ("gues") in the upper half, the bucket's number in the lower; spread over the parts by the top byte. */
uint64_t hx_id_guest_key(uint64_t row_hash) {
    uint64_t bucket = row_hash % HX_GUEST_BUCKETS;
    return bucket << 56 | UINT64_C(0x67756573740000);
}

bool hx_id_key_is_guest(uint64_t key) {
    return (key & UINT64_C(0x00FFFFFFFFFFFFFF)) == UINT64_C(0x67756573740000);
}

static const char base32[] = "0123456789abcdefghjkmnpqrstvwxyz";

char *hx_profile_id_text(uint64_t key, char out[HX_PROFILE_ID_MAX]) {
    memcpy(out, "c_", 2);
    for (int i = 0; i < 13; i++)
        out[2 + i] = base32[key >> (60 - 5 * i) & 31];
    out[15] = '\0';
    return out;
}

bool hx_profile_id_parse(hx_str s, uint64_t *key) {
    if (s.len != 15 || s.ptr[0] != 'c' || s.ptr[1] != '_') return false;
    uint64_t v = 0;
    for (size_t i = 2; i < 15; i++) {
        const char *at = s.ptr[i] ? strchr(base32, s.ptr[i]) : NULL;
        if (!at) return false;
        uint64_t digit = (uint64_t)(at - base32);
        if (i == 2 && digit > 15) return false;
        v = v << 5 | digit;
    }
    *key = v;
    return true;
}
