/* cmd_evaluate_correct.c - evaluate correct: pairs of texts, as written and as they should stand, put right and compared.
 *
 *     wrong, right (or source, ref0 ... ref3; or --text, --label) -> corrected
 *
 * Sentences, as the SIGHAN bake-offs count them: of those changed (precision) and of those with an error (recall), how many are detected (just the
 * characters that differ were changed) and how many are corrected (they stand as they should). Characters: of the characters of the text as written,
 * which were changed and which differ, by a shortest alignment. False alarms: the share of right rows that were changed. Accuracy: the share of rows
 * that stand as they should; of single words the accuracy of spelling. GLEU: gleu.c, over all references. */
#include <math.h>
#include <string.h>
#include <time.h>

#include <utf8proc.h>

#include "cli/evaluate.h"
#include "cli/filter_correct.h"
#include "cli/gleu.h"
#include "cli/output.h"

#define REFERENCES_MAX 4
#define GROUP 64 /* rows corrected together */
#define CHARS_MAX 1000 /* of a text that is aligned; longer ones count as whole sentences only */

typedef struct {
    size_t columns[1 + REFERENCES_MAX]; /* text, references */
    size_t n_references;
} pair_columns;

typedef struct {
    hx_str wrong, right[REFERENCES_MAX];
} pair_row;

typedef struct {
    hx_cli *c;
    hx_corrector *corrector;
    hx_arena *arena; /* of a group */
    pair_row rows[GROUP];
    size_t n_rows, n_references, limit;
    uint64_t n, faulty, changed, clean, alarms, edits;
    uint64_t right_before, right_after, detected, corrected;
    uint64_t chars_hit, chars_changed, chars_faulty;
    hx_gleu_sums before[REFERENCES_MAX], after[REFERENCES_MAX];
    double seconds;
} correct_evaluation;

/* ------------------------------------------------------------------ which characters differ */
typedef struct {
    int32_t code[CHARS_MAX];
    size_t n;
} chars;

static bool read_chars(hx_str s, chars *out) {
    out->n = 0;
    for (size_t at = 0; at < s.len;) {
        utf8proc_int32_t cp = 0;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + at,
                                              (utf8proc_ssize_t)(s.len - at), &cp);
        if (out->n == CHARS_MAX) return false;
        out->code[out->n++] = n > 0 ? cp : 0xFFFD;
        at += n > 0 ? (size_t)n : 1;
    }
    return true;
}

static uint16_t *fill_costs(hx_arena *arena, const chars *a, const chars *b) {
    size_t width = b->n + 1;
    uint16_t *costs = hx_arena_alloc(arena, (a->n + 1) * width * sizeof *costs);
    for (size_t i = 0; costs && i <= a->n; i++)
        for (size_t j = 0; j <= b->n; j++) {
            uint16_t *cell = &costs[i * width + j];
            if (i == 0 || j == 0) {
                *cell = (uint16_t)(i + j);
                continue;
            }
            unsigned best =
                cell[-(ptrdiff_t)width - 1] + (a->code[i - 1] != b->code[j - 1] ? 1u : 0u);
            if (cell[-(ptrdiff_t)width] + 1u < best) best = cell[-(ptrdiff_t)width] + 1u;
            if (cell[-1] + 1u < best) best = cell[-1] + 1u;
            *cell = (uint16_t)best;
        }
    return costs;
}

/* marks (a->n + 1): characters of a that change, and those (or the end) before which something is put in. */
static bool mark_changes(hx_arena *arena, const chars *a, const chars *b, uint8_t *marks) {
    size_t width = b->n + 1, i = a->n, j = b->n;
    const uint16_t *costs = fill_costs(arena, a, b);
    if (!costs) return false;
    memset(marks, 0, a->n + 1);
    while (i > 0 || j > 0) {
        unsigned cost = costs[i * width + j];
        bool other = i > 0 && j > 0 && a->code[i - 1] != b->code[j - 1];
        if (i > 0 && j > 0 && cost == costs[(i - 1) * width + j - 1] + (unsigned)other) {
            marks[--i] |= other;
            j--;
        } else if (i > 0 && cost == costs[(i - 1) * width + j] + 1u) {
            marks[--i] = 1;
        } else {
            marks[i] = 1;
            j--;
        }
    }
    return true;
}

