/* step_text.c - the step "text": a column of texts as numbers, by what was found in the rows it was fitted on.
 *
 *     {"step":"text","column":"comment","method":"tfidf","characters":3,"words":1,"least":2,"most":200}
 *
 *     tfidf     COLUMN~GRAM, COLUMN:WORDS: the "most" n-grams that stand in the most texts (text_features.h), each row's part of characters and of words
 *               of Euclidean length 1; kept: the n-grams and their idf
 *     hash      COLUMN#0 ... : all n-grams in "width" places by their hash; nothing is learnt
 *     vectors   COLUMN@0 ... : the mean of the vectors of the text's words; kept: the commonest "most" words of "file" and their vectors, so that the recipe
 *               needs the file no more. Words are found from the left, the longest that is known first, as the vectors' own words are all that counts
 *
 * A text without any of these, or a missing one, is all 0. Texts are read once for each value of the column's dictionary. The column itself stays, but
 * with "remove". */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "frame/step_fit.h"
#include "huaxiang/learn.h"
#include "learn/steps.h"
#include "learn/text_features.h"
#include "learn/word_vectors.h"

#define MOST 200
#define COLUMNS_MOST 4000
#define VECTORS_MOST 20000
#define VALUES_MOST ((size_t)1 << 23) /* of kept vectors */
#define GRAM_MAX 8
#define NAME_MAX_ 512
#define LONGEST 32 /* characters of a word that is looked for */

enum { TFIDF = 0, HASHED, VECTORS };
static const char *const methods[] = {"tfidf", "hash", "vectors", NULL};

typedef struct {
    hx_str column, prefix, file;
    int method;
    int64_t characters, words, least, most, width;
    bool remove;
    hx_features features; /* TFIDF; owned */
    hx_str *terms; /* (features.n) */
    hx_word_vectors *vectors; /* VECTORS; owned */
} settings;

static hx_feature_schema schema_of(const settings *s) {
    return (hx_feature_schema){(uint32_t)s->characters, (uint32_t)s->words, (uint32_t)s->least};
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
}

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    settings *s = state;
    (void)arena;
    HX_TRY(hx_step_text(spec, "column", NULL, &s->column, err));
    HX_TRY(hx_step_text(spec, "prefix", NULL, &s->prefix, err));
    HX_TRY(hx_step_text(spec, "file", NULL, &s->file, err));
    HX_TRY(hx_step_choice(spec, "method", methods, TFIDF, &s->method, err));
    HX_TRY(hx_step_count(spec, "characters", 3, 0, GRAM_MAX, &s->characters, err));
    HX_TRY(hx_step_count(spec, "words", 1, 0, GRAM_MAX, &s->words, err));
    HX_TRY(hx_step_count(spec, "least", 2, 1, INT32_MAX, &s->least, err));
    const bool vectors = s->method == VECTORS;
    HX_TRY(hx_step_count(spec, "most", vectors ? VECTORS_MOST : MOST, 1,
                         vectors ? (int64_t)HX_WORDS_MAX : COLUMNS_MOST, &s->most, err));
    HX_TRY(hx_step_count(spec, "width", 256, 1, COLUMNS_MOST, &s->width, err));
    HX_TRY(hx_step_flag(spec, "remove", false, &s->remove, err));
    if (s->column.len == 0) return hx_fail(err, HX_EINVAL, "'column' is missing");
    if (vectors && s->file.len == 0) return hx_fail(err, HX_EINVAL, "'file' is missing");
    if (!vectors && s->characters + s->words == 0)
        return hx_fail(err, HX_EINVAL, "'characters' and 'words' are both 0: no n-gram is left");
    return HX_OK;
}

static void release(void *state) {
    settings *s = state;
    hx_features_release(&s->features);
    hx_word_vectors_free(s->vectors);
}

/* ------------------------------------------------------------------ texts of a table */
typedef struct {
    size_t column, n_rows, n_values;
    uint32_t *codes; /* (n_rows) */
    hx_str *values; /* (n_values) of the dictionary */
    hx_arena *room;
} texts;

