/* cmd_filter.c - clean, redact, words, sentiment, intent, keywords, aspects, annotate, correct: one result a text.
 *
 * The text column is the one --text or --map names, else the one recognised by its name, else the only one of the file. Files are read
 * one after the other; in CSV and tables they must have the same columns. Rejected rows are counted, the first three are shown, and
 * all are written to --rejects FILE where it is given. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/filter_correct.h"
#include "cli/filter_llama.h"
#include "cli/generate.h"
#include "cli/grid.h"
#include "cli/output.h"
#include "cli/progress.h"

#define CHUNK_BYTES ((size_t)256 << 10)
#define CHUNK_BYTES_LLAMA ((size_t)4 << 10) /* a thousand tokens or two: a second or so */
#define CHUNK_BYTES_CORRECT ((size_t)16 << 10)
#define CHUNK_BYTES_SMALL                                                                          \
    ((size_t)32 << 10) /* the engine llama: a pass or so, and something for each thread */
#define TABLE_CELL_MAX 60 /* a table is for eyes; JSON and CSV have all */

typedef struct {
    hx_cli *c;
    hx_filter_plan plan;
    hx_reader_options reader_options;
    size_t n_threads, limit; /* limit 0 = none */
    hx_grid grid;
    FILE *rejects; /* NULL = not kept */
    hx_str header; /* of the first file, in the run's arena */
    uint64_t rows, rejected, rejects_shown, index;
    uint64_t cut; /* answers that ended before their grammar did */
    uint64_t file_rows, file_total; /* rows of this file: read so far, there are (0 = not known) */
    bool broken; /* no memory for the output: said already */
    struct timespec began;
} filter_job;

static hx_filter_kind kind_of(const char *name) {
    return (hx_filter_kind)hx_cli_choice(
        "clean,redact,words,sentiment,intent,keywords,aspects,emotions,annotate,correct,parse,"
        "entities,tokenize,embed,classify,tag,generate",
        name);
}

/* ------------------------------------------------------------------ options */
static int add_label(hx_cli *c, hx_filter_plan *p, hx_str word) {
    if (p->kind == HX_FILTER_SENTIMENT) {
        for (unsigned l = HX_SENTIMENT_NEGATIVE; l < HX_SENTIMENT_N; l++)
            if (hx_str_equal(word, hx_str_of(hx_sentiment_name((hx_sentiment_label)l)))) {
                p->sentiments |= 1u << l;
                return HX_EXIT_DONE;
            }
    } else {
        for (unsigned l = HX_INTENT_OTHER; l < HX_INTENT_N; l++)
            if (hx_str_equal(word, hx_str_of(hx_intent_name((hx_intent_label)l)))) {
                p->intents |= 1u << l;
                return HX_EXIT_DONE;
            }
    }
    return hx_cli_usage(c, "--labels: %s has no label '%.*s'", "--labels：%s 没有标签“%.*s”",
                        c->command->name, (int)word.len, word.ptr);
}

static int set_labels(hx_cli *c, hx_filter_plan *p) {
    const char *list = c->options.text[HX_OPT_LABELS];
    if (!list || p->kind == HX_FILTER_CLASSIFY) return HX_EXIT_DONE;
    for (size_t n; *list; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        int status = add_label(c, p, (hx_str){list, n});
        if (status != HX_EXIT_DONE) return status;
    }
    if (p->kind == HX_FILTER_SENTIMENT && (p->sentiments & (p->sentiments - 1)) == 0)
        return hx_cli_usage(c, "--labels needs two labels or more", "--labels 至少需要两个标签");
    return HX_EXIT_DONE;
}

/* As --method names them. */
static const hx_keyword_method keyword_methods[] = {HX_KEYWORDS_TFIDF, HX_KEYWORDS_TEXTRANK,
                                                    HX_KEYWORDS_YAKE, HX_KEYWORDS_EMBEDDING,
                                                    HX_KEYWORDS_ATTENTION};

