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

/* Takes an import back as if it had never been read. */
HX_API hx_status hx_import_undo(hx_store *store, int64_t import_id, hx_error *err) HX_MUST_USE;

/* Removes one person: events, ids, profile. `who` = any id. *n_events = how many were removed. The database pages are overwritten. */
HX_API hx_status hx_erase_customer(hx_store *store, hx_str who, int64_t now, uint64_t *n_events,
                                   hx_error *err) HX_MUST_USE;

/* Every customer of a store as a row, as of a time (HX_AS_OF_LATEST of answer.h), so that what reads tables reads stores. Columns: profile, name, the
 * first id of each type (customer, email, phone, account, device, anonymous), first_event, last_event, events, orders, order_lines, refunds, spent
 * (in the store's main currency), currency, discount, first_purchase, last_purchase, recency_days, tenure_days, silent_days, gap_days, price_share, r, f, m,
 * rfm_group, texts, sentiment (-1 to 1), sentiment_trend (a 30 days), positive, neutral, negative, rating, interest, keyword, segment.ID (true/false); then each
 * trait under its name (trait.NAME where that is taken), label.SET and label.SET(LABEL). What is not known is missing. */
HX_API hx_status hx_profiles_table(hx_table **out, hx_store *store, int64_t as_of,
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
