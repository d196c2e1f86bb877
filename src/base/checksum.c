/* checksum.c - SHA-256 of files; see checksum.h.
 *
 * The file is read in pieces with pread(), so that neither its size nor the descriptor's place matters, and the flag is looked at
 * between pieces. */
#include <errno.h>
#include <unistd.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/checksum.h"

#define PIECE ((size_t)1 << 20)

static hx_status sum_pieces(int fd, const char *path, const volatile int *cancel, hx_buf *piece,
                            crypto_hash_sha256_state *state, uint64_t *bytes, hx_error *err) {
    *bytes = 0;
    for (;;) {
        if (hx_flag_is_raised(cancel)) return hx_fail(err, HX_ECANCELLED, "%s: stopped", path);
        ssize_t n = pread(fd, piece->ptr, PIECE, (off_t)*bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return hx_fail_errno(err, path, errno);
        if (n == 0) return HX_OK;
        (void)crypto_hash_sha256_update(state, (const unsigned char *)piece->ptr,
                                        (unsigned long long)n);
        *bytes += (uint64_t)n;
    }
}

hx_status hx_checksum_file(int fd, const char *path, const volatile int *cancel,
                           char hex[HX_SHA256_HEX], uint64_t *bytes, hx_error *err) {
    unsigned char sum[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    hx_buf piece;
    if (sodium_init() < 0) return hx_fail(err, HX_EINTERNAL, "libsodium does not start");
    (void)crypto_hash_sha256_init(&state);
    hx_buf_init(&piece, PIECE);
    hx_status st = hx_buf_reserve(&piece, PIECE) ? HX_OK : hx_buf_status(&piece, path, err);
    if (st == HX_OK) st = sum_pieces(fd, path, cancel, &piece, &state, bytes, err);
    hx_buf_release(&piece);
    if (st != HX_OK) return st;
    (void)crypto_hash_sha256_final(&state, sum);
    (void)sodium_bin2hex(hex, HX_SHA256_HEX, sum, sizeof sum);
    return HX_OK;
}
