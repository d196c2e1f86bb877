/* recipe.c - a list of steps: parsed, fitted, applied, kept as JSON.
 *
 *     [{"step":"impute","columns":["age"]}, ...]                             what is asked for: hx_recipe_open()
 *     {"format":"huaxiang/recipe/1",                                         fitted: hx_recipe_json(), hx_recipe_read()
 *      "columns":{"age":"number", ...},                                      kinds of those that steps read, before the first
 *      "steps":[{"step":"impute","columns":["age"],"fitted":{...}}, ...],
 *      "hash":"<xxh3-64 of the rest, keys sorted, without blanks>"}
 *
 * The hash is taken over a normal form of the parsed text, so a file that was only laid out anew is still good, and one whose numbers were
 * changed is not. To add a kind of step: its name in KINDS below, its table hx_step_NAME in step_NAME.c.
 *
 * Ownership: the recipe owns its JSON tree (steps borrow texts of it), an arena for what steps learn, and the states. Notes are under a
 * lock of their own, since a fitted recipe may be applied by several threads. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "frame/step.h"

#define KINDS(X)                                                                                   \
    X(convert)                                                                                     \
    X(dedupe)                                                                                      \
    X(drop)                                                                                        \
    X(embed)                                                                                       \
    X(encode)                                                                                      \
    X(hour)                                                                                        \
    X(impute)                                                                                      \
    X(interact)                                                                                    \
    X(interpolate)                                                                                 \
    X(join)                                                                                        \
    X(keep)                                                                                        \
    X(outliers)                                                                                    \
    X(repair)                                                                                      \
    X(scale)                                                                                       \
    X(sequence)                                                                                    \
    X(session)                                                                                     \
    X(time)                                                                                        \
    X(where)                                                                                       \
    X(window)

#define DECLARE(name) extern const hx_step_kind hx_step_##name;
KINDS(DECLARE)
#define ADDRESS(name) &hx_step_##name,
static const hx_step_kind *const built_in[] = {KINDS(ADDRESS)};
#define N_BUILT_IN (sizeof built_in / sizeof *built_in)

#define FORMAT "huaxiang/recipe/1"
#define STEPS_MAX 1000
#define JSON_BYTES_MAX ((size_t)512 << 20)
#define ARENA_BYTES_MAX ((size_t)16 << 30)
#define HASH_HEX 17

typedef struct {
    const hx_step_kind *kind;
    const json_t *spec; /* in recipe.root */
    void *state; /* owned */
} step;

typedef struct {
    pthread_mutex_t lock;
    char (*text)[2][HX_STEP_NOTE_MAX]; /* [n_steps] */
} notes;

struct hx_recipe {
    json_t *root; /* owned */
    hx_arena *arena; /* owned */
    step *steps; /* [n_steps] */
    size_t n_steps;
    bool fitted;
    hx_column_kind *kinds; /* [n_kinds] in the arena: hx_recipe_kinds() */
    size_t n_kinds;
    notes *notes; /* owned */
};

/* ------------------------------------------------------------------ life */
static void release_state(step *s) {
    if (s->state != NULL && s->kind->release != NULL) s->kind->release(s->state);
    free(s->state);
    s->state = NULL;
}

void hx_recipe_free(hx_recipe *r) {
    if (r == NULL) return;
    for (size_t i = 0; r->steps != NULL && i < r->n_steps; i++)
        release_state(&r->steps[i]);
    free(r->steps);
    if (r->notes != NULL) {
        pthread_mutex_destroy(&r->notes->lock);
        free(r->notes->text);
        free(r->notes);
    }
    hx_arena_free(r->arena);
    json_decref(r->root);
    free(r);
}

static bool notes_init(hx_recipe *r) {
    r->notes = calloc(1, sizeof *r->notes);
    if (r->notes == NULL) return false;
    pthread_mutex_init(&r->notes->lock, NULL);
    r->notes->text = calloc(r->n_steps + 1, sizeof *r->notes->text);
    return r->notes->text != NULL;
}

