/* pii.c - personal data in text: mobile and landline numbers, ID cards, bank cards, e-mail addresses.
 *
 * One pass from left to right. At the start of each run of e-mail characters the run is tried as an address; otherwise
 * the digits from there are read into *groups* (digits that touch) joined by at most two separators (blank, dash,
 * bracket; also full-width). A number is made of whole groups, so part of a longer number is never taken:
 *
 *     text    +86 138-1234-5678 转 2
 *     groups   86|138|1234|5678        -> phone = groups 0..3
 *
 * What decides: the shape (digits, grouping), then the arithmetic.
 *   ID card    GB 11643-1999: region, date of birth, ISO 7064 MOD 11-2 check character; the 15-digit form of GB 11643-1989
 *   bank card  ISO/IEC 7812-1: issuer prefix and the Luhn sum
 *   mobile     1[3-9] and nine digits, +86/0086/86 before it; landline: trunk area code and 7-8 digits; 400/800 numbers
 * Letters, `_`, `.digit`, or a currency sign next to the digits speak against personal data: article codes, prices.
 *
 * Linear: a group window has at most GROUPS_MAX groups, and an address at most 64 + 254 bytes. */
#include "huaxiang/privacy.h"

#include <string.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/error.h"
#include "base/utf8.h"

enum {
    DIGITS_MAX = 24, /* digits of one window; the longest number is 0086 + 11 or a card of 19 */
    GROUPS_MAX = 20,
    GAP_MAX = 2, /* separators between two groups */
    LOCAL_MAX = 64, /* RFC 5321 4.5.3.1.1 */
    HOST_MAX = 254
};

/* Groups of digits from one place of the text on. */
typedef struct {
    char digit[DIGITS_MAX + 1]; /* '0'-'9'; an X behind 17 digits is kept as 'X' */
    uint32_t at[DIGITS_MAX + 1]; /* byte offset of each */
    uint32_t end[DIGITS_MAX + 1]; /* byte behind each */
    int n;
    int first[GROUPS_MAX + 1]; /* index of each group's first digit; first[n_groups] = n */
    int n_groups;
    bool cut; /* the last group goes on beyond DIGITS_MAX */
} digits;

/* A candidate: digits [from, to) of whole groups. */
typedef struct {
    const char *d;
    int n; /* digits */
    const int *size; /* digits of each group */
    int n_groups;
    bool plus; /* a + stands before it */
} candidate;

const char *hx_pii_name(hx_pii_type t) {
    static const char *const names[HX_PII_N] = {"phone", "id_card", "bank_card", "email"};
    return (unsigned)t < HX_PII_N ? names[t] : "unknown";
}

/* ------------------------------------------------------------------ characters */

/* The digit at `pos` ('0'-'9', also full-width), its byte length in *len; 0 = none. */
static char digit_at(hx_str s, size_t pos, uint32_t *len) {
    if (pos >= s.len) return 0;
    const unsigned char *p = (const unsigned char *)s.ptr + pos;
    if (p[0] >= '0' && p[0] <= '9') {
        *len = 1;
        return (char)p[0];
    }
    if (p[0] == 0xEF && s.len - pos >= 3 && p[1] == 0xBC && p[2] >= 0x90 && p[2] <= 0x99) {
        *len = 3;
        return (char)('0' + p[2] - 0x90);
    }
    return 0;
}

/* The check character X or x, also full-width. */
static bool is_x_at(hx_str s, size_t pos, uint32_t *len) {
    if (pos >= s.len) return false;
    const unsigned char *p = (const unsigned char *)s.ptr + pos;
    *len = p[0] == 0xEF ? 3 : 1;
    if (p[0] == 'X' || p[0] == 'x') return true;
    return s.len - pos >= 3 && p[0] == 0xEF &&
           ((p[1] == 0xBC && p[2] == 0xB8) || (p[1] == 0xBD && p[2] == 0x98));
}

/* Bytes of the separator at `pos`, 0 = none. */
static uint32_t separator_at(hx_str s, size_t pos) {
    static const char *const list[] = {" ",  "-",  "(",  ")", "\t", "\xC2\xA0", "　",
                                       "－", "（", "）", "—", "–",  "‐"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        size_t n = strlen(list[i]);
        if (s.len - pos >= n && memcmp(s.ptr + pos, list[i], n) == 0) return (uint32_t)n;
    }
    return 0;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_local(char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || (c != 0 && strchr("._%+-", c) != NULL);
}

/* Does the text before `pos` forbid a number here: letter, _, decimal point, currency sign? */
static bool is_barred_before(hx_str s, size_t pos) {
    static const char *const signs[] = {"¥", "￥", "$", "€", "£", "＄"};
    if (pos == 0) return false;
    char c = s.ptr[pos - 1];
    if (is_letter(c) || c == '_' || c == '.' || c == '#') return true;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t n = strlen(signs[i]);
        if (pos >= n && memcmp(s.ptr + pos - n, signs[i], n) == 0) return true;
    }
    return false;
}

