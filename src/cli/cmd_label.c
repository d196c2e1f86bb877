/* cmd_label.c - label: proposes labels for raw texts, asks about the doubtful ones, writes what training reads.
 *
 *     rows -> without noise -> [ rating, rules, learn, --model ] -> hx_opinions_combine() -> answers by hand -> CSV
 *
 * A rating votes for the side it leans to by more than a quarter of its column's range, and for nothing in the middle. Each other source votes with its
 * probabilities. A text's score is the probability of its label; what is below --threshold is not labelled but asked about. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/label.h"
#include "cli/output.h"

#define ROWS_MAX 2000000u
#define SURE 0.9
#define LEAN 0.25 /* of the range of ratings, from its middle */

static bool no_memory(hx_cli *c) {
    hx_cli_fail(c, "not enough memory for the rows", "内存不足，无法读入各行");
    return false;
}

/* ------------------------------------------------------------------ rows */
static double rating_of(hx_str cell) {
    char number[32];
    size_t n = 0;
    double value;
    while (n < cell.len && n + 1 < sizeof number &&
           ((cell.ptr[n] >= '0' && cell.ptr[n] <= '9') || cell.ptr[n] == '.'))
        n++;
    memcpy(number, cell.ptr, n);
    number[n] = '\0';
    if (n > 0 && hx_cli_parse_real(number, &value)) return value;
    return NAN;
}

static bool add_row(hx_label_job *j, hx_str text, hx_str rating, size_t *room) {
    hx_cli *c = j->c;
    if (j->n == *room) {
        size_t wider = *room ? *room * 2 : 1024;
        hx_label_row *rows = hx_arena_alloc(c->arena, wider * sizeof *rows);
        if (!rows || wider > 2 * ROWS_MAX) return no_memory(c);
        if (j->n > 0) memcpy(rows, j->rows, j->n * sizeof *rows);
        j->rows = rows;
        *room = wider;
    }
    hx_label_row *r = &j->rows[j->n++];
    r->text = hx_arena_str(c->arena, text);
    r->rating = rating_of(rating);
    return r->text.ptr ? true : no_memory(c);
}

typedef struct {
    hx_label_job *j;
    hx_annotator *rules; /* says what is noise */
    hx_arena *arena;
    size_t text, rating; /* columns; rating SIZE_MAX = none */
    size_t room;
} row_reader;

static bool take_row(row_reader *r, const hx_row *row, hx_error *err) {
    hx_annotation said;
    hx_str text = row->bad ? (hx_str){NULL, 0} : row->cells[r->text], none = {NULL, 0};
    hx_arena_reset(r->arena);
    hx_status st = text.len > 0 ? hx_text_annotate(r->rules, text, r->arena, &said, err) : HX_OK;
    if (st == HX_ENOMEM) return false;
    if (text.len == 0 || st != HX_OK || said.noise == HX_NOISE_EMPTY) {
        r->j->empty++;
        return true;
    }
    if (said.noise != HX_NOISE_NONE) {
        r->j->noise++;
        return true;
    }
    return add_row(r->j, text, r->rating == SIZE_MAX ? none : row->cells[r->rating], &r->room);
}

