# score uplift: whom a contact changes, three ways beside one another, other rows scored, and a sentence for each mistake.
rows=samples/campaign.csv
uplift="huaxiang score uplift $rows --treatment contacted --outcome stayed --customer customer"
$uplift --head 3 --format table | sed -E 's/-?[0-9]+\.[0-9]+/N/g; s/[+-]N/N/g'
$uplift --head 2 --format table --lang zh | sed -E 's/-?[0-9]+\.[0-9]+/N/g; s/[+-]N/N/g'
$uplift --method tree | tail -1 | grep -o '"[a-z_-]*":' | tr '\n' ' '; echo
$uplift --method two-model --format csv | wc -l
head -6 $rows | cut -d, -f1-7 > new.csv
$uplift --data new.csv --format csv | cut -d, -f1 | sort
# mistakes
huaxiang score uplift $rows --treatment contacted; echo "exit $?"
huaxiang score uplift $rows --treatment contacted --outcome nobody; echo "exit $?"
huaxiang score uplift $rows --treatment city --outcome stayed; echo "exit $?"
huaxiang score uplift $rows --treatment city --treated 上海 --outcome stayed; echo "exit $?"
head -90 $rows | huaxiang score uplift --treatment contacted --outcome stayed; echo "exit $?"
head -90 $rows | huaxiang score uplift --treatment contacted --outcome stayed --lang zh; echo "exit $?"
awk -F, 'BEGIN { OFS = "," } NR > 1 { $9 = "no" } { print }' $rows > never.csv; huaxiang score uplift never.csv --treatment contacted --outcome stayed; echo "exit $?"
huaxiang score uplift $rows --treatment contacted --outcome stayed --method best; echo "exit $?"
