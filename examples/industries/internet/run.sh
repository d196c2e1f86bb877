#!/usr/bin/env bash
# Internet services: who is about to leave and why, and whom to contact first for the profit of it.
#
#     examples/industries/internet/run.sh DATA [FOLDER]      huaxiang on the PATH; DATA has telco_churn/train.csv and test.csv; default folder: internet
set -euo pipefail
data=${1:?the folder that holds telco_churn}/telco_churn out=${2:-internet}
target=Churn bad=Yes costs=1,2
forbidden=customerID,gender,SeniorCitizen,Partner,Dependents group=gender
title_en="Who is about to leave" title_zh="流失预警"
note_en="A customer who stays brings 1, one who leaves costs 2; gender, age and family are not learnt from."
note_zh="客户留下收益为 1，流失损失为 2；性别、年龄和家庭状况不参与学习。"
source "$(dirname "${BASH_SOURCE[0]}")/../card.sh"

huaxiang score churn "$data/train.csv" --target Churn --churned Yes --customer customerID --drop gender,SeniorCitizen,Partner,Dependents --seed 1 \
    --save "$out/churn.json" --list "$out/contact.csv" --cost 2 --success 0.2 --value MonthlyCharges --head 1 --format json --quiet > "$out/churn.txt"
tail -1 "$out/churn.txt" | figure '"churn      AUC %.3f, Brier %.3f by folds" % (r["folds"]["auc"], r["folds"]["brier"])'
echo "contact    $(($(wc -l < "$out/contact.csv") - 1)) customers, contact.csv; a tenth is held out to measure by"