static bool is_barred_after(hx_str s, size_t pos) {
    if (pos >= s.len) return false;
    char c = s.ptr[pos];
    uint32_t len;
    if (is_letter(c) || c == '_') return true;
    return c == '.' && digit_at(s, pos + 1, &len) != 0;
}

/* ------------------------------------------------------------------ reading groups */

static bool is_gap(hx_str s, size_t *pos) {
    uint32_t len;
    for (int i = 0; i < GAP_MAX; i++) {
        uint32_t n = separator_at(s, *pos);
        if (n == 0) return false;
        *pos += n;
        if (*pos >= s.len) return false;
        if (digit_at(s, *pos, &len)) return true;
    }
    return false;
}

/* The digits of one group from *pos on; an X directly behind the 17th digit of all belongs to it. */
static void read_group(hx_str s, size_t *pos, digits *g) {
    uint32_t len;
    char c = digit_at(s, *pos, &len);
    for (; c != 0; c = digit_at(s, *pos, &len)) {
        if (g->n == DIGITS_MAX) {
            g->cut = true;
            return;
        }
        g->digit[g->n] = c;
        g->at[g->n] = (uint32_t)*pos;
        *pos += len;
        g->end[g->n++] = (uint32_t)*pos;
    }
    int in_group = g->n - g->first[g->n_groups];
    bool may_end_card = g->n >= 17 && (in_group == 17 || in_group == 3);
    if (may_end_card && g->n < DIGITS_MAX && is_x_at(s, *pos, &len)) {
        g->digit[g->n] = 'X';
        g->at[g->n] = (uint32_t)*pos;
        *pos += len;
        g->end[g->n++] = (uint32_t)*pos;
    }
}

/* Groups from `pos` (at a digit) on. */
static void read_groups(hx_str s, size_t pos, digits *g) {
    g->n = g->n_groups = 0;
    g->cut = false;
    do {
        g->first[g->n_groups] = g->n;
        read_group(s, &pos, g);
        g->n_groups++;
    } while (!g->cut && g->n < DIGITS_MAX && g->n_groups < GROUPS_MAX && is_gap(s, &pos));
    g->first[g->n_groups] = g->n;
}

/* ------------------------------------------------------------------ what a number may be */

static int number_of(const char *d, int n) {
    int v = 0;
    for (int i = 0; i < n; i++)
        v = v * 10 + (d[i] - '0');
    return v;
}

static bool is_shape(const candidate *c, const char *shape) {
    int n = (int)strlen(shape);
    if (c->n_groups != n) return false;
    for (int i = 0; i < n; i++)
        if (c->size[i] != shape[i] - '0') return false;
    return true;
}

static bool is_any_shape(const candidate *c, const char *const *shapes) {
    for (; *shapes; shapes++)
        if (is_shape(c, *shapes)) return true;
    return false;
}

static bool is_spaced_out(const candidate *c) {
    for (int i = 0; i < c->n_groups; i++)
        if (c->size[i] != 1) return false;
    return true;
}

/* Drops +86, 0086 or 86, which may touch the number or stand as a group of its own. `size` gets the groups left. */
static candidate without_country(const candidate *c, int size[GROUPS_MAX]) {
    int code = strncmp(c->d, "0086", 4) == 0 ? 4 : strncmp(c->d, "86", 2) == 0 ? 2 : 0;
    candidate out = *c;
    if (code == 0 || c->n_groups < 1 || c->n <= code || c->size[0] < code) return out;
    int skip = c->size[0] == code ? 1 : 0;
    for (int i = skip; i < c->n_groups; i++)
        size[i - skip] = c->size[i];
    if (!skip) size[0] -= code;
    return (candidate){c->d + code, c->n - code, size, c->n_groups - skip, c->plus};
}

static bool is_mobile(const candidate *c) {
    static const char *const shapes[] = {"344", "38", "74", "434", "443", "335", "353", "56", NULL};
    if (c->n != 11 || c->d[0] != '1' || c->d[1] < '3' || c->d[1] > '9') return false;
    return c->n_groups == 1 || is_any_shape(c, shapes) || is_spaced_out(c);
}

