/* fuzz_events.c - the store's own formats from a damaged disk: blocks of events, profiles, pending bytes. The first byte chooses. */
#include "fuzz.h"

#include "profile/profile.h"

static void read_block(hx_str bytes, hx_arena *arena) {
    hx_event_codec *codec = hx_event_codec_new();
    hx_event *events;
    size_t n;
    if (codec && hx_event_block_read(codec, bytes, arena, &events, &n, NULL) == HX_OK) {
        hx_profile *p = hx_profile_new();
        for (size_t i = 0; p && i < n; i++)
            hx_profile_fold(p, &events[i]);
        hx_profile_free(p);
    }
    if (codec) hx_event_unpack(codec, bytes);
    hx_event_codec_free(codec);
}

static void read_profile(hx_str bytes) {
    hx_profile *p = hx_profile_new();
    hx_buf again;
    hx_buf_init(&again, 1u << 26);
    if (p && hx_profile_read(bytes, p, NULL) == HX_OK) hx_profile_write(p, &again);
    hx_buf_release(&again);
    hx_profile_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    hx_arena *arena = hx_arena_new(64u << 20);
    hx_str rest = {(const char *)data + 1, size - 1};
    hx_cursor c = hx_cursor_of(rest);
    hx_event e;
    if (data[0] % 3 == 0) read_block(rest, arena);
    if (data[0] % 3 == 1) read_profile(rest);
    if (data[0] % 3 == 2 && hx_event_read(&c, arena, &e)) hx_event_key(&e);
    hx_arena_free(arena);
    return 0;
}
