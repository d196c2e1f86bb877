/* train_vocabulary.c - the vocabulary of a training that starts from nothing: learnt from its own texts.
 *
 *     {"tasks":[{"kind":"label","data":["comments.csv"]}]}     neither "model" nor "tokenizer"
 *
 * Only texts of train are read, so that nothing of validation and test is known before. As many pieces as "sizes" says with "vocab_size", else
 * one for about every twelve bytes of text, 1,024 to 8,192 of them; fewer where no pair stands twice; Han characters alone; "<mask>" and "<sep>"
 * are pieces, so that the model can be trained further. It stands in RUN/tokenizer/tokenizer.model, and a run that goes on reads it from there. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "llama/tokenizer_train.h"
#include "model/train_label.h"

#define BYTES_OF_A_PIECE 12
#define PIECES_MIN 1024
#define PIECES_MAX 8192

static size_t count_bytes(const hx_dataset *d) {
    size_t bytes = 0;
    for (size_t i = 0; i < hx_dataset_count(d, HX_PART_TRAIN); i++) {
        const hx_example *e = hx_dataset_at(d, HX_PART_TRAIN, i);
        bytes += e->text.len + e->text2.len;
    }
    return bytes;
}

static hx_status add_texts(hx_tokenizer_trainer *k, const hx_dataset *d, hx_error *err) {
    for (size_t i = 0; i < hx_dataset_count(d, HX_PART_TRAIN); i++) {
        const hx_example *e = hx_dataset_at(d, HX_PART_TRAIN, i);
        if (e->text.len) HX_TRY(hx_tokenizer_trainer_add(k, e->text, err));
        if (e->text2.len) HX_TRY(hx_tokenizer_trainer_add(k, e->text2, err));
    }
    return HX_OK;
}

static hx_status write_pieces(hx_trainer *t, hx_tokenizer_trainer *k, hx_dataset *const *data,
                              const char *path, hx_error *err) {
    hx_error e = {.ui = t->ui};
    for (size_t i = 0; i < t->config->n_tasks; i++)
        HX_TRY(add_texts(k, data[i], err));
    HX_TRY(hx_tokenizer_trainer_write(k, path, err));
    (void)hx_fail(&e, HX_EINVAL, "a vocabulary of %zu pieces was learnt from the texts of train",
                  hx_tokenizer_trainer_counts(k)->n_pieces);
    hx_train_notice(t, &e);
    return HX_OK;
}

static size_t count_pieces(const hx_trainer *t, hx_dataset *const *data) {
    json_int_t asked = json_integer_value(json_object_get(t->config->sizes, "vocab_size"));
    size_t bytes = 0;
    if (asked > 0) return (size_t)asked;
    for (size_t i = 0; i < t->config->n_tasks; i++)
        bytes += count_bytes(data[i]);
    size_t pieces = bytes / BYTES_OF_A_PIECE;
    return pieces < PIECES_MIN ? PIECES_MIN : pieces > PIECES_MAX ? PIECES_MAX : pieces;
}

static hx_status learn(hx_trainer *t, hx_dataset *const *data, const char *path, hx_error *err) {
    static const char *const names[] = {"<mask>", "<sep>"};
    const hx_str symbols[] = {hx_str_of(names[0]), hx_str_of(names[1])};
    hx_tokenizer_trainer *k = NULL;
    hx_tokenizer_train_options o = {.vocab = count_pieces(t, data),
                                    .han_alone = true,
                                    .symbols = symbols,
                                    .n_symbols = 2,
                                    .n_threads = t->n_threads,
                                    .cancel = t->calls->cancel};
    HX_TRY(hx_tokenizer_trainer_new(&k, &o, err));
    hx_status st = write_pieces(t, k, data, path, err);
    hx_tokenizer_trainer_free(k);
    return st;
}

static hx_status read_all(hx_trainer *t, hx_dataset **data, hx_error *err) {
    for (size_t i = 0; i < t->config->n_tasks; i++) {
        const hx_task task = {.config = &t->config->tasks[i], .trainer = t};
        HX_TRY(hx_train_read_data(&task, &data[i], err));
    }
    return HX_OK;
}

static hx_status make(hx_trainer *t, const char *path, hx_error *err) {
    size_t n = t->config->n_tasks;
    hx_dataset **data = hx_arena_alloc(t->arena, n * sizeof *data);
    if (!data) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = read_all(t, data, err);
    if (st == HX_OK) st = learn(t, data, path, err);
    for (size_t i = 0; i < n; i++)
        hx_dataset_free(data[i]);
    return st;
}

hx_status hx_train_learn_vocabulary(hx_trainer *t, const char **folder, hx_error *err) {
    *folder = hx_run_path(t->run, "tokenizer", t->arena);
    const char *path = hx_run_path(t->run, "tokenizer/tokenizer.model", t->arena);
    if (!*folder || !path) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < t->config->n_tasks; i++)
        if (hx_task_is_text(&t->config->tasks[i]))
            return hx_fail(err, HX_EINVAL,
                           "a training needs a \"tokenizer\": tokenizer.model or a model's folder");
    if (hx_file_exists(path)) return HX_OK;
    if (mkdir(*folder, 0777) != 0 && errno != EEXIST) return hx_fail_errno(err, *folder, errno);
    return make(t, path, err);
}
