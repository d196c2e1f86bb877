/* optim_file.c - the state of an optimiser in a safetensors file (optim.h).
 *
 *     optim.state (4)        kind, then the times averaged as three numbers below 2^22: all are exact in F32
 *     first.NAME (n)         momentum, or Adafactor's rows
 *     second.NAME (n)        squares, or Adafactor's columns
 *     average.NAME (n)       where one is kept
 *
 * Floats go out and come in bit by bit. A file is checked whole before anything is read from it: a failed load leaves the state alone. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "nn/optim.h"
#include "nn/optim_parts.h"

#define STATE "optim.state"
#define STATE_NUMBERS 4
#define NUMBER_BITS 22
#define PREFIX_MAX 8 /* "average." */
#define ARRAYS 3 /* of a slot */

typedef struct {
    char name[HX_PARAM_NAME_MAX + PREFIX_MAX];
    float *x; /* borrowed */
    size_t n;
    uint64_t dims[1];
} optim_array;

typedef struct {
    optim_array *arrays; /* owned */
    size_t n;
    float numbers[STATE_NUMBERS];
} optim_arrays;

static void put_array(optim_arrays *a, const char *prefix, const char *name, float *x, size_t n) {
    if (!x) return;
    optim_array *array = &a->arrays[a->n++];
    size_t length = strlen(name), head = strlen(prefix);
    memcpy(array->name, prefix, head);
    memcpy(array->name + head, name, length + 1);
    array->x = x;
    array->n = n;
    array->dims[0] = n;
}

/* `numbers` must stay where it is. */
static hx_status list_arrays(optim_arrays *a, const hx_optim *o, hx_error *err) {
    *a = (optim_arrays){.arrays = calloc(ARRAYS * o->n_slots + 1, sizeof *a->arrays)};
    if (!a->arrays) return hx_fail(err, HX_ENOMEM, "out of memory (state of the optimiser)");
    put_array(a, "", STATE, a->numbers, STATE_NUMBERS);
    for (size_t i = 0; i < o->n_slots; i++) {
        const hx_optim_slot *s = &o->slots[i];
        const hx_param *p = hx_params_at(o->params, s->index);
        if (!p->g) continue;
        put_array(a, "first.", p->name, s->first, s->n_first);
        put_array(a, "second.", p->name, s->second, s->n_second);
        put_array(a, "average.", p->name, s->average, s->n);
    }
    return HX_OK;
}

static hx_status fill_array(void *context, hx_tensor_sink *out, hx_error *err) {
    const optim_array *a = context;
    return hx_tensor_sink_write(out, a->x, a->n * sizeof *a->x, err);
}

static hx_status write_arrays(const optim_arrays *a, const char *path, hx_error *err) {
    hx_tensor_source *sources = calloc(a->n, sizeof *sources);
    if (!sources) return hx_fail(err, HX_ENOMEM, "out of memory (state of the optimiser)");
    for (size_t i = 0; i < a->n; i++) {
        optim_array *array = &a->arrays[i];
        sources[i] = (hx_tensor_source){.name = array->name,
                                        .type = HX_DTYPE_F32,
                                        .n_dims = 1,
                                        .dims = array->dims,
                                        .fill = fill_array,
                                        .context = array};
    }
    hx_status status = hx_safetensors_write(path, sources, a->n, err);
    free(sources);
    return status;
}

hx_status hx_optim_save(const hx_optim *o, const char *path, hx_error *err) {
    if (o->is_swapped)
        return hx_fail(
            err, HX_EINVAL,
            "%s: the averages stand in the place of the weights; change them back before "
            "the optimiser is saved",
            path);
    optim_arrays a;
    HX_TRY(list_arrays(&a, o, err));
    a.numbers[0] = (float)o->options.kind;
    for (int i = 1; i < STATE_NUMBERS; i++)
        a.numbers[i] =
            (float)(o->n_averaged >> (NUMBER_BITS * (i - 1)) & ((1u << NUMBER_BITS) - 1));
    hx_status status = write_arrays(&a, path, err);
    free(a.arrays);
    return status;
}

static hx_status check_array(const hx_tensor_file *f, const optim_array *a, hx_error *err) {
    const hx_tensor_entry *e = hx_tensor_file_find(f, a->name);
    const char *path = hx_tensor_file_path(f);
    if (!e)
        return hx_fail(
            err, HX_EFORMAT,
            "%s: '%s' is missing: the state belongs to other weights or another optimiser", path,
            a->name);
    if (e->type != HX_DTYPE_F32 || e->n_dims != 1 || e->dims[0] != a->n)
        return hx_fail(err, HX_EFORMAT, "%s: '%s' does not hold %zu numbers of type F32", path,
                       a->name, a->n);
    return HX_OK;
}

static hx_status read_numbers(const hx_tensor_file *f, const hx_optim *o, uint64_t *n_averaged,
                              hx_error *err) {
    float x[STATE_NUMBERS];
    memcpy(x, hx_tensor_file_find(f, STATE)->data, sizeof x);
    const char *path = hx_tensor_file_path(f);
    *n_averaged = 0;
    for (int i = 0; i < STATE_NUMBERS; i++) {
        if (!(x[i] >= 0 && x[i] < (float)(1u << NUMBER_BITS)))
            return hx_fail(err, HX_EFORMAT, "%s: '%s' holds no counts", path, STATE);
        if (i > 0) *n_averaged |= (uint64_t)x[i] << (NUMBER_BITS * (i - 1));
    }
    if ((int)x[0] != (int)o->options.kind)
        return hx_fail(err, HX_ECONFLICT, "%s: the state is of optimiser %d, not %d", path,
                       (int)x[0], (int)o->options.kind);
    return HX_OK;
}

static hx_status read_arrays(hx_optim *o, const optim_arrays *a, const hx_tensor_file *f,
                             hx_error *err) {
    uint64_t n_averaged = 0;
    for (size_t i = 0; i < a->n; i++)
        HX_TRY(check_array(f, &a->arrays[i], err));
    HX_TRY(read_numbers(f, o, &n_averaged, err));
    for (size_t i = 1; i < a->n; i++)
        memcpy(a->arrays[i].x, hx_tensor_file_find(f, a->arrays[i].name)->data,
               a->arrays[i].n * sizeof(float));
    o->n_averaged = n_averaged;
    o->is_swapped = false;
    return HX_OK;
}

hx_status hx_optim_load(hx_optim *o, const char *path, hx_error *err) {
    optim_arrays a;
    hx_tensor_file *f = NULL;
    HX_TRY(list_arrays(&a, o, err));
    hx_status status = hx_tensor_file_open(&f, path, err);
    if (status == HX_OK) status = read_arrays(o, &a, f, err);
    hx_tensor_file_close(f);
    free(a.arrays);
    return status;
}
