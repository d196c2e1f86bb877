#!/usr/bin/env bash
# Finance: whom to lend to. A card without sex, marital status, nationality and age; the cut-off with the bad rate that is expected behind it.
#
#     examples/industries/finance/run.sh DATA [FOLDER]      huaxiang on the PATH; DATA has german_credit/train.csv and test.csv; default folder: finance
set -euo pipefail
data=${1:?the folder that holds german_credit}/german_credit out=${2:-finance}
target=class bad=2 costs=1,5
forbidden=personal_status_sex,foreign_worker,age group=personal_status_sex
title_en="Credit cut-off" title_zh="信贷准入线"
note_en="A loan that is paid back brings 1, one that is not costs 5; sex, nationality and age are not learnt from."
note_zh="一笔按时还清的贷款收益为 1，违约损失为 5；性别、国籍和年龄不参与学习。"
source "$(dirname "${BASH_SOURCE[0]}")/../card.sh"
