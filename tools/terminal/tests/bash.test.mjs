// The same lines in bash and in this shell: the same stdout and the same exit code.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { MemoryFS, makeShell, run } from "./memory.mjs";

const FILES = {
  "users.csv": "id,username\n1,ada\n2,bob\n10,eve\n3,ada\n",
  "open.txt": "one\ntwo\nthree",
  "words.txt": "banana apple\nApple\nbanana\nbanana\n\ncherry 10\ncherry 9\n-2.5\n",
  bin: Uint8Array.from([0, 1, 127, 128, 200, 255, 10, 65, 9, 10]),
  "umlaut.txt": "größe\nÄrger\n",
  empty: "",
  "a b.txt": "spaced\n",
  ".hidden": "h\n",
  "chapters/01/hello/hello.py": "print('hi')\n# TODO\n",
  "chapters/01/hello/__init__.py": "",
  "chapters/02/greet.py": "def greet():\n    pass\n",
  "changed.csv": "id,username\n1,ada\n2,rob\n10,eve\n3,ada\n4,joe\n",
};

const LINES = String.raw`
echo hello
echo -n hello
echo -e 'a\tb\nc\x41\0101\\n'
echo -ne 'x\cy'
echo -E 'a\tb'; echo -x; echo "-n"; echo -- -n
echo 'single $HOME' "double \$HOME \" \\ \n" plain\ space
echo "a"'b'c$'d\te\x41\u00e9\101'
echo $'Ada!\nAll checks passed' 1
echo a    b     c
echo   # a comment
echo a#b '#' \# # c
echo one; echo two;
echo one && echo two || echo three
false && echo two || echo three
true || echo a && echo b
false; echo $?
false || false; echo $?
! true; echo $?
! false | true; echo $?
nope_nope 2> /dev/null; echo $?
A=1; echo $A "$A" '$A' ${"$"}{A}x
A="a   b"; echo $A; echo "$A"; B=$A; echo "$B"
A=1 B=2 env | grep -E '^(A|B)=' | sort
export A=5; env | grep '^A='
export A="x  y"; B=$A; export C=$A; env | grep ^C=; unset A; echo "[$A]"
A=outer; A=inner true; echo $A
A=; echo "[$A]" [$A] $A end
echo $NOT_SET end "" | cat -v
echo $(echo a; echo b) "$(echo a; echo b)"
echo "$(echo -e 'x\n\n')"end
A=$(false); echo $?
A=$(echo inner); echo $A
echo $(echo $(echo deep))
echo *.csv
echo *
echo .h*
echo chapters/*/*.py
echo chapters/0[12]/
echo chapters/*/
echo [!a-b]*.txt '*'.csv "*" \*
echo nothing*here
echo ?????.csv users.* u*s.c?v
echo "a b"*
A='*.csv'; echo $A; echo "$A"
cat users.csv | head -2 | tail -1
cat < users.csv | wc -l
wc -l users.csv
wc users.csv open.txt
wc -l users.csv open.txt empty
wc -c < users.csv
wc < users.csv
cat users.csv | wc
wc -w words.txt; wc -lw words.txt; wc -m umlaut.txt; wc umlaut.txt
wc nope users.csv
head -n 2 users.csv open.txt
head -3 users.csv; head -c 5 users.csv; head -n -2 users.csv; head -c -3 open.txt; head -0 users.csv
head -n 100 open.txt; head -q -n1 users.csv open.txt; head -v -n1 users.csv
tail -1 open.txt; tail -n 2 users.csv; tail -c 4 users.csv; tail -n +3 users.csv; tail -0 users.csv
tail -n +2 open.txt; tail -c +5 open.txt; tail -n 2 users.csv open.txt; tail empty
cat -n users.csv open.txt
cat -v bin; cat -A bin; cat -e users.csv; cat -b words.txt; cat -s words.txt
cat bin | cat > copy.bin; cat -v copy.bin; wc -c copy.bin
cat nope users.csv 2> /dev/null
cat . 2> /dev/null
cat 'a b.txt' - < open.txt
grep ada users.csv
grep -c ada users.csv; grep -v ada users.csv; grep -n ada users.csv; grep -in ADA users.csv
grep nope users.csv
grep ada users.csv nope 2> /dev/null
grep ada users.csv words.txt
grep -c a users.csv open.txt
grep -r TODO chapters
grep -rl e chapters | sort
grep -rc greet chapters | sort
grep -E 'a(da|pple)|^[0-9]+,e' users.csv words.txt
grep 'a\(d\|p\)' words.txt users.csv
grep 'an\{2\}' words.txt; grep -E '(an){2}' words.txt; grep 'a*p+' words.txt; grep 'p\+l' words.txt
grep -F 'a.a' users.csv; grep -F ',a' users.csv
grep '^$' words.txt; grep -n '' open.txt; grep -o 'an' words.txt; grep -w 10 users.csv words.txt
grep -x banana words.txt; grep -q ada users.csv; echo $?
grep '[[:upper:]]' words.txt; grep '[^a-z ]' words.txt; grep '[]x]' words.txt; grep 'ö' umlaut.txt
grep 'gr..e' umlaut.txt; grep -i 'ärger' umlaut.txt; grep -o '[ßö]' umlaut.txt
grep -e ada -e bob users.csv; grep -A1 bob users.csv; grep -B1 -n bob users.csv; grep -C1 -c e users.csv
grep -m1 ada users.csv; grep -l ada users.csv words.txt; grep -L ada users.csv words.txt; grep -h a users.csv open.txt
grep -A1 1 users.csv; grep -B2 3 users.csv; grep '\.' words.txt; grep '\-2' words.txt; grep -- -2 words.txt
grep 'a\b' users.csv; grep '\<a' words.txt; grep '\(a\)n\1' words.txt; grep '*' words.txt; grep 'a^b' words.txt
grep A bin; grep -a A bin | cat -v; grep -c A bin
sort words.txt; sort -r words.txt; sort -n words.txt; sort -u words.txt; sort -rn words.txt; sort -nr -u words.txt
sort -t, -k2 users.csv; sort -t , -k 2,2 -k 1,1n users.csv; sort -k2n words.txt; sort -f words.txt
sort users.csv open.txt; sort open.txt; sort nope 2> /dev/null
sort -o sorted.txt words.txt; cat sorted.txt
cut -c1-3 users.csv; cut -c2 users.csv; cut -c-2,4- users.csv; cut -d, -f2 users.csv; cut -d , -f 1,2 users.csv
cut -f1 users.csv; cut -s -f1 users.csv; cut -d, -f2- users.csv; cut -d' ' -f2 words.txt; cut -c1-60 open.txt
cut users.csv 2> /dev/null
tr a-z A-Z < users.csv; tr -d '\n' < users.csv; tr '\n' '~' < open.txt; tr -s a < words.txt; tr -d a-c < words.txt
tr '[:lower:]' '[:upper:]' < words.txt; tr -cd '0-9\n' < users.csv; tr -c 'a-z\n' '_' < users.csv; tr abc xy < words.txt
echo -e 'a\rb' | tr '\r' '~'; tr '\101' x < words.txt; tr a < words.txt 2> /dev/null; tr -s '[:space:]' '\n' < words.txt
yes | head -3; yes a b | head -n 2
yes | head -c 100000 | wc -c
ls; ls -a; ls -A; ls -1 chapters; ls chapters chapters/01; ls users.csv chapters; ls nope users.csv 2> /dev/null
ls -p; ls -F chapters; ls -d chapters; ls -r; ls -R chapters; ls *.txt; ls -d */
find chapters -name '*.py' | sort; find chapters -type d | sort; find . -type f | sort; find nope 2> /dev/null
find chapters -maxdepth 1 | sort; find chapters/ -name hello | sort; find . -name 'u*' -type f | sort; find . -empty | sort
find chapters ! -name '*.py' | sort; find chapters -path '*02*' | sort; find chapters -iname 'HELLO*' | sort; find users.csv
mkdir new; mkdir new 2> /dev/null; echo $?; mkdir -p new/a/b new; find new | sort; rmdir new/a/b; rmdir new 2> /dev/null; ls new
mkdir x/y 2> /dev/null; echo $?; mkdir users.csv/x 2> /dev/null; echo $?; mkdir -p users.csv/x 2> /dev/null; echo $?
touch t1 t2; ls t?; rm t1; ls t?; rm t1 2> /dev/null; echo $?; rm -f t1; echo $?; rm chapters 2> /dev/null; echo $?; rm -r chapters; ls
rm -rf chapters users.csv nope; ls; rm -rf . 2> /dev/null; echo $?; rm 2> /dev/null; echo $?
mv users.csv u; ls; cat u; mv u chapters; ls chapters; mv nope x 2> /dev/null; echo $?; mv u nope/x 2> /dev/null; echo $?
mv chapters c2; find c2 | sort; mv c2 c2/x 2> /dev/null; echo $?; mv open.txt empty c2; ls c2; mv a b c 2> /dev/null; echo $?
cp users.csv u; cat u; cp users.csv chapters; ls chapters; cp chapters c 2> /dev/null; echo $?; cp -r chapters c; find c | sort
cp users.csv users.csv 2> /dev/null; echo $?; cp nope x 2> /dev/null; echo $?; cp -r c c/d 2> /dev/null; cp bin bin2; wc -c bin2
cp -r chapters/01 chapters/02; find chapters | sort; cp users.csv open.txt chapters/01; ls chapters/01
echo a > f; echo b >> f; cat f; > f; cat f; echo x > f2 > f3; cat f2; cat f3; echo y 1> f4; cat f4
cat nope 2> err; wc -l < err; cat nope &> both; wc -l < both; cat nope >> both 2>&1; wc -l < both; cat nope users.csv &>> both; wc -l < both
cat nope users.csv 2>&1 > /dev/null | wc -l; cat nope users.csv > /dev/null 2>&1 | wc -l; cat nope 2>&1 | wc -l
echo out >&2 2> /dev/null; echo err 1>&2 2> /dev/null | wc -c; echo a > chapters; echo $?; echo a > nope/x; echo $?; cat < nope; echo $?
echo hi > 'new file'; cat new\ file; echo hi > "$HOME_NOT_SET"q; cat q; > only; ls only; < users.csv; echo $?
cd chapters; ls; cd ..; ls -d chapters; cd nope 2> /dev/null; echo $?; cd users.csv 2> /dev/null; echo $?
cd chapters/01 && ls && cd ../02 && ls; cd - > /dev/null; ls; cd chapters/01 | true; ls
cd chapters; cat ../users.csv > out; ls; cat out | wc -l
cd ./chapters//01/../02/; ls .; echo *
echo a \
b
echo 'multi
line' "and
more"
echo a &&
echo b |
cat -n
echo one
echo two # comment
echo three
diff users.csv users.csv; echo $?; diff users.csv nope 2> /dev/null; echo $?; diff -q users.csv changed.csv
diff -u users.csv changed.csv | tail -n +3; diff -u open.txt words.txt | tail -n +3; diff -u empty open.txt | tail -n +3
true | false; echo $?; false | true; echo $?; nope_nope 2> /dev/null | cat; echo $?
timeout 5 echo hi; timeout 0.1 sleep 5; echo $?; timeout 0.2 yes > /dev/null; echo $?; timeout 2> /dev/null; echo $?; timeout 1 false; echo $?
env A=1 B=2 env | grep -E '^[AB]='| sort; env -i A=1 env; env -u HOME env | grep -c ^HOME=; A=1 env B=2 true; echo $?
sleep 0.01; echo $?; sleep x 2> /dev/null; echo $?; sleep 2> /dev/null; echo $?
echo ~/x | grep -c "^$HOME/x$"; echo "~" a~ '~'/x \~; echo ~nobody_here
echo "tab	inside" a"b c"d 'e'"f"; echo ""; echo "" '' | wc -c; echo a'' ''b
echo $'it\'s' 'it'\''s' "it's"; echo "a\
b"; echo "\a\b" '\a'; echo \a\b
echo "$" $ "a$" a$ "$ x"; echo "${"$"}{A}"; echo "$A$B"; A=x; echo $A$A"$A"$A-$A.b $A/b
exit 3; echo no
echo a; exit 4
true; exit
false; exit
echo >&2 2>&1 | cat; echo {} {a} a{b}c '{a,b}'; echo a=b --x=y; a=b; echo c=d
echo a > x.1 && cat x.1 || echo no; ls x.1 && rm x.1 && ls x.1 2> /dev/null || echo gone
echo '[' ']' ! '!' a!b; echo = == ; echo %; echo ^; echo @ : , . +
pwd | wc -l; which nope_nope; echo $?; cat bin | tr -d '\000-\011' | cat -v; true | cat | cat | cat
export 1a=2 2> /dev/null; echo $?; export A B; env | grep -c '^[AB]='
grep 2> /dev/null; echo $?; grep -Y a users.csv 2> /dev/null; echo $?; ls -Y 2> /dev/null; echo $?; sort -Y 2> /dev/null; echo $?
./users.csv 2> /dev/null; echo $?; ./nope 2> /dev/null; echo $?; ./chapters 2> /dev/null; echo $?; "" 2> /dev/null; echo $?
head nope 2> /dev/null; echo $?; tail nope 2> /dev/null; echo $?; head -n x users.csv 2> /dev/null; echo $?; head chapters 2> /dev/null; echo $?
cat users.csv/ 2> /dev/null; echo $?; cat users.csv/x 2> /dev/null; echo $?; cat '' 2> /dev/null; echo $?; echo > '' 2> /dev/null; echo $?
cat - < open.txt; echo x | cat users.csv - open.txt; cat < users.csv < open.txt; echo; echo y | cat < open.txt
`.trim();

