#!/usr/bin/env bash
# Health: points of risk of diabetes with early warning, for a clinician to look at.
#
#     examples/industries/health/run.sh DATA [FOLDER]      huaxiang on the PATH; DATA has pima_diabetes/train.csv and test.csv; default folder: health
set -euo pipefail
data=${1:?the folder that holds pima_diabetes}/pima_diabetes out=${2:-health}
target=outcome bad=1 costs=1,5
forbidden=pregnancies group=
title_en="Health risk score (for a clinician)" title_zh="健康风险评分（供临床医生参考）"
note_en="For a clinician. Not a diagnosis: whoever is below the cut-off is put before a clinician with the reasons; a missed case counts as five follow-ups."
note_zh="供临床医生参考，并非诊断：低于界限者连同原因交由临床医生判断；漏掉一例按五次随访计。"
source "$(dirname "${BASH_SOURCE[0]}")/../card.sh"
