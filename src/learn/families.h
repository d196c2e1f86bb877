/* families.h - the estimators there are, each in the file of its family. For estimator.c. */
#ifndef HX_LEARN_FAMILIES_H
#define HX_LEARN_FAMILIES_H

#include "learn/estimator.h"

extern const hx_estimator hx_estimator_linear; /* linear_regression.c */
extern const hx_estimator hx_estimator_ridge, hx_estimator_lasso,
    hx_estimator_elastic; /* penalised.c */
extern const hx_estimator hx_estimator_logistic; /* logistic.c */
extern const hx_estimator hx_estimator_tree, hx_estimator_forest; /* forest.c */
extern const hx_estimator hx_estimator_boosting; /* boosting.c */
extern const hx_estimator hx_estimator_bayes; /* bayes.c */
extern const hx_estimator hx_estimator_neighbours; /* neighbours.c */
extern const hx_estimator hx_estimator_svm, hx_estimator_nbsvm; /* svm.c */
extern const hx_estimator hx_estimator_kernel_svm; /* kernel_svm.c */
extern const hx_estimator hx_estimator_mlp; /* mlp.c */
extern const hx_estimator hx_estimator_textcnn, hx_estimator_rnn, hx_estimator_gru,
    hx_estimator_lstm, hx_estimator_cnn_gru, hx_estimator_transformer; /* sequence.c */
extern const hx_estimator hx_estimator_llama; /* llama_head.c */
extern const hx_estimator hx_estimator_isolation; /* isolation.c */
extern const hx_estimator hx_estimator_cox; /* survival_learner.c */
extern const hx_estimator hx_estimator_bagging; /* bagging.c */
extern const hx_estimator hx_estimator_voting, hx_estimator_blending,
    hx_estimator_stacking; /* ensemble.c */
extern const hx_estimator hx_estimator_members; /* members.c */

#endif
