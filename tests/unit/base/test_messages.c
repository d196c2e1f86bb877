/* test_messages.c - every error sentence of the sources has its Chinese form with the same arguments.
 *
 * Reads every .c file below src as a compiler's first phases would (comments, literals, adjacent literals joined), finds the
 * format argument of each hx_fail( and hx_fail_row( call, and asks hx_message_zh() for it. A format that is chosen
 * by ?: counts as both. PRId64 and its kin inside a format stand for what they are on 64-bit Linux.
 *
 * A format that is no literal is refused: it would reach the user untranslated. The catalogue is checked too: no
 * sentence twice with different translations, Chinese text that holds Chinese. */
#include "unit/base/base_test.h"

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"

#include <ctype.h>
#include <dirent.h>
#include <sys/stat.h>

typedef enum { LEX_END, LEX_WORD, LEX_STRING, LEX_OTHER } lex_kind;

typedef struct {
    hx_str text;
    size_t at;
    int line;
    lex_kind kind;
    hx_str token; /* of a word or other; a string's bytes are in `string` */
    char string[2048];
    size_t string_len;
} lexer;

static int problems; /* shown together instead of one a run */
static const char *lex_path;

__attribute__((format(printf, 2, 3))) static void problem(const lexer *l, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: ", lex_path, l->line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    problems++;
}

static char lex_char(const lexer *l, size_t ahead) {
    return l->at + ahead < l->text.len ? l->text.ptr[l->at + ahead] : '\0';
}

static void lex_step(lexer *l) {
    if (lex_char(l, 0) == '\n') l->line++;
    l->at++;
}

static bool lex_skip_comment(lexer *l) {
    if (lex_char(l, 0) != '/') return false;
    if (lex_char(l, 1) == '/') {
        while (l->at < l->text.len && lex_char(l, 0) != '\n')
            lex_step(l);
        return true;
    }
    if (lex_char(l, 1) != '*') return false;
    l->at += 2;
    while (l->at < l->text.len && !(lex_char(l, 0) == '*' && lex_char(l, 1) == '/'))
        lex_step(l);
    l->at += 2;
    return true;
}

static bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static unsigned hex_value(char c) {
    return (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

static void lex_string_byte(lexer *l, unsigned c) {
    assert_true(l->string_len + 1 < sizeof l->string);
    l->string[l->string_len++] = (char)c;
    l->string[l->string_len] = '\0';
}

/* Behind a backslash. */
static void lex_escape(lexer *l) {
    static const char from[] = "ntrabfv\\\"'?", to[] = "\n\t\r\a\b\f\v\\\"'?";
    char c = lex_char(l, 0);
    const char *at = c ? strchr(from, c) : NULL;
    lex_step(l);
    if (at) {
        lex_string_byte(l, (unsigned char)to[at - from]);
        return;
    }
    unsigned v = 0;
    if (c == 'x') {
        for (; isxdigit((unsigned char)lex_char(l, 0)); l->at++)
            v = v * 16 + hex_value(lex_char(l, 0));
        lex_string_byte(l, v & 0xFF);
    } else if (c >= '0' && c <= '7') {
        v = (unsigned)(c - '0');
        for (int i = 0; i < 2 && lex_char(l, 0) >= '0' && lex_char(l, 0) <= '7'; i++, l->at++)
            v = v * 8 + (unsigned)(lex_char(l, 0) - '0');
        lex_string_byte(l, v & 0xFF);
    } else if (c != '\n') {
        problem(l, "an escape this test does not know: \\%c", c);
    }
}

/* One literal, appended to `string`; `at` is on the opening quote. */
static void lex_literal(lexer *l, char quote) {
    l->at++;
    while (l->at < l->text.len && lex_char(l, 0) != quote) {
        char c = lex_char(l, 0);
        lex_step(l);
        if (c == '\\')
            lex_escape(l);
        else
            lex_string_byte(l, (unsigned char)c);
    }
    l->at++;
}

static void lex_next(lexer *l) {
    l->string_len = 0;
    l->string[0] = '\0';
    for (;;) {
        if (lex_skip_comment(l)) continue;
        char c = lex_char(l, 0);
        if (l->at >= l->text.len || !strchr(" \t\r\n\\", c)) break;
        lex_step(l);
    }
    size_t from = l->at;
    char c = lex_char(l, 0);
    if (l->at >= l->text.len) {
        l->kind = LEX_END;
    } else if (c == '"') {
        l->kind = LEX_STRING;
        lex_literal(l, '"');
    } else if (c == '\'') {
        l->kind = LEX_OTHER;
        lex_literal(l, '\'');
    } else if (is_word_char(c)) {
        l->kind = LEX_WORD;
        while (is_word_char(lex_char(l, 0)))
            l->at++;
    } else {
        l->kind = LEX_OTHER;
        l->at++;
    }
    l->token = (hx_str){l->text.ptr + from, l->at - from};
}

static bool lex_is(const lexer *l, const char *token) {
    return (l->kind == LEX_WORD || l->kind == LEX_OTHER) &&
           hx_str_equal(l->token, hx_str_of(token));
}

/* The literal that an <inttypes.h> macro stands for on 64-bit Linux, or NULL. */
static const char *inttypes_macro(hx_str word) {
    static const char *const macros[][2] = {
        {"PRId64", "ld"},  {"PRIi64", "li"},  {"PRIu64", "lu"}, {"PRIx64", "lx"},
        {"PRIX64", "lX"},  {"PRId32", "d"},   {"PRIu32", "u"},  {"PRIx32", "x"},
        {"PRIX32", "X"},   {"PRIu16", "u"},   {"PRIu8", "u"},   {"PRIdMAX", "ld"},
        {"PRIuMAX", "lu"}, {"PRIdPTR", "ld"}, {"PRIuPTR", "lu"}};
    for (size_t i = 0; i < sizeof macros / sizeof macros[0]; i++)
        if (hx_str_equal(word, hx_str_of(macros[i][0]))) return macros[i][1];
    return NULL;
}

/* ---- printf arguments: "%s of %zu" is {"s", "zu"} ---- */

#define ARGS_MAX 16

typedef struct {
    char type[ARGS_MAX][8];
    int n;
    bool bad;
} arg_list;

static void arg_set(arg_list *a, int index, const char *type, size_t len) {
    if (index < 0 || index >= ARGS_MAX || len >= sizeof a->type[0]) {
        a->bad = true;
        return;
    }
    memcpy(a->type[index], type, len);
    a->type[index][len] = '\0';
    if (index >= a->n) a->n = index + 1;
}

/* "3$" at *s gives 2 and moves on; else the next index in order. */
static int arg_index(const char **s, int *next) {
    size_t digits = strspn(*s, "0123456789");
    if (digits == 0 || (*s)[digits] != '$') return (*next)++;
    int index = (int)strtol(*s, NULL, 10) - 1;
    *s += digits + 1;
    return index;
}

static arg_list args_of(const char *format) {
    arg_list a = {.n = 0};
    int next = 0;
    for (const char *s = format; (s = strchr(s, '%')) != NULL;) {
        s++;
        if (*s == '%') {
            s++;
            continue;
        }
        const char *begin = s;
        size_t digits = strspn(s, "0123456789");
        int index = digits && s[digits] == '$' ? arg_index(&s, &next) : -1;
        s += strspn(s, "-+ #0'123456789");
        for (; *s == '*' || *s == '.'; s += strspn(s, "0123456789"))
            if (*s++ == '*') arg_set(&a, arg_index(&s, &next), "*", 1);
        size_t len = strspn(s, "hljztL");
        if (!strchr("diouxXcsfFeEgGp", s[len]) || !s[len]) {
            fprintf(stderr, "bad conversion: %%%s\n", begin);
            a.bad = true;
            return a;
        }
        arg_set(&a, index >= 0 ? index : next++, s, len + 1);
        s += len + 1;
    }
    return a;
}

static bool args_equal(const arg_list *a, const arg_list *b) {
    if (a->bad || b->bad || a->n != b->n) return false;
    for (int i = 0; i < a->n; i++)
        if (strcmp(a->type[i], b->type[i]) != 0) return false;
    return true;
}

/* ---- the sources ---- */

static size_t n_checked;

static void check_format(const lexer *l, const char *format) {
    n_checked++;
    if (strlen(format) == 0 || format[strlen(format) - 1] == '.' || strchr(format, '\n'))
        problem(l, "a sentence without full stop or line break, please: \"%s\"", format);
    const char *zh = hx_message_zh(format);
    if (!zh) {
        problem(l, "no Chinese form in src/base/messages: \"%s\"", format);
        return;
    }
    arg_list a = args_of(format), b = args_of(zh);
    if (!args_equal(&a, &b)) problem(l, "other arguments in Chinese: \"%s\" / \"%s\"", format, zh);
}

/* Behind the opening bracket of a call: moves to the start of argument `index`; false if there is none. */
static bool lex_to_argument(lexer *l, int index) {
    int depth = 0;
    lex_next(l);
    while (index > 0) {
        if (l->kind == LEX_END) return false;
        if (depth == 0 && lex_is(l, ")")) return false;
        if (depth == 0 && lex_is(l, ",")) index--;
        if (lex_is(l, "(") || lex_is(l, "[") || lex_is(l, "{")) depth++;
        if (lex_is(l, ")") || lex_is(l, "]") || lex_is(l, "}")) depth--;
        lex_next(l);
    }
    return true;
}

/* The argument at hand: each run of literals (and inttypes macros) is a format. Returns how many. */
static int check_argument(lexer *l) {
    char format[4096] = "";
    bool open = false;
    int depth = 0, n = 0;
    for (;; lex_next(l)) {
        const char *macro = l->kind == LEX_WORD && open ? inttypes_macro(l->token) : NULL;
        const char *piece = l->kind == LEX_STRING ? l->string : macro;
        if (piece) {
            open = true;
            assert_true(strlen(format) + strlen(piece) < sizeof format);
            memcpy(format + strlen(format), piece, strlen(piece) + 1);
            continue;
        }
        if (open) {
            check_format(l, format);
            format[0] = '\0';
            open = false;
            n++;
        }
        if (l->kind == LEX_END || (depth == 0 && (lex_is(l, ",") || lex_is(l, ")")))) return n;
        if (lex_is(l, "(")) depth++;
        if (lex_is(l, ")")) depth--;
    }
}

static void check_source(hx_str text) {
    lexer l = {.text = text, .line = 1};
    bool declares = false; /* the word before was a type: the definition, not a call */
    for (lex_next(&l); l.kind != LEX_END; lex_next(&l)) {
        int index = lex_is(&l, "hx_fail") ? 2 : lex_is(&l, "hx_fail_row") ? 3 : 0;
        bool definition = declares;
        declares = lex_is(&l, "hx_status");
        if (index == 0 || definition) continue;
        lex_next(&l);
        if (!lex_is(&l, "(")) continue;
        if (!lex_to_argument(&l, index) || check_argument(&l) == 0)
            problem(&l, "the format of an error is not a literal");
    }
}

static size_t n_catalogued;

/* messages/MODULE.inc: {"english", "chinese"}, ... */
static void check_catalogue(hx_str text) {
    lexer l = {.text = text, .line = 1};
    char pair[2][4096] = {"", ""};
    int side = -1; /* 0, 1 within braces */
    for (lex_next(&l); l.kind != LEX_END; lex_next(&l)) {
        if (lex_is(&l, "{")) {
            side = 0;
            pair[0][0] = pair[1][0] = '\0';
        } else if (side == 0 && lex_is(&l, ",")) {
            side = 1;
        } else if (side >= 0 && (l.kind == LEX_STRING || inttypes_macro(l.token))) {
            const char *piece = l.kind == LEX_STRING ? l.string : inttypes_macro(l.token);
            memcpy(pair[side] + strlen(pair[side]), piece, strlen(piece) + 1);
        } else if (lex_is(&l, "}")) {
            side = -1;
            n_catalogued++;
            const char *zh = hx_message_zh(pair[0]);
            if (!zh || strcmp(zh, pair[1]) != 0) problem(&l, "translated twice: \"%s\"", pair[0]);
            bool han = false;
            for (size_t pos = 0; pair[1][pos];)
                han |= hx_utf8_is_han(hx_utf8_next(hx_str_of(pair[1]), &pos));
            if (!han) problem(&l, "no Chinese in \"%s\"", pair[1]);
            size_t len = strlen(pair[1]);
            if (len >= 3 && strcmp(pair[1] + len - 3, "。") == 0)
                problem(&l, "a full stop at the end of \"%s\"", pair[1]);
        }
    }
}

static void check_file(const char *path) {
    size_t len = strlen(path);
    bool source = len > 2 && strcmp(path + len - 2, ".c") == 0;
    bool catalogue = len > 4 && strcmp(path + len - 4, ".inc") == 0 && strstr(path, "/messages/");
    if (!source && !catalogue) return;
    hx_buf b;
    hx_buf_init(&b, 8u << 20);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    lex_path = path + strlen(HX_SOURCE_DIR) + 1;
    if (source)
        check_source(hx_buf_str(&b));
    else
        check_catalogue(hx_buf_str(&b));
    hx_buf_release(&b);
}

/* The tree is ours and shallow: recursion is bounded by it. */
static void check_tree(const char *directory) {
    DIR *d = opendir(directory);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
        struct stat st;
        if (stat(path, &st) != 0) continue;
        if (S_ISDIR(st.st_mode))
            check_tree(path);
        else
            check_file(path);
    }
    closedir(d);
}

static void every_sentence_has_its_chinese_form(void **state) {
    (void)state;
    problems = 0;
    check_tree(HX_SOURCE_DIR "/src");
    print_message("%zu error sentences, %zu in the catalogue\n", n_checked, n_catalogued);
    assert_true(n_checked > 20);
    assert_true(n_catalogued > 20);
    assert_int_equal(problems, 0);
}

/* The guard itself: it must see what it is there to see. */
static int problems_in(const char *source) {
    problems = 0;
    lex_path = "example";
    FILE *saved = stderr;
    stderr = fopen("/dev/null", "w");
    assert_non_null(stderr);
    check_source(hx_str_of(source));
    fclose(stderr);
    stderr = saved;
    return problems;
}

static void the_guard_sees(void **state) {
    (void)state;
    assert_int_equal(problems_in("return hx_fail(err, HX_EIO, \"%s: no such file\", p);"), 0);
    assert_int_equal(
        problems_in("hx_fail(err,\n HX_EIO, /* , */ \"%s: no \"\n  \"such file\", p);"), 0);
    assert_int_equal(problems_in("hx_fail_row(e, f(a, b), row[g(1, 2)], \"%s: no such file\", p);"),
                     0);
    assert_int_equal(
        problems_in("hx_fail(err, HX_EIO, x ? \"%s: no such file\" : \"%s: out of memory\", p)"),
        0);
    assert_int_equal(problems_in("hx_fail(err, HX_EIO, x ? \"%s: no such file\" : \"other\", p)"),
                     1);
    assert_int_equal(problems_in("hx_fail(err, HX_EIO, \"%s: no such thing\", p);"), 1);
    assert_int_equal(problems_in("hx_fail(err, HX_EIO, text, p);"), 1);
    assert_int_equal(problems_in("hx_fail(err, HX_EIO, f(\"no\", 1) + 1);"), 1);
    assert_int_equal(
        problems_in("c = '\"'; hx_fail(err, HX_EIO, \"one\"); // hx_fail(err, 1, \"two\")"), 1);
    assert_int_equal(
        problems_in("\"hx_fail(err, 1, 2)\"; hx_status hx_fail(hx_error *e, hx_status c, int f);"),
        0);
    assert_int_equal(problems_in("hx_fail(err, 1, \"rows %\" PRId64 \" and \" \"%s\", a, b)"), 1);
}

static void the_guard_compares_arguments(void **state) {
    (void)state;
    static const struct {
        const char *en, *zh;
        bool equal;
    } cases[] = {
        {"%s of %zu", "%s／%zu", true},
        {"%s of %zu", "%zu／%s", false},
        {"%s of %zu", "%2$zu／%1$s", true},
        {"%d%%", "百分之 %d", true},
        {"%ld", "%d", false},
        {"'%.*s'", "“%.*s”", true},
        {"'%.*s'", "“%s”", false},
        {"%s", "", false},
        {"%-5d|%05.2f", "%d|%f", true},
        {"%1$s %2$d", "%2$d %1$s", true},
        {"%y", "%y", false},
        {"%.3s", "%s", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        arg_list a = args_of(cases[i].en), b = args_of(cases[i].zh);
        assert_int_equal(args_equal(&a, &b), cases[i].equal);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_guard_compares_arguments),
        cmocka_unit_test(the_guard_sees),
        cmocka_unit_test(every_sentence_has_its_chinese_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