static int set_options(filter_job *j) {
    hx_cli *c = j->c;
    const hx_cli_values *v = &c->options;
    hx_filter_plan *p = &j->plan;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *p = (hx_filter_plan){
        .kind = kind_of(c->command->name),
        .shape = c->shape,
        .ui = c->ui,
        .top = hx_cli_has(v, HX_OPT_TOP) ? (size_t)v->number[HX_OPT_TOP] : 5,
        .method = hx_cli_learns(c)               ? HX_KEYWORDS_LEARN
                  : hx_cli_has(v, HX_OPT_METHOD) ? keyword_methods[v->number[HX_OPT_METHOD]]
                  : hx_cli_is_small(c)           ? HX_KEYWORDS_LLAMA
                                                 : HX_KEYWORDS_TFIDF,
        .sentences = hx_cli_has(v, HX_OPT_SENTENCES) ? (size_t)v->number[HX_OPT_SENTENCES] : 0,
        .no_stop = hx_cli_has(v, HX_OPT_NO_STOP),
        .clean = {hx_cli_has(v, HX_OPT_KEEP_TRADITIONAL), hx_cli_has(v, HX_OPT_KEEP_CASE),
                  hx_cli_has(v, HX_OPT_KEEP_URLS)},
        .abstain = v->real[HX_OPT_ABSTAIN],
        .target = hx_str_of(v->text[HX_OPT_ABOUT]),
        .cell_max = TABLE_CELL_MAX};
    p->standard = hx_cli_has(v, HX_OPT_STANDARD) ? (hx_words_standard)v->number[HX_OPT_STANDARD]
                                                 : HX_WORDS_UD;
    p->triples = hx_cli_has(v, HX_OPT_TRIPLES);
    p->tags = p->kind == HX_FILTER_PARSE || p->kind == HX_FILTER_ENTITIES ||
              (p->kind == HX_FILTER_TAG && !hx_cli_wants_llama(c)) ||
              (p->kind == HX_FILTER_WORDS &&
               (hx_cli_has(v, HX_OPT_STANDARD) || hx_cli_learns(c) || hx_cli_is_small(c)));
    p->blocks = c->shape == HX_SHAPE_CONLLU ||
                (p->kind == HX_FILTER_PARSE && c->shape == HX_SHAPE_TABLE && !p->triples);
    j->n_threads = hx_cli_has(v, HX_OPT_THREADS) ? (size_t)v->number[HX_OPT_THREADS]
                   : processors > 0              ? (size_t)processors
                                                 : 1;
    j->limit = hx_cli_has(v, HX_OPT_HEAD) ? (size_t)v->number[HX_OPT_HEAD] : 0;
    if (hx_cli_learns(c) && hx_cli_has(v, HX_OPT_METHOD))
        return hx_cli_usage(c,
                            "--method chooses among the rules' methods; leave out --engine learn",
                            "--method 只用于选择规则引擎的算法；请去掉 --engine learn");
    if (!hx_cli_reader_options(c, &j->reader_options)) return HX_EXIT_FAILED;
    if (p->target.len > 0 && hx_cli_wants_llama(c))
        return hx_cli_usage(
            c, "--target is answered by the rules alone; leave out --model or say --engine rules",
            "--target 只能由规则引擎回答；请去掉 --model，或指定 --engine rules");
    j->reader_options.chunk_bytes = hx_cli_wants_llama(c) ? CHUNK_BYTES_LLAMA : CHUNK_BYTES;
    return set_labels(c, p);
}

/* ------------------------------------------------------------------ columns */
static bool find_second(filter_job *j) {
    hx_filter_plan *p = &j->plan;
    const char *name = j->c->options.text[HX_OPT_TEXT2];
    p->pairs = name != NULL;
    for (size_t k = 0; name && k < p->n_columns; k++) {
        p->second_column = k;
        if (hx_str_equal(p->columns[k].name, hx_str_of(name))) return true;
    }
    if (name) hx_cli_fail(j->c, "%s has no column %s", "%s 没有 %s 列", p->path, name);
    return !name;
}

static bool plan_file(filter_job *j, const char *path, const hx_reader *r) {
    hx_filter_plan *p = &j->plan;
    p->path = strcmp(path, "-") == 0 ? hx_cli_tr(j->c, "standard input", "标准输入") : path;
    p->reader = r;
    p->n_columns = hx_reader_columns(r, &p->columns);
    if (!hx_cli_text_column(j->c, p->path, p->columns, p->n_columns, &p->text_column)) return false;
    if (!find_second(j)) return false;
    p->hidden = hx_arena_alloc(j->c->arena, p->n_columns + 1);
    if (!p->hidden) {
        hx_cli_fail(j->c, "not enough memory to start", "内存不足，无法启动");
        return false;
    }
    p->json_lines = hx_reader_format(r) == HX_FORMAT_JSONL;
    p->splice = p->json_lines && p->kind != HX_FILTER_REDACT;
    for (size_t k = 0; k < p->n_columns; k++) {
        if (k == p->text_column || !hx_filter_replaces(p, p->columns[k].name)) continue;
        p->hidden[k] = true;
        p->splice = false;
        hx_cli_note(j->c, "%s: its column %.*s is replaced by the result",
                    "%s：其中的列 %.*s 由结果代替", p->path, (int)p->columns[k].name.len,
                    p->columns[k].name.ptr);
    }
    return true;
}

