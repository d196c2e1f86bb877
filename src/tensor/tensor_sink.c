/* tensor_sink.c - bytes of tensors on their way into a file: small writes are gathered, large ones go straight to the descriptor.
 *
 * A source that delivers more or fewer bytes than its tensor has would shift all that follow: it is stopped at the first byte too
 * many, and at its end. */
#include "tensor/tensor_sink.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "tensor/tensor_parts.h"

#define PENDING_MAX ((size_t)1 << 18)

void hx__tensor_sink_init(hx_tensor_sink *s, int fd, const char *path) {
    *s = (hx_tensor_sink){.fd = fd, .path = path};
    hx_buf_init(&s->pending, PENDING_MAX);
}

void hx__tensor_sink_release(hx_tensor_sink *s) {
    hx_buf_release(&s->pending);
}

hx_status hx__tensor_sink_flush(hx_tensor_sink *s, hx_error *err) {
    hx_status status = hx_file_put(s->fd, s->path, hx_buf_str(&s->pending), err);
    hx_buf_reset(&s->pending);
    return status;
}

hx_status hx__tensor_sink_put(hx_tensor_sink *s, hx_str bytes, hx_error *err) {
    if (bytes.len > PENDING_MAX - s->pending.len) HX_TRY(hx__tensor_sink_flush(s, err));
    if (bytes.len > PENDING_MAX / 2) {
        HX_TRY(hx__tensor_sink_flush(s, err));
        return hx_file_put(s->fd, s->path, bytes, err);
    }
    hx_buf_append_str(&s->pending, bytes);
    return hx_buf_status(&s->pending, s->path, err);
}

hx_status hx__tensor_sink_pad(hx_tensor_sink *s, uint64_t n, hx_error *err) {
    static const char zeros[256];
    while (n > 0) {
        size_t now = n < sizeof zeros ? (size_t)n : sizeof zeros;
        HX_TRY(hx__tensor_sink_put(s, (hx_str){zeros, now}, err));
        n -= now;
    }
    return HX_OK;
}

hx_status hx_tensor_sink_write(hx_tensor_sink *s, const void *bytes, size_t n, hx_error *err) {
    if (n > s->left)
        return hx_fail(err, HX_EINTERNAL,
                       "%s: the source of tensor '%.*s' gives more bytes than its shape has",
                       s->path, HX_STR_ARG(s->name));
    s->left -= n;
    return hx__tensor_sink_put(s, (hx_str){bytes, n}, err);
}

hx_status hx__tensor_sink_fill(hx_tensor_sink *s, const hx_tensor_entry *t, hx_tensor_fill *fill,
                               void *context, hx_error *err) {
    s->name = t->name;
    s->left = t->bytes;
    HX_TRY(fill(context, s, err));
    if (s->left > 0)
        return hx_fail(err, HX_EINTERNAL,
                       "%s: the source of tensor '%.*s' gives fewer bytes than its shape has",
                       s->path, HX_STR_ARG(s->name));
    return HX_OK;
}

hx_status hx__tensor_check_source(hx_tensor_entry *t, const char *path, size_t name_max,
                                  hx_error *err) {
    if (t->name.len == 0 || t->name.len > name_max || !hx_utf8_is_valid(t->name))
        return hx_fail(err, HX_EINVAL,
                       "%s: a tensor's name must be text of 1 to %zu bytes, not '%.*s'", path,
                       name_max, HX_STR_ARG(t->name));
    if (t->n_dims < 1 || t->n_dims > HX_TENSOR_DIMS_MAX)
        return hx_fail(err, HX_EINVAL, "%s: tensor '%.*s' has %u dimensions; 1 to %d are known",
                       path, HX_STR_ARG(t->name), t->n_dims, HX_TENSOR_DIMS_MAX);
    for (uint32_t i = t->n_dims; i < HX_TENSOR_DIMS_MAX; i++)
        t->dims[i] = 1;
    return hx__tensor_measure(t, path, err);
}