/* Digits of the trunk area code (with its 0), or 0. 026 is not in use. */
static int area_code(const char *d) {
    if (d[0] != '0') return 0;
    if (d[1] == '1') return d[2] == '0' ? 3 : 0;
    if (d[1] == '2') return d[2] == '6' ? 0 : 3;
    return d[1] >= '3' && d[1] <= '9' && d[2] != '0' ? 4 : 0;
}

static bool is_landline(const candidate *c) {
    static const char *const shapes[] = {"38", "47", "48", "344", "434", "444", "443", NULL};
    if (c->n < 11 || c->n > 12) return false;
    int area = area_code(c->d);
    int local = c->n - area;
    if (area == 0 || local < 7 || local > 8 || (area == 3 && local != 8)) return false;
    if (c->d[area] < '2' || c->d[area] > '8') return false;
    return c->n_groups == 1 || (c->size[0] == area && is_any_shape(c, shapes));
}

static bool is_service_number(const candidate *c) {
    static const char *const shapes[] = {"334", "343", "433", "37", NULL};
    if (c->n != 10) return false;
    bool is_400 = strncmp(c->d, "400", 3) == 0;
    if (!is_400 && strncmp(c->d, "800", 3) != 0) return false;
    return (is_400 && c->n_groups == 1) || is_any_shape(c, shapes);
}

static bool is_phone(const candidate *c) {
    int size[GROUPS_MAX];
    if (c->d[c->n - 1] == 'X') return false;
    candidate national = without_country(c, size);
    if (is_mobile(&national)) return true;
    return !c->plus && (is_landline(c) || is_service_number(c));
}

/* GB/T 2260: the provinces' first two digits; 81-83 are the residence permits of Hong Kong, Macao and Taiwan. */
static bool is_region(const char *d) {
    static const char provinces[] =
        "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 "
        "61 62 63 64 65 71 81 82 83";
    if (d[2] == '0' && d[3] == '0' && d[0] != '8') return false;
    for (const char *p = provinces;; p += 3) {
        if (p[0] == d[0] && p[1] == d[1]) return true;
        if (p[2] == 0) return false;
    }
}

static bool is_birthday(int year, int month, int day) {
    hx_civil c = {.year = year, .month = month, .day = day};
    return year >= 1900 && year <= 2099 && hx_civil_is_valid(&c);
}

/* ISO 7064 MOD 11-2 over 17 digits with the weights 2^(17-i) mod 11. */
static char check_character(const char *d) {
    static const int weight[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < 17; i++)
        sum += (d[i] - '0') * weight[i];
    return "10X98765432"[sum % 11];
}

static bool is_id_card(const candidate *c) {
    static const char *const shapes[] = {"684", "6444", "3384", "666", NULL};
    const char *d = c->d;
    if (c->n == 15 && c->n_groups == 1 && d[14] != 'X')
        return is_region(d) && strncmp(d + 12, "000", 3) != 0 &&
               is_birthday(1900 + number_of(d + 6, 2), number_of(d + 8, 2), number_of(d + 10, 2));
    if (c->n != 18 || !(c->n_groups == 1 || is_any_shape(c, shapes))) return false;
    if (!is_region(d) || strncmp(d + 14, "000", 3) == 0) return false;
    if (!is_birthday(number_of(d + 6, 4), number_of(d + 10, 2), number_of(d + 12, 2))) return false;
    return check_character(d) == d[17];
}

/* Luhn, ISO/IEC 7812-1 annex B. */
static bool is_luhn(const char *d, int n) {
    int sum = 0;
    for (int i = 0; i < n; i++) {
        int v = d[n - 1 - i] - '0';
        if (i % 2 == 1) v = v * 2 > 9 ? v * 2 - 9 : v * 2;
        sum += v;
    }
    return sum % 10 == 0;
}

/* Issuer prefixes: UnionPay 62 (and ICBC's old 9558), Visa, Mastercard, American Express, JCB, Diners, Discover. */
static bool is_issuer(const char *d, int n) {
    static const struct {
        int low, high, shortest, longest; /* first four digits; lengths */
    } table[] = {{6200, 6299, 16, 19}, {9558, 9558, 19, 19}, {4000, 4999, 16, 16},
                 {4000, 4999, 13, 13}, {4000, 4999, 19, 19}, {5100, 5599, 16, 16},
                 {2221, 2720, 16, 16}, {3400, 3499, 15, 15}, {3700, 3799, 15, 15},
                 {3528, 3589, 16, 19}, {3000, 3059, 14, 14}, {3600, 3699, 14, 14},
                 {3800, 3999, 14, 14}, {6011, 6011, 16, 19}, {6440, 6599, 16, 19}};
    int head = number_of(d, 4);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (head >= table[i].low && head <= table[i].high && n >= table[i].shortest &&
            n <= table[i].longest)
            return true;
    return false;
}

