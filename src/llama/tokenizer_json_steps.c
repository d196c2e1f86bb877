/* tokenizer_json_steps.c - normalizer, pre_tokenizer, decoder and post_processor of a tokenizer.json.
 *
 * Kinds are recognised by their type and, for regular expressions, by their text: those of gpt2, llama3 and qwen2. Sequences hold
 * steps, not sequences. A step that is not known is an error: a text would be cut otherwise than the model was trained for.
 *
 * Of a TemplateProcessing the template of single texts is read; what stands before and behind the text becomes lists of ids. */
#include <string.h>

#include "base/error.h"
#include "llama/tokenizer_folder.h"

#define META "\xE2\x96\x81"
#define STEPS_MAX 16

#define REGEX_GPT2                                                                                 \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define REGEX_LINES_HEAD "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
#define REGEX_LINES_TAIL "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

/* The steps of `j`: itself, or those of a sequence (`list` is its key). Returns how many; 0 = none there. */
static size_t steps_of(const json_t *j, const char *list, const json_t **out) {
    if (!json_is_object(j)) return 0;
    if (!hx_json_is(json_object_get(j, "type"), "Sequence")) {
        out[0] = j;
        return 1;
    }
    const json_t *steps = json_object_get(j, list);
    size_t n = json_array_size(steps);
    for (size_t i = 0; i < n && i < STEPS_MAX; i++)
        out[i] = json_array_get(steps, i);
    return n < STEPS_MAX ? n : STEPS_MAX + 1;
}

static bool is_type(const json_t *step, const char *type) {
    return hx_json_is(json_object_get(step, "type"), type);
}

static hx_status not_known(const hx_tokenizer *t, const char *what, const json_t *step,
                           hx_error *err) {
    return hx_fail(err, HX_EUNSUPPORTED, "%s: the %s '%.*s' is not known here, or not so used",
                   t->what, what, HX_STR_ARG(hx_json_text(json_object_get(step, "type"))));
}

/* Absent = `otherwise`. */
static bool flag_of(const json_t *step, const char *key, bool otherwise) {
    const json_t *j = json_object_get(step, key);
    return json_is_boolean(j) ? json_is_true(j) : otherwise;
}

static hx_str keep(const hx_tokenizer *t, const json_t *j) {
    return json_is_string(j) ? hx_arena_str(t->arena, hx_json_text(j)) : (hx_str){NULL, 0};
}

static hx_status add_norm(hx_tokenizer *t, hx_norm_kind kind, hx_str from, hx_str to,
                          hx_error *err) {
    if (t->n_norms == HX_NORMS_MAX)
        return hx_fail(err, HX_EUNSUPPORTED, "%s: its normalizer has more than %d steps", t->what,
                       HX_NORMS_MAX);
    t->norms[t->n_norms++] = (hx_norm){kind, from, to};
    return HX_OK;
}

