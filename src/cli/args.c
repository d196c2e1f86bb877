/* args.c - parses a command line by the table of options (options.c).
 *
 *     --name VALUE   --name=VALUE   -n VALUE   -nVALUE   --flag   -qh   --  (the rest are no options)   - (no option: standard input)
 *
 * Options may stand anywhere. A value given twice: the last one counts, but of a list all do. Numbers are checked against their range and choices against
 * their list here, so that no command has to. */
#include <stdio.h>
#include <string.h>

#include "cli/options.h"

static size_t choice_len(const char *choices) {
    return strcspn(choices, ",");
}

int hx_cli_choice(const char *choices, const char *word) {
    size_t n = strlen(word);
    for (int i = 0;; i++) {
        size_t len = choice_len(choices);
        if (len == n && memcmp(choices, word, n) == 0) return i;
        if (choices[len] == '\0') return -1;
        choices += len + 1;
    }
}

hx_cli_option_set hx_cli_option_globals(void) {
    return (hx_cli_option_set){.has = {[HX_OPT_HELP] = true,
                                       [HX_OPT_VERSION] = true,
                                       [HX_OPT_LANG] = true,
                                       [HX_OPT_QUIET] = true,
                                       [HX_OPT_SEED] = true,
                                       [HX_OPT_MODEL] = true}};
}

void hx_cli_option_names(const hx_cli_option_set *allowed, char *out, size_t size) {
    size_t at = 0;
    out[0] = '\0';
    for (int id = 0; id < HX_OPT_N; id++) {
        if (!allowed->has[id]) continue;
        int n = snprintf(out + at, size - at, "%s--%s", at ? "," : "", hx_cli_options[id].name);
        if (n < 0 || (size_t)n >= size - at) return;
        at += (size_t)n;
    }
}

/* ------------------------------------------------------------------ values */
static bool parse_number(const char *s, int64_t *out) {
    int64_t v = 0;
    if (*s == '\0') return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || v > (INT64_MAX - 9) / 10) return false;
        v = v * 10 + (*s - '0');
    }
    *out = v;
    return true;
}

/* "-3" or "3" behind an e, at most two digits. */
static bool parse_exponent(const char *s, int *out) {
    bool negative = *s == '-';
    int64_t n = 0;
    if (*s == '-' || *s == '+') s++;
    if (strlen(s) > 2 || !parse_number(s, &n)) return false;
    *out = negative ? -(int)n : (int)n;
    return true;
}

/* A decimal number: digits, perhaps a point with digits, perhaps an exponent: 0.001, 1e-3. */
bool hx_cli_parse_real(const char *s, double *out) {
    double value = 0, place = 1;
    bool point = false, digits = false;
    int exponent = 0;
    for (; *s && *s != 'e' && *s != 'E'; s++) {
        if (*s == '.' && !point) {
            point = true;
            continue;
        }
        if (*s < '0' || *s > '9') return false;
        digits = true;
        if (point) place *= 10;
        value = value * 10 + (*s - '0');
    }
    if (*s && !parse_exponent(s + 1, &exponent)) return false;
    for (; exponent < 0; exponent++)
        place *= 10;
    for (; exponent > 0; exponent--)
        value *= 10;
    *out = value / place;
    return digits && value <= 1e15;
}

static bool parse_char(const char *s, int64_t *out) {
    bool tab = strcmp(s, "tab") == 0 || strcmp(s, "\\t") == 0;
    *out = tab ? '\t' : s[0];
    return tab || (s[0] > ' ' && s[0] < 127 && s[1] == '\0') || (s[0] == '\t' && s[1] == '\0');
}