/* ------------------------------------------------------------------ headers */
static size_t columns_shown(const hx_filter_plan *p) {
    size_t n = 0;
    for (size_t k = 0; k < p->n_columns; k++)
        n += !p->hidden[k];
    for (const char *const *name = hx_filter_columns(p, p->shape == HX_SHAPE_TABLE); *name; name++)
        n++;
    return n;
}

static bool is_number(hx_type t) {
    return t == HX_TYPE_INTEGER || t == HX_TYPE_NUMBER || t == HX_TYPE_AMOUNT;
}

static bool begin_table(filter_job *j) {
    const hx_filter_plan *p = &j->plan;
    hx_grid *g = &j->grid;
    if (!hx_grid_init(g, columns_shown(p) + 1)) return false;
    g->gap = 3;
    g->first_gap = 2;
    g->cell_max = p->cell_max;
    g->color = j->c->color;
    size_t at = 0;
    g->align[at++] = HX_GRID_RIGHT;
    hx_grid_text(g, "");
    for (size_t k = 0; k < p->n_columns; k++) {
        if (p->hidden[k]) continue;
        g->align[at++] =
            is_number(p->columns[k].type) && k != p->text_column ? HX_GRID_RIGHT : HX_GRID_LEFT;
        hx_grid_cell(g, p->columns[k].name);
    }
    for (const char *const *name = hx_filter_columns(p, true); *name; name++) {
        bool label = strcmp(*name, "sentiment") == 0 || strcmp(*name, "intent") == 0;
        g->align[at++] = label ? HX_GRID_MOOD : HX_GRID_LEFT;
        hx_grid_text(g, *name);
    }
    return true;
}

static bool put_csv_header(filter_job *j) {
    const hx_filter_plan *p = &j->plan;
    hx_outbuf b = {0};
    size_t n = 0;
    for (size_t k = 0; k < p->n_columns; k++) {
        if (p->hidden[k]) continue;
        if (n++ > 0) hx_outbuf_byte(&b, ',');
        hx_outbuf_csv(&b, p->columns[k].name);
    }
    for (const char *const *name = hx_filter_columns(p, false); *name; name++)
        hx_outbuf_printf(&b, "%s%s", n++ ? "," : "", *name);
    hx_outbuf_byte(&b, '\n');
    bool ok = hx_output_write(j->c, &b);
    hx_outbuf_release(&b);
    return ok;
}

/* The first file's header begins the output; the others must have the same, but in JSON. */
static bool begin_output(filter_job *j, const hx_reader *r) {
    hx_str header = hx_reader_header(r);
    if (j->plan.shape == HX_SHAPE_JSON || j->plan.blocks) return true;
    if (j->header.ptr) {
        if (hx_str_equal(j->header, header)) return true;
        hx_cli_fail(
            j->c,
            "%s: has other columns than the first file; use --format json, or one file at a time",
            "%s：各列与第一个文件不同；请用 --format json，或逐个处理文件", j->plan.path);
        return false;
    }
    j->header = hx_arena_str(j->c->arena, header);
    return j->plan.shape == HX_SHAPE_CSV ? put_csv_header(j) : begin_table(j);
}

/* ------------------------------------------------------------------ batches */
static void show_notes(filter_job *j, const hx_filter_batch *b) {
    const char *at = b->notes.ptr, *end = at ? at + b->notes.len : at;
    for (; at < end && j->rejects_shown < HX_FILTER_NOTES; j->rejects_shown++) {
        hx_cli_say(j->c, at);
        at += strlen(at) + 1;
    }
}

/* A language model takes its time: where the output is not the terminal itself, the terminal shows how far it is. */
static bool shows_rows(const filter_job *j) {
    return j->plan.llama && j->c->talks && !isatty(fileno(j->c->out));
}

