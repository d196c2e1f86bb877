/* evaluate_rows.c - labelled rows of a file, for evaluate.
 *
 * The text is the column of --text, else the one recognised; the label is that of --label, else the one recognised. Sentiments have many spellings: 0
 * and 1, -1 to 1, 0 to 2, pos and neg, 好评 and 差评 are taken for negative, neutral and positive; which of the numbers is meant follows from all
 * that occur. */
#include <string.h>
#include <strings.h>

#include "cli/commands.h"
#include "cli/evaluate.h"

#define CELL_MAX 256 /* bytes of a label */
#define KEYWORDS_MAX 65536 /* bytes of a cell of keywords */

const char *hx_rate_name(hx_rate_task task, const char *given, bool from_minus_one, bool to_two) {
    static const char *const spellings[][10] = {
        {"negative", "neg", "-1", "bad", "负面", "消极", "差评", "负向", "负"},
        {"neutral", "neu", "mixed", "中性", "中立", "中评", "一般"},
        {"positive", "pos", "good", "正面", "积极", "好评", "正向", "正", "+1"}};
    static const char *const names[] = {"negative", "neutral", "positive"};
    if (task != HX_RATE_SENTIMENT) return given;
    if (strcmp(given, "0") == 0) return names[from_minus_one ? 1 : 0];
    if (strcmp(given, "1") == 0) return names[to_two ? 1 : 2];
    if (strcmp(given, "2") == 0 && to_two) return names[2];
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 10 && spellings[i][k]; k++)
            if (strcasecmp(given, spellings[i][k]) == 0) return names[i];
    return given;
}

/* ------------------------------------------------------------------ columns */
static bool find_role(const hx_column *columns, size_t n, const hx_role *roles, size_t n_roles,
                      size_t *out) {
    for (size_t i = 0; i < n_roles; i++)
        for (size_t k = 0; k < n; k++)
            if (columns[k].role == roles[i]) {
                *out = k;
                return true;
            }
    return false;
}