static hx_cli_args_fault set_value(hx_cli_values *values, int id, const char *value) {
    const hx_cli_option *o = &hx_cli_options[id];
    values->text[id] = value;
    if (o->kind == HX_OPT_LIST) {
        if (values->n_list == HX_OPT_LIST_MAX) return HX_ARGS_TOO_MANY;
        values->list[values->n_list++] = value;
    } else if (o->kind == HX_OPT_NUMBER) {
        if (!parse_number(value, &values->number[id])) return HX_ARGS_NOT_NUMBER;
        if (values->number[id] < o->min || values->number[id] > o->max) return HX_ARGS_OUT_OF_RANGE;
    } else if (o->kind == HX_OPT_REAL) {
        if (!hx_cli_parse_real(value, &values->real[id]) || values->real[id] < (double)o->min ||
            values->real[id] > (double)o->max)
            return HX_ARGS_NOT_REAL;
    } else if (o->kind == HX_OPT_CHOICE) {
        values->number[id] = hx_cli_choice(o->value, value);
        if (values->number[id] < 0) return HX_ARGS_NOT_CHOICE;
    } else if (o->kind == HX_OPT_CHAR) {
        if (!parse_char(value, &values->number[id])) return HX_ARGS_NOT_CHAR;
    }
    return HX_ARGS_OK;
}

/* ------------------------------------------------------------------ arguments */
typedef struct {
    char **argv;
    int n, at;
    const hx_cli_option_set *allowed;
    hx_cli_values *values;
    hx_cli_args_problem *problem;
} cursor;

static bool fault(cursor *c, hx_cli_args_fault f, int id, const char *word, const char *value) {
    *c->problem = (hx_cli_args_problem){f, word, id < HX_OPT_N ? &hx_cli_options[id] : NULL, value};
    return false;
}

static int find_name(const hx_cli_option_set *allowed, const char *name, size_t n) {
    int id = 0;
    while (id < HX_OPT_N && !(allowed->has[id] && strlen(hx_cli_options[id].name) == n &&
                              memcmp(hx_cli_options[id].name, name, n) == 0))
        id++;
    return id;
}

static int find_letter(const hx_cli_option_set *allowed, char letter) {
    int id = 0;
    while (id < HX_OPT_N && !(allowed->has[id] && hx_cli_options[id].letter == letter))
        id++;
    return id;
}

/* `inside` = the value that is part of the same argument, or NULL. */
static bool take(cursor *c, int id, const char *word, const char *inside) {
    if (hx_cli_options[id].kind == HX_OPT_FLAG) {
        c->values->text[id] = "";
        return inside ? fault(c, HX_ARGS_SURPLUS_VALUE, id, word, inside) : true;
    }
    if (!inside && c->at + 1 >= c->n) return fault(c, HX_ARGS_NO_VALUE, id, word, NULL);
    const char *value = inside ? inside : c->argv[++c->at];
    hx_cli_args_fault f = set_value(c->values, id, value);
    return f == HX_ARGS_OK || fault(c, f, id, word, value);
}

static bool take_long(cursor *c, const char *word) {
    size_t n = strcspn(word + 2, "=");
    int id = find_name(c->allowed, word + 2, n);
    if (id == HX_OPT_N) return fault(c, HX_ARGS_UNKNOWN, id, word, NULL);
    return take(c, id, word, word[2 + n] == '=' ? word + 3 + n : NULL);
}

static bool take_short(cursor *c, const char *word) {
    for (const char *p = word + 1; *p; p++) {
        int id = find_letter(c->allowed, *p);
        if (id == HX_OPT_N) return fault(c, HX_ARGS_UNKNOWN, id, word, NULL);
        bool flag = hx_cli_options[id].kind == HX_OPT_FLAG;
        if (!take(c, id, word, !flag && p[1] ? p + 1 : NULL)) return false;
        if (!flag) break;
    }
    return true;
}

bool hx_cli_args_parse(char **argv, int n, const hx_cli_option_set *allowed, bool stop_at_word,
                       hx_cli_values *values, int *n_rest, hx_cli_args_problem *problem) {
    cursor c = {argv, n, 0, allowed, values, problem};
    int rest = 0;
    for (; c.at < n; c.at++) {
        char *word = argv[c.at];
        bool is_option = word[0] == '-' && word[1] != '\0';
        if (!is_option && stop_at_word) break;
        if (!is_option) {
            argv[rest++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            c.at++;
            break;
        }
        if (!(word[1] == '-' ? take_long(&c, word) : take_short(&c, word))) return false;
    }
    while (c.at < n)
        argv[rest++] = argv[c.at++];
    *n_rest = rest;
    return true;
}