static bool count_characters(correct_evaluation *e, hx_str wrong, hx_str right, hx_str said) {
    chars *all = hx_arena_alloc(e->arena, 3 * sizeof *all);
    if (!all) return false;
    if (!read_chars(wrong, &all[0]) || !read_chars(right, &all[1]) || !read_chars(said, &all[2]))
        return true;
    uint8_t *wanted = hx_arena_alloc(e->arena, all[0].n + 1),
            *made = hx_arena_alloc(e->arena, all[0].n + 1);
    if (!wanted || !made || !mark_changes(e->arena, &all[0], &all[1], wanted) ||
        !mark_changes(e->arena, &all[0], &all[2], made))
        return false;
    bool same = true, some = false;
    for (size_t i = 0; i <= all[0].n; i++) {
        e->chars_hit += wanted[i] && made[i];
        e->chars_changed += made[i];
        e->chars_faulty += wanted[i];
        same = same && wanted[i] == made[i];
        some = some || wanted[i];
    }
    e->detected += same && some;
    return true;
}

/* ------------------------------------------------------------------ rows */
static bool count_row(correct_evaluation *e, const pair_row *r, const hx_correction *c) {
    bool faulty = !hx_str_equal(r->wrong, r->right[0]), changed = c->n_edits > 0;
    bool right = hx_str_equal(c->text, r->right[0]);
    for (size_t k = 0; k < e->n_references; k++)
        if (!hx_gleu_add(e->arena, r->wrong, r->wrong, r->right[k], &e->before[k]) ||
            !hx_gleu_add(e->arena, r->wrong, c->text, r->right[k], &e->after[k]))
            return false;
    e->n++;
    e->edits += c->n_edits;
    e->faulty += faulty;
    e->clean += !faulty;
    e->changed += changed;
    e->alarms += !faulty && changed;
    e->right_before += !faulty;
    e->right_after += right;
    e->corrected += faulty && right;
    return count_characters(e, r->wrong, r->right[0], c->text);
}