/* ------------------------------------------------------------------ parsing */
/* Puts the step in front of the sentence. */
static hx_status name_step(const hx_recipe *r, size_t i, hx_status status, hx_error *err) {
    if (status == HX_OK || err == NULL || r->n_steps < 2) return status;
    hx_error inner = *err;
    const char *name = r->steps[i].kind != NULL ? r->steps[i].kind->name : "?";
    (void)hx_fail(err, status, "step %zu (%s): %s", i + 1, name, inner.message);
    err->row = inner.row;
    return status;
}

static const hx_step_kind *find_kind(const char *name, const hx_step_kind *const *more,
                                     size_t n_more) {
    for (size_t i = 0; i < N_BUILT_IN; i++)
        if (strcmp(built_in[i]->name, name) == 0) return built_in[i];
    for (size_t i = 0; i < n_more; i++)
        if (strcmp(more[i]->name, name) == 0) return more[i];
    return NULL;
}

static hx_status unknown_kind(const char *name, const hx_step_kind *const *more, size_t n_more,
                              hx_error *err) {
    char all[HX_STR_SHOWN_MAX];
    size_t len = 0;
    for (size_t i = 0; i < N_BUILT_IN + n_more; i++) {
        const hx_step_kind *kind = i < N_BUILT_IN ? built_in[i] : more[i - N_BUILT_IN];
        const int n = snprintf(all + len, sizeof all - len, "%s%s", i > 0 ? ", " : "", kind->name);
        if (n > 0 && (size_t)n < sizeof all - len) len += (size_t)n;
    }
    all[len] = '\0';
    return hx_fail(err, HX_EINVAL, "there is no step '%s'; there are: %s", name, all);
}

static hx_status check_keys(const step *s, bool fitted, hx_error *err) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)s->spec, key, value) {
        bool known = strcmp(key, "step") == 0 || (fitted && strcmp(key, "fitted") == 0);
        for (size_t i = 0; !known && s->kind->keys[i] != NULL; i++)
            known = strcmp(key, s->kind->keys[i]) == 0;
        if (!known)
            return hx_fail(err, HX_EINVAL, "the step '%s' has no setting '%s'", s->kind->name, key);
    }
    return HX_OK;
}