static void show_rows(const filter_job *j) {
    if (!shows_rows(j)) return;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    hx_progress p = {
        .path = j->plan.path, .rows = j->file_rows, .done = j->file_rows, .total = j->file_total};
    p.seconds = (double)(t.tv_sec - j->began.tv_sec) + (double)(t.tv_nsec - j->began.tv_nsec) / 1e9;
    hx_progress_show(j->c, &p);
}

/* The rows of a file, at most `limit` (0 = all); 0 where they can't be counted beforehand. To count them takes no time beside reading
 * them with a model. */
static uint64_t count_rows(const filter_job *j, const char *path, size_t limit) {
    hx_error err = {.ui = j->c->ui};
    hx_reader_options options = j->reader_options;
    hx_reader *r = NULL;
    struct stat st;
    uint64_t n = 0;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return 0;
    options.chunk_bytes = CHUNK_BYTES;
    hx_arena *arena = hx_arena_new((size_t)4 << 30);
    if (arena && hx_reader_open(&r, path, &options, &err) == HX_OK) {
        hx_chunk *chunk = NULL;
        while ((limit == 0 || n < limit) && !hx_flag_is_raised(&j->c->cancel) &&
               hx_reader_next(r, &chunk, &err) == HX_OK && chunk) {
            hx_rows rows = {NULL, 0, 0};
            if (hx_chunk_rows(r, chunk, arena, &rows, &err) == HX_OK) n += rows.n_rows;
            hx_chunk_free(chunk);
            hx_arena_reset(arena);
        }
    }
    hx_reader_close(r);
    hx_arena_free(arena);
    return limit > 0 && n > limit ? limit : n;
}

static bool write_table(filter_job *j, const hx_filter_batch *b) {
    hx_outbuf out = {0};
    const char *at = b->out.ptr;
    size_t cells = j->grid.n_columns - 1;
    for (size_t i = 0; i < b->rows; i++) {
        const char *from = at;
        for (size_t k = 0; k < cells; k++)
            at = (const char *)memchr(at, '\x1F', (size_t)(b->out.ptr + b->out.len - at)) + 1;
        hx_grid_uint(&j->grid, j->index++);
        hx_grid_append(&j->grid, (hx_str){from, (size_t)(at - from)}, cells);
    }
    hx_grid_print(&j->grid, &out);
    bool ok = hx_output_write(j->c, &out);
    hx_outbuf_release(&out);
    return ok;
}

static bool take_batch(void *context, hx_filter_batch *b) {
    filter_job *j = context;
    j->rows += b->rows;
    j->rejected += b->rejected;
    j->cut += b->cut;
    j->file_rows += b->rows + b->rejected;
    show_rows(j);
    show_notes(j, b);
    if (j->rejects && b->rejects.len > 0)
        (void)fwrite(b->rejects.ptr, 1, b->rejects.len, j->rejects);
    j->broken = b->out.failed;
    bool grid = j->plan.shape == HX_SHAPE_TABLE && !j->plan.blocks && !b->out.failed;
    bool ok = grid ? write_table(j, b) : hx_output_write(j->c, &b->out);
    return fflush(j->c->out) == 0 && ok;
}

/* ------------------------------------------------------------------ files */
static int filter_reader(filter_job *j, const char *path, hx_reader *r) {
    hx_error err = {.ui = j->c->ui};
    uint64_t before = j->rows, rejected = j->rejected;
    size_t limit = j->limit ? j->limit - (size_t)j->rows : 0;
    j->file_rows = 0;
    j->file_total = shows_rows(j) ? count_rows(j, path, limit) : 0;
    clock_gettime(CLOCK_MONOTONIC, &j->began);
    hx_status st =
        hx_filter_run(&j->plan, r, j->n_threads, limit, &j->c->cancel, take_batch, j, &err);
    if (j->plan.llama) hx_progress_clear(j->c);
    if (st == HX_ENOMEM && !err.message[0])
        return hx_cli_fail(j->c, "not enough memory to read the texts", "内存不足，无法读取文本");
    if (st == HX_ECANCELLED) return HX_EXIT_FAILED; /* say_stopped() says how far it came */
    if (st != HX_OK) return hx_cli_error(j->c, &err);
    if (j->broken) return HX_EXIT_FAILED; /* hx_output_write() said why */
    if (j->rows == before && j->rejected == rejected && hx_reader_format(r) != HX_FORMAT_TEXT)
        return hx_cli_fail(j->c, "%s: has a header but no rows", "%s：只有表头，没有数据行",
                           j->plan.path);
    if (j->rows == before)
        return hx_cli_fail(j->c, "%s: has no row that can be used", "%s：没有可用的行",
                           j->plan.path);
    return HX_EXIT_DONE;
}

