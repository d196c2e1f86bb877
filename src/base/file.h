/* file.h - files: whole reads with a cap, memory maps, atomic writes. */
#ifndef HX_BASE_FILE_H
#define HX_BASE_FILE_H

#include "base/buf.h"

/* A read-only memory map of a regular file. {NULL, 0} for an empty file. The file must not be cut
 * short by others while it is mapped. */
typedef struct {
    hx_str bytes;
} hx_mapping;

hx_status hx_mapping_open(hx_mapping *m, const char *path, hx_error *err) HX_MUST_USE;
void hx_mapping_close(hx_mapping *m);

/* Reads all of `path` into `out` (initialised; its cap is the limit). Refuses directories and devices. */
hx_status hx_file_read(const char *path, hx_buf *out, hx_error *err) HX_MUST_USE;
/* The same; "-" is standard input, to its end. */
hx_status hx_file_read_input(const char *path, hx_buf *out, hx_error *err) HX_MUST_USE;
/* Writes path.tmp, fsyncs, renames: the old file or the new one is there, never half of one. Mode 0600 if `private_`. */
hx_status hx_file_write(const char *path, hx_str bytes, bool private_, hx_error *err) HX_MUST_USE;
/* The same for what does not fit into memory: `fill` writes it to `fd`, mostly by hx_file_put(); where it fails, the old file stays. */
typedef hx_status hx_file_fill(void *context, int fd, const char *path, hx_error *err);
hx_status hx_file_write_by(const char *path, bool private_, hx_file_fill *fill, void *context,
                           hx_error *err) HX_MUST_USE;
/* All of `bytes` to a descriptor; `path` is named where that fails. */
hx_status hx_file_put(int fd, const char *path, hx_str bytes, hx_error *err) HX_MUST_USE;
/* Refuses to put a file in the place of a folder or a device; what is not there is fine. */
hx_status hx_file_replaceable(const char *path, hx_error *err) HX_MUST_USE;
/* Makes a rename to `path` durable: fsync of its folder, where the file system knows that and the folder may be read. */
hx_status hx_file_sync_folder(const char *path, hx_error *err) HX_MUST_USE;
bool hx_file_exists(const char *path);
/* `path` with `suffix` behind it, for the caller to free(); NULL when out of memory. */
char *hx_file_beside(const char *path, const char *suffix) HX_MUST_USE;

/* The sentence for a failed system call on `path`; `error` is its errno. */
hx_status hx_fail_errno(hx_error *err, const char *path, int error);

#endif
