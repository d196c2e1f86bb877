/* datafile.c - reading and writing the container described in datafile.h.
 *
 * Invariant after a successful open: every section lies inside the map, is aligned to 64 and is what the writer wrote (XXH3 over all
 * bytes behind the checksum). Code that reads sections may therefore trust their bytes as far as it trusts the writer; indices inside
 * them are still checked where they are used, because a checksum is no signature. */
#include "text/datafile.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"

#define HEADER_BYTES 48u
#define ENTRY_BYTES 32u
#define ALIGNMENT 64u

static const char magic[8] = {'H', 'X', 'D', 'A', 'T', 'A', '1', '\n'};

static uint32_t get32(const char *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t get64(const char *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static size_t align_up(size_t n) {
    return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static bool name_fits(const char *field, const char *name) {
    char padded[16] = {0};
    size_t n = strlen(name);
    if (n > HX_DATAFILE_NAME_MAX) return false;
    memcpy(padded, name, n);
    return memcmp(field, padded, sizeof padded) == 0;
}

static bool sections_are_inside(hx_str bytes, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        const char *entry = bytes.ptr + HEADER_BYTES + (size_t)i * ENTRY_BYTES;
        uint64_t offset = get64(entry + 16), len = get64(entry + 24);
        if (offset % ALIGNMENT != 0 || offset > bytes.len || len > bytes.len - offset) return false;
    }
    return true;
}

static hx_status validate(hx_datafile *d, const char *path, const char *kind, hx_error *err) {
    hx_str b = d->map.bytes;
    if (b.len < HEADER_BYTES || memcmp(b.ptr, magic, sizeof magic) != 0)
        return hx_fail(err, HX_EFORMAT,
                       "%s is not a Huaxiang data file; run script/bootstrap and build again",
                       path);
    if (get32(b.ptr + 8) != HX_DATAFILE_VERSION)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "%s has data format %u, this program reads format %u; build the data again",
                       path, (unsigned)get32(b.ptr + 8), HX_DATAFILE_VERSION);
    if (get64(b.ptr + 16) != b.len)
        return hx_fail(err, HX_EFORMAT,
                       "%s is cut short or has bytes behind its end (%zu instead of %llu); build "
                       "the data again",
                       path, b.len, (unsigned long long)get64(b.ptr + 16));
    if (!name_fits(b.ptr + 32, kind))
        return hx_fail(err, HX_EFORMAT,
                       "%s is a data file of another kind, not '%s'; build the data again", path,
                       kind);
    d->checksum = hx_hash((hx_str){b.ptr + 32, b.len - 32});
    if (d->checksum != get64(b.ptr + 24))
        return hx_fail(err, HX_EFORMAT,
                       "%s is damaged (its checksum is wrong); build the data again", path);
    d->n_sections = get32(b.ptr + 12);
    if (d->n_sections > HX_DATAFILE_SECTIONS_MAX ||
        HEADER_BYTES + (size_t)d->n_sections * ENTRY_BYTES > b.len ||
        !sections_are_inside(b, d->n_sections))
        return hx_fail(err, HX_EFORMAT, "%s has a wrong table of sections; build the data again",
                       path);
    return HX_OK;
}

hx_status hx__datafile_open(hx_datafile *d, const char *path, const char *kind, hx_error *err) {
    hx_datafile opened = {0};
    HX_TRY(hx_mapping_open(&opened.map, path, err));
    hx_status status = validate(&opened, path, kind, err);
    if (status != HX_OK) {
        hx_mapping_close(&opened.map);
        return status;
    }
    *d = opened;
    return HX_OK;
}

void hx__datafile_close(hx_datafile *d) {
    if (d->map.bytes.ptr) hx_mapping_close(&d->map);
    *d = (hx_datafile){0};
}

hx_status hx__datafile_section(const hx_datafile *d, const char *name, size_t each, hx_str *out,
                               hx_error *err) {
    for (uint32_t i = 0; i < d->n_sections; i++) {
        const char *entry = d->map.bytes.ptr + HEADER_BYTES + (size_t)i * ENTRY_BYTES;
        if (!name_fits(entry, name)) continue;
        hx_str bytes = {d->map.bytes.ptr + get64(entry + 16), (size_t)get64(entry + 24)};
        if (bytes.len % each != 0)
            return hx_fail(err, HX_EFORMAT,
                           "a data file's section '%s' has a wrong size; build the data again",
                           name);
        *out = bytes;
        return HX_OK;
    }
    return hx_fail(err, HX_EFORMAT, "a data file has no section '%s'; build the data again", name);
}

/* ------------------------------------------------------------------ writing */
static void put_fixed(hx_buf *b, const void *v, size_t n) {
    hx_buf_append(b, v, n);
}

static void put_name(hx_buf *b, const char *name) {
    char padded[16] = {0};
    size_t n = strlen(name);
    memcpy(padded, name, n < HX_DATAFILE_NAME_MAX ? n : HX_DATAFILE_NAME_MAX);
    put_fixed(b, padded, sizeof padded);
}

static void put_padding(hx_buf *b) {
    static const char zeros[ALIGNMENT] = {0};
    hx_buf_append(b, zeros, align_up(b->len) - b->len);
}

static void put_table(hx_buf *b, const hx_datafile_part *parts, size_t n) {
    size_t at = align_up(HEADER_BYTES + n * ENTRY_BYTES);
    for (size_t i = 0; i < n; i++) {
        uint64_t offset = at, len = parts[i].bytes.len;
        put_name(b, parts[i].name);
        put_fixed(b, &offset, 8);
        put_fixed(b, &len, 8);
        at = align_up(at + parts[i].bytes.len);
    }
    put_padding(b);
}

hx_status hx__datafile_write(const char *path, const char *kind, const hx_datafile_part *parts,
                             size_t n, hx_error *err) {
    if (n > HX_DATAFILE_SECTIONS_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: a data file has at most %u sections", path,
                       HX_DATAFILE_SECTIONS_MAX);
    hx_buf b;
    hx_buf_init(&b, HX_DATAFILE_CAP);
    uint32_t head[2] = {HX_DATAFILE_VERSION, (uint32_t)n};
    uint64_t later[2] = {0, 0};
    put_fixed(&b, magic, sizeof magic);
    put_fixed(&b, head, sizeof head);
    put_fixed(&b, later, sizeof later);
    put_name(&b, kind);
    put_table(&b, parts, n);
    for (size_t i = 0; i < n; i++) {
        hx_buf_append_str(&b, parts[i].bytes);
        put_padding(&b);
    }
    hx_status status = hx_buf_status(&b, path, err);
    if (status == HX_OK) {
        later[0] = b.len;
        later[1] = hx_hash((hx_str){b.ptr + 32, b.len - 32});
        memcpy(b.ptr + 16, later, sizeof later);
        status = hx_file_write(path, hx_buf_str(&b), false, err);
    }
    hx_buf_release(&b);
    return status;
}
