/* holidays.c - statutory holidays of mainland China and of the United States, day by day.
 *
 * China: the days that the law of the year made holidays, without bridging days and working weekends, which the State Council announces year by year:
 *
 *     to 2007      1 January; the first three days of the lunar year; 1-3 May; 1-3 October            (State Council order 270, 1999)
 *     2008-2013    the eve of the lunar year and its first two days; Qingming; 1 May; Dragon Boat; Mid-Autumn; 1-3 October   (order 513)
 *     2014-2024    the first three days of the lunar year in place of the eve                           (order 644)
 *     from 2025    the eve and the first three days; 1-2 May                                           (order 795)
 *
 * Lunar dates are a table: 1/1, 5/5 and 8/15 of the lunar calendar and the solar term Qingming, computed with sxtwl 2.0.7 (Shouxing calendar, by
 * the rules of GB/T 33661-2017) and, the lunar ones, found equal by lunardate 0.3.0.
 *
 * United States: 5 U.S.C. 6103 by the days themselves (not the Fridays and Mondays observed for weekends), with Good Friday, Easter, Black Friday and
 * Christmas Eve. Easter: J. Meeus, "Astronomical Algorithms" (1991), chapter 8. */
#include <string.h>

#include "frame/features.h"

/* month * 100 + day: lunar new year, Qingming, Dragon Boat, Mid-Autumn */
static const short lunar[HX_HOLIDAY_CN_LAST - HX_HOLIDAY_CN_FIRST + 1][4] = {
    {205, 404, 606, 912},  {124, 405, 625, 1001}, {212, 405, 615, 921}, /* 2000 */
    {201, 405, 604, 911},  {122, 404, 622, 928},  {209, 405, 611, 918}, /* 2003 */
    {129, 405, 531, 1006}, {218, 405, 619, 925},  {207, 404, 608, 914}, /* 2006 */
    {126, 404, 528, 1003}, {214, 405, 616, 922},  {203, 405, 606, 912}, /* 2009 */
    {123, 404, 623, 930},  {210, 404, 612, 919},  {131, 405, 602, 908}, /* 2012 */
    {219, 405, 620, 927},  {208, 404, 609, 915},  {128, 404, 530, 1004}, /* 2015 */
    {216, 405, 618, 924},  {205, 405, 607, 913},  {125, 404, 625, 1001}, /* 2018 */
    {212, 404, 614, 921},  {201, 405, 603, 910},  {122, 405, 622, 929}, /* 2021 */
    {210, 404, 610, 917},  {129, 404, 531, 1006}, {217, 405, 619, 925}, /* 2024 */
    {206, 405, 609, 915},  {126, 404, 528, 1003}, {213, 404, 616, 922}, /* 2027 */
    {203, 405, 605, 912},  {123, 405, 624, 1001}, {211, 404, 612, 919}, /* 2030 */
    {131, 404, 601, 908},  {219, 405, 620, 927},  {208, 405, 610, 916}, /* 2033 */
    {128, 404, 530, 1004}, {215, 404, 618, 924},  {204, 405, 607, 913}, /* 2036 */
    {124, 405, 527, 1002}, {212, 404, 614, 920},  {201, 404, 603, 910}, /* 2039 */
    {122, 404, 622, 928},  {210, 405, 611, 917},  {130, 404, 531, 1005}, /* 2042 */
    {217, 404, 619, 925},  {206, 404, 608, 915},  {126, 405, 529, 1004}, /* 2045 */
    {214, 404, 615, 922},  {202, 404, 604, 911},  {123, 404, 623, 930}, /* 2048 */
};

static int64_t day_of(int year, int month_day) {
    return hx_days_from_civil(year, month_day / 100, month_day % 100);
}

static bool within(int64_t day, int64_t first, int64_t last) {
    return day >= first && day <= last;
}