/* What --from says; without it, a file in CoNLL-U has its words already: parse and tag say what belongs in their columns. */
static bool is_conllu(const filter_job *j, const char *path) {
    bool reads = j->plan.tags && (j->plan.kind == HX_FILTER_PARSE || j->plan.kind == HX_FILTER_TAG);
    return reads && hx_cli_from_trees(j->c, path) != HX_CLI_FROM_TEXT;
}

static int put_conllu(filter_job *j, hx_tagger *t, hx_arena *arena, const char *path) {
    const hx_conllu_options options = {.trees = j->plan.kind == HX_FILTER_PARSE,
                                       .raw =
                                           hx_cli_from_trees(j->c, path) == HX_CLI_FROM_CONLLU_TEXT,
                                       .limit = j->limit ? j->limit - (size_t)j->rows : 0,
                                       .cancel = &j->c->cancel};
    hx_error err = {.ui = j->c->ui};
    hx_outbuf b = {0};
    hx_str said;
    size_t n = 0;
    hx_status st = hx_tagger_conllu_file(t, path, &options, arena, &said, &n, &err);
    if (st == HX_ECANCELLED) return HX_EXIT_FAILED; /* say_stopped() says how far it came */
    if (st == HX_EFORMAT || st == HX_ELIMIT)
        return hx_cli_fail(j->c, "%s: %s", "%s：%s", path, err.message);
    if (st != HX_OK) return hx_cli_error(j->c, &err);
    hx_outbuf_bytes(&b, said.ptr, said.len);
    bool ok = hx_output_write(j->c, &b);
    hx_outbuf_release(&b);
    j->rows += n;
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int filter_conllu(filter_job *j, const char *path) {
    hx_error err = {.ui = j->c->ui};
    const hx_cli_values *v = &j->c->options;
    hx_tagger *t = NULL;
    bool other = hx_cli_has(v, HX_OPT_FORMAT) || hx_cli_has(v, HX_OPT_FORMAT_TREES);
    if (j->plan.triples || (other && j->c->shape != HX_SHAPE_CONLLU))
        return hx_cli_fail(j->c,
                           "%s: what is in CoNLL-U is written in CoNLL-U; leave out --format and "
                           "--triples",
                           "%s：CoNLL-U 文件的结果仍为 CoNLL-U；请去掉 --format 和 --triples",
                           path);
    if (hx_tagger_open(&t, j->plan.model, j->plan.standard, &err) != HX_OK)
        return hx_cli_error(j->c, &err);
    hx_arena *arena = hx_arena_new(0);
    int status =
        arena ? put_conllu(j, t, arena, path)
              : hx_cli_fail(j->c, "not enough memory to read the texts", "内存不足，无法读取文本");
    hx_arena_free(arena);
    hx_tagger_close(t);
    return status;
}

static int filter_file(filter_job *j, const char *path) {
    hx_error err = {.ui = j->c->ui};
    hx_reader *r = NULL;
    if (hx_flag_is_raised(&j->c->cancel)) return HX_EXIT_FAILED;
    if (is_conllu(j, path)) return filter_conllu(j, path);
    if (hx_reader_open(&r, path, &j->reader_options, &err) != HX_OK)
        return hx_cli_error(j->c, &err);
    int status =
        plan_file(j, path, r) && begin_output(j, r) ? filter_reader(j, path, r) : HX_EXIT_FAILED;
    hx_reader_close(r);
    return status;
}

static int say_stopped(const filter_job *j) {
    if (j->rows == 0)
        return hx_cli_fail(j->c, "stopped on request before the first row was done",
                           "已按要求停止：一行也没有完成");
    return hx_cli_fail(j->c, "stopped on request: %s holds the results of the first %llu rows",
                       "已按要求停止：%s 中是前 %llu 行的结果", j->c->out_name,
                       (unsigned long long)j->rows);
}

static int say_cut(const filter_job *j) {
    return hx_cli_fail(
        j->c,
        "%llu of %llu answers are cut off and do not fit the %s (\"end\":\"length\"); "
        "give more --max-tokens (or --context)",
        "%llu 个回答（共 %llu 个）被截断，不符合%s（\"end\":\"length\"）；"
        "请加大 --max-tokens（或 --context）",
        (unsigned long long)j->cut, (unsigned long long)j->rows, hx_cli_grammar_word(j->c));
}

static int filter_files(filter_job *j) {
    hx_cli *c = j->c;
    int status = HX_EXIT_DONE;
    if (c->n_args == 0) {
        if (isatty(STDIN_FILENO))
            hx_cli_note(c, "reading texts from the terminal, one a line; end with Ctrl-D",
                        "从终端读取文本，每行一条；按 Ctrl-D 结束");
        return filter_file(j, "-");
    }
    for (int i = 0; i < c->n_args && (j->limit == 0 || j->rows < j->limit); i++) {
        int one = filter_file(j, c->args[i]);
        if (one != HX_EXIT_DONE) status = one;
    }
    return status;
}

/* All files open, as far as that can be said without reading from a pipe: before a model is. */
static int check_files(const filter_job *j) {
    hx_error err = {.ui = j->c->ui};
    int status = HX_EXIT_DONE;
    for (int i = 0; i < j->c->n_args; i++) {
        hx_reader *r = NULL;
        struct stat st;
        const char *path = j->c->args[i];
        if (strcmp(path, "-") == 0) continue;
        if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) continue;
        if (hx_reader_open(&r, path, &j->reader_options, &err) != HX_OK)
            status = hx_cli_error(j->c, &err);
        hx_reader_close(r);
    }
    return status;
}

