/* huaxiang/pipeline.h - files in, profiles out: the one path, batch driver.
 *
 *     reader -> [ parse, clean, annotate, encode ] x threads -> writer        (1: read)
 *     parts  -> [ merge, fold ] x threads          -> writer                  (2: fold)
 *
 * Stages are threads with bounded queues between them. Every few thousand rows the writer commits what was read together with the
 * place in the file, so a killed run goes on with `resume` and loses nothing and counts nothing twice. */
#ifndef HUAXIANG_PIPELINE_H
#define HUAXIANG_PIPELINE_H

#include "huaxiang/base.h"
#include "huaxiang/frame.h"
#include "huaxiang/insight.h"
#include "huaxiang/learn.h"
#include "huaxiang/store.h"
#include "huaxiang/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *stage; /* "read" or "fold" */
    const char *path; /* the file being read, or NULL */
    uint64_t rows, rejected;
    uint64_t done, total; /* bytes (read) or parts (fold); total 0 = unknown */
    double seconds; /* since the run began */
} hx_progress;

typedef struct {
    hx_reader_options reader; /* also map, date order, ... for every file */
    const char *timezone; /* of bare times; NULL = "UTC" */
    const char *currency; /* of amounts that name none, e.g. "GBP"; NULL = not said */
    size_t n_threads; /* 0 = one a processor */
    const hx_text_model *text_model; /* NULL = texts are kept, not annotated */
    const hx_labeller *labeller; /* labels every text too; NULL = none */
    const char *rejects; /* file for rejected rows; NULL = STORE.rejects.csv */
    bool
        resume; /* go on with the broken-off run of the same files; on a new store it simply starts */
    void (*progress)(
        void *context,
        const hx_progress *p); /* about 10 times a second, on the caller's thread; NULL = none */
    /* A finished sentence worth showing (the first rejected rows, a remembered mapping, ...); on the caller's thread; NULL = none. */
    void (*notice)(void *context, const char *sentence);
    void *context;
    const volatile int *cancel; /* raised (hx_flag_raise) = stop cleanly; NULL = never */
    int64_t now; /* ms since 1970: only written into the list of imports */
} hx_import_options;

typedef struct {
    uint64_t files, rows, accepted, rejected, duplicates, texts, guests;
    uint64_t labelled; /* texts that got a model's label in this run */
    uint64_t corrected, edits; /* texts that correction changed or would change, and its edits */
    uint64_t new_customers, customers; /* customers = in the store afterwards */
    uint64_t shared_ids; /* phones, e-mails, ... of more than 5 customers: they join nobody */
    uint64_t conflicts; /* traits on which files disagree */
    bool resumed;
} hx_import_result;

/* Reads all files into the store. HX_ECANCELLED after a clean stop (resume goes on). HX_EIO/HX_EFORMAT when a file can't be read to its end:
 * what was read before stays stored and the other files are still read; the first such sentence is `err`'s. HX_EFORMAT when a file has no
 * recognised column or yields no accepted row. */
HX_API hx_status hx_import_files(hx_store *store, const char *const *paths, size_t n_paths,
                                 const hx_import_options *options, hx_import_result *result,
                                 hx_error *err) HX_MUST_USE;

/* Mode, engine and thresholds (no edits, no hash) that the store's texts were last read with; OFF where none were. Importing with a text model that
 * corrects otherwise says so in a notice, and the store remembers the new way. */
HX_API hx_status hx_import_correction(hx_store *store, hx_corrected *out,
                                      hx_error *err) HX_MUST_USE;

/* Takes an import back as if it had never been read. */
HX_API hx_status hx_import_undo(hx_store *store, int64_t import_id, hx_error *err) HX_MUST_USE;