static bool is_keywords(hx_str name) {
    static const char *const names[] = {"keyphrases", "keywords", "关键词"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (hx_str_equal(name, hx_str_of(names[i]))) return true;
    return false;
}

static bool find_columns(hx_cli *c, const char *path, const hx_reader *r, hx_rate_task task,
                         size_t *text, size_t *label) {
    static const hx_role texts[] = {HX_ROLE_TEXT,     HX_ROLE_CHAT,  HX_ROLE_TICKET,
                                    HX_ROLE_QUESTION, HX_ROLE_QUERY, HX_ROLE_TITLE};
    static const hx_role labels[] = {HX_ROLE_LABEL};
    const hx_column *columns;
    const char *wanted = c->options.text[HX_OPT_LABEL];
    size_t n = hx_reader_columns(r, &columns);
    bool found = false;
    for (size_t k = 0; wanted && k < n && !found; k++) {
        found = hx_str_equal(columns[k].name, hx_str_of(wanted));
        *label = k;
    }
    for (size_t k = 0; !wanted && task == HX_RATE_KEYWORDS && k < n && !found; k++) {
        found = is_keywords(columns[k].name);
        *label = k;
    }
    if (!wanted && !found) found = find_role(columns, n, labels, 1, label);
    if (!found) {
        hx_cli_fail(c, "%s has no column %s; name the one with labels by --label COLUMN",
                    "%s 没有 %s 列；请用 --label 列名 指出标签列", path, wanted ? wanted : "label");
        return false;
    }
    if (find_role(columns, n, texts, sizeof texts / sizeof *texts, text) && *text != *label)
        return true;
    hx_cli_fail(c, "%s: no column is known to hold text; name it with --text COLUMN",
                "%s：看不出哪一列是文本；请用 --text 列名 指出", path);
    return false;
}

/* ------------------------------------------------------------------ rows */
static bool grow(hx_cli *c, hx_rated_rows *rows, size_t *room) {
    size_t wider = *room ? *room * 2 : 1024;
    if (rows->n < *room) return true;
    hx_str *texts = hx_arena_alloc(c->arena, wider * sizeof *texts);
    const char **given = hx_arena_alloc(c->arena, wider * sizeof *given);
    if (!texts || !given) return false;
    if (rows->n > 0) {
        memcpy(texts, rows->texts, rows->n * sizeof *texts);
        memcpy(given, rows->given, rows->n * sizeof *given);
    }
    rows->texts = texts;
    rows->given = given;
    *room = wider;
    return true;
}

static bool take_chunk(hx_cli *c, const hx_rows *chunk, size_t text, size_t label, size_t most,
                       hx_rated_rows *rows, size_t *room) {
    size_t limit =
        hx_cli_has(&c->options, HX_OPT_HEAD) ? (size_t)c->options.number[HX_OPT_HEAD] : SIZE_MAX;
    for (size_t i = 0; i < chunk->n_rows && rows->n < limit; i++) {
        const hx_row *row = &chunk->rows[i];
        bool usable = !row->bad && row->cells[text].len > 0 && row->cells[label].len > 0 &&
                      row->cells[label].len <= most;
        if (!usable) {
            rows->skipped++;
            continue;
        }
        if (!grow(c, rows, room)) return false;
        rows->texts[rows->n] = hx_arena_str(c->arena, row->cells[text]);
        rows->given[rows->n] = hx_arena_str(c->arena, row->cells[label]).ptr;
        if (!rows->texts[rows->n].ptr || !rows->given[rows->n]) return false;
        rows->n++;
    }
    return true;
}

static bool read_chunks(hx_cli *c, hx_reader *r, hx_rate_task task, size_t text, size_t label,
                        hx_rated_rows *rows) {
    hx_error err = {.ui = c->ui};
    const size_t most = task == HX_RATE_KEYWORDS ? KEYWORDS_MAX : CELL_MAX;
    size_t room = 0;
    hx_arena *arena = hx_arena_new(0);
    bool done = arena != NULL;
    while (done && !hx_flag_is_raised(&c->cancel)) {
        hx_chunk *chunk = NULL;
        hx_rows parsed;
        hx_status st = hx_reader_next(r, &chunk, &err);
        if (st == HX_OK && !chunk) break;
        if (st == HX_OK) st = hx_chunk_rows(r, chunk, arena, &parsed, &err);
        if (st != HX_OK) hx_cli_error(c, &err);
        if (st == HX_OK && !take_chunk(c, &parsed, text, label, most, rows, &room)) {
            hx_cli_fail(c, "not enough memory for the rows", "内存不足，无法读入各行");
            st = HX_ENOMEM;
        }
        done = st == HX_OK;
        hx_chunk_free(chunk);
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
    return done;
}

static void name_labels(hx_rate_task task, hx_rated_rows *rows) {
    bool minus_one = false, two = false;
    for (size_t i = 0; i < rows->n; i++) {
        minus_one = minus_one || strcmp(rows->given[i], "-1") == 0;
        two = two || strcmp(rows->given[i], "2") == 0;
    }
    for (size_t i = 0; i < rows->n; i++)
        rows->given[i] = hx_rate_name(task, rows->given[i], minus_one, two);
}

bool hx_rated_read(hx_cli *c, const char *path, hx_rate_task task, hx_rated_rows *out) {
    hx_error err = {.ui = c->ui};
    hx_reader_options options;
    hx_reader *r = NULL;
    size_t text, label;
    *out = (hx_rated_rows){.n = 0};
    if (!hx_cli_reader_options(c, &options)) return false;
    if (hx_reader_open(&r, path, &options, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    bool done =
        find_columns(c, path, r, task, &text, &label) && read_chunks(c, r, task, text, label, out);
    hx_reader_close(r);
    if (done && out->n == 0) {
        hx_cli_fail(c, "%s has no row with a text and a label", "%s 没有同时含文本和标签的行",
                    path);
        return false;
    }
    if (done) name_labels(task, out);
    return done;
}

/* ------------------------------------------------------------------ classes */
size_t hx_rate_class(const hx_rate_classes *classes, const char *name) {
    for (size_t k = 0; k < classes->n; k++)
        if (strcmp(classes->names[k], name) == 0) return k;
    return classes->n;
}

bool hx_rate_classes_add(hx_cli *c, hx_rate_classes *classes, const char *name) {
    if (hx_rate_class(classes, name) < classes->n) return true;
    if (!classes->names)
        classes->names = hx_arena_alloc(c->arena, HX_RATE_CLASSES_MAX * sizeof *classes->names);
    if (!classes->names || classes->n == HX_RATE_CLASSES_MAX) {
        hx_cli_fail(c, "more than %d different labels", "不同的标签超过 %d 个",
                    HX_RATE_CLASSES_MAX);
        return false;
    }
    classes->names[classes->n++] = name;
    return true;
}

static bool occurs(const hx_rated_rows *rows, const char *name) {
    for (size_t i = 0; i < rows->n; i++)
        if (strcmp(rows->given[i], name) == 0) return true;
    return false;
}

bool hx_rate_classes_of(hx_cli *c, hx_rate_task task, const hx_rated_rows *rows,
                        hx_rate_classes *out) {
    bool done = true;
    for (int i = HX_SENTIMENT_NEGATIVE; task == HX_RATE_SENTIMENT && i < HX_SENTIMENT_N; i++) {
        const char *name = hx_sentiment_name((hx_sentiment_label)i);
        bool needed = i == HX_SENTIMENT_NEGATIVE || i == HX_SENTIMENT_POSITIVE;
        if (needed || occurs(rows, name)) done = done && hx_rate_classes_add(c, out, name);
    }
    for (int i = HX_INTENT_OTHER; task == HX_RATE_INTENT && i < HX_INTENT_N; i++) {
        const char *name = hx_intent_name((hx_intent_label)i);
        if (occurs(rows, name)) done = done && hx_rate_classes_add(c, out, name);
    }
    for (size_t i = 0; i < rows->n && done; i++)
        done = hx_rate_classes_add(c, out, rows->given[i]);
    return done;
}
