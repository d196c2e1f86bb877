/* cmd_evaluate_words.c - evaluate words: how well each engine finds the words of Chinese lines that people cut.
 *
 * A file has a column of words with blanks between them (--text; else one named words, else its only one). The raw text is the words put together,
 * as in the SIGHAN bakeoffs; a word is right where both its ends are:
 *
 *     P = right / said, R = right / chosen, F1 = 2 right / (said + chosen), all lines counted together
 *
 * A treebank in CoNLL-U (FILE.conllu, or --from conllu) is read as well: its words as written, a line a sentence.
 *
 * With --vocabulary the recall is also told apart, as the SIGHAN bakeoff's score does it (Sproat and Emerson, 2003): of words that stand in that file,
 * and of words that do not (OOV). The file is of the same kind: lines of words, as a training part, or a word a line.
 *
 * One record an engine: rules, learn, and llama where it is installed. What --standard says is asked of the models (pku, sxu, ud). */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/output.h"

enum { LINES_A_PASS = 64, LINE_MAX_BYTES = 1 << 20 };

typedef struct {
    hx_str *lines, *texts; /* as given, and without blanks; in the run's arena */
    size_t n, room, skipped;
    size_t limit; /* no more lines than these */
} cut_lines;

/* The words of --vocabulary, ascending and each once; in the run's arena. */
typedef struct {
    hx_str *words;
    size_t n;
} known_words;

typedef struct {
    size_t right, said, chosen, whole;
    size_t strange, strange_right; /* of the chosen, those outside the vocabulary */
} word_tally;

static int no_memory(hx_cli *c) {
    return hx_cli_fail(c, "not enough memory for the lines", "内存不足，无法读入各行");
}

/* ------------------------------------------------------------------ lines */
static bool find_column(hx_cli *c, const char *path, hx_reader *r, size_t *column) {
    const hx_column *columns;
    size_t n = hx_reader_columns(r, &columns);
    const char *wanted = c->options.text[HX_OPT_TEXT];
    for (*column = 0; *column < n; (*column)++)
        if (hx_str_equal(columns[*column].name, hx_str_of(wanted ? wanted : "words"))) return true;
    *column = 0;
    if (!wanted && n == 1) return true;
    hx_cli_fail(c, "%s has no column %s; name the one of cut words by --text COLUMN",
                "%s 没有 %s 列；请用 --text 列名 指出已分词的列", path, wanted ? wanted : "words");
    return false;
}

static bool take_line(hx_cli *c, cut_lines *l, hx_str line) {
    if (l->n == l->room) {
        size_t wider = l->room ? l->room * 2 : 1024;
        hx_str *lines = hx_arena_alloc(c->arena, wider * sizeof *lines);
        hx_str *texts = hx_arena_alloc(c->arena, wider * sizeof *texts);
        if (!lines || !texts) return false;
        if (l->n > 0) {
            memcpy(lines, l->lines, l->n * sizeof *lines);
            memcpy(texts, l->texts, l->n * sizeof *texts);
        }
        l->lines = lines;
        l->texts = texts;
        l->room = wider;
    }
    char *text = hx_arena_alloc(c->arena, line.len + 1);
    size_t at = 0;
    l->lines[l->n] = hx_arena_str(c->arena, line);
    if (!text || !l->lines[l->n].ptr) return false;
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] != ' ') text[at++] = line.ptr[i];
    if (at > 0) l->texts[l->n++] = (hx_str){text, at};
    return true;
}

static bool take_rows(hx_cli *c, const hx_rows *rows, size_t column, cut_lines *l) {
    for (size_t i = 0; i < rows->n_rows && l->n < l->limit; i++) {
        const hx_row *row = &rows->rows[i];
        bool usable = !row->bad && row->cells[column].len <= LINE_MAX_BYTES;
        if (!usable) l->skipped++;
        if (usable && !take_line(c, l, row->cells[column])) return no_memory(c), false;
    }
    return true;
}