/* Who waits for a terminal or a pipe can't look at a flag: there the signal ends the program, between two batches, which are written
 * whole. */
static void catch_interrupts(hx_cli *c) {
    struct stat st;
    bool waits = c->n_args == 0;
    for (int i = 0; i < c->n_args; i++)
        waits = waits || strcmp(c->args[i], "-") == 0;
    if (!waits || (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode)))
        hx_cli_catch_interrupts(c);
}

static int open_rejects(filter_job *j) {
    const char *path = j->c->options.text[HX_OPT_REJECTS];
    if (!path) return HX_EXIT_DONE;
    j->rejects = fopen(path, "wb");
    if (!j->rejects)
        return hx_cli_fail(j->c, "%s: can't be written: %s", "%s：无法写入：%s", path,
                           strerror(errno));
    (void)fputs("row,reason,record\n", j->rejects);
    return HX_EXIT_DONE;
}

static int close_rejects(filter_job *j, int status) {
    const char *path = j->c->options.text[HX_OPT_REJECTS];
    if (j->rejected > 0 && path)
        hx_cli_note(j->c, "rejected rows: %llu -> %s", "被拒绝的行：%llu -> %s",
                    (unsigned long long)j->rejected, path);
    else if (j->rejected > 0)
        hx_cli_note(j->c, "rejected rows: %llu; --rejects FILE keeps them",
                    "被拒绝的行：%llu；用 --rejects 文件 可保存", (unsigned long long)j->rejected);
    if (!j->rejects) return status;
    bool bad = ferror(j->rejects) != 0;
    if (fclose(j->rejects) == 0 && !bad) return status;
    return hx_cli_fail(j->c, "%s: can't be written: %s", "%s：无法写入：%s", path, strerror(errno));
}

/* ------------------------------------------------------------------ the command */
static int run_filter(filter_job *j) {
    int status = open_rejects(j);
    if (status != HX_EXIT_DONE) return status;
    status = close_rejects(j, filter_files(j));
    if (hx_flag_is_raised(&j->c->cancel) && status != HX_EXIT_DONE) return say_stopped(j);
    return j->cut > 0 ? say_cut(j) : status;
}

