/* filter.h - text filters: one result a text, all columns of the input kept.
 *
 *     reader -> chunks -> [ rows -> annotate -> output bytes ] x threads -> in order -> out
 *
 * A filter_plan says once a file what is asked for; workers share it. What a worker makes of a chunk is bytes of output, bytes of the
 * rejects file, and counts; the caller's thread writes them in the order of the file. */
#ifndef HX_CLI_FILTER_H
#define HX_CLI_FILTER_H

#include "cli/cli.h"
#include "cli/outbuf.h"

typedef enum {
    HX_FILTER_CLEAN = 0,
    HX_FILTER_REDACT,
    HX_FILTER_WORDS,
    HX_FILTER_SENTIMENT,
    HX_FILTER_INTENT,
    HX_FILTER_KEYWORDS,
    HX_FILTER_ASPECTS,
    HX_FILTER_EMOTIONS,
    HX_FILTER_ANNOTATE,
    HX_FILTER_CORRECT,
    HX_FILTER_PARSE,
    HX_FILTER_ENTITIES,
    HX_FILTER_TOKENIZE,
    HX_FILTER_EMBED,
    HX_FILTER_CLASSIFY,
    HX_FILTER_TAG,
    HX_FILTER_GENERATE
} hx_filter_kind;

typedef struct hx_filter_llama hx_filter_llama; /* filter_llama.h */

typedef struct {
    hx_filter_kind kind;
    hx_cli_shape shape;
    hx_ui_lang ui;
    const char *path; /* of the file, for sentences */
    const hx_reader *reader;
    const hx_column *columns;
    size_t n_columns, text_column, second_column; /* second: of --text2 */
    bool pairs; /* there is a second column */
    bool *hidden; /* by column: a result takes its place; in the run's arena */
    bool json_lines; /* the format of the input */
    bool splice; /* records stay as they stand, results go behind the last member */
    const hx_text_model *model; /* NULL for redact, and where a language model reads */
    const hx_filter_llama *llama; /* the language model that reads; NULL = none */
    const hx_correct_model *corrects; /* of correct */
    hx_clean_options clean;
    unsigned sentiments, intents; /* allowed labels, by bit; 0 = all */
    hx_str target; /* of sentiment: the thing it is about; empty = the text */
    double abstain; /* a label with a lower score is unsure */
    size_t top;
    hx_keyword_method method;
    size_t sentences; /* beside keywords; 0 = none */
    bool no_stop;
    bool
        tags; /* a tagger reads: words of a standard, tag without a language model of one's own, parse, entities */
    bool blocks; /* the output of a text is lines of their own: trees, CoNLL-U */
    bool triples; /* of parse: only those */
    hx_words_standard standard;
    size_t cell_max; /* of tables */
} hx_filter_plan;

typedef struct {
    hx_outbuf out; /* lines of JSON or CSV, or cells of a grid */
    hx_outbuf rejects; /* CSV: row, reason, record */
    hx_outbuf notes; /* the first sentences, each ended by NUL */
    size_t rows, rejected, n_notes;
    size_t cut; /* rows whose answer ended before its grammar did */
    bool stopped; /* on request: the rest of the chunk is missing */
} hx_filter_batch;

#define HX_FILTER_NOTES 3 /* rejected rows shown */

/* What a language model said of a group of rows at once; in `arena`. */
typedef struct {
    hx_arena *arena; /* reset for each group */
    float *values; /* (n, width) */
    const hx_str *seconds; /* (n): the other texts of pairs; NULL = no pairs */
    hx_tags *tags; /* (n), of tag */
    hx_tree *trees; /* (n), of tag by a head that makes trees */
    hx_error *failed; /* (n); code HX_OK where the row was read */
    size_t n;
} hx_filter_ahead;

/* One worker's memory. */
typedef struct {
    hx_annotator *annotator; /* NULL for redact and language models */
    hx_annotator *clauses; /* of intent: reads clauses apart */
    hx_arena *arena; /* reset for each row */
    hx_filter_ahead ahead;
    hx_corrector *corrector; /* owned; of correct */
    hx_tagger *tagger; /* owned; where plan->tags */
    const hx_tagged_text *said; /* (n_said) what was read ahead, in ahead.arena */
    const hx_str *said_of; /* (n_said): the texts */
    size_t n_said, said_at;
    const hx_correction *corrected; /* of the rows read ahead, in ahead.arena */
    size_t row; /* of the group */
    size_t cut; /* as in hx_filter_batch */
} hx_filter_worker;

/* The names of the columns that the filter adds: in CSV, or (`table`) for eyes. Ended by NULL. */
const char *const *hx_filter_columns(const hx_filter_plan *p, bool table);
/* Whether the results hold a member or column of this name. */
bool hx_filter_replaces(const hx_filter_plan *p, hx_str name);
/* Reads one row's text and appends the record. On failure nothing is appended. */
hx_status hx_filter_row(const hx_filter_plan *p, hx_filter_worker *w, const hx_row *row,
                        hx_outbuf *out, hx_error *err) HX_MUST_USE;

/* Hands finished batches on, in order, on the caller's thread. False = stop. */
typedef bool hx_filter_sink(void *context, hx_filter_batch *batch);
/* Runs `n_threads` workers over a reader's chunks, at most `limit` accepted rows (0 = all). Once `cancel` is raised the rows that are
 * done go to the sink without a gap, and it returns HX_ECANCELLED with nothing said. */
hx_status hx_filter_run(const hx_filter_plan *p, hx_reader *r, size_t n_threads, size_t limit,
                        const volatile int *cancel, hx_filter_sink *sink, void *context,
                        hx_error *err) HX_MUST_USE;

#endif
