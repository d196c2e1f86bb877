/* trees_file.c - trees as a JSON object, and back:
 *
 *     {"roots":[0,5],"feature":[2,-1,...],"left":[1,0,...],"threshold":[...],"missing_left":[...],"cover":[...],"gain":[...],
 *      "values":[...],"base":[...]}
 *
 * A leaf has feature -1. Whoever reads knows n_features, n_outputs and whether trees take turns. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "learn/fields.h"
#include "learn/trees.h"

void hx_trees_write(const hx_trees *t, hx_json_writer *w) {
    hx_json_object(w);
    hx_json_key(w, "roots");
    hx_json_array(w);
    for (size_t k = 0; k <= t->n_trees; k++)
        hx_json_int(w, t->roots[k]);
    hx_json_end_array(w);
    hx_json_key(w, "feature");
    hx_json_array(w);
    for (size_t i = 0; i < t->n_nodes; i++)
        hx_json_int(w, t->feature[i] == HX_LEAF ? -1 : (int64_t)t->feature[i]);
    hx_json_end_array(w);
    hx_json_key(w, "left");
    hx_json_array(w);
    for (size_t i = 0; i < t->n_nodes; i++)
        hx_json_int(w, t->left[i]);
    hx_json_end_array(w);
    hx_json_key(w, "missing_left");
    hx_json_array(w);
    for (size_t i = 0; i < t->n_nodes; i++)
        hx_json_int(w, t->missing_left[i]);
    hx_json_end_array(w);
    hx_put_numbers(w, "threshold", t->threshold, t->n_nodes);
    hx_put_numbers(w, "cover", t->cover, t->n_nodes);
    hx_put_numbers(w, "gain", t->gain, t->n_nodes);
    hx_put_numbers(w, "values", t->values, t->n_nodes * t->width);
    hx_put_numbers(w, "base", t->base, t->n_outputs);
    hx_json_end_object(w);
}

void hx_trees_state_write(const void *state, hx_json_writer *w) {
    hx_trees_write(state, w);
}

static hx_status damaged(hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "the model's trees are damaged");
}

/* A whole number in [low, high]; else *ok is false. */
static int64_t whole(const json_t *array, size_t i, int64_t low, int64_t high, bool *ok) {
    const json_t *value = json_array_get(array, i);
    int64_t x = json_is_integer(value) ? json_integer_value(value) : low - 1;
    if (x >= low && x <= high) return x;
    *ok = false;
    return low;
}

static double number(const json_t *array, size_t i, bool *ok) {
    const json_t *value = json_array_get(array, i);
    double x = json_is_number(value) ? json_number_value(value) : NAN;
    if (!isfinite(x)) *ok = false;
    return x;
}

/* Node i of the tree that ends at `end`; children stand behind it and before the end. */
static bool read_node(hx_trees *t, const json_t *json, size_t i, size_t end) {
    bool ok = true;
    int64_t feature =
        whole(json_object_get(json, "feature"), i, -1, (int64_t)t->n_features - 1, &ok);
    t->missing_left[i] = (uint8_t)whole(json_object_get(json, "missing_left"), i, 0, 1, &ok);
    t->threshold[i] = number(json_object_get(json, "threshold"), i, &ok);
    t->cover[i] = number(json_object_get(json, "cover"), i, &ok);
    t->gain[i] = number(json_object_get(json, "gain"), i, &ok);
    for (size_t o = 0; o < t->width; o++)
        t->values[i * t->width + o] =
            number(json_object_get(json, "values"), i * t->width + o, &ok);
    if (feature < 0 || !ok) return ok;
    if (i + 2 >= end) return false;
    t->feature[i] = (uint32_t)feature;
    t->left[i] =
        (uint32_t)whole(json_object_get(json, "left"), i, (int64_t)i + 1, (int64_t)end - 2, &ok);
    return ok;
}

static bool read_tree(hx_trees *t, const json_t *json, size_t k) {
    bool ok = true;
    const json_t *roots = json_object_get(json, "roots");
    size_t start = t->n_nodes, most = json_array_size(json_object_get(json, "feature"));
    size_t end = (size_t)whole(roots, k + 1, (int64_t)start + 1, (int64_t)most, &ok);
    for (size_t i = start; i < end && ok; i++)
        ok = hx_trees_add_node(t) != HX_LEAF && read_node(t, json, i, end);
    return ok;
}

hx_status hx_trees_read(hx_trees *t, const json_t *json, hx_error *err) {
    bool ok = true;
    const json_t *roots = json_object_get(json, "roots"), *base = json_object_get(json, "base");
    size_t n = json_array_size(roots);
    if (n == 0 || json_array_size(base) != t->n_outputs) return damaged(err);
    whole(roots, 0, 0, 0, &ok);
    for (size_t o = 0; o < t->n_outputs; o++)
        t->base[o] = number(base, o, &ok);
    for (size_t k = 0; k + 1 < n && ok; k++) {
        if (!read_tree(t, json, k)) return damaged(err);
        HX_TRY(hx_trees_end_tree(t, err));
    }
    return ok && t->n_nodes == json_array_size(json_object_get(json, "feature")) ? HX_OK
                                                                                 : damaged(err);
}
