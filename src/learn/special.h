/* special.h - distributions for tests and intervals: normal, Student, chi-square, F. Relative error below 1e-12 where the result is above 1e-290.
 *
 * Incomplete gamma and beta by series and by Lentz' continued fractions (Press et al., Numerical Recipes, 6.2 and 6.4); quantiles by bisection
 * and Newton on the distribution. NaN in gives NaN out. */
#ifndef HX_LEARN_SPECIAL_H
#define HX_LEARN_SPECIAL_H

double hx_gamma_lower(double a, double x); /* P(a, x), a > 0, x >= 0 */
double hx_gamma_upper(double a, double x); /* Q = 1 - P */
double hx_beta_share(double a, double b, double x); /* I_x(a, b), a, b > 0, x in [0, 1] */

double hx_normal_cdf(double z);
double hx_normal_quantile(double p); /* p in (0, 1) */
double hx_chi2_tail(double x, double freedom); /* P(X > x) */
double hx_f_tail(double x, double freedom_1, double freedom_2);
double hx_student_tails(double t, double freedom); /* P(|T| > |t|) */
double hx_student_quantile(double p, double freedom); /* P(T <= t) = p */
double hx_digamma(double x); /* x > 0 */

#endif