/* Whether the model says what is asked for; what the rules say in its place is said to be theirs. */
static int check_tagger(const filter_job *j) {
    const hx_filter_plan *p = &j->plan;
    hx_error err = {.ui = j->c->ui};
    hx_tagger *t = NULL;
    if (!p->tags) return HX_EXIT_DONE;
    if (hx_tagger_open(&t, p->model, p->standard, &err) != HX_OK) return hx_cli_error(j->c, &err);
    bool cuts = hx_tagger_cuts(t), tags = hx_tagger_tags(t, true) || hx_tagger_tags(t, false);
    bool parses = hx_tagger_parses(t, true) || hx_tagger_parses(t, false);
    hx_tagger_close(t);
    if (p->kind == HX_FILTER_WORDS && !cuts)
        hx_cli_note(j->c, "no model with words of this standard is installed: words by the rules",
                    "未安装该标准的分词模型：按规则分词");
    if (p->kind == HX_FILTER_PARSE ? parses : p->kind != HX_FILTER_TAG || tags) return HX_EXIT_DONE;
    return hx_cli_fail(j->c,
                       "%s needs the model huaxiang-small with such a head, which is not "
                       "installed; 'huaxiang words' and 'huaxiang entities' do without",
                       "%s 需要带相应任务头的 huaxiang-small 模型，尚未安装；“huaxiang words”和"
                       "“huaxiang entities”无需模型",
                       j->c->command->name);
}

static int filter_by_rules(filter_job *j) {
    hx_text_model *m = NULL;
    if (j->plan.kind != HX_FILTER_REDACT) {
        hx_corrected how;
        if (!hx_cli_correction(j->c, false, &how)) return HX_EXIT_USAGE;
        m = hx_cli_text_model_by(j->c, hx_cli_text_engine(j->c), &how);
        if (!m) return HX_EXIT_FAILED;
    }
    j->plan.model = m;
    if (m && hx_text_model_engine(m) == HX_ENGINE_LLAMA)
        j->reader_options.chunk_bytes = CHUNK_BYTES_SMALL;
    int status = check_tagger(j);
    if (status == HX_EXIT_DONE) status = run_filter(j);
    hx_text_model_close(m);
    return status;
}

static int filter_by_correct(filter_job *j) {
    hx_text_model *words = hx_cli_text_model_of(j->c, HX_ENGINE_RULES);
    hx_correct_model *m = words ? hx_cli_correct_model(j->c, words) : NULL;
    int status = HX_EXIT_FAILED;
    if (m) {
        /* A language model has threads of its own, and reads small pieces. */
        if (hx_correct_model_engine(m) == HX_ENGINE_LLAMA) {
            j->n_threads = 1;
            j->reader_options.chunk_bytes = CHUNK_BYTES_CORRECT;
        }
        j->plan.corrects = m;
        status = run_filter(j);
    }
    hx_correct_model_close(m);
    hx_text_model_close(words);
    return status;
}

/* One worker feeds the model, whose own threads share each pass; tokens are found by many. */
static int filter_by_llama(filter_job *j) {
    hx_filter_llama l = {.n_labels = 0};
    hx_cli_generate g = {.c = j->c};
    if (j->plan.kind != HX_FILTER_TOKENIZE) j->n_threads = 1;
    bool generates = j->plan.kind == HX_FILTER_GENERATE;
    int status = generates ? hx_cli_generate_open(j->c, &g) : HX_EXIT_DONE;
    if (status == HX_EXIT_DONE) status = check_files(j);
    if (status == HX_EXIT_DONE) status = hx_filter_llama_open(j->c, &j->plan, &l);
    if (status == HX_EXIT_DONE && generates) status = hx_cli_generate_use(&g, &l.opened);
    if (generates) l.generate = &g;
    if (status == HX_EXIT_DONE) status = run_filter(j);
    hx_cli_generate_close(&g);
    hx_filter_llama_close(&l);
    return status;
}

int hx_cmd_filter(hx_cli *c) {
    filter_job j = {.c = c};
    int status = set_options(&j);
    if (status != HX_EXIT_DONE) return status;
    bool corrects = j.plan.kind == HX_FILTER_CORRECT;
    if (j.plan.kind != HX_FILTER_REDACT && !corrects && !hx_cli_engine(c)) return HX_EXIT_FAILED;
    catch_interrupts(c);
    bool explains = hx_cli_has(&c->options, HX_OPT_EXPLAIN);
    if (explains && hx_cli_has(&c->options, HX_OPT_CORRECT))
        return hx_cli_usage(c, "--explain explains a text as it was given; leave out --correct",
                            "--explain 解释的是原文；请去掉 --correct");
    if (explains) return hx_cli_explain(c);
    status = corrects                ? filter_by_correct(&j)
             : hx_cli_wants_llama(c) ? filter_by_llama(&j)
                                     : filter_by_rules(&j);
    hx_grid_release(&j.grid);
    return status;
}