/* ------------------------------------------------------------------ China */
static bool is_spring_festival(int year, int64_t day, int64_t first) {
    const bool eve = year >= 2025 || within(year, 2008, 2013);
    const bool third = !within(year, 2008, 2013);
    return within(day, first - eve, first + 1 + third);
}

const char *hx_holiday_cn(int64_t day) {
    const hx_civil c = hx_civil_from_ms(day * HX_DAY_MS);
    if (c.year < HX_HOLIDAY_CN_FIRST || c.year > HX_HOLIDAY_CN_LAST) return NULL;
    const short *moons = lunar[c.year - HX_HOLIDAY_CN_FIRST];
    const int labour = c.year <= 2007 ? 3 : c.year >= 2025 ? 2 : 1;
    if (c.month == 1 && c.day == 1) return "new_year";
    if (is_spring_festival(c.year, day, day_of(c.year, moons[0]))) return "spring_festival";
    if (c.month == 5 && c.day <= labour) return "labour_day";
    if (c.month == 10 && c.day <= 3) return "national_day";
    if (c.year <= 2007) return HX_HOLIDAY_NONE;
    if (day == day_of(c.year, moons[1])) return "qingming";
    if (day == day_of(c.year, moons[2])) return "dragon_boat";
    if (day == day_of(c.year, moons[3])) return "mid_autumn";
    return HX_HOLIDAY_NONE;
}

/* ------------------------------------------------------------------ United States */
int64_t hx_easter(int year) {
    const int a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4;
    const int f = (b + 8) / 25, g = (b - f + 1) / 3, h = (19 * a + b - d - g + 15) % 30;
    const int i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
    const int m = (a + 11 * h + 22 * l) / 451, sum = h + l - 7 * m + 114;
    return hx_days_from_civil(year, sum / 31, sum % 31 + 1);
}

typedef struct {
    int month, nth; /* nth = 5: the last */
    int weekday; /* 0 = Monday */
    int since;
    const char *name;
} moving;

static const moving movings[] = {
    {1, 3, 0, 1986, "mlk_day"},       {2, 3, 0, 1971, "presidents_day"},
    {5, 5, 0, 1971, "memorial_day"},  {9, 1, 0, 1894, "labor_day"},
    {10, 2, 0, 1971, "columbus_day"}, {11, 4, 3, 1942, "thanksgiving"},
};

typedef struct {
    int month, day, since;
    const char *name;
} fixed;

static const fixed fixeds[] = {
    {1, 1, 0, "new_year"},          {6, 19, 2021, "juneteenth"},  {7, 4, 0, "independence_day"},
    {11, 11, 1938, "veterans_day"}, {12, 24, 0, "christmas_eve"}, {12, 25, 0, "christmas"},
};

static bool is_moving(const moving *m, const hx_civil *c, int weekday) {
    if (c->month != m->month || weekday != m->weekday || c->year < m->since) return false;
    return m->nth == 5 ? c->day > 24 : (c->day - 1) / 7 + 1 == m->nth;
}

const char *hx_holiday_us(int64_t day) {
    const hx_civil c = hx_civil_from_ms(day * HX_DAY_MS);
    const int weekday = hx_weekday(day * HX_DAY_MS);
    for (size_t i = 0; i < sizeof fixeds / sizeof *fixeds; i++)
        if (c.month == fixeds[i].month && c.day == fixeds[i].day && c.year >= fixeds[i].since)
            return fixeds[i].name;
    for (size_t i = 0; i < sizeof movings / sizeof *movings; i++)
        if (is_moving(&movings[i], &c, weekday)) return movings[i].name;
    const hx_civil before = hx_civil_from_ms((day - 1) * HX_DAY_MS);
    if (weekday == 4 && is_moving(&movings[5], &before, 3)) return "black_friday";
    const int64_t easter = hx_easter(c.year);
    return day == easter ? "easter" : day == easter - 2 ? "good_friday" : HX_HOLIDAY_NONE;
}
