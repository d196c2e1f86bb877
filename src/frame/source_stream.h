/* source_stream.h - the bytes of an input, whatever brings them: a file, standard input, gzip or zstd.
 *
 * Sequential: peek at the head as often as wanted, then read on. Compressed input may be several members (gzip) or
 * frames (zstd) in a row. Expansion beyond 64 MB at more than 1,000 : 1 is refused (a bomb). */
#ifndef HX_FRAME_SOURCE_STREAM_H
#define HX_FRAME_SOURCE_STREAM_H

#include "huaxiang/base.h"

typedef struct hx_source hx_source;

/* `path` "-" is standard input. Detects compression by content. HX_ENOTFOUND, HX_EIO, HX_EFORMAT. */
hx_status hx_source_open(hx_source **out, const char *path, hx_error *err) HX_MUST_USE;
void hx_source_close(hx_source *s);

/* The next bytes up to `want`, without consuming them: fewer only at the end. Borrowed until the next call. */
hx_status hx_source_peek(hx_source *s, size_t want, hx_str *out, hx_error *err) HX_MUST_USE;
/* Up to `room` > 0 bytes into `to`; *n = 0 at the end. */
hx_status hx_source_read(hx_source *s, char *to, size_t room, size_t *n, hx_error *err) HX_MUST_USE;
/* Moves on to absolute decompressed offset `offset`, not before what was read. HX_EFORMAT where the input ends first. */
hx_status hx_source_skip_to(hx_source *s, uint64_t offset, hx_error *err) HX_MUST_USE;

const char *hx_source_name(const hx_source *s); /* as in messages: the path, or "standard input" */
const char *hx_source_compression(const hx_source *s); /* "", "gzip", "zstd" */
bool hx_source_is_file(const hx_source *s); /* a regular, uncompressed file */
bool hx_source_is_regular(const hx_source *s); /* a regular file, compressed or not */
void hx_source_progress(const hx_source *s, uint64_t *done, uint64_t *total);

#endif