static bool read_all(hx_cli *c, hx_reader *r, size_t column, cut_lines *l) {
    hx_error err = {.ui = c->ui};
    hx_arena *arena = hx_arena_new(0);
    bool done = arena != NULL;
    while (done && !hx_flag_is_raised(&c->cancel)) {
        hx_chunk *chunk = NULL;
        hx_rows parsed;
        hx_status st = hx_reader_next(r, &chunk, &err);
        if (st == HX_OK && !chunk) break;
        if (st == HX_OK) st = hx_chunk_rows(r, chunk, arena, &parsed, &err);
        if (st != HX_OK) hx_cli_error(c, &err);
        done = st == HX_OK && take_rows(c, &parsed, column, l);
        hx_chunk_free(chunk);
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
    return done;
}

static bool read_conllu(hx_cli *c, const char *path, cut_lines *l) {
    hx_error err = {.ui = c->ui};
    hx_str *lines;
    size_t n;
    hx_status st = hx_conllu_lines(path, c->arena, &lines, &n, &err);
    if (st == HX_EFORMAT || st == HX_ELIMIT)
        hx_cli_fail(c, "%s: %s", "%s：%s", path, err.message);
    else if (st != HX_OK)
        hx_cli_error(c, &err);
    for (size_t i = 0; st == HX_OK && i < n && l->n < l->limit; i++)
        if (!take_line(c, l, lines[i])) return no_memory(c), false;
    if (st == HX_OK && l->n == 0)
        hx_cli_fail(c, "%s has no line of words", "%s 没有分好词的行", path);
    return st == HX_OK && l->n > 0;
}

static bool read_lines(hx_cli *c, const char *path, cut_lines *l) {
    hx_error err = {.ui = c->ui};
    hx_reader_options options;
    hx_reader *r = NULL;
    size_t column;
    if (hx_cli_from_trees(c, path) != HX_CLI_FROM_TEXT) return read_conllu(c, path, l);
    if (!hx_cli_reader_options(c, &options)) return false;
    options.map = NULL; /* --text names cut words, which are no text of a customer */
    if (hx_reader_open(&r, path, &options, &err) != HX_OK) return hx_cli_error(c, &err), false;
    bool done = find_column(c, path, r, &column) && read_all(c, r, column, l);
    hx_reader_close(r);
    if (done && l->n == 0) {
        hx_cli_fail(c, "%s has no line of words", "%s 没有分好词的行", path);
        return false;
    }
    return done;
}

/* ------------------------------------------------------------------ vocabulary */
static int by_bytes(const void *a, const void *b) {
    return hx_str_compare(*(const hx_str *)a, *(const hx_str *)b);
}

/* The words of a line, put at `out` where that is not NULL; how many there are. */
static size_t split_words(hx_str line, hx_str *out) {
    size_t n = 0;
    for (size_t at = 0, end; at < line.len; at = end + 1) {
        for (end = at; end < line.len && line.ptr[end] != ' ';)
            end++;
        if (end > at && out) out[n] = (hx_str){line.ptr + at, end - at};
        n += end > at;
    }
    return n;
}

static bool read_vocabulary(hx_cli *c, const char *path, known_words *known) {
    cut_lines lines = {.limit = SIZE_MAX};
    size_t n = 0, kept = 0;
    if (!read_lines(c, path, &lines)) return false;
    for (size_t i = 0; i < lines.n; i++)
        n += split_words(lines.lines[i], NULL);
    known->words = hx_arena_alloc(c->arena, (n + 1) * sizeof *known->words);
    if (!known->words) return no_memory(c), false;
    n = 0;
    for (size_t i = 0; i < lines.n; i++)
        n += split_words(lines.lines[i], known->words + n);
    qsort(known->words, n, sizeof *known->words, by_bytes);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !hx_str_equal(known->words[kept - 1], known->words[i]))
            known->words[kept++] = known->words[i];
    known->n = kept;
    return true;
}