static bool finish_group(correct_evaluation *e) {
    hx_str texts[GROUP];
    hx_correction out[GROUP];
    struct timespec from, to;
    hx_error err = {.ui = e->c->ui};
    for (size_t i = 0; i < e->n_rows; i++)
        texts[i] = e->rows[i].wrong;
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (hx_correct_texts(e->corrector, texts, e->n_rows, e->arena, out, &err) != HX_OK) {
        hx_cli_error(e->c, &err);
        return false;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    e->seconds += (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    for (size_t i = 0; i < e->n_rows; i++)
        if (!count_row(e, &e->rows[i], &out[i])) {
            hx_cli_fail(e->c, "not enough memory for the rows", "内存不足，无法读入各行");
            return false;
        }
    hx_arena_reset(e->arena);
    e->n_rows = 0;
    return true;
}

static bool take_row(correct_evaluation *e, const hx_row *row, const pair_columns *k) {
    pair_row *r = &e->rows[e->n_rows];
    if (row->bad || row->cells[k->columns[0]].len == 0 || row->cells[k->columns[1]].len == 0)
        return true;
    r->wrong = hx_arena_str(e->arena, row->cells[k->columns[0]]);
    for (size_t i = 0; i < k->n_references; i++) {
        hx_str right = row->cells[k->columns[1 + i]];
        r->right[i] = hx_arena_str(e->arena, right.ptr ? right : HX_STR_LIT(""));
        if (!r->right[i].ptr) return false;
    }
    if (!r->wrong.ptr) return false;
    return ++e->n_rows < GROUP || finish_group(e);
}

static bool read_all(correct_evaluation *e, hx_reader *r, const pair_columns *k) {
    hx_error err = {.ui = e->c->ui};
    hx_arena *arena = hx_arena_new((size_t)4 << 30);
    bool good = arena != NULL;
    while (good && !hx_flag_is_raised(&e->c->cancel) && e->n + e->n_rows < e->limit) {
        hx_chunk *chunk = NULL;
        hx_rows rows;
        hx_status st = hx_reader_next(r, &chunk, &err);
        if (st == HX_OK && !chunk) break;
        if (st == HX_OK) st = hx_chunk_rows(r, chunk, arena, &rows, &err);
        if (st != HX_OK) hx_cli_error(e->c, &err);
        good = st == HX_OK;
        for (size_t i = 0; good && i < rows.n_rows && e->n + e->n_rows < e->limit; i++)
            good = take_row(e, &rows.rows[i], k);
        hx_chunk_free(chunk);
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
    return good && (e->n_rows == 0 || finish_group(e));
}

/* ------------------------------------------------------------------ columns */
static size_t column_named(const hx_column *columns, size_t n, const char *name) {
    for (size_t k = 0; name && k < n; k++)
        if (hx_str_equal(columns[k].name, hx_str_of(name))) return k;
    return n;
}

static bool find_pair(hx_cli *c, const char *path, const hx_reader *r, pair_columns *out) {
    static const char *const references[] = {"ref0", "ref1", "ref2", "ref3"};
    const hx_column *columns;
    const char *text = c->options.text[HX_OPT_TEXT], *label = c->options.text[HX_OPT_LABEL];
    size_t n = hx_reader_columns(r, &columns);
    out->columns[0] = column_named(columns, n, text ? text : "wrong");
    out->columns[1] = column_named(columns, n, label ? label : "right");
    out->n_references = 1;
    if (!text && out->columns[0] == n) out->columns[0] = column_named(columns, n, "source");
    for (size_t i = 0; !label && i < REFERENCES_MAX && column_named(columns, n, "right") == n;
         i++) {
        size_t k = column_named(columns, n, references[i]);
        if (k == n) break;
        out->columns[1 + i] = k;
        out->n_references = i + 1;
    }
    if (out->columns[0] < n && out->columns[1] < n) return true;
    hx_cli_fail(c,
                "%s has no columns wrong and right (or source and ref0); name them by --text and "
                "--label",
                "%s 没有 wrong 和 right 列（或 source 和 ref0 列）；请用 --text 和 --label 指定",
                path);
    return false;
}

/* ------------------------------------------------------------------ figures */
static double share(uint64_t n, uint64_t of) {
    return of > 0 ? (double)n / (double)of : 0;
}

static json_t *three(uint64_t hit, uint64_t said, uint64_t wanted) {
    return json_pack("{s:f,s:f,s:f}", "precision", share(hit, said), "recall", share(hit, wanted),
                     "f1", share(2 * hit, said + wanted));
}

static double mean_gleu(const hx_gleu_sums *sums, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += hx_gleu(&sums[i], false);
    return sum / (double)n;
}

static int report(const correct_evaluation *e, const hx_correct_model *m) {
    static const hx_record_column columns[] = {
        {"engine", "engine", "引擎", HX_CELL_CODE},
        {"threshold.zh", "threshold zh", "中文阈值", HX_CELL_RIGHT},
        {"threshold.en", "en", "英文阈值", HX_CELL_RIGHT},
        {"detection.f1", "detected F1", "检错 F1", HX_CELL_PERCENT},
        {"correction.precision", "corrected precision", "纠错精确率", HX_CELL_PERCENT},
        {"correction.recall", "recall", "召回率", HX_CELL_PERCENT},
        {"correction.f1", "F1", "F1", HX_CELL_PERCENT},
        {"characters.f1", "characters F1", "字符 F1", HX_CELL_PERCENT},
        {"false_alarms", "false alarms", "误报率", HX_CELL_PERCENT},
        {"accuracy_before", "right before", "原本正确", HX_CELL_PERCENT},
        {"accuracy", "right after", "纠正后正确", HX_CELL_PERCENT},
        {"gleu_before", "GLEU before", "原 GLEU", HX_CELL_RIGHT},
        {"gleu", "GLEU", "GLEU", HX_CELL_RIGHT},
        {"n", "n", "n", HX_CELL_RIGHT},
        {"texts_per_second", "texts/s", "文本/秒", HX_CELL_RIGHT}};
    json_t *records = json_array();
    json_t *one = json_pack(
        "{s:s,s:{s:f,s:f},s:I,s:I,s:I,s:o,s:o,s:o,s:f,s:f}", "engine",
        hx_engine_name(hx_correct_model_engine(m)), "threshold", "zh",
        hx_correct_model_threshold(m, HX_LANG_ZH), "en", hx_correct_model_threshold(m, HX_LANG_EN),
        "n", (json_int_t)e->n, "faulty", (json_int_t)e->faulty, "changed", (json_int_t)e->changed,
        "detection", three(e->detected, e->changed, e->faulty), "correction",
        three(e->corrected, e->changed, e->faulty), "characters",
        three(e->chars_hit, e->chars_changed, e->chars_faulty), "accuracy_before",
        share(e->right_before, e->n), "accuracy", share(e->right_after, e->n));
    if (e->clean > 0)
        (void)json_object_set_new(one, "false_alarms", json_real(share(e->alarms, e->clean)));
    (void)json_object_set_new(one, "gleu_before", json_real(mean_gleu(e->before, e->n_references)));
    (void)json_object_set_new(one, "gleu", json_real(mean_gleu(e->after, e->n_references)));
    (void)json_object_set_new(one, "texts_per_second",
                              json_real(floor((double)e->n / (e->seconds > 0 ? e->seconds : 1))));
    (void)json_array_append_new(records, one);
    bool ok = hx_output_records(e->c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int evaluate_file(correct_evaluation *e, const hx_correct_model *m, const char *path) {
    hx_cli *c = e->c;
    hx_error err = {.ui = c->ui};
    hx_reader_options options;
    pair_columns k;
    hx_reader *r = NULL;
    if (!hx_cli_reader_options(c, &options)) return HX_EXIT_FAILED;
    if (hx_reader_open(&r, path, &options, &err) != HX_OK) return hx_cli_error(c, &err);
    bool done = find_pair(c, path, r, &k);
    e->n_references = k.n_references;
    done = done && read_all(e, r, &k);
    hx_reader_close(r);
    if (!done) return HX_EXIT_FAILED;
    if (hx_flag_is_raised(&c->cancel))
        return hx_cli_fail(c, "stopped on request; nothing was written",
                           "已按要求停止；没有写出结果");
    if (e->n == 0) return hx_cli_fail(c, "%s has no pair of texts", "%s 中没有成对的文本", path);
    return report(e, m);
}

int hx_cmd_evaluate_correct(hx_cli *c) {
    const char *path = c->options.text[HX_OPT_FORETOLD];
    hx_error err = {.ui = c->ui};
    int status = HX_EXIT_FAILED;
    if (!path) return hx_cli_usage(c, "evaluate needs --data FILE", "evaluate 需要 --data 文件");
    hx_text_model *words = hx_cli_text_model_of(c, HX_ENGINE_RULES);
    hx_correct_model *m = words ? hx_cli_correct_model(c, words) : NULL;
    correct_evaluation *e = m ? hx_arena_alloc(c->arena, sizeof *e) : NULL;
    if (e) {
        e->c = c;
        e->limit = hx_cli_has(&c->options, HX_OPT_HEAD) ? (size_t)c->options.number[HX_OPT_HEAD]
                                                        : SIZE_MAX;
        e->arena = hx_arena_new((size_t)2 << 30);
        if (!e->arena)
            status = hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
        else if (hx_corrector_new(&e->corrector, m, &err) != HX_OK)
            status = hx_cli_error(c, &err);
        else
            status = evaluate_file(e, m, path);
        hx_corrector_free(e->corrector);
        hx_arena_free(e->arena);
    }
    hx_correct_model_close(m);
    hx_text_model_close(words);
    return status;
}