// A line that does not end a command goes on in the next.
function toCommands(text) {
  const commands = [];
  for (const line of text.split("\n")) {
    const last = commands.at(-1);
    if (last !== undefined && isOpen(last)) commands[commands.length - 1] = `${last}\n${line}`;
    else commands.push(line);
  }
  return commands;
}

const isOpen = (text) => {
  const quotes = text.replace(/\\./gs, "").replace(/\$'[^']*'|'[^']*'|"[^"]*"/g, "");
  return /(\\|&&|\|)$/.test(text) || (/(^|\s)#/.test(text) === false && /['"]/.test(quotes));
};

const bash = spawnSync("bash", ["-c", "head --version | head -1"], { encoding: "utf8" });
const skip = bash.stdout?.includes("GNU") ? false : "needs bash and GNU's programs";

function inBash(line) {
  const folder = mkdtempSync(join(tmpdir(), "course-"));
  try {
    for (const [path, data] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), data);
    }
    const env = { PATH: process.env.PATH, HOME: folder, LC_ALL: "C.UTF-8" };
    const { stdout, stderr, status } = spawnSync("bash", ["-c", line], { cwd: folder, env });
    return { out: stdout.toString(), err: stderr.toString(), code: status };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const line of toCommands(LINES)) {
  test(`bash prints the same for: ${line}`, { skip }, async () => {
    const expected = inBash(line);
    const result = await run(makeShell({ FS: new MemoryFS(FILES) }), line);
    assert.equal(result.out, expected.out, `${result.err}\n--- bash:\n${expected.err}`);
    assert.equal(result.code, expected.code, `${result.err}\n--- bash:\n${expected.err}`);
  });
}