/* Without a vocabulary every word is known. */
static bool is_strange(const known_words *known, hx_str word) {
    return known->n > 0 && !bsearch(&word, known->words, known->n, sizeof word, by_bytes);
}

/* ------------------------------------------------------------------ figures */
/* Both lists ascend and cover the text; offsets of the words of `line` are counted without its blanks. */
static void tally_line(word_tally *t, const known_words *known, hx_str line, hx_str text,
                       const hx_tagged_text *said) {
    size_t s = 0, k = 0, start = 0, wrong = 0, n_said = 0;
    for (size_t i = 0; i < said->n; i++)
        n_said += said->sentences[i].n;
    for (size_t i = 0, at = 0; i <= line.len; i++) {
        if (i < line.len && line.ptr[i] != ' ') {
            at++;
            continue;
        }
        if (at == start) continue;
        const hx_tagged_word *w = NULL;
        for (; s < said->n; s++, k = 0) {
            while (k < said->sentences[s].n && said->sentences[s].words[k].span.start < start)
                k++;
            if (k < said->sentences[s].n) break;
        }
        if (s < said->n) w = &said->sentences[s].words[k];
        bool right = w && w->span.start == start && w->span.end == at;
        bool strange = is_strange(known, (hx_str){text.ptr + start, at - start});
        t->strange += strange;
        t->strange_right += strange && right;
        t->right += right;
        wrong += !right;
        t->chosen++;
        start = at;
    }
    t->said += n_said;
    t->whole += wrong == 0;
}