static hx_status open_texts(const settings *s, const hx_table *t, hx_arena *room, texts *out,
                            hx_error *err) {
    HX_TRY(hx_step_column_of(t, s->column, HX_KIND_TEXT, &out->column, err));
    out->room = room;
    out->n_rows = hx_table_rows(t);
    out->n_values = hx_table_column_at(t, out->column)->n_values;
    HX_TRY(hx_step_codes(t, out->column, room, &out->codes, err));
    HX_TRY(hx_step_array(room, out->n_values + 1, sizeof *out->values, &out->values, err));
    for (size_t k = 0; k < out->n_values; k++)
        out->values[k] = hx_table_value(t, out->column, (uint32_t)k);
    return HX_OK;
}

/* A text a row: those of the dictionary as often as they stand in the table. */
static hx_status rows_of(const texts *x, hx_str **rows, size_t *n, hx_error *err) {
    *n = 0;
    HX_TRY(hx_step_array(x->room, x->n_rows + 1, sizeof **rows, rows, err));
    for (size_t i = 0; i < x->n_rows; i++)
        if (x->codes[i] != HX_CODE_MISSING) (*rows)[(*n)++] = x->values[x->codes[i]];
    return HX_OK;
}

/* ------------------------------------------------------------------ fit */
static hx_status fit_features(settings *s, const texts *x, hx_arena *arena, hx_step_run *run,
                              hx_error *err) {
    const hx_feature_schema schema = schema_of(s);
    hx_str *rows = NULL;
    size_t n;
    HX_TRY(rows_of(x, &rows, &n, err));
    hx_features_release(&s->features);
    HX_TRY(
        hx_features_fit(&s->features, rows, n, &schema, run->run.n_threads, run->run.cancel, err));
    const size_t found = s->features.n;
    HX_TRY(hx_features_keep_most(&s->features, (size_t)s->most, err));
    HX_TRY(hx_features_names(&s->features, x->values, x->n_values, arena, &s->terms, err));
    hx_step_say(run, "n-grams of '%.*s': %zu in %lld texts or more, %zu kept",
                "“%.*s”的 n 元组：共 %zu 个在 %lld 条或更多文本中出现，保留 %zu 个",
                HX_STR_ARG(s->column), found, (long long)s->least, s->features.n);
    return HX_OK;
}

/* The commonest words of the file. */
static hx_status keep_vectors(settings *s, const hx_word_vectors *all, hx_error *err) {
    const size_t d = all->dimension;
    size_t n = all->n < (size_t)s->most ? all->n : (size_t)s->most;
    bool fresh;
    if (n * d > VALUES_MOST) n = VALUES_MOST / d;
    if (d > COLUMNS_MOST)
        return hx_fail(err, HX_ELIMIT, "vectors of %zu values are too wide for columns; at most %d",
                       d, COLUMNS_MOST);
    hx_word_vectors_free(s->vectors);
    s->vectors = NULL;
    HX_TRY(hx_word_vectors_new(&s->vectors, n, d, err));
    for (size_t i = 0; i < n; i++) {
        memcpy(s->vectors->rows + i * d, all->rows + i * d, d * sizeof(float));
        if (!hx_word_vectors_add(s->vectors, all->words[i], &fresh)) return no_memory(err);
    }
    return HX_OK;
}

static hx_status fit_vectors(settings *s, hx_step_run *run, hx_error *err) {
    hx_arena *room = hx_step_room();
    hx_word_vectors *all = NULL;
    const hx_str path = room != NULL ? hx_arena_str(room, s->file) : (hx_str){NULL, 0};
    hx_status status =
        path.ptr != NULL ? hx_word_vectors_load(&all, path.ptr, err) : no_memory(err);
    if (status == HX_OK) status = keep_vectors(s, all, err);
    if (status == HX_OK)
        hx_step_say(run, "vectors of %zu words, %zu kept", "共 %zu 个词的向量，保留 %zu 个", all->n,
                    s->vectors->n);
    hx_word_vectors_free(all);
    hx_arena_free(room);
    return status;
}