/* Removes one person: events, ids, profile. `who` = any id. *n_events = how many were removed. The database pages are overwritten. */
HX_API hx_status hx_erase_customer(hx_store *store, hx_str who, int64_t now, uint64_t *n_events,
                                   hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ segments that somebody defines
 * A segment is a rule (docs/segments.md) and those for whom it holds. Imports, undos, merges and erasures keep them up, and windows end by themselves:
 * what is said of a time follows from the events up to then. hx_answer_segments() and the like read them. */
typedef struct {
    hx_str name, rule;
} hx_segment_rule_text;

typedef struct {
    bool replace; /* a segment of that name may get another rule */
    int64_t now; /* ms since 1970, kept with the definition */
    /* Customers found out, of how many; false stops: the rest is found out with the next change. NULL = nobody is told. */
    bool (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
} hx_segment_define_options;

/* All or none. HX_EINVAL: no rule (the sentence has the column, err->byte the place), a name that can't be one, a segment that nobody defined, one that
 * refers to itself (with the path), a rule that can hold for nobody or must hold for everybody. HX_ECONFLICT: the name has another rule already. */
HX_API hx_status hx_segment_define(hx_store *store, const hx_segment_rule_text *list, size_t n,
                                   const hx_segment_define_options *o, hx_error *err) HX_MUST_USE;
/* HX_ENOTFOUND, HX_ECONFLICT (another one names it). */
HX_API hx_status hx_segment_undefine(hx_store *store, hx_str name, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ who belongs together
 * Persons are the connected components of ids: those that stand together in a row of a file, those that somebody joined, without those that
 * somebody parted (src/pipeline/identity.c). Events stay with their ids, so whatever is decided can be undone, and gives the same bytes as before.
 * Each of these changes is worked out in a transaction; without `apply` it is then rolled back, and nothing but the answer remains. */
#define HX_IDENTITY_MOVES_MAX 1000

typedef struct {
    hx_str id; /* "phone:13912345678" */
    hx_str from, to; /* profile ids of its persons */
} hx_identity_move;

typedef struct {
    hx_identity_move
        *moves; /* ids that come to another person, by their new persons; in the arena */
    size_t n_moves; /* at most HX_IDENTITY_MOVES_MAX are listed */
    uint64_t n_moved; /* of these there are */
    uint64_t persons_lost, persons_gained; /* customers that are no more, and new ones */
    uint64_t shared; /* ids that stand beside too many others and join nobody */
    uint64_t limited; /* joins left out because a person would have had too many ids of a type */
    int64_t decision; /* its number in the journal; 0 = none */
} hx_identity_change;

typedef struct {
    bool apply; /* else it is only worked out */
    hx_str reason; /* kept in the journal */
    int64_t now; /* ms since 1970, kept in the journal */
} hx_identity_options;

/* One person of the two that these ids belong to. HX_ENOTFOUND, HX_ECONFLICT (one person already, or a decision parts them). */
HX_API hx_status hx_identity_join(hx_store *store, hx_str a, hx_str b, const hx_identity_options *o,
                                  hx_arena *arena, hx_identity_change *out,
                                  hx_error *err) HX_MUST_USE;
/* Parts ids from the rest of the person `who`; "TYPE:VALUE" or VALUE. Without ids the last decision that joined the person is undone.
 * Files that name a parted pair in one row later do not join it again. */
HX_API hx_status hx_identity_part(hx_store *store, hx_str who, const hx_str *ids, size_t n_ids,
                                  const hx_identity_options *o, hx_arena *arena,
                                  hx_identity_change *out, hx_error *err) HX_MUST_USE;
/* Takes a decision back, by its number in the journal, or makes it hold again. */
HX_API hx_status hx_identity_undo(hx_store *store, int64_t decision, const hx_identity_options *o,
                                  hx_arena *arena, hx_identity_change *out,
                                  hx_error *err) HX_MUST_USE;
/* New rules as JSON (src/pipeline/identity_rules.h has the form, as has docs/identity.md). HX_EFORMAT. */
HX_API hx_status hx_identity_set_rules(hx_store *store, hx_str json, const hx_identity_options *o,
                                       hx_arena *arena, hx_identity_change *out,
                                       hx_error *err) HX_MUST_USE;
/* As they were given; empty where the defaults hold. */
HX_API hx_status hx_identity_rules_text(hx_store *store, hx_arena *arena, hx_str *json,
                                        hx_error *err) HX_MUST_USE;

/* Customers that may be one person by name, phone, e-mail, address, birthday, device: probabilistic record linkage (src/profile/linkage.h). */
#define HX_IDENTITY_FIELDS 6

typedef struct {
    hx_str a, b; /* profile ids */
    hx_str name_a, name_b; /* as said, else the first id */
    double probability; /* that they are one person */
    double weights
        [HX_IDENTITY_FIELDS]; /* bits of evidence a field; with the prior they sum to the log-odds */
    const char *levels[HX_IDENTITY_FIELDS]; /* "same", "near", "alike", "differs", "" = not known */
} hx_identity_pair;

typedef struct {
    hx_identity_pair *pairs; /* the likeliest first; in the arena */
    size_t n_pairs;
    uint64_t n_persons, n_compared;
    uint64_t n_crowded; /* values that more than 50 customers have: not compared for them alone */
    double prior; /* share of all pairs that are one person, as found */
    double prior_bits; /* log2 of its odds */
} hx_identity_match;

/* The fields of weights and levels: "name", "phone", ... */
HX_API const char *hx_identity_field(size_t i);
/* Pairs of at least `threshold` (0.5 to 1; 0 = 0.95). *cancel raised = HX_ECANCELLED; NULL = never. */
HX_API hx_status hx_identity_find(hx_store *store, double threshold, const volatile int *cancel,
                                  hx_arena *arena, hx_identity_match *out,
                                  hx_error *err) HX_MUST_USE;
/* Joins them, each by a decision of its own with its probability; those that a decision parts are left. change->decision: the last. */
HX_API hx_status hx_identity_join_found(hx_store *store, const hx_identity_match *found,
                                        const hx_identity_options *o, hx_arena *arena,
                                        hx_identity_change *out, hx_error *err) HX_MUST_USE;

typedef struct {
    int64_t id;
    hx_str at; /* "2026-11-22T01:50:11Z" */
    bool parts; /* else joins */
    bool undone;
    hx_str source, reason; /* "by hand" or "match" */
    double weight; /* probability of a match, 1 by hand */
    hx_str a,
        b; /* the ids of its first pair, "TYPE:VALUE", or profile ids where they are forgotten */
    size_t n_pairs;
} hx_identity_decision;
/* The journal, in order; in the arena. */
HX_API hx_status hx_identity_journal(hx_store *store, hx_arena *arena, hx_identity_decision **out,
                                     size_t *n, hx_error *err) HX_MUST_USE;

/* Every customer of a store as a row, as of a time (HX_AS_OF_LATEST of answer.h), so that what reads tables reads stores. Columns: profile, name, the
 * first id of each type (customer, email, phone, account, device, anonymous), first_event, last_event, events, orders, order_lines, refunds, spent
 * (in the store's main currency), currency, discount, first_purchase, last_purchase, recency_days, tenure_days, silent_days, gap_days, price_share, r, f, m,
 * rfm_group, texts, sentiment (-1 to 1), sentiment_trend (a 30 days), positive, neutral, negative, rating, interest, keyword, segment.ID (true/false); then each
 * trait under its name (trait.NAME where that is taken), label.SET and label.SET(LABEL). What is not known is missing. */
HX_API hx_status hx_profiles_table(hx_table **out, hx_store *store, int64_t as_of,
                                   hx_error *err) HX_MUST_USE;

/* Who left and who stayed, as rows to learn from: customers of a store at several cut-offs, by a definition of churn (huaxiang/insight.h). The last cut-off
 * is as_of, whose outcome nobody knows; the latest before it lies as far back as the definition looks ahead, the others a third of that apart.
 * Features know nothing from behind their cut-off. Columns: customer, cut_off, gone (longer silent than the definition allows), the features,
 * churned (missing where it can't be known by as_of). */
#define HX_CHURN_CUTS_MAX 100
typedef struct {
    hx_churn_definition definition;
    int64_t as_of; /* ms; HX_AS_OF_LATEST of answer.h */
    size_t cuts; /* cut-offs before as_of at most, 0 = 9 */
    const int64_t *only_cut; /* ms: the one cut-off before as_of, wherever it lies; NULL */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* customers; NULL */
    void *context;
    const volatile int *cancel;
} hx_churn_panel_options;
typedef struct {
    int64_t cuts[HX_CHURN_CUTS_MAX + 1]; /* ms, the latest first: as_of */
    char times[HX_CHURN_CUTS_MAX + 1][32]; /* the same as text, "2026-11-22T01:50:11Z" */
    size_t rows[HX_CHURN_CUTS_MAX + 1];
    size_t n_cuts;
    uint64_t customers;
} hx_churn_panel_about;
/* HX_EINVAL: nobody to score (no orders by then), a store that is too short for one cut-off with an outcome. Time and memory go with customers x cut-offs. */
HX_API hx_status hx_churn_panel(hx_table **out, hx_store *store,
                                const hx_churn_panel_options *options, hx_churn_panel_about *about,
                                hx_error *err) HX_MUST_USE;

/* What customers of a store said of items and bought, up to as_of (ms; HX_AS_OF_LATEST of answer.h), for hx_prefer() of huaxiang/insight.h: ratings and
 * moods of reviews are opinions, refunds bad ones, order lines without either are things one had. */
HX_API hx_status hx_tastes_of_store(hx_tastes *tastes, hx_store *store, int64_t as_of,
                                    hx_error *err) HX_MUST_USE;

/* Words of texts, in the form that cleaning gives them, into a corpus for vectors of words (huaxiang/learn.h), a text after the other; without punctuation,
 * with `no_stop` without stop words. The same corpus with any number of threads (0 = one a processor). */
HX_API hx_status hx_word_corpus_add_texts(hx_word_corpus *c, const hx_text_model *m,
                                          const hx_str *texts, size_t n, bool no_stop,
                                          size_t n_threads, hx_error *err) HX_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