static hx_status run_engine(hx_tagger *tagger, const cut_lines *l, const known_words *known,
                            word_tally *t, hx_error *err) {
    hx_tagged_text said[LINES_A_PASS];
    hx_arena *arena = hx_arena_new(0);
    hx_status st = HX_OK;
    *t = (word_tally){.right = 0};
    for (size_t i = 0, n; arena && st == HX_OK && i < l->n; i += n) {
        n = l->n - i < LINES_A_PASS ? l->n - i : LINES_A_PASS;
        st = hx_tagger_cut(tagger, l->texts + i, n, arena, said, err);
        for (size_t k = 0; st == HX_OK && k < n; k++)
            tally_line(t, known, l->lines[i + k], l->texts[i + k], &said[k]);
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
    return st;
}

static json_t *record_of(const cut_lines *l, const word_tally *t, const char *engine,
                         const char *standard, double seconds) {
    const double right = (double)t->right, said = (double)t->said, chosen = (double)t->chosen;
    return json_pack("{s:s,s:s,s:s,s:I,s:I,s:f,s:f,s:f,s:f,s:f}", "task", "words", "engine", engine,
                     "standard", standard, "n", (json_int_t)l->n, "chosen", (json_int_t)t->chosen,
                     "precision", said > 0 ? right / said : 0, "recall", right / chosen, "f1",
                     2 * right / (said + chosen), "whole", (double)t->whole / (double)l->n,
                     "lines_per_second", seconds > 0 ? floor((double)l->n / seconds) : 0);
}

/* How many of the chosen words are outside the vocabulary, and how many of those and of the others are found; null where there are none. */
static void add_strange(json_t *record, const word_tally *t) {
    const double strange = (double)t->strange, known = (double)(t->chosen - t->strange);
    const double right = (double)(t->right - t->strange_right);
    (void)json_object_set_new(record, "oov", json_integer((json_int_t)t->strange));
    (void)json_object_set_new(record, "oov_rate", json_real(strange / (double)t->chosen));
    (void)json_object_set_new(record, "recall_oov",
                              t->strange > 0 ? json_real((double)t->strange_right / strange)
                                             : json_null());
    (void)json_object_set_new(record, "recall_known",
                              known > 0 ? json_real(right / known) : json_null());
}

static double seconds_now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool add_record(hx_cli *c, const cut_lines *l, const known_words *known, hx_engine engine,
                       json_t *records) {
    static const char *const names[] = {"ud", "pku", "sxu"};
    hx_error err = {.ui = c->ui};
    hx_tagger *tagger = NULL;
    word_tally t;
    hx_words_standard standard = hx_cli_has(&c->options, HX_OPT_STANDARD)
                                     ? (hx_words_standard)c->options.number[HX_OPT_STANDARD]
                                     : HX_WORDS_UD;
    hx_text_model *m = hx_cli_text_model_of(c, engine);
    if (!m) return false;
    double began = seconds_now();
    bool done = hx_tagger_open(&tagger, m, standard, &err) == HX_OK &&
                run_engine(tagger, l, known, &t, &err) == HX_OK;
    if (!done) (void)hx_cli_error(c, &err);
    if (done) {
        json_t *one =
            record_of(l, &t, hx_engine_name(engine), names[standard], seconds_now() - began);
        if (known->n > 0) add_strange(one, &t);
        (void)json_array_append_new(records, one);
    }
    hx_tagger_close(tagger);
    hx_text_model_close(m);
    return done;
}

static bool put_records(hx_cli *c, json_t *records, bool strange) {
    static const hx_record_column columns[] = {
        {"engine", "engine", "引擎", HX_CELL_LEFT},
        {"standard", "standard", "标准", HX_CELL_LEFT},
        {"n", "lines", "行数", HX_CELL_RIGHT},
        {"chosen", "words", "词数", HX_CELL_RIGHT},
        {"precision", "precision", "精确率", HX_CELL_PERCENT},
        {"recall", "recall", "召回率", HX_CELL_PERCENT},
        {"f1", "F1", "F1", HX_CELL_PERCENT},
        {"whole", "whole lines", "整行正确", HX_CELL_PERCENT},
        {"lines_per_second", "lines/s", "行/秒", HX_CELL_RIGHT},
        {"oov_rate", "OOV", "未登录词", HX_CELL_PERCENT},
        {"recall_oov", "recall OOV", "未登录词召回率", HX_CELL_PERCENT},
        {"recall_known", "recall known", "登录词召回率", HX_CELL_PERCENT}};
    enum { ALWAYS = 9, WITH_STRANGE = sizeof columns / sizeof *columns };
    return hx_output_records(c, records, columns, strange ? WITH_STRANGE : ALWAYS);
}

int hx_cmd_evaluate_words(hx_cli *c) {
    static const hx_engine engines[] = {HX_ENGINE_RULES, HX_ENGINE_LEARN, HX_ENGINE_LLAMA};
    enum { LLAMA = 2, ALL = 3 };
    const char *data = c->options.text[HX_OPT_FORETOLD], *engine = c->options.text[HX_OPT_ENGINE];
    int asked = engine ? hx_cli_choice("rules,learn,llama,all", engine) : ALL;
    const char *vocabulary = c->options.text[HX_OPT_VOCABULARY];
    cut_lines lines = {.limit = hx_cli_has(&c->options, HX_OPT_HEAD)
                                    ? (size_t)c->options.number[HX_OPT_HEAD]
                                    : SIZE_MAX};
    known_words known = {.n = 0};
    if (!data) return hx_cli_usage(c, "evaluate needs --data FILE", "evaluate 需要 --data 文件");
    if (asked < 0)
        return hx_cli_usage(c, "evaluate words asks the engines rules, learn, llama or all",
                            "evaluate words 的引擎为 rules、learn、llama 或 all");
    bool has_small = hx_cli_small_is_there(c);
    if (asked == ALL && !has_small) hx_cli_say_no_small(c);
    json_t *records = json_array();
    bool done = records && read_lines(c, data, &lines);
    if (done && vocabulary) done = read_vocabulary(c, vocabulary, &known);
    for (int i = 0; done && i < ALL; i++)
        if (asked == i || (asked == ALL && (i < LLAMA || has_small)))
            done = add_record(c, &lines, &known, engines[i], records);
    if (done && lines.skipped > 0)
        hx_cli_note(c, "rows left out: %zu", "略去的行：%zu", lines.skipped);
    done = done && put_records(c, records, known.n > 0);
    json_decref(records);
    return done ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
