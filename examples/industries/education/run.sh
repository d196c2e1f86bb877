#!/usr/bin/env bash
# Education: who may fail, before the first mark is given. Nothing of sex, home or parents: what is left can be advised about.
#
#     examples/industries/education/run.sh DATA [FOLDER]      huaxiang on the PATH; DATA has student_math/train.csv and test.csv; default folder: education
set -euo pipefail
data=${1:?the folder that holds student_math}/student_math out=${2:-education}
target=result bad=fail costs=1,3
forbidden=G1,G2,G3,sex,school,address,age,Mjob,Fjob,Medu,Fedu,Pstatus,guardian group=sex
title_en="Learning state" title_zh="学习状态"
note_en="Early warning without marks; each reason is something a student or teacher can look at, not where the student comes from."
note_zh="不依赖分数的早期预警；每条原因都是学生或老师可以关注的事，与家庭出身无关。"
source "$(dirname "${BASH_SOURCE[0]}")/../card.sh"
