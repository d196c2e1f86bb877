/* tensor_sink.h - where the two writers put their bytes. For src/tensor only. */
#ifndef HX_TENSOR_TENSOR_SINK_H
#define HX_TENSOR_TENSOR_SINK_H

#include "base/file.h"
#include "tensor/tensor_file.h"

struct hx_tensor_sink {
    int fd; /* borrowed, as path and name */
    const char *path;
    hx_str name; /* of the tensor being filled */
    uint64_t left; /* bytes it still needs */
    hx_buf pending; /* small writes on their way */
};

void hx__tensor_sink_init(hx_tensor_sink *s, int fd, const char *path);
void hx__tensor_sink_release(hx_tensor_sink *s);
/* Bytes that belong to no tensor. */
hx_status hx__tensor_sink_put(hx_tensor_sink *s, hx_str bytes, hx_error *err) HX_MUST_USE;
hx_status hx__tensor_sink_pad(hx_tensor_sink *s, uint64_t n, hx_error *err) HX_MUST_USE;
/* Lets `fill` write the t->bytes of a tensor, no more and no less. */
hx_status hx__tensor_sink_fill(hx_tensor_sink *s, const hx_tensor_entry *t, hx_tensor_fill *fill,
                               void *context, hx_error *err) HX_MUST_USE;
hx_status hx__tensor_sink_flush(hx_tensor_sink *s, hx_error *err) HX_MUST_USE;

/* What both writers demand of a tensor's name and shape; sets t->bytes. `t->dims` behind n_dims become 1. */
hx_status hx__tensor_check_source(hx_tensor_entry *t, const char *path, size_t name_max,
                                  hx_error *err) HX_MUST_USE;

#endif
