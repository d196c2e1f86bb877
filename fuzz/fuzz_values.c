/* fuzz_values.c - times, amounts and names of columns out of any bytes. */
#include "frame/column_names.h"
#include "frame/time_parse.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    hx_str s = {(const char *)data + 1, size - 1};
    int64_t value = INT64_MAX;
    char currency[4] = "", form[HX_COLUMN_NAME_MAX];
    hx_error err = {HX_UI_ZH, HX_OK, 0, 0, ""};
    bool three = false;
    hx_date_order order = (hx_date_order)(data[0] & 3);
    if (hx_parse_time(s, order, data[0] & 4, NULL, &value, &err) == HX_OK)
        FUZZ_REQUIRE(value > -2209100000000 && value < 7258300000000); /* 1900-2199, and a zone */
    else
        FUZZ_REQUIRE(err.message[0] != '\0');
    (void)hx_time_is_clock(s);
    (void)hx_time_order_of(s, &three);
    value = INT64_MIN;
    if (hx_parse_amount(s, data[0] & 8, &value, currency, &err) == HX_OK)
        FUZZ_REQUIRE(value != INT64_MIN);
    FUZZ_REQUIRE(hx_column_name_normal(s, data[0] & 16, form) < HX_COLUMN_NAME_MAX);
    return 0;
}
