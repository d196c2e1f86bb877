/* schema_multiple.c - digits whose number is a multiple, as rules.
 *
 * k / 10^d is a multiple of p / 10^e, d <= e, where k is one of q = p / gcd(p, 10^(e-d)). With `left` digits to come behind digits of residue
 * r (mod q), what may follow depends on r modulo q / gcd(q, 10^left) alone; it is nothing where the least digits that make it a multiple,
 * -r 10^left mod q, are `left` digits no more. Such a state is a rule:
 *
 *     s7-d<decimals>-<residue>-<left> ::= "."? [digits] s7-d<decimals>-<next residue>-<left - 1> | ...
 *
 * so of 15 digits multiples of 7 take 98 rules, and those of 1000 a few more than 15. */
#include "llama/schema.h"

#include <inttypes.h>

#include "base/error.h"
#include "llama/schema_multiple.h"

enum { RULES_MAX = 4096 };
#define DEAD UINT64_MAX

typedef struct {
    uint64_t residue, modulus;
    int left, decimals;
} state;

static uint64_t greatest_divisor(uint64_t a, uint64_t b) {
    while (b > 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t power_of_ten(int n) {
    uint64_t out = 1;
    while (n-- > 0)
        out *= 10;
    return out;
}

bool hx_multiple_read(double step, hx_multiple *out) {
    const double most = 999999999999999;
    double scale = 1;
    for (int e = 0; e <= 15; e++, scale *= 10) {
        double p = (double)(int64_t)(step * scale + 0.5);
        if (!(p >= 0 && p <= most)) return false;
        if (p > 0 && p / scale == step) {
            *out = (hx_multiple){.step = (uint64_t)p, .decimals = e};
            return true;
        }
    }
    return false;
}

uint64_t hx_multiple_modulus(const hx_multiple *m, int decimals) {
    return m->step / greatest_divisor(m->step, power_of_ten(m->decimals - decimals));
}

/* The residue that stands for r with `left` digits to come; DEAD where none can follow. */
static uint64_t reduce(uint64_t r, uint64_t modulus, int left) {
    uint64_t ahead = r % modulus;
    for (int i = 0; i < left; i++)
        ahead = ahead * 10 % modulus;
    if ((modulus - ahead) % modulus >= power_of_ten(left)) return DEAD;
    return r % (modulus / greatest_divisor(modulus, power_of_ten(left)));
}

void hx_multiples_init(hx_multiples *m, hx_schema *s, uint32_t place) {
    *m = (hx_multiples){.s = s, .place = place};
    hx_buf_init(&m->line, RULES_MAX * sizeof(state));
    hx_map_init(&m->seen);
}

void hx_multiples_release(hx_multiples *m) {
    hx_buf_release(&m->line);
    hx_map_release(&m->seen);
}

/* The rule of a state behind what was written, put in line where it is new. */
static void put_rest(hx_multiples *m, hx_buf *out, state next) {
    if (next.left == 0) return;
    hx_buf_printf(out, " s%u-d%d-%" PRIu64 "-%d", (unsigned)m->place, next.decimals, next.residue,
                  next.left);
    uint64_t key = next.residue << 10 | (uint64_t)next.left << 4 | (uint64_t)next.decimals;
    uint64_t *slot = hx_map_put(&m->seen, key);
    if (!slot || (*slot == 0 && !hx_buf_append(&m->line, &next, sizeof next))) m->failed = true;
    if (slot) *slot = 1;
}

size_t hx_multiples_put(hx_multiples *m, hx_buf *out, const hx_digit_range *r, uint64_t modulus,
                        int decimals, const char *before) {
    size_t n = 0;
    uint64_t done = 0; /* digits, by bit */
    for (int c = r->from; c <= r->to; c++) {
        uint64_t residue = reduce(r->residue * 10 + (uint64_t)(c - '0'), modulus, r->left);
        if (residue == DEAD || (done >> (c - '0') & 1)) continue;
        hx_buf_printf(out, "%s%s [", n++ > 0 || r->follows ? " | " : "", before);
        for (int k = c; k <= r->to; k++)
            if (reduce(r->residue * 10 + (uint64_t)(k - '0'), modulus, r->left) == residue) {
                hx_buf_append_byte(out, (char)k);
                done |= 1ull << (k - '0');
            }
        hx_buf_append_lit(out, "]");
        put_rest(m, out, (state){residue, modulus, r->left, decimals});
    }
    return n;
}

hx_status hx_multiples_rules(hx_multiples *m, hx_buf *more) {
    for (size_t i = 0; i < m->line.len / sizeof(state) && !m->failed; i++) {
        state here = ((const state *)(const void *)m->line.ptr)[i];
        hx_buf_printf(more, "s%u-d%d-%" PRIu64 "-%d ::=%s", (unsigned)m->place, here.decimals,
                      here.residue, here.left, here.left == here.decimals ? " \".\" (" : " (");
        const hx_digit_range all = {
            .residue = here.residue, .from = '0', .to = '9', .left = here.left - 1};
        (void)hx_multiples_put(m, more, &all, here.modulus, here.decimals, "");
        hx_buf_append_lit(more, ")\n");
        HX_TRY(hx_schema_spend(m->s, m->place, HX_SCHEMA_COPY_STEPS));
    }
    if (!m->failed) return HX_OK;
    return m->line.no_memory
               ? hx_fail(m->s->err, HX_ENOMEM, "not enough memory for the schema")
               : hx_fail(m->s->err, HX_EFORMAT, "schema: the multiples of %s take too many rules",
                         hx_schema_pointer(m->s, m->place, "multipleOf"));
}