static hx_status fit(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                     hx_error *err) {
    settings *s = state;
    texts x;
    hx_arena *room = hx_step_room();
    hx_status status = room != NULL ? open_texts(s, t, room, &x, err) : no_memory(err);
    if (status == HX_OK && s->method == TFIDF) status = fit_features(s, &x, arena, run, err);
    if (status == HX_OK && s->method == VECTORS) status = fit_vectors(s, run, err);
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ apply */
/* A column of one value a dictionary entry; 0 of a missing text. */
static hx_status put_column(const settings *s, const texts *x, hx_table *t, const char *mark,
                            hx_str what, const double *of_value, double *room, hx_error *err) {
    hx_buf name;
    for (size_t i = 0; i < x->n_rows; i++)
        room[i] = x->codes[i] == HX_CODE_MISSING ? 0 : of_value[x->codes[i]];
    hx_buf_init(&name, 2 * (size_t)NAME_MAX_ + HX_WORD_BYTES_MAX * GRAM_MAX);
    hx_buf_append_str(&name, s->prefix.len > 0 ? s->prefix : s->column);
    hx_buf_append_lit(&name, mark);
    hx_buf_append_str(&name, what);
    hx_status status = hx_buf_status(&name, "the name of a feature", err);
    if (status == HX_OK)
        status = hx_step_add_numbers(t, hx_buf_str(&name), HX_KIND_NUMBER, room, -1, err);
    hx_buf_release(&name);
    return status;
}

static hx_status put_numbered(const settings *s, const texts *x, hx_table *t, const char *mark,
                              const double *values, size_t width, hx_error *err) {
    double *of_value = NULL, *room = NULL;
    char number[24];
    HX_TRY(hx_step_array(x->room, x->n_values + 1, sizeof *of_value, &of_value, err));
    HX_TRY(hx_step_array(x->room, x->n_rows + 1, sizeof *room, &room, err));
    for (size_t k = 0; k < width; k++) {
        size_t digits = 0;
        char back[24];
        for (size_t v = k; digits == 0 || v > 0; v /= 10)
            back[digits++] = (char)('0' + v % 10);
        for (size_t i = 0; i < digits; i++)
            number[i] = back[digits - 1 - i];
        for (size_t i = 0; i < x->n_values; i++)
            of_value[i] = values[i * width + k];
        HX_TRY(put_column(s, x, t, mark, (hx_str){number, digits}, of_value, room, err));
    }
    return HX_OK;
}

/* Sparse rows by column: entries of feature c are at[starts[c] .. starts[c + 1]). */
typedef struct {
    size_t *starts;
    uint32_t *values;
    float *numbers;
} by_column;

static hx_status turn(const hx_csr *x, hx_arena *room, by_column *out, hx_error *err) {
    const size_t all = x->starts[x->n_rows];
    HX_TRY(hx_step_array(room, x->n_columns + 2, sizeof *out->starts, &out->starts, err));
    HX_TRY(hx_step_array(room, all + 1, sizeof *out->values, &out->values, err));
    HX_TRY(hx_step_array(room, all + 1, sizeof *out->numbers, &out->numbers, err));
    for (size_t i = 0; i < all; i++)
        out->starts[x->columns[i] + 2]++;
    for (size_t c = 0; c < x->n_columns; c++)
        out->starts[c + 2] += out->starts[c + 1];
    for (size_t r = 0; r < x->n_rows; r++)
        for (size_t i = x->starts[r]; i < x->starts[r + 1]; i++) {
            const size_t at = out->starts[x->columns[i] + 1]++;
            out->values[at] = (uint32_t)r;
            out->numbers[at] = x->values[i];
        }
    return HX_OK;
}

static hx_status put_features(const settings *s, const texts *x, hx_table *t, const hx_csr *rows,
                              hx_error *err) {
    by_column turned;
    double *of_value = NULL, *room = NULL;
    const size_t n_characters = hx_features_characters(&s->features);
    HX_TRY(turn(rows, x->room, &turned, err));
    HX_TRY(hx_step_array(x->room, x->n_values + 1, sizeof *of_value, &of_value, err));
    HX_TRY(hx_step_array(x->room, x->n_rows + 1, sizeof *room, &room, err));
    for (size_t c = 0; c < s->features.n; c++) {
        for (size_t i = turned.starts[c]; i < turned.starts[c + 1]; i++)
            of_value[turned.values[i]] = (double)turned.numbers[i];
        HX_TRY(put_column(s, x, t, c < n_characters ? "~" : ":", s->terms[c], of_value, room, err));
        for (size_t i = turned.starts[c]; i < turned.starts[c + 1]; i++)
            of_value[turned.values[i]] = 0;
    }
    return HX_OK;
}

static hx_status apply_features(const settings *s, const texts *x, hx_table *t,
                                const hx_step_run *run, hx_error *err) {
    hx_csr rows;
    HX_TRY(hx_features_rows(&s->features, x->values, x->n_values, HX_VALUES_TFIDF,
                            run->run.n_threads, &rows, err));
    const hx_status status = put_features(s, x, t, &rows, err);
    hx_csr_release(&rows);
    return status;
}

static hx_status apply_hash(const settings *s, const texts *x, hx_table *t, hx_error *err) {
    const size_t width = (size_t)s->width;
    const hx_feature_schema schema = schema_of(s);
    double *values = NULL;
    hx_feature_room room;
    bool ok = true;
    HX_TRY(hx_step_array(x->room, x->n_values * width + 1, sizeof *values, &values, err));
    hx_feature_room_init(&room);
    for (size_t i = 0; i < x->n_values && ok; i++)
        ok = hx_features_hashed(&schema, &room, x->values[i], width, values + i * width);
    hx_feature_room_release(&room);
    return ok ? put_numbered(s, x, t, "#", values, width, err) : no_memory(err);
}

/* In lower case, as words of `learn words` are. */
static bool to_lower(hx_str text, hx_buf *out) {
    hx_buf_reset(out);
    for (size_t at = 0; at < text.len; at++) {
        const char c = text.ptr[at];
        hx_buf_append_byte(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    }
    return !out->failed;
}

static bool is_latin(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Whether a word may end before text[at]: not within a run of Latin letters and digits. */
static bool may_end(hx_str text, size_t at) {
    return at >= text.len || !is_latin(text.ptr[at - 1]) || !is_latin(text.ptr[at]);
}

/* The longest known word that begins at `at`: its number and end; SIZE_MAX: none, *end behind one character (or one run of Latin ones). */
static size_t longest_word(const hx_word_vectors *v, hx_str text, size_t at, size_t *end) {
    size_t found = SIZE_MAX, stop = at, first = 0;
    for (size_t n = 0; n < LONGEST && stop < text.len; n++) {
        (void)hx_utf8_next(text, &stop);
        if (!may_end(text, stop)) continue;
        if (first == 0) first = stop;
        const size_t word = hx_word_vectors_find(v, (hx_str){text.ptr + at, stop - at});
        if (word == SIZE_MAX) continue;
        found = word;
        *end = stop;
    }
    if (found == SIZE_MAX) *end = first > 0 ? first : stop;
    return found;
}

static void mean_of(const hx_word_vectors *v, hx_str text, double *mean) {
    size_t known = 0;
    for (size_t at = 0, end; at < text.len; at = end) {
        const size_t word = longest_word(v, text, at, &end);
        if (word == SIZE_MAX) continue;
        known++;
        for (size_t k = 0; k < v->dimension; k++)
            mean[k] += (double)v->rows[word * v->dimension + k];
    }
    for (size_t k = 0; k < v->dimension && known > 0; k++)
        mean[k] /= (double)known;
}

static hx_status apply_vectors(const settings *s, const texts *x, hx_table *t, hx_error *err) {
    const size_t d = s->vectors->dimension;
    double *values = NULL;
    hx_buf text;
    bool ok = true;
    HX_TRY(hx_step_array(x->room, x->n_values * d + 1, sizeof *values, &values, err));
    hx_buf_init(&text, HX_CELL_MAX);
    for (size_t i = 0; i < x->n_values && ok; i++) {
        ok = to_lower(x->values[i], &text);
        mean_of(s->vectors, hx_buf_str(&text), values + i * d);
    }
    hx_buf_release(&text);
    return ok ? put_numbered(s, x, t, "@", values, d, err) : no_memory(err);
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    const settings *s = state;
    texts x;
    hx_arena *room = hx_step_room();
    hx_status status = room != NULL ? open_texts(s, t, room, &x, err) : no_memory(err);
    if (status == HX_OK)
        status = s->method == TFIDF    ? apply_features(s, &x, t, run, err)
                 : s->method == HASHED ? apply_hash(s, &x, t, err)
                                       : apply_vectors(s, &x, t, err);
    if (status == HX_OK && s->remove) hx_table_remove(t, x.column);
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ file */
static void write_vectors(const hx_word_vectors *v, hx_json_writer *w) {
    hx_step_write_names(w, "words", v->words, v->n);
    hx_json_key(w, "values");
    hx_json_array(w);
    for (size_t i = 0; i < v->n * v->dimension; i++)
        hx_json_double(w, (double)v->rows[i]);
    hx_json_end_array(w);
}

static void write(const void *state, hx_json_writer *w) {
    const settings *s = state;
    hx_json_object(w);
    if (s->method == TFIDF) {
        hx_json_key(w, "of_characters");
        hx_json_int(w, (int64_t)hx_features_characters(&s->features));
        hx_step_write_names(w, "terms", s->terms, s->features.n);
        hx_step_write_reals(w, "idf", s->features.idf, s->features.n);
    } else if (s->method == VECTORS) {
        write_vectors(s->vectors, w);
    }
    hx_json_end_object(w);
}

static hx_status read_vectors(settings *s, const hx_names *words, const double *values, size_t n,
                              hx_error *err) {
    if (words->n == 0 || n == 0 || n % words->n != 0 || n / words->n > COLUMNS_MOST)
        return hx_step_damaged("values", err);
    HX_TRY(hx_word_vectors_new(&s->vectors, words->n, n / words->n, err));
    for (size_t i = 0; i < n; i++) {
        s->vectors->rows[i] = (float)values[i];
        if (!isfinite(s->vectors->rows[i])) return hx_step_damaged("values", err);
    }
    for (size_t i = 0; i < words->n; i++) {
        bool fresh = false;
        if (!hx_word_vectors_add(s->vectors, words->names[i], &fresh)) return no_memory(err);
        if (!fresh) return hx_step_damaged("words", err);
    }
    return HX_OK;
}

static hx_status read(void *state, const json_t *fitted, hx_arena *arena, hx_error *err) {
    settings *s = state;
    const hx_feature_schema schema = schema_of(s);
    hx_names names;
    double *values = NULL;
    size_t n = 0;
    int64_t of_characters;
    if (s->method == HASHED) return HX_OK;
    if (s->method == VECTORS) {
        HX_TRY(hx_step_names(fitted, "words", arena, &names, err));
        HX_TRY(hx_step_read_reals(fitted, "values", arena, &values, &n, err));
        return read_vectors(s, &names, values, n, err);
    }
    HX_TRY(hx_step_names(fitted, "terms", arena, &names, err));
    HX_TRY(hx_step_count(fitted, "of_characters", 0, 0, COLUMNS_MOST, &of_characters, err));
    HX_TRY(hx_step_read_n(fitted, "idf", names.n, arena, &values, err));
    s->terms = names.names;
    return hx_features_of_terms(&s->features, &schema, names.names, (size_t)of_characters, names.n,
                                values, err);
}

static const char *const keys[] = {"column", "prefix", "file",  "method", "characters", "words",
                                   "least",  "most",   "width", "remove", NULL};

static const hx_step_kind step_text = {.name = "text",
                                       .keys = keys,
                                       .size = sizeof(settings),
                                       .parse = parse,
                                       .fit = fit,
                                       .apply = apply,
                                       .write = write,
                                       .read = read,
                                       .release = release};

const hx_step_kind *const *hx_learn_steps(size_t *n) {
    static const hx_step_kind *const all[] = {&step_text, &hx_step_isolation};
    *n = sizeof all / sizeof *all;
    return all;
}
