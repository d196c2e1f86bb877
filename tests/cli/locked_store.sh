# A store that another process holds: writers wait (up to a minute), then say so; nothing is lost.
printf 'customer,text\nu1,很好\n' > a.csv
printf 'customer,text\nu2,很差\n' > b.csv
huaxiang profile a.csv --store s.db -q > /dev/null
python3 - <<'P'
import sqlite3, subprocess
lock = sqlite3.connect('s.db', isolation_level=None)
lock.execute('begin immediate')
waiting = subprocess.run(['huaxiang', 'profile', 'b.csv', '--store', 's.db', '-q'], capture_output=True, text=True)
print(waiting.returncode, waiting.stderr, end='')
reading = subprocess.run(['huaxiang', 'show', 'u1', '--store', 's.db'], capture_output=True, text=True)
print('reader', reading.returncode, reading.stderr, end='')
lock.execute('rollback')
P
echo
huaxiang profile b.csv --store s.db -q | python3 -c 'import json, sys; print(json.load(sys.stdin)["customers"])'
