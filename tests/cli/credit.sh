# score credit: a card, its bins, points and reasons, cut-offs and fairness, bins by hand, the same scores in C and in SQL, and a sentence for each mistake.
loans=samples/loans.csv
fit="huaxiang score credit fit $loans --target outcome --drop loan_id,gender,month"
$fit --out card.json; echo "exit $?"
huaxiang score credit show card.json --format table | head -9
huaxiang score credit show card.json $loans --by month --group gender --profit 1,4 | grep -o '"[a-z_]*":' | sort -u | tr '\n' ' '; echo
huaxiang score credit show card.json $loans --cut-off 560 --format csv | head -3
huaxiang score credit apply card.json $loans --head 2 --format csv
huaxiang score credit apply card.json $loans --reasons mean --cut-off 560 --head 1
echo '{"age":[30,50],"purpose":[["经营","旅游"],["购车","教育"]]}' > bins.json
huaxiang score credit edit card.json $loans --bins bins.json --out edited.json
huaxiang score credit show edited.json --format csv | grep -E '^(age|purpose)' | cut -d, -f1-6
for method in simple parcelling fuzzy; do $fit --rejected $method | grep -o '"rejects":[0-9]*'; done
huaxiang score credit show card.json $loans --html page.html; grep -c '<table>' page.html; grep -o '<h1>[^<]*' page.html
huaxiang score credit show card.json $loans --html page.html --lang zh; grep -o '<h1>[^<]*' page.html
# the same scores elsewhere: with points of two places, 1,500 rows
$fit --places 2 --out fine.json
huaxiang score credit apply fine.json $loans --format csv | tail -n +2 | rev | cut -d, -f2 | rev > ours.txt
huaxiang score credit export fine.json --as c --name loan > loan.c
cat > main.c <<'C'
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "loan.c"
static double num(const char *s) { return *s ? strtod(s, NULL) : NAN; }
int main(void) {
    char line[500], *f[12];
    while (fgets(line, sizeof line, stdin)) {
        size_t n = 0;
        line[strcspn(line, "\r\n")] = 0;
        for (char *p = line; p && n < 12; n++) { f[n] = p; p = strchr(p, ','); if (p) *p++ = 0; }
        loan_row r = {ROW};
        printf("%.2f\n", (double)loan_score(&r) / 100);
    }
    return 0;
}
C
members=$(sed -n '/^typedef/,/^}/p' loan.c | grep -E '^    (const char|double)')
row=$(echo "$members" | while read -r a b rest; do
    name=$(echo "$a $b $rest" | grep -o '[A-Za-z_]*_[0-9]*;' | tr -d ';'); column=${name%_*}
    at=$(head -1 $loans | tr , '\n' | grep -nx "$column" | cut -d: -f1)
    case $a in double) echo ".$name = num(f[$((at - 1))]),";; *) echo ".$name = f[$((at - 1))],";; esac; done)
sed -i "s#ROW#$(echo $row)#" main.c
cc -std=c99 -Wall -Wextra -Werror -o main main.c -lm 2> cc.txt; echo "compiled: $?"; head -3 cc.txt
tail -n +2 $loans | ./main > c.txt
awk '{printf "%.2f\n", $1}' ours.txt | cmp - c.txt && echo "same in C: $(wc -l < c.txt)"
huaxiang score credit export fine.json --as sql --table loans > loan.sql
python3 - "$loans" <<'PY'
import csv, sqlite3, sys
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8")))
db = sqlite3.connect(":memory:")
kinds = ["REAL" if c in ("age", "income", "savings", "amount", "months", "late_payments") else "TEXT" for c in rows[0]]
db.execute("CREATE TABLE loans (%s)" % ", ".join('"%s" %s' % p for p in zip(rows[0], kinds)))
db.executemany("INSERT INTO loans VALUES (%s)" % ",".join("?" * len(kinds)), [[v or None for v in r] for r in rows[1:]])
ours = [round(float(v) * 100) for v in open("ours.txt")]
q = db.execute(open("loan.sql", encoding="utf-8").read())
names = [d[0] for d in q.description]
found = [r for r in q]
print("same in SQL:", sum(r[names.index("score_units")] == o for r, o in zip(found, ours)), "of", len(ours))
print("same decimals:", sum(r[names.index("score")] == o / 100 for r, o in zip(found, ours)))
PY
# mistakes
sed 's/"points":[0-9]/"points":7/' card.json > changed.json; huaxiang score credit show changed.json; echo "exit $?"
huaxiang score credit show changed.json --lang zh; echo "exit $?"
huaxiang score credit show $loans; echo "exit $?"
huaxiang score credit fit $loans; echo "exit $?"
huaxiang score credit fit $loans --target nobody; echo "exit $?"
huaxiang score credit fit $loans --target outcome --bad worse; echo "exit $?"
huaxiang score credit fit $loans --target outcome --points 600,20; echo "exit $?"
huaxiang score credit fti $loans; echo "exit $?"
huaxiang score credit apply card.json samples/browsing.csv; echo "exit $?"
huaxiang score credit export card.json; echo "exit $?"
huaxiang score credit export card.json --as c --name 'a b'; echo "exit $?"
echo '{"age":[50,30]}' > bins.json; huaxiang score credit edit card.json $loans --bins bins.json; echo "exit $?"