static hx_status parse_state(hx_recipe *r, step *s, hx_error *err) {
    release_state(s);
    s->state = calloc(1, s->kind->size + 1);
    if (s->state == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    return s->kind->parse(s->state, s->spec, r->arena, err);
}

static hx_status parse_step(hx_recipe *r, size_t i, const json_t *spec, bool fitted,
                            const hx_step_kind *const *more, size_t n_more, hx_error *err) {
    step *s = &r->steps[i];
    const char *name = json_string_value(json_object_get(spec, "step"));
    if (name == NULL)
        return hx_fail(err, HX_EINVAL, "a step is an object with a \"step\" that names its kind");
    s->kind = find_kind(name, more, n_more);
    s->spec = spec;
    if (s->kind == NULL) return unknown_kind(name, more, n_more, err);
    HX_TRY(check_keys(s, fitted, err));
    HX_TRY(parse_state(r, s, err));
    if (!fitted || s->kind->fit == NULL) return HX_OK;
    const json_t *learnt = json_object_get(spec, "fitted");
    if (learnt == NULL) return hx_fail(err, HX_EFORMAT, "the recipe was not fitted");
    return s->kind->read(s->state, learnt, r->arena, err);
}

static hx_status parse_steps(hx_recipe *r, const json_t *steps, bool fitted,
                             const hx_step_kind *const *more, size_t n_more, hx_error *err) {
    const size_t n = json_array_size(steps);
    if (!json_is_array(steps) || n == 0)
        return hx_fail(err, HX_EINVAL, "a recipe is a list of steps: [{\"step\":\"drop\",...}]");
    if (n > STEPS_MAX) return hx_fail(err, HX_ELIMIT, "a recipe has at most %d steps", STEPS_MAX);
    r->steps = calloc(n, sizeof *r->steps);
    if (r->steps == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    r->n_steps = n;
    if (!notes_init(r)) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const hx_status status =
            parse_step(r, i, json_array_get(steps, i), fitted, more, n_more, err);
        if (status != HX_OK) return name_step(r, i, status, err);
    }
    r->fitted = fitted;
    return HX_OK;
}

static hx_status recipe_new(hx_recipe **out, hx_str json, hx_error *err) {
    hx_recipe *r = calloc(1, sizeof *r);
    if (r == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    r->arena = hx_arena_new(ARENA_BYTES_MAX);
    const hx_status status = r->arena == NULL
                                 ? hx_fail(err, HX_ENOMEM, "out of memory")
                                 : hx_json_parse(json, JSON_BYTES_MAX, "recipe", &r->root, err);
    if (status == HX_OK)
        *out = r;
    else
        hx_recipe_free(r);
    return status;
}

hx_status hx_recipe_open(hx_recipe **out, hx_str json, const hx_step_kind *const *more,
                         size_t n_more, hx_error *err) {
    hx_recipe *r = NULL;
    HX_TRY(recipe_new(&r, json, err));
    const hx_status status = parse_steps(r, r->root, false, more, n_more, err);
    if (status == HX_OK)
        *out = r;
    else
        hx_recipe_free(r);
    return status;
}

/* ------------------------------------------------------------------ fitting and applying */
static void keep_note(const hx_recipe *r, size_t i, const hx_step_run *run) {
    pthread_mutex_lock(&r->notes->lock);
    memcpy(r->notes->text[i], run->note, sizeof run->note);
    pthread_mutex_unlock(&r->notes->lock);
}

static hx_status run_step(const hx_recipe *r, size_t i, hx_table *t, const hx_recipe_run *run,
                          bool fit, hx_error *err) {
    const step *s = &r->steps[i];
    hx_step_run now = {.run = run != NULL ? *run : (hx_recipe_run){0}};
    if (hx_flag_is_raised(now.run.cancel)) return hx_fail(err, HX_ECANCELLED, "stopped on request");
    if (fit && s->kind->fit != NULL) HX_TRY(s->kind->fit(s->state, t, r->arena, &now, err));
    now.fitting = fit;
    HX_TRY(s->kind->apply(s->state, t, &now, err));
    keep_note(r, i, &now);
    return HX_OK;
}

/* Is there a step that names no columns, so that it may read them all? */
static bool reads_all(const hx_recipe *r) {
    for (size_t i = 0; i < r->n_steps; i++)
        if (json_object_get(r->steps[i].spec, "columns") == NULL) return true;
    return false;
}

/* Is the name in the steps, in whatever way it is written there? Rather one too many. */
static bool mentions(const char *steps, hx_str name) {
    const bool escaped = memchr(name.ptr, '"', name.len) || memchr(name.ptr, '\\', name.len);
    return escaped || memmem(steps, strlen(steps), name.ptr, name.len) != NULL;
}

static hx_status learn_kinds(hx_recipe *r, const hx_table *t, hx_error *err) {
    const size_t n = hx_table_columns(t);
    const bool all = reads_all(r);
    char *steps = json_dumps(r->root, JSON_COMPACT);
    r->n_kinds = 0;
    r->kinds = hx_arena_alloc(r->arena, (n + 1) * sizeof *r->kinds);
    bool good = steps != NULL && r->kinds != NULL;
    for (size_t c = 0; c < n && good; c++) {
        const hx_table_column *about = hx_table_column_at(t, c);
        if (about->missing == hx_table_rows(t)) continue; /* no value, no kind */
        if (!all && !mentions(steps, about->name)) continue;
        const hx_str name = hx_arena_str(r->arena, about->name);
        r->kinds[r->n_kinds++] = (hx_column_kind){name, about->kind};
        good = name.ptr != NULL;
    }
    free(steps);
    return good ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

size_t hx_recipe_kinds(const hx_recipe *r, const hx_column_kind **out) {
    *out = r->kinds;
    return r->n_kinds;
}

hx_status hx_recipe_fit(hx_recipe *r, hx_table *t, const hx_recipe_run *run, hx_error *err) {
    const bool again = r->fitted;
    r->fitted = false;
    HX_TRY(learn_kinds(r, t, err));
    for (size_t i = 0; i < r->n_steps; i++) {
        hx_status status = again ? parse_state(r, &r->steps[i], err) : HX_OK;
        if (status == HX_OK) status = run_step(r, i, t, run, true, err);
        if (status != HX_OK) return name_step(r, i, status, err);
    }
    r->fitted = true;
    return HX_OK;
}

hx_status hx_recipe_apply(const hx_recipe *r, hx_table *t, const hx_recipe_run *run,
                          hx_error *err) {
    if (!r->fitted) return hx_fail(err, HX_EINVAL, "the recipe was not fitted");
    for (size_t i = 0; i < r->n_steps; i++) {
        const hx_status status = run_step(r, i, t, run, false, err);
        if (status != HX_OK) return name_step(r, i, status, err);
    }
    return HX_OK;
}

hx_status hx_recipe_undo(const hx_recipe *r, hx_table *t, const hx_recipe_run *run, hx_error *err) {
    if (!r->fitted) return hx_fail(err, HX_EINVAL, "the recipe was not fitted");
    for (size_t i = r->n_steps; i-- > 0;) {
        const step *s = &r->steps[i];
        hx_step_run now = {.run = run != NULL ? *run : (hx_recipe_run){0}};
        hx_status status = HX_OK;
        if (s->kind->undo != NULL) status = s->kind->undo(s->state, t, &now, err);
        if (status != HX_OK) return name_step(r, i, status, err);
        keep_note(r, i, &now);
    }
    return HX_OK;
}

size_t hx_recipe_steps(const hx_recipe *r) {
    return r->n_steps;
}

const char *hx_recipe_note(const hx_recipe *r, size_t i, hx_ui_lang ui) {
    return i < r->n_steps ? r->notes->text[i][ui == HX_UI_ZH] : "";
}

/* ------------------------------------------------------------------ JSON */
static void write_value(hx_json_writer *w, const json_t *value) {
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
    if (text == NULL)
        w->out->failed = w->out->no_memory = true;
    else
        hx_json_raw(w, hx_str_of(text));
    free(text);
}

static void write_step(hx_json_writer *w, const step *s, bool fitted) {
    const char *key = NULL;
    json_t *value = NULL;
    hx_json_object(w);
    json_object_foreach((json_t *)(uintptr_t)s->spec, key, value) {
        if (strcmp(key, "fitted") == 0) continue;
        hx_json_key(w, key);
        write_value(w, value);
    }
    if (fitted && s->kind->write != NULL) {
        hx_json_key(w, "fitted");
        s->kind->write(s->state, w);
    }
    hx_json_end_object(w);
}

static bool hash_of(const json_t *root, char out[HASH_HEX]) {
    char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    if (text == NULL) return false;
    (void)snprintf(out, HASH_HEX, "%016llx", (unsigned long long)hx_hash(hx_str_of(text)));
    free(text);
    return true;
}

static void write_kinds(const hx_recipe *r, hx_json_writer *w) {
    if (r->n_kinds == 0) return;
    hx_json_key(w, "columns");
    hx_json_object(w);
    for (size_t i = 0; i < r->n_kinds; i++) {
        hx_json_key_str(w, r->kinds[i].name);
        hx_json_cstr(w, hx_kind_name(r->kinds[i].kind));
    }
    hx_json_end_object(w);
}

static bool kind_of_name(const char *name, hx_kind *kind) {
    for (int k = HX_KIND_NUMBER; k <= HX_KIND_TEXT; k++) {
        *kind = (hx_kind)k;
        if (name != NULL && strcmp(name, hx_kind_name(*kind)) == 0) return true;
    }
    return false;
}

/* Recipes kept by versions that did not write them down have none. */
static hx_status read_kinds(hx_recipe *r, hx_error *err) {
    const json_t *columns = json_object_get(r->root, "columns");
    const char *name;
    json_t *kind;
    r->kinds = hx_arena_alloc(r->arena, (json_object_size(columns) + 1) * sizeof *r->kinds);
    if (r->kinds == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    json_object_foreach((json_t *)(uintptr_t)columns, name, kind) {
        hx_column_kind *to = &r->kinds[r->n_kinds++];
        to->name = hx_str_of(name);
        if (!kind_of_name(json_string_value(kind), &to->kind))
            return hx_fail(err, HX_EFORMAT,
                           "the recipe does not say what kind the column '%s' is of", name);
    }
    return HX_OK;
}

static void write_recipe(const hx_recipe *r, const char *hash, hx_buf *out) {
    hx_json_writer w;
    hx_buf_reset(out);
    hx_json_begin(&w, out);
    hx_json_object(&w);
    hx_json_key(&w, "format");
    hx_json_cstr(&w, FORMAT);
    write_kinds(r, &w);
    hx_json_key(&w, "steps");
    hx_json_array(&w);
    for (size_t i = 0; i < r->n_steps; i++)
        write_step(&w, &r->steps[i], true);
    hx_json_end_array(&w);
    if (hash != NULL) {
        hx_json_key(&w, "hash");
        hx_json_cstr(&w, hash);
    }
    hx_json_end_object(&w);
}

static hx_status write_hashed(const hx_recipe *r, hx_buf *b, hx_error *err) {
    char hash[HASH_HEX];
    json_t *root = NULL;
    write_recipe(r, NULL, b);
    HX_TRY(hx_buf_status(b, "recipe", err));
    HX_TRY(hx_json_parse(hx_buf_str(b), JSON_BYTES_MAX, "recipe", &root, err));
    const bool good = hash_of(root, hash);
    json_decref(root);
    if (!good) return hx_fail(err, HX_ENOMEM, "out of memory");
    write_recipe(r, hash, b);
    return hx_buf_status(b, "recipe", err);
}

hx_status hx_recipe_json(const hx_recipe *r, hx_arena *arena, hx_str *json, hx_error *err) {
    if (!r->fitted) return hx_fail(err, HX_EINVAL, "the recipe was not fitted");
    hx_buf b;
    hx_buf_init(&b, JSON_BYTES_MAX);
    hx_status status = write_hashed(r, &b, err);
    if (status == HX_OK) *json = hx_arena_str(arena, hx_buf_str(&b));
    if (status == HX_OK && json->ptr == NULL) status = hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_release(&b);
    return status;
}

static hx_status check_file(json_t *root, hx_error *err) {
    const char *format = json_string_value(json_object_get(root, "format"));
    if (format == NULL || strcmp(format, FORMAT) != 0)
        return hx_fail(err, HX_EFORMAT, "this is not a recipe: there is no \"format\": \"%s\"",
                       FORMAT);
    const char *hash = json_string_value(json_object_get(root, "hash"));
    char said[HASH_HEX + 1] = "", is[HASH_HEX];
    if (hash != NULL) (void)snprintf(said, sizeof said, "%s", hash); /* it goes with its member */
    (void)json_object_del(root, "hash");
    if (!hash_of(root, is)) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (strcmp(said, is) != 0)
        return hx_fail(err, HX_EFORMAT,
                       "the recipe is damaged or was changed by hand: its hash does not match");
    return HX_OK;
}

hx_status hx_recipe_read(hx_recipe **out, hx_str json, const hx_step_kind *const *more,
                         size_t n_more, hx_error *err) {
    hx_recipe *r = NULL;
    HX_TRY(recipe_new(&r, json, err));
    hx_status status = check_file(r->root, err);
    if (status == HX_OK)
        status = parse_steps(r, json_object_get(r->root, "steps"), true, more, n_more, err);
    if (status == HX_OK) status = read_kinds(r, err);
    if (status == HX_OK)
        *out = r;
    else
        hx_recipe_free(r);
    return status;
}