static bool is_bank_card(const candidate *c) {
    if (c->n < 13 || c->n > 19 || c->d[c->n - 1] == 'X') return false;
    for (int i = 0; i < c->n_groups; i++)
        if (i + 1 < c->n_groups && c->size[i] < 4) return false;
    return is_issuer(c->d, c->n) && is_luhn(c->d, c->n);
}

static bool classify(const candidate *c, hx_pii_type *type) {
    if (is_id_card(c)) {
        *type = HX_PII_ID_CARD;
    } else if (is_bank_card(c)) {
        *type = HX_PII_BANK_CARD;
    } else if (is_phone(c)) {
        *type = HX_PII_PHONE;
    } else {
        return false;
    }
    return true;
}

/* ------------------------------------------------------------------ finding */

/* Tries the groups' windows that begin with the first group, the longest first. */
static bool find_number(hx_str s, const digits *g, hx_pii *find) {
    uint32_t start = g->at[0];
    bool plus = start > 0 && s.ptr[start - 1] == '+';
    if (is_barred_before(s, plus ? start - 1 : start)) return false;
    int size[GROUPS_MAX];
    for (int i = 0; i < g->n_groups; i++)
        size[i] = g->first[i + 1] - g->first[i];
    for (int last = g->n_groups; last > 0; last--) {
        if (last == g->n_groups && g->cut) continue;
        candidate c = {g->digit, g->first[last], size, last, plus};
        uint32_t end = g->end[c.n - 1];
        if (c.n < 10 || is_barred_after(s, end) || !classify(&c, &find->type)) continue;
        find->start = plus ? start - 1 : start;
        find->end = end;
        return true;
    }
    return false;
}

/* Bytes of the host name at `pos`: labels joined by dots, the last of two or more letters; 0 = none. */
static size_t host_len(hx_str s, size_t pos) {
    size_t best = 0;
    size_t label = pos;
    bool alphabetic = true;
    for (size_t i = pos; i <= s.len && i - pos <= HOST_MAX; i++) {
        char c = i < s.len ? s.ptr[i] : 0;
        if (is_letter(c)) continue;
        bool ends_label = i > label && s.ptr[i - 1] != '-' && s.ptr[label] != '-';
        if ((c >= '0' && c <= '9') || (c == '-' && i > label)) {
            alphabetic = false;
            continue;
        }
        if (ends_label && label > pos && alphabetic && i - label >= 2) best = i - pos;
        if (c != '.' || !ends_label) break;
        label = i + 1;
        alphabetic = true;
    }
    return best;
}

/* An address whose local part is the run [start, end). */
static bool find_email(hx_str s, size_t start, size_t end, hx_pii *find) {
    if (end >= s.len || end - start > LOCAL_MAX) return false;
    size_t at = s.ptr[end] == '@'                                       ? 1
                : s.len - end >= 3 && memcmp(s.ptr + end, "＠", 3) == 0 ? 3
                                                                        : 0;
    if (at == 0 || s.ptr[start] == '.' || s.ptr[end - 1] == '.') return false;
    for (size_t i = start + 1; i < end; i++)
        if (s.ptr[i] == '.' && s.ptr[i - 1] == '.') return false;
    size_t host = host_len(s, end + at);
    if (host == 0) return false;
    *find = (hx_pii){HX_PII_EMAIL, (uint32_t)start, (uint32_t)(end + at + host)};
    return true;
}

/* The first find that begins at `pos`, where a run of e-mail characters or a full-width digit begins; *run_end = where
 * the run ends. */
static bool find_at(hx_str s, size_t pos, size_t *run_end, hx_pii *find) {
    uint32_t len;
    if (pos >= *run_end) {
        size_t end = pos;
        while (end < s.len && is_local(s.ptr[end]))
            end++;
        *run_end = end;
        if (end > pos && find_email(s, pos, end, find)) return true;
    }
    if (!digit_at(s, pos, &len)) return false;
    digits g;
    read_groups(s, pos, &g);
    return find_number(s, &g, find);
}

static size_t skip_digits(hx_str s, size_t pos) {
    uint32_t len;
    while (digit_at(s, pos, &len))
        pos += len;
    return pos;
}

