/* datafile.h - the one container of our compiled data (words.hxd, t2s.hxd, lexicons): a memory-mapped file of named sections.
 *
 *     0   magic "HXDATA1\n"
 *     8   u32 version (HX_DATAFILE_VERSION)   12  u32 number of sections
 *     16  u64 bytes of the whole file         24  u64 XXH3 of bytes [32, end)
 *     32  kind, 16 bytes, NUL padded: "words", "t2s", ...
 *     48  sections x { name[16] NUL padded, u64 offset, u64 bytes }
 *     ..  the sections, each at a multiple of 64
 *
 * All numbers are little-endian and naturally aligned. Opening checks everything above, so a section's bytes are those that were
 * written; a damaged, truncated or foreign file is refused with a sentence. */
#ifndef HX_TEXT_DATAFILE_H
#define HX_TEXT_DATAFILE_H

#include "base/buf.h"
#include "base/file.h"

#define HX_DATAFILE_VERSION 1u
#define HX_DATAFILE_SECTIONS_MAX 64u
#define HX_DATAFILE_NAME_MAX 15u
#define HX_DATAFILE_CAP ((size_t)1 << 30) /* bytes of one file */

typedef struct {
    hx_mapping map;
    uint64_t checksum; /* XXH3 of the content: part of a model's hash */
    uint32_t n_sections;
} hx_datafile;

/* Maps `path`, which must be of `kind`. A failed open needs no close. */
hx_status hx__datafile_open(hx_datafile *d, const char *path, const char *kind,
                            hx_error *err) HX_MUST_USE;
void hx__datafile_close(hx_datafile *d); /* zeroed or closed is fine */

/* The bytes of section `name`, 64-aligned, borrowed until close. Refuses a length that is no multiple of `each` (> 0). */
hx_status hx__datafile_section(const hx_datafile *d, const char *name, size_t each, hx_str *out,
                               hx_error *err) HX_MUST_USE;

/* One section to write. */
typedef struct {
    const char *name; /* at most HX_DATAFILE_NAME_MAX bytes */
    hx_str bytes;
} hx_datafile_part;

/* Writes the sections to `path` in one step (temporary file, then rename). Same parts, same bytes. */
hx_status hx__datafile_write(const char *path, const char *kind, const hx_datafile_part *parts,
                             size_t n, hx_error *err) HX_MUST_USE;

#endif