static bool read_chunks(row_reader *r, hx_reader *reader, hx_error *err) {
    hx_cli *c = r->j->c;
    size_t limit =
        hx_cli_has(&c->options, HX_OPT_HEAD) ? (size_t)c->options.number[HX_OPT_HEAD] : SIZE_MAX;
    size_t seen = 0;
    hx_arena *arena = hx_arena_new(0);
    bool done = arena != NULL;
    while (done && seen < limit && !hx_flag_is_raised(&c->cancel)) {
        hx_chunk *chunk = NULL;
        hx_rows rows;
        hx_status st = hx_reader_next(reader, &chunk, err);
        if (st == HX_OK && !chunk) break;
        if (st == HX_OK) st = hx_chunk_rows(reader, chunk, arena, &rows, err);
        done = st == HX_OK;
        for (size_t i = 0; done && i < rows.n_rows && seen < limit; i++, seen++)
            done = take_row(r, &rows.rows[i], err);
        hx_chunk_free(chunk);
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
    return done;
}

static bool read_file(hx_label_job *j, hx_annotator *rules) {
    hx_cli *c = j->c;
    hx_error err = {.ui = c->ui};
    hx_reader_options options;
    hx_reader *reader = NULL;
    const hx_column *columns;
    row_reader r = {.j = j, .rules = rules, .rating = SIZE_MAX, .arena = hx_arena_new(0)};
    if (!r.arena || !hx_cli_reader_options(c, &options)) return false;
    bool done = hx_reader_open(&reader, c->args[0], &options, &err) == HX_OK;
    if (!done) hx_cli_error(c, &err);
    size_t n = done ? hx_reader_columns(reader, &columns) : 0;
    for (size_t k = 0; k < n && j->task == HX_RATE_SENTIMENT; k++)
        if (columns[k].role == HX_ROLE_RATING) r.rating = k;
    done = done && hx_cli_text_column(c, c->args[0], columns, n, &r.text);
    if (done && !read_chunks(&r, reader, &err)) {
        if (err.code != HX_OK) hx_cli_error(c, &err);
        done = false;
    }
    hx_reader_close(reader);
    hx_arena_free(r.arena);
    if (done && j->n == 0) {
        hx_cli_fail(c, "%s has no text to label (%zu empty, %zu noise)",
                    "%s 中没有可标注的文本（空 %zu 条，噪声 %zu 条）", c->args[0], j->empty,
                    j->noise);
        return false;
    }
    return done;
}

/* ------------------------------------------------------------------ sources */
static float *votes_of(const hx_label_job *j, size_t row, size_t source) {
    return j->said + (row * HX_LABEL_SOURCES_MAX + source) * j->classes.n;
}

static void add_ratings(hx_label_job *j) {
    double least = INFINITY, most = -INFINITY;
    size_t positive = hx_rate_class(&j->classes, "positive"),
           negative = hx_rate_class(&j->classes, "negative"), n = 0;
    for (size_t i = 0; i < j->n; i++) {
        if (isnan(j->rows[i].rating)) continue;
        least = fmin(least, j->rows[i].rating);
        most = fmax(most, j->rows[i].rating);
        n++;
    }
    if (n == 0 || most <= least || positive == j->classes.n || negative == j->classes.n) return;
    if (most > 1 && most <= 5 && least >= 1) least = 1, most = 5; /* stars */
    double middle = (least + most) / 2, lean = LEAN * (most - least);
    for (size_t i = 0; i < j->n; i++) {
        double off = j->rows[i].rating - middle;
        if (off >= lean) votes_of(j, i, j->n_sources)[positive] = 1;
        if (off <= -lean) votes_of(j, i, j->n_sources)[negative] = 1;
    }
    j->sources[j->n_sources++] = "rating";
}

static bool add_rater(hx_label_job *j, const char *name, const char *model, const char *engine) {
    hx_cli *c = j->c;
    hx_rater r;
    float *p;
    hx_rated_rows rows = {.n = j->n};
    rows.texts = hx_arena_alloc(c->arena, (j->n + 1) * sizeof *rows.texts);
    if (!rows.texts) return no_memory(c);
    for (size_t i = 0; i < j->n; i++)
        rows.texts[i] = j->rows[i].text;
    bool done = hx_rater_open(c, &r, j->task, model, engine, &j->classes) == HX_EXIT_DONE;
    done = done && hx_rater_run(c, &r, &rows, &j->classes, &p);
    for (size_t i = 0; done && i < j->n; i++)
        memcpy(votes_of(j, i, j->n_sources), p + i * j->classes.n, j->classes.n * sizeof *p);
    if (done) j->sources[j->n_sources++] = name;
    hx_rater_close(&r);
    return done;
}

static bool add_sources(hx_label_job *j) {
    const char *model = j->c->options.text[HX_OPT_MODEL];
    bool own = j->task == HX_RATE_CLASSIFY;
    if (model && strcmp(model, "rules") == 0) model = NULL;
    j->said =
        hx_arena_alloc(j->c->arena, j->n * HX_LABEL_SOURCES_MAX * j->classes.n * sizeof *j->said);
    if (!j->said) return no_memory(j->c);
    if (j->task == HX_RATE_SENTIMENT) add_ratings(j);
    return (own ||
            (add_rater(j, "rules", NULL, "rules") && add_rater(j, "learn", NULL, "learn"))) &&
           (!model || add_rater(j, "model", model, NULL));
}

/* ------------------------------------------------------------------ together */
static bool combine(hx_label_job *j) {
    hx_error err = {.ui = j->c->ui};
    size_t k = j->classes.n;
    double *p = hx_arena_alloc(j->c->arena, j->n * k * sizeof *p);
    if (!p) return no_memory(j->c);
    const hx_opinions o = {j->n, HX_LABEL_SOURCES_MAX, k, j->said};
    if (hx_opinions_combine(&o, p, j->right, &err) != HX_OK) {
        hx_cli_error(j->c, &err);
        return false;
    }
    for (size_t i = 0; i < j->n; i++) {
        hx_label_row *r = &j->rows[i];
        for (size_t l = 1; l < k; l++)
            if (p[i * k + l] > p[i * k + r->label]) r->label = l;
        r->score = p[i * k + r->label];
        const char *text = r->text.ptr; /* ends with NUL in the arena */
        const json_t *answer =
            strlen(text) == r->text.len ? json_object_get(j->answers, text) : NULL;
        size_t by_hand = answer ? hx_rate_class(&j->classes, json_string_value(answer)) : k;
        if (by_hand == k) continue;
        r->label = by_hand;
        r->score = 1;
        r->by_hand = true;
    }
    return true;
}

/* "rules+learn": those that said the same. */
static void put_sources(const hx_label_job *j, hx_outbuf *b, size_t row) {
    size_t n = 0, label = j->rows[row].label;
    if (j->rows[row].by_hand) {
        hx_outbuf_text(b, "hand");
        return;
    }
    for (size_t s = 0; s < j->n_sources; s++) {
        const float *said = votes_of(j, row, s);
        size_t best = 0;
        for (size_t k = 1; k < j->classes.n; k++)
            if (said[k] > said[best]) best = k;
        if (best == label && said[best] > 0)
            hx_outbuf_printf(b, "%s%s", n++ ? "+" : "", j->sources[s]);
    }
}

static bool put_rows(hx_label_job *j, bool asked) {
    hx_outbuf b = {0};
    bool done = true;
    for (size_t i = 0; i < j->n && done; i++) {
        const hx_label_row *r = &j->rows[i];
        const char *name = j->classes.names[r->label];
        if ((r->score < j->sure) != asked) continue;
        hx_outbuf_csv(&b, r->text);
        hx_outbuf_byte(&b, ',');
        if (!asked) hx_outbuf_csv(&b, hx_str_of(name));
        hx_outbuf_byte(&b, ',');
        hx_outbuf_score(&b, r->score);
        hx_outbuf_byte(&b, ',');
        put_sources(j, &b, i);
        hx_outbuf_byte(&b, ',');
        if (asked) hx_outbuf_csv(&b, hx_str_of(name));
        hx_outbuf_byte(&b, '\n');
        done = hx_output_write(j->c, &b);
    }
    hx_outbuf_release(&b);
    return done;
}

static void say(const hx_label_job *j) {
    size_t labelled = 0, by_hand = 0;
    for (size_t i = 0; i < j->n; i++) {
        labelled += j->rows[i].score >= j->sure;
        by_hand += j->rows[i].by_hand;
    }
    for (size_t s = 0; s < j->n_sources; s++)
        hx_cli_note(j->c, "%s: %.0f%% of its votes stand", "%s：%.0f%% 的判断被采用", j->sources[s],
                    100 * j->right[s]);
    hx_cli_note(j->c,
                "%zu labelled (%zu by hand), %zu to ask, %zu left out as noise, %zu without a text",
                "已标注 %zu 条（人工 %zu 条），待确认 %zu 条，略去噪声 %zu 条、空文本 %zu 条",
                labelled, by_hand, j->n - labelled, j->noise, j->empty);
}

/* ------------------------------------------------------------------ the command */
static bool set_classes(hx_label_job *j) {
    hx_cli *c = j->c;
    const char *list = c->options.text[HX_OPT_LABELS];
    if (!list && j->task == HX_RATE_SENTIMENT) list = "negative,positive";
    for (int i = 0; !list && i < HX_INTENT_N; i++)
        if (!hx_rate_classes_add(c, &j->classes, hx_intent_name((hx_intent_label)i))) return false;
    for (size_t n; list && *list; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        hx_str name = hx_arena_str(c->arena, (hx_str){list, n});
        if (!name.ptr) return no_memory(c);
        if (n > 0 && !hx_rate_classes_add(c, &j->classes, name.ptr)) return false;
    }
    if (j->classes.n >= 2 && j->classes.n <= HX_OPINION_LABELS_MAX) return true;
    hx_cli_usage(c, "--labels: name 2 to %d labels, commas between",
                 "--labels：请给出 2 到 %d 个标签，用逗号分隔", HX_OPINION_LABELS_MAX);
    return false;
}

static bool work(hx_label_job *j, const char *answers, bool asks) {
    hx_cli *c = j->c;
    hx_error err = {.ui = c->ui};
    hx_annotator *rules = NULL;
    hx_text_model *m = hx_cli_text_model_of(c, HX_ENGINE_RULES);
    bool done = m && hx_annotator_new(&rules, m, &err) == HX_OK;
    if (m && !done) hx_cli_error(c, &err);
    done = done && read_file(j, rules);
    hx_annotator_free(rules);
    hx_text_model_close(m);
    done = done && (!answers || hx_label_answers_read(j, answers)) && add_sources(j) && combine(j);
    if (done && asks) done = hx_label_ask(j, answers);
    hx_outbuf head = {0};
    hx_outbuf_text(&head, "text,label,score,source,ask\n");
    done = done && hx_output_write(c, &head) && put_rows(j, true) && put_rows(j, false);
    hx_outbuf_release(&head);
    if (done) say(j);
    return done;
}

int hx_cmd_label(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    hx_label_job j = {.c = c, .sure = SURE};
    const char *out = v->text[HX_OPT_OUT];
    char answers[4096] = "";
    if (hx_cli_has(v, HX_OPT_LABEL_TASK)) j.task = (hx_rate_task)v->number[HX_OPT_LABEL_TASK];
    if (hx_cli_has(v, HX_OPT_SURE)) j.sure = v->real[HX_OPT_SURE];
    if (j.task == HX_RATE_CLASSIFY && (!v->text[HX_OPT_LABELS] || !v->text[HX_OPT_MODEL]))
        return hx_cli_usage(c, "--task classify needs --labels A,B and --model M, which chooses",
                            "--task classify 需要 --labels A,B 和用来选择的 --model M");
    if (out && strcmp(out, "-") != 0 &&
        snprintf(answers, sizeof answers, "%s.answers.jsonl", out) >= (int)sizeof answers)
        return hx_cli_usage(c, "--out: the path is too long", "--out：路径过长");
    if (!set_classes(&j)) return HX_EXIT_USAGE;
    hx_cli_catch_interrupts(c);
    j.answers = json_object();
    bool asks = answers[0] && isatty(STDIN_FILENO) && c->talks;
    bool done = j.answers && work(&j, answers[0] ? answers : NULL, asks);
    json_decref(j.answers);
    return done ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
