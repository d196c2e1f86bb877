/* checksum.h - SHA-256 of files, by libsodium. */
#ifndef HX_BASE_CHECKSUM_H
#define HX_BASE_CHECKSUM_H

#include "huaxiang/base.h"

#define HX_SHA256_HEX 65 /* 64 digits and a NUL */

/* Of all bytes of an open file, from its start. `path` is for the sentence. HX_ECANCELLED where the flag is raised. */
hx_status hx_checksum_file(int fd, const char *path, const volatile int *cancel,
                           char hex[HX_SHA256_HEX], uint64_t *bytes, hx_error *err) HX_MUST_USE;

#endif