static hx_status find_all(hx_str s, hx_buf *finds, hx_error *err) {
    size_t run_end = 0;
    uint32_t len;
    for (size_t pos = 0; pos < s.len;) {
        hx_pii find;
        if (find_at(s, pos, &run_end, &find)) {
            hx_buf_append(finds, &find, sizeof find);
            pos = run_end = find.end;
        } else if (digit_at(s, pos, &len)) {
            pos = skip_digits(s, pos);
        } else {
            pos++;
        }
    }
    return hx_buf_status(finds, "the list of personal data", err);
}

hx_status hx_pii_find(hx_str text, hx_arena *arena, const hx_pii **out, size_t *n, hx_error *err) {
    if (text.len > UINT32_MAX)
        return hx_fail(err, HX_ELIMIT,
                       "text has %zu bytes; personal data is looked for in at most 4 GiB at a time",
                       text.len);
    hx_buf finds;
    hx_buf_init(&finds, text.len * sizeof(hx_pii) + sizeof(hx_pii));
    hx_status status = find_all(text, &finds, err);
    size_t count = finds.len / sizeof(hx_pii);
    hx_pii *list = status == HX_OK ? hx_arena_alloc(arena, finds.len ? finds.len : 1) : NULL;
    if (status == HX_OK && !list)
        status = hx_fail(err, HX_ENOMEM, "out of memory while looking for personal data");
    if (status == HX_OK) {
        if (finds.len) memcpy(list, finds.ptr, finds.len);
        *out = list;
        *n = count;
    }
    hx_buf_release(&finds);
    return status;
}

/* ------------------------------------------------------------------ masking */

/* Digits kept at the start; the country code before a phone number is kept besides. */
static int kept_head(hx_pii_type type, hx_str find, int n) {
    if (type == HX_PII_ID_CARD) return 6;
    if (type == HX_PII_BANK_CARD) return 0;
    uint32_t len;
    size_t pos = find.ptr[0] == '+' ? 1 : 0;
    bool has_code = n > 12 || (digit_at(find, pos, &len) == '8' && n > 11);
    return 3 + (has_code ? n - 11 : 0);
}

static bool is_mark(hx_str s, size_t pos, uint32_t *len) {
    return digit_at(s, pos, len) != 0 || is_x_at(s, pos, len);
}

static void mask_number(hx_pii_type type, hx_str find, hx_buf *out) {
    uint32_t len;
    int n = 0;
    for (size_t i = 0; i < find.len; i++)
        if (is_mark(find, i, &len)) {
            n++;
            i += len - 1;
        }
    int head = kept_head(type, find, n);
    int seen = 0;
    for (size_t i = 0; i < find.len;) {
        if (!is_mark(find, i, &len)) {
            hx_buf_append_byte(out, find.ptr[i++]);
            continue;
        }
        bool keep = seen < head || seen >= n - 4;
        hx_buf_append(out, keep ? find.ptr + i : "*", keep ? len : 1);
        i += len;
        seen++;
    }
}

static void mask_email(hx_str find, hx_buf *out) {
    size_t at = 1;
    while (find.ptr[at] != '@' && (unsigned char)find.ptr[at] != 0xEF)
        at++;
    hx_buf_append_byte(out, find.ptr[0]);
    hx_buf_append_lit(out, "***");
    hx_buf_append(out, find.ptr + at, find.len - at);
}

static void mask_all(hx_str text, const hx_pii *finds, size_t n, hx_buf *out) {
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        hx_str find = {text.ptr + finds[i].start, finds[i].end - finds[i].start};
        hx_buf_append(out, text.ptr + from, finds[i].start - from);
        if (finds[i].type == HX_PII_EMAIL) {
            mask_email(find, out);
        } else {
            mask_number(finds[i].type, find, out);
        }
        from = finds[i].end;
    }
    if (text.len > from) hx_buf_append(out, text.ptr + from, text.len - from);
}

hx_status hx_pii_redact(hx_str text, hx_arena *arena, hx_str *out, const hx_pii **finds, size_t *n,
                        hx_error *err) {
    const hx_pii *list;
    size_t count;
    HX_TRY(hx_pii_find(text, arena, &list, &count, err));
    hx_buf masked;
    hx_buf_init(&masked, text.len + 3 * count + 1); /* an address grows by at most three bytes */
    mask_all(text, list, count, &masked);
    hx_status status = hx_buf_status(&masked, "the redacted text", err);
    hx_str copy = status == HX_OK ? hx_arena_str(arena, hx_buf_str(&masked)) : (hx_str){NULL, 0};
    if (status == HX_OK && !copy.ptr)
        status = hx_fail(err, HX_ENOMEM, "out of memory while redacting a text");
    if (status == HX_OK) {
        *out = copy;
        if (finds) *finds = list;
        if (n) *n = count;
    }
    hx_buf_release(&masked);
    return status;
}