/* ------------------------------------------------------------------ normalizer */
static int base64_digit(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* {NULL, 0} where `s` is no base64 (RFC 4648, padded). */
static hx_str base64_bytes(const hx_tokenizer *t, hx_str s) {
    char *out = hx_arena_alloc(t->arena, s.len + 1);
    size_t n = 0;
    uint32_t bits = 0;
    if (!out || s.len % 4 != 0) return (hx_str){NULL, 0};
    while (s.len > 0 && s.ptr[s.len - 1] == '=')
        s.len--;
    for (size_t i = 0; i < s.len; i++) {
        int d = base64_digit(s.ptr[i]);
        if (d < 0) return (hx_str){NULL, 0};
        bits = bits << 6 | (uint32_t)d;
        if (i % 4 != 0) out[n++] = (char)(bits >> (6 - 2 * (i % 4)));
    }
    return (hx_str){out, n};
}

static hx_status add_charsmap(hx_tokenizer *t, const json_t *step, hx_error *err) {
    const json_t *map = json_object_get(step, "precompiled_charsmap");
    if (is_type(step, "Precompiled") && json_is_null(map)) return HX_OK;
    hx_str bytes = base64_bytes(t, hx_json_text(map));
    if (!bytes.len)
        return hx_fail(err, HX_EFORMAT, "%s: the compiled character map is damaged", t->what);
    HX_TRY(hx__charsmap_read(t, bytes, err));
    return add_norm(t, HX_NORM_CHARSMAP, bytes, bytes, err);
}

static hx_status add_replace(hx_tokenizer *t, const json_t *step, hx_error *err) {
    const json_t *pattern = json_object_get(step, "pattern");
    const json_t *text = json_object_get(pattern, "String"),
                 *regex = json_object_get(pattern, "Regex");
    hx_str to = keep(t, json_object_get(step, "content"));
    if (json_is_string(text) && json_string_length(text) > 0)
        return add_norm(t, HX_NORM_REPLACE, keep(t, text), to, err);
    if (hx_json_is(regex, " {2,}")) return add_norm(t, HX_NORM_SPACES, (hx_str){NULL, 0}, to, err);
    return not_known(t, "normalizer", step, err);
}

static hx_status add_strip(hx_tokenizer *t, const json_t *step, hx_error *err) {
    const hx_str none = {NULL, 0};
    bool left = flag_of(step, "strip_left", true), right = flag_of(step, "strip_right", true);
    if (left) HX_TRY(add_norm(t, HX_NORM_STRIP_LEFT, none, none, err));
    return right ? add_norm(t, HX_NORM_STRIP_RIGHT, none, none, err) : HX_OK;
}

static const struct {
    const char *type;
    hx_norm_kind kind;
} forms[] = {{"NFC", HX_NORM_NFC},
             {"NFKC", HX_NORM_NFKC},
             {"NFD", HX_NORM_NFD},
             {"NFKD", HX_NORM_NFKD},
             {"Lowercase", HX_NORM_LOWER}};

static hx_status read_normalizer(hx_tokenizer *t, const json_t *step, hx_error *err) {
    const hx_str none = {NULL, 0};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (is_type(step, forms[i].type)) return add_norm(t, forms[i].kind, none, none, err);
    if (is_type(step, "Prepend"))
        return add_norm(t, HX_NORM_PREPEND, keep(t, json_object_get(step, "prepend")), none, err);
    if (is_type(step, "Replace")) return add_replace(t, step, err);
    if (is_type(step, "Strip")) return add_strip(t, step, err);
    if (is_type(step, "Precompiled")) return add_charsmap(t, step, err);
    return not_known(t, "normalizer", step, err);
}

/* ------------------------------------------------------------------ pre-tokenizer */
typedef struct {
    bool digits, bytes, words, meta;
    hx_pre_kind regex; /* HX_PRE_NONE = none */
} pre_steps;

static hx_status read_byte_level(hx_tokenizer *t, const json_t *step, pre_steps *p) {
    p->bytes = true;
    t->pre.add_prefix_space = flag_of(step, "add_prefix_space", true);
    if (flag_of(step, "use_regex", true)) p->regex = HX_PRE_GPT2;
    return HX_OK;
}

static hx_status read_split(hx_tokenizer *t, const json_t *step, pre_steps *p, hx_error *err) {
    const json_t *regex = json_object_get(json_object_get(step, "pattern"), "Regex");
    const json_t *behavior = json_object_get(step, "behavior");
    bool inverted = json_is_true(json_object_get(step, "invert"));
    /* the expressions match all of a text: its matches, kept, are the words either way */
    bool kept = inverted ? hx_json_is(behavior, "Removed") : hx_json_is(behavior, "Isolated");
    if (!kept || p->regex) return not_known(t, "pre_tokenizer", step, err);
    if (hx_json_is(regex, REGEX_GPT2)) p->regex = HX_PRE_GPT2;
    if (hx_json_is(regex, REGEX_LINES_HEAD REGEX_LINES_TAIL)) p->regex = HX_PRE_QWEN2;
    if (hx_json_is(regex, REGEX_LINES_HEAD "{1,3}" REGEX_LINES_TAIL)) p->regex = HX_PRE_LLAMA3;
    return p->regex ? HX_OK : not_known(t, "pre_tokenizer", step, err);
}

static hx_status read_metaspace(hx_tokenizer *t, const json_t *step, pre_steps *p, hx_error *err) {
    const json_t *scheme = json_object_get(step, "prepend_scheme");
    const json_t *replacement = json_object_get(step, "replacement");
    bool add = flag_of(step, "add_prefix_space", true);
    if (replacement && !hx_json_is(replacement, META))
        return not_known(t, "pre_tokenizer", step, err);
    t->prefix_any = scheme ? !hx_json_is(scheme, "never") : add;
    t->prefix_first = hx_json_is(scheme, "first");
    if (p->words && (t->prefix_first || !t->prefix_any))
        return not_known(t, "pre_tokenizer", step, err);
    p->meta = true;
    if (flag_of(step, "split", true) || p->words) t->pre.kind = HX_PRE_METASPACE;
    return add_norm(t, p->words ? HX_NORM_WORDS : HX_NORM_METASPACE, (hx_str){NULL, 0},
                    (hx_str){NULL, 0}, err);
}

static hx_status read_pre_step(hx_tokenizer *t, const json_t *step, pre_steps *p, hx_error *err) {
    if (p->bytes || p->meta) return not_known(t, "pre_tokenizer", step, err);
    if (is_type(step, "ByteLevel") && !p->words) return read_byte_level(t, step, p);
    if (is_type(step, "Split") && !p->words && !p->digits) return read_split(t, step, p, err);
    if (is_type(step, "Metaspace") && !p->regex && !p->digits)
        return read_metaspace(t, step, p, err);
    if (is_type(step, "WhitespaceSplit") && !p->regex && !p->digits) {
        p->words = true;
        return HX_OK;
    }
    if (is_type(step, "Digits") && json_is_true(json_object_get(step, "individual_digits")) &&
        !p->regex) {
        p->digits = true;
        return HX_OK;
    }
    return not_known(t, "pre_tokenizer", step, err);
}

static hx_str name_of(hx_pre_kind kind) {
    switch (kind) {
    case HX_PRE_LLAMA3:
        return HX_STR_LIT("llama-bpe");
    case HX_PRE_QWEN2:
        return HX_STR_LIT("qwen2");
    case HX_PRE_SMOLLM:
        return HX_STR_LIT("smollm");
    default:
        return HX_STR_LIT("gpt-2");
    }
}

static hx_status read_pre_tokenizer(hx_tokenizer *t, const json_t *j, hx_error *err) {
    const json_t *steps[STEPS_MAX + 1];
    pre_steps p = {false, false, false, false, HX_PRE_NONE};
    size_t n = steps_of(j, "pretokenizers", steps);
    if (n > STEPS_MAX) return not_known(t, "pre_tokenizer", j, err);
    for (size_t i = 0; i < n; i++)
        HX_TRY(read_pre_step(t, steps[i], &p, err));
    bool odd = (p.digits && p.regex != HX_PRE_GPT2) || (p.words && !p.meta) ||
               (p.bytes && !p.regex) || (!p.bytes && p.regex);
    if (odd) return not_known(t, "pre_tokenizer", j, err);
    if (!p.bytes) return HX_OK;
    if (t->kind == HX_TOKENIZER_UNIGRAM) return not_known(t, "pre_tokenizer", j, err);
    t->kind = HX_TOKENIZER_BPE_BYTES;
    t->pre.kind = p.digits ? HX_PRE_SMOLLM : p.regex;
    t->pre_name = name_of(t->pre.kind);
    return HX_OK;
}

/* ------------------------------------------------------------------ decoder */
static void read_decoder(hx_tokenizer *t, const json_t *j) {
    const json_t *steps[STEPS_MAX + 1];
    size_t n = steps_of(j, "decoders", steps);
    for (size_t i = 0; i < n && i < STEPS_MAX; i++) {
        const json_t *scheme = json_object_get(steps[i], "prepend_scheme");
        if (is_type(steps[i], "Metaspace"))
            t->decode = (hx_decode_flags){true, !hx_json_is(scheme, "never")};
        if (is_type(steps[i], "Replace")) t->decode.metaspace = true;
        if (is_type(steps[i], "Strip") &&
            json_integer_value(json_object_get(steps[i], "start")) > 0)
            t->decode.strip_first = true;
    }
}

/* ------------------------------------------------------------------ post-processor */
static hx_status add_around(hx_tokenizer *t, bool before, int32_t id, const json_t *step,
                            hx_error *err) {
    size_t *n = before ? &t->n_before : &t->n_after;
    if (id < 0 || *n == HX_AROUND_MAX) return not_known(t, "post_processor", step, err);
    (before ? t->before : t->after)[(*n)++] = id;
    return HX_OK;
}

static hx_status read_template(hx_tokenizer *t, const json_t *step, hx_error *err) {
    const json_t *single = json_object_get(step, "single");
    bool before = true;
    for (size_t i = 0; i < json_array_size(single); i++) {
        const json_t *item = json_array_get(single, i);
        const json_t *special = json_object_get(item, "SpecialToken");
        if (json_is_object(json_object_get(item, "Sequence"))) {
            before = false;
            continue;
        }
        int32_t id = hx_vocab_find(&t->vocab, hx_json_text(json_object_get(special, "id")));
        HX_TRY(add_around(t, before, id, step, err));
    }
    return before ? not_known(t, "post_processor", step, err) : HX_OK;
}

static hx_status read_post_step(hx_tokenizer *t, const json_t *step, hx_error *err) {
    if (is_type(step, "ByteLevel")) return HX_OK;
    if (is_type(step, "TemplateProcessing")) return read_template(t, step, err);
    if (!is_type(step, "RobertaProcessing") && !is_type(step, "BertProcessing"))
        return not_known(t, "post_processor", step, err);
    hx_str cls = hx_json_text(json_array_get(json_object_get(step, "cls"), 0));
    hx_str sep = hx_json_text(json_array_get(json_object_get(step, "sep"), 0));
    HX_TRY(add_around(t, true, hx_vocab_find(&t->vocab, cls), step, err));
    return add_around(t, false, hx_vocab_find(&t->vocab, sep), step, err);
}

/* ------------------------------------------------------------------ all */
hx_status hx__json_steps_read(hx_tokenizer *t, const json_t *root, hx_error *err) {
    const json_t *steps[STEPS_MAX + 1], *j = json_object_get(root, "normalizer");
    size_t n = steps_of(j, "normalizers", steps);
    if (n > STEPS_MAX) return not_known(t, "normalizer", j, err);
    for (size_t i = 0; i < n; i++)
        HX_TRY(read_normalizer(t, steps[i], err));
    HX_TRY(read_pre_tokenizer(t, json_object_get(root, "pre_tokenizer"), err));
    read_decoder(t, json_object_get(root, "decoder"));
    j = json_object_get(root, "post_processor");
    n = steps_of(j, "processors", steps);
    if (n > STEPS_MAX) return not_known(t, "post_processor", j, err);
    for (size_t i = 0; i < n; i++)
        HX_TRY(read_post_step(t, steps[i], err));
    return HX_OK;
}
