/* options.c - parses a command line by the table of options.
 *
 *     --name VALUE   --name=VALUE   -n VALUE   -nVALUE   --flag   -qh   --  (the rest are no options)   - (no option: standard input)
 *
 * Options may stand anywhere. A value given twice: the last one counts, but of a list all do. Numbers are checked against their range and choices against
 * their list here, so that no command has to. */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

#define FLAG(name, letter, group, en, zh)                                                          \
    { name, letter, HX_OPT_FLAG, group, NULL, 0, 0, en, zh }
#define TEXT(name, letter, kind, group, value, en, zh)                                             \
    { name, letter, kind, group, value, 0, 0, en, zh }

const hx_cli_option hx_cli_options[HX_OPT_N] = {
    [HX_OPT_HELP] = FLAG("help", 'h', HX_GROUP_GENERAL, "show this help", "显示本帮助"),
    [HX_OPT_VERSION] = FLAG("version", 'V', HX_GROUP_GENERAL, "print the version", "显示版本"),
    [HX_OPT_LANG] = TEXT("lang", 0, HX_OPT_CHOICE, HX_GROUP_GENERAL, "en,zh",
                         "language of messages and tables (default: by LANG)",
                         "消息和表格的语言（默认按 LANG）"),
    [HX_OPT_QUIET] =
        FLAG("quiet", 'q', HX_GROUP_GENERAL, "no progress and no notes on standard error",
             "标准错误上不显示进度和提示"),
    [HX_OPT_SEED] = {"seed", 0, HX_OPT_NUMBER, HX_GROUP_GENERAL, "N", 0, INT64_MAX,
                     "start of random numbers: the same seed, the same result",
                     "随机数种子：种子相同，结果相同"},
    [HX_OPT_MODEL] =
        TEXT("model", 0, HX_OPT_STRING, HX_GROUP_GENERAL, "FILE|NAME",
             "rules, a name of 'models list', a .gguf file or a model's folder (default: rules)",
             "rules、“models list”中的名称、.gguf 文件或模型目录（默认 rules）"),
    [HX_OPT_FORMAT] =
        TEXT("format", 'f', HX_OPT_CHOICE, HX_GROUP_OUTPUT, "json,table,csv",
             "json (one a line), table or csv; default: table on a terminal, else json",
             "json（每行一条）、table 或 csv；默认：终端上为 table，否则为 json"),
    [HX_OPT_EXPORT_FORMAT] = TEXT("format", 'f', HX_OPT_CHOICE, HX_GROUP_OUTPUT, "csv,xlsx",
                                  "csv or xlsx (default: by the name of --out, else csv)",
                                  "csv 或 xlsx（默认按 --out 的文件名，否则 csv）"),
    [HX_OPT_OUT] = TEXT("out", 'o', HX_OPT_FILE, HX_GROUP_OUTPUT, "FILE",
                        "write to FILE instead of standard output", "写入 FILE，而不是标准输出"),
    [HX_OPT_HEAD] = {"head", 'n', HX_OPT_NUMBER, HX_GROUP_OUTPUT, "N", 1, 1000000000,
                     "only the first N rows", "只输出前 N 行"},
    [HX_OPT_STORE] =
        TEXT("store", 's', HX_OPT_FILE, HX_GROUP_JOB, "FILE",
             "the store: one file that holds everything", "库文件：一个文件保存全部数据"),
    [HX_OPT_REPORT] =
        TEXT("report", 'r', HX_OPT_FILE, HX_GROUP_JOB, "FILE",
             "write a self-contained HTML report to FILE", "把自成一体的 HTML 报告写入 FILE"),
    [HX_OPT_AS_OF] =
        TEXT("as-of", 0, HX_OPT_STRING, HX_GROUP_JOB, "DATE",
             "look at the store as it was at DATE, or 'now' (default: its latest event)",
             "以 DATE 时刻（或 now）的情况为准（默认：最新事件的时间）"),
    [HX_OPT_TIMEZONE] = TEXT("timezone", 0, HX_OPT_STRING, HX_GROUP_READING, "ZONE",
                             "zone of times that name none: Asia/Shanghai, +08:00 (default: UTC)",
                             "未注明时区的时间所在时区：Asia/Shanghai、+08:00（默认 UTC）"),
    [HX_OPT_CURRENCY] = TEXT("currency", 0, HX_OPT_STRING, HX_GROUP_READING, "CODE",
                             "currency of amounts that name none: CNY, GBP, ...",
                             "未注明币种的金额的币种：CNY、GBP 等"),
    [HX_OPT_TEXT] = TEXT("text", 't', HX_OPT_STRING, HX_GROUP_READING, "COLUMN",
                         "the column that holds the text (default: recognised by name)",
                         "文本所在的列（默认按列名识别）"),
    [HX_OPT_MAP] = TEXT("map", 'm', HX_OPT_STRING, HX_GROUP_READING, "ROLE=COLUMN,...",
                        "what the columns mean: customer=买家,time=下单时间",
                        "各列的含义：customer=买家,time=下单时间"),
    [HX_OPT_MAP_FILE] = TEXT("map-file", 0, HX_OPT_FILE, HX_GROUP_READING, "FILE",
                             "read the mapping from FILE; written there if FILE is absent",
                             "从 FILE 读取列映射；FILE 不存在时写入"),
    [HX_OPT_FORMAT_IN] =
        TEXT("format-in", 0, HX_OPT_CHOICE, HX_GROUP_READING, "auto,csv,tsv,jsonl,xlsx,text",
             "what the files are (default: by name and content)",
             "输入文件的格式（默认按名称和内容判断）"),
    [HX_OPT_DELIMITER] = TEXT("delimiter", 0, HX_OPT_CHAR, HX_GROUP_READING, "CHAR",
                              "between cells: a character or 'tab' (default: detected)",
                              "单元格分隔符：一个字符或 tab（默认自动识别）"),
    [HX_OPT_QUOTE] = TEXT("quote", 0, HX_OPT_CHAR, HX_GROUP_READING, "CHAR",
                          "around cells (default: \" in CSV, none in TSV)",
                          "单元格引号（默认：CSV 为 \"，TSV 无）"),
    [HX_OPT_NO_HEADER] =
        FLAG("no-header", 0, HX_GROUP_READING, "the first row is data; columns are column_1, ...",
             "第一行就是数据；列名为 column_1 等"),
    [HX_OPT_SHEET] = {"sheet", 0, HX_OPT_NUMBER, HX_GROUP_READING, "N", 1, 100000,
                      "sheet of a workbook (default: the first with rows)",
                      "工作簿的第几张表（默认：第一张有数据的）"},
    [HX_OPT_DATE_ORDER] = TEXT("date-order", 0, HX_OPT_CHOICE, HX_GROUP_READING, "auto,ymd,dmy,mdy",
                               "which part of 5/3/26 is the day", "5/3/26 中哪一部分是日"),
    [HX_OPT_REJECTS] = TEXT("rejects", 0, HX_OPT_FILE, HX_GROUP_READING, "FILE",
                            "where rejected rows go (default of profile: STORE.rejects.csv)",
                            "被拒绝的行写到哪里（profile 默认：STORE.rejects.csv）"),
    [HX_OPT_DRY_RUN] =
        FLAG("dry-run", 0, HX_GROUP_JOB, "show what would be understood; store nothing",
             "只显示将如何理解文件，不写入任何数据"),
    [HX_OPT_RESUME] = FLAG("resume", 0, HX_GROUP_JOB, "go on with a run that was broken off",
                           "接着做上次中断的任务"),
    [HX_OPT_NO_TEXT] =
        FLAG("no-text", 0, HX_GROUP_JOB, "keep texts without reading them (orders only: faster)",
             "保留文本但不分析（只做订单时更快）"),
    [HX_OPT_THREADS] = {"threads", 'j', HX_OPT_NUMBER, HX_GROUP_GENERAL, "N", 1, 1024,
                        "threads (default: one a processor)", "线程数（默认每个处理器一个）"},
    [HX_OPT_ENGINE] =
        TEXT("engine", 0, HX_OPT_STRING, HX_GROUP_TEXT, "NAME",
             "how texts are read: rules or llama (default: llama with --model, else rules)",
             "文本分析引擎：rules 或 llama（默认：给出 --model 时为 llama，否则 rules）"),
    [HX_OPT_LABELS] = TEXT("labels", 0, HX_OPT_STRING, HX_GROUP_TEXT, "A,B",
                           "only these labels are answers: positive,negative",
                           "只在这些标签中作答：positive,negative"),
    [HX_OPT_ABSTAIN] = {"abstain", 0, HX_OPT_REAL, HX_GROUP_TEXT, "P", 0, 1,
                        "a label with a score below P (0 to 1) becomes unsure",
                        "得分低于 P（0 到 1）的标签记为 unsure"},
    [HX_OPT_USER_WORDS] = TEXT("user-words", 0, HX_OPT_FILE, HX_GROUP_TEXT, "FILE",
                               "your own words, one a line", "自定义词，每行一个"),
    [HX_OPT_STOP_FILE] =
        TEXT("stop-file", 0, HX_OPT_FILE, HX_GROUP_TEXT, "FILE",
             "stop words in place of the built-in list, one a line", "代替内置停用词表，每行一个"),
    [HX_OPT_NO_STOP] = FLAG("no-stop", 0, HX_GROUP_TEXT, "leave out stop words and punctuation",
                            "去掉停用词和标点"),
    [HX_OPT_TOP] = {"top", 'k', HX_OPT_NUMBER, HX_GROUP_TEXT, "N", 1, 1000,
                    "at most N keywords a text (default: 5)", "每条文本最多 N 个关键词（默认 5）"},
    [HX_OPT_METHOD] = TEXT("method", 0, HX_OPT_CHOICE, HX_GROUP_TEXT, "tfidf,textrank",
                           "how keywords are weighed (default: tfidf)", "关键词算法（默认 tfidf）"),
    [HX_OPT_KEEP_TRADITIONAL] =
        FLAG("keep-traditional", 0, HX_GROUP_TEXT, "traditional characters stay", "保留繁体字"),
    [HX_OPT_KEEP_CASE] =
        FLAG("keep-case", 0, HX_GROUP_TEXT, "capital letters stay", "保留大写字母"),
    [HX_OPT_KEEP_URLS] =
        FLAG("keep-urls", 0, HX_GROUP_TEXT, "URLs and @mentions stay", "保留网址和 @ 提及"),
    [HX_OPT_BY] = TEXT("by", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
                       "the columns to group by", "按哪些列分组"),
    [HX_OPT_AGG] = TEXT(
        "agg", 0, HX_OPT_STRING, HX_GROUP_JOB, "A,...",
        "count, count(c), distinct(c), sum(c), mean(c), min(c), max(c), first(c), last(c)",
        "count、count(列)、distinct(列)、sum(列)、mean(列)、min(列)、max(列)、first(列)、last(列)"),
    [HX_OPT_COLUMNS] = TEXT("columns", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
                            "only these columns", "只处理这些列"),
    [HX_OPT_WHERE] = TEXT("where", 0, HX_OPT_STRING, HX_GROUP_READING, "CONDITION",
                          "only rows for which it holds: 'city = London and (age >= 30 or level in "
                          "(gold, silver)) and not email is missing'",
                          "只取符合条件的行：'city = 上海 and (age >= 30 or level in (金, 银)) and "
                          "not email is missing'"),
    [HX_OPT_MISSING] =
        TEXT("missing", 0, HX_OPT_STRING, HX_GROUP_READING, "VALUE,...",
             "values that mean missing, beside empty cells, NA, NULL, NaN and the like",
             "除空单元格、NA、NULL、NaN 等以外，也算缺失的值"),
    [HX_OPT_AS_TEXT] = TEXT("as-text", 0, HX_OPT_STRING, HX_GROUP_READING, "COLUMN,...",
                            "columns of texts whatever they hold: postcodes, article numbers",
                            "无论内容都按文本读取的列：邮编、货号"),
    [HX_OPT_HTML] = TEXT("html", 0, HX_OPT_FILE, HX_GROUP_OUTPUT, "FILE",
                         "write a self-contained HTML page to FILE", "把自成一体的网页写入 FILE"),
    [HX_OPT_PREFIX] =
        TEXT("prefix", 0, HX_OPT_STRING, HX_GROUP_OUTPUT, "PREFIX",
             "how the files begin: PREFIX-train.csv, ... (default: the name of the file)",
             "各文件名的开头：PREFIX-train.csv 等（默认按输入文件名）"),
    [HX_OPT_FIT_ON] = TEXT("fit-on", 0, HX_OPT_FILE, HX_GROUP_JOB, "FILE",
                           "learn from this file (the training rows), apply to the other",
                           "从该文件（训练集）学习，再用于输入文件"),
    [HX_OPT_SAVE] = TEXT("save", 0, HX_OPT_FILE, HX_GROUP_OUTPUT, "FILE",
                         "keep what was learnt as a recipe, for --recipe",
                         "把学到的参数保存为配方，供 --recipe 使用"),
    [HX_OPT_RECIPE] = TEXT("recipe", 0, HX_OPT_FILE, HX_GROUP_JOB, "FILE",
                           "apply this kept recipe first", "先应用这份已保存的配方"),
    [HX_OPT_RULES] = TEXT("rules", 0, HX_OPT_FILE, HX_GROUP_JOB, "FILE",
                          "the rules that have to hold, as JSON", "须符合的规则（JSON 文件）"),
    [HX_OPT_PROPOSE] =
        TEXT("propose", 0, HX_OPT_FILE, HX_GROUP_OUTPUT, "FILE",
             "write a proposal to FILE, to be read and edited", "把建议写入 FILE，供核对和修改"),
    [HX_OPT_SELECT_METHODS] = TEXT("method", 0, HX_OPT_STRING, HX_GROUP_JOB, "NAME,...",
                                   "only these rankings (default: all but boruta); 'all'",
                                   "只做这些排名（默认除 boruta 外全部）；all 为全部"),
    [HX_OPT_SELECT_BY] = TEXT("by", 0, HX_OPT_STRING, HX_GROUP_JOB, "NAME",
                              "the ranking that decides (default: mean, the mean rank)",
                              "以哪项排名决定（默认 mean，即平均名次）"),
    [HX_OPT_SELECT_TOP] = {"top", 0, HX_OPT_NUMBER, HX_GROUP_JOB, "K", 1, 1000000,
                           "choose the best K columns, those of --must-keep among them",
                           "选出最好的 K 列，含 --must-keep 的列"},
    [HX_OPT_SELECT_LIMIT] =
        TEXT("threshold", 0, HX_OPT_STRING, HX_GROUP_JOB, "X",
             "choose the columns with at least X in --by (at most: mean, elimination, vif)",
             "选出 --by 的值不小于 X 的列（mean、elimination、vif 为不大于）"),
    [HX_OPT_MUST_KEEP] = TEXT("must-keep", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
                              "stay, whatever the rankings say", "无论排名如何都保留"),
    [HX_OPT_MUST_NOT] = TEXT("must-not", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
                             "must not be used: not even looked at", "不得使用，也不参与计算"),
    [HX_OPT_KEYS] =
        TEXT("keys", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
             "the columns that tell rows apart (default: all)", "区分各行的列（默认全部）"),
    [HX_OPT_NEAR] = {"near", 0, HX_OPT_REAL, HX_GROUP_JOB, "T", 0, 1,
                     "alike rows too, from this similarity on: 0.5 to 1, for example 0.9",
                     "相似度不低于 T 的行也算重复：0.5 到 1，例如 0.9"},
    [HX_OPT_KEEP] =
        TEXT("keep", 0, HX_OPT_STRING, HX_GROUP_JOB, "WHICH",
             "the row that stays: first, last, complete, latest:COLUMN (default: first)",
             "保留哪一行：first、last、complete、latest:列（默认 first）"),
    [HX_OPT_MAPPING] = TEXT("mapping", 0, HX_OPT_FILE, HX_GROUP_JOB, "FILE",
                            "dedupe: write the groups to FILE; repair: apply this mapping",
                            "dedupe：把各组写入 FILE；repair：应用该映射"),
    [HX_OPT_KEY] =
        TEXT("key", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
             "the columns by which rows of the files belong together", "按哪些列匹配各文件的行"),
    [HX_OPT_COMPARE] = TEXT("compare", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
                            "the columns to compare (default: all that two files share)",
                            "比较哪些列（默认两个文件共有的全部列）"),
    [HX_OPT_TOLERANCE] = TEXT("tolerance", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN=D,...",
                              "numbers that are at most D apart agree: amount=0.01",
                              "数值相差不超过 D 视为一致：amount=0.01"),
    [HX_OPT_SURVIVE] =
        TEXT("survive", 0, HX_OPT_STRING, HX_GROUP_JOB, "RULE",
             "the value that stays: first, most-frequent, newest:COLUMN, source:NAME "
             "(default: first)",
             "保留哪个值：first、most-frequent、newest:列、source:名称（默认 first）"),
    [HX_OPT_MERGED] =
        TEXT("merged", 0, HX_OPT_FILE, HX_GROUP_OUTPUT, "FILE",
             "write the merged table to FILE, a row a key", "把合并后的表写入 FILE，每个键一行"),
    [HX_OPT_PROFILE_STORE] =
        TEXT("profile-store", 0, HX_OPT_FILE, HX_GROUP_JOB, "FOLDER",
             "where the profiles of runs are kept", "保存各次运行档案的文件夹"),
    [HX_OPT_NAME] = TEXT("name", 0, HX_OPT_STRING, HX_GROUP_JOB, "NAME",
                         "the series of runs (default: the name of the file)",
                         "运行系列的名称（默认按文件名）"),
    [HX_OPT_BASELINE] =
        TEXT("baseline", 0, HX_OPT_STRING, HX_GROUP_JOB, "RUN",
             "compare with: previous (the latest without an alarm), first, or the "
             "number of a run (default: previous)",
             "与哪次比较：previous（最近一次无告警的）、first 或运行编号（默认 previous）"),
    [HX_OPT_ALPHA] = {"alpha", 0, HX_OPT_REAL, HX_GROUP_JOB, "P", 0, 1,
                      "the chance of an alarm where nothing changed (default: 0.001)",
                      "数据没有变化时误报的概率（默认 0.001）"},
    [HX_OPT_FEATURE_TIME] = TEXT("time", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                                 "when each row happened", "每行发生的时间"),
    [HX_OPT_PARTS] =
        TEXT("parts", 0, HX_OPT_STRING, HX_GROUP_JOB, "PART,...",
             "parts of the time: hour, minute, date, weekday, day, month, quarter, week, "
             "year, weekend, holiday_cn, holiday_us, cyclic",
             "时间的各部分：hour、minute、date、weekday、day、month、quarter、week、year、"
             "weekend、holiday_cn、holiday_us、cyclic"),
    [HX_OPT_WINDOW] =
        TEXT("window", 0, HX_OPT_STRING, HX_GROUP_JOB, "DAYS,...",
             "recency, and counts and sums of --columns over so many days before each "
             "row, within --by: 7,30,90",
             "距上次的天数，以及在 --by 各组内每行之前若干天的次数和 --columns 之和：7,30,90"),
    [HX_OPT_GAP] = TEXT("gap", 0, HX_OPT_STRING, HX_GROUP_JOB, "TIME",
                        "sessions of --by, cut where nothing happens for longer (default: 30m)",
                        "按 --by 划分会话：间隔超过此时长即断开（默认 30m）"),
    [HX_OPT_PAGE] = TEXT("page", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                         "sessions with the previous page and the path of this column",
                         "划分会话，并给出该列的上一页和路径"),
    [HX_OPT_INTERACT] = TEXT("interact", 0, HX_OPT_STRING, HX_GROUP_JOB, "KIND,...",
                             "of each pair of --columns: product, ratio, difference, sum",
                             "--columns 两两组合：product、ratio、difference、sum"),
    [HX_OPT_JOIN] = TEXT("join", 0, HX_OPT_FILE, HX_GROUP_JOB, "FILE",
                         "add the columns of the latest row of FILE at or before --as-of",
                         "加上 FILE 中不晚于 --as-of 的最近一行的各列"),
    [HX_OPT_JOIN_KEY] = TEXT("key", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
                             "join rows of the same key", "按相同的键匹配"),
    [HX_OPT_JOIN_AS_OF] = TEXT("as-of", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                               "the time of each row up to which it may know the file",
                               "每行在此列时间之前的信息才可用"),
    [HX_OPT_JOIN_TIME] = TEXT("join-time", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                              "the column of times in FILE (default: the name of --as-of)",
                              "FILE 中的时间列（默认与 --as-of 同名）"),
    [HX_OPT_JOIN_TOLERANCE] = TEXT("tolerance", 0, HX_OPT_STRING, HX_GROUP_JOB, "TIME",
                                   "no row of FILE that is older than this: 12h, 30d",
                                   "不用 FILE 中比这更旧的行：12h、30d"),
    [HX_OPT_LEAK_CHECK] =
        FLAG("leak-check", 0, HX_GROUP_JOB,
             "list features that change when later rows are taken away, instead of rows",
             "不输出各行，而是列出去掉之后的行时会改变的特征"),
    [HX_OPT_WORD_METHOD] = TEXT("method", 0, HX_OPT_CHOICE, HX_GROUP_TRAINING, "skipgram,cbow,glove",
                                "word2vec's skip-gram or CBOW, or GloVe (default: skipgram)",
                                "word2vec 的 skip-gram 或 CBOW，或 GloVe（默认 skipgram）"),
    [HX_OPT_DIMENSION] = {"dimension", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "D", 1, 4096,
                          "values of a vector (default: 100)", "词向量的维数（默认 100）"},
    [HX_OPT_WORD_WINDOW] = {"window", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1, 100,
                            "words on each side that count as near (default: 5)",
                            "每侧算作相邻的词数（默认 5）"},
    [HX_OPT_NEGATIVE] = {"negative", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1, 100,
                         "wrong words drawn for each right one (default: 5; not glove)",
                         "每个正确词抽取的负样本数（默认 5；glove 不用）"},
    [HX_OPT_MIN_COUNT] = {"min-count", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1, 1 << 30,
                          "leave out words that occur less often (default: 5)",
                          "略去出现次数更少的词（默认 5）"},
    [HX_OPT_SAMPLE] = {"sample", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "S", 0, 1,
                       "thin out words with a greater share of the text (default: 0.001; 0: none; not "
                       "glove)",
                       "对占比更大的词降采样（默认 0.001；0 为不降；glove 不用）"},
    [HX_OPT_WORD] = TEXT("word", 0, HX_OPT_STRING, HX_GROUP_JOB, "WORD,...",
                         "words like this one, or like several together", "与此词（或几个词合起来）相近的词"),
    [HX_OPT_PLUS] = TEXT("plus", 0, HX_OPT_STRING, HX_GROUP_JOB, "WORD,...",
                         "... and this one: --word king --minus man --plus woman",
                         "再加上此词：--word 国王 --minus 男人 --plus 女人"),
    [HX_OPT_MINUS] = TEXT("minus", 0, HX_OPT_STRING, HX_GROUP_JOB, "WORD,...",
                          "... but not this one", "减去此词"),
    [HX_OPT_SIMILAR_TOP] = {"top", 'k', HX_OPT_NUMBER, HX_GROUP_JOB, "N", 1, 1000000,
                            "so many words (default: 10)", "给出的词数（默认 10）"},
    [HX_OPT_UNDO] = FLAG("undo", 0, HX_GROUP_JOB, "take the recipe's scaling back, last step first",
                         "反向执行配方中的缩放，从最后一步开始"),
    [HX_OPT_STEP_SET] = TEXT("set", 0, HX_OPT_LIST, HX_GROUP_JOB, "KEY=VALUE",
                             "another setting of the step (docs/tables.md); up to 16 times",
                             "该步骤的其他设置（见 docs/tables.md），最多 16 次"),
    [HX_OPT_STEP_BY] = TEXT("by", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
                            "within the groups of these columns", "在这些列的各组之内"),
    [HX_OPT_ORDER_BY] =
        TEXT("order-by", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
             "a column of times or numbers that orders the rows (default: as they stand)",
             "决定行顺序的时间列或数值列（默认按文件顺序）"),
    [HX_OPT_IMPUTE_METHOD] =
        TEXT("method", 0, HX_OPT_CHOICE, HX_GROUP_JOB,
             "mean,median,mode,constant,ffill,bfill,knn,iterative,drop-rows,drop-columns",
             "what fills missing values, or that their rows or columns go (default: median)",
             "缺失值如何填补，或删除其行、列（默认 median）"),
    [HX_OPT_INTERPOLATE_METHOD] =
        TEXT("method", 0, HX_OPT_CHOICE, HX_GROUP_JOB,
             "linear,nearest,natural,not-a-knot,clamped,pchip,akima",
             "the curve through the values (default: linear)", "插值曲线（默认 linear）"),
    [HX_OPT_SCALE_METHOD] =
        TEXT("method", 0, HX_OPT_CHOICE, HX_GROUP_JOB,
             "minmax,z,robust,maxabs,quantile,log1p,box-cox,yeo-johnson",
             "how numbers are scaled (default: minmax)", "缩放方法（默认 minmax）"),
    [HX_OPT_ENCODE_METHOD] =
        TEXT("method", 0, HX_OPT_CHOICE, HX_GROUP_JOB, "onehot,ordinal,frequency,target,hash",
             "how categories become numbers (default: onehot)", "类别如何变为数值（默认 onehot）"),
    [HX_OPT_OUTLIERS_METHOD] =
        TEXT("method", 0, HX_OPT_CHOICE, HX_GROUP_JOB, "iqr,z,mad",
             "how the bounds are drawn (default: iqr)", "界限的算法（默认 iqr）"),
    [HX_OPT_VALUE] = TEXT("value", 0, HX_OPT_STRING, HX_GROUP_JOB, "VALUE",
                          "constant: what to fill with", "constant：填入的值"),
    [HX_OPT_LIMIT] = {"limit", 0, HX_OPT_NUMBER, HX_GROUP_JOB, "N", 1, INT32_MAX,
                      "at most N missing values in a row are filled", "连续缺失时最多填补 N 个"},
    [HX_OPT_MASK] = FLAG("mask", 0, HX_GROUP_JOB, "add a column NAME_missing: true where it was",
                         "另加一列 NAME_missing，标记原先缺失的行"),
    [HX_OPT_EXTRAPOLATE] = FLAG("extrapolate", 0, HX_GROUP_JOB,
                                "carry the curve on before the first and behind the last value",
                                "首值之前和末值之后也沿曲线延伸"),
    [HX_OPT_ACTION] =
        TEXT("action", 0, HX_OPT_CHOICE, HX_GROUP_JOB, "flag,clip,missing,remove",
             "what is done with outliers (default: flag)", "如何处理离群值（默认 flag）"),
    [HX_OPT_FACTOR] = {"factor", 0, HX_OPT_REAL, HX_GROUP_JOB, "F", 0, 1000000,
                       "how far the bounds are (default: iqr 1.5, z 3, mad 3.5)",
                       "界限的倍数（默认 iqr 1.5、z 3、mad 3.5）"},
    [HX_OPT_FROM] = TEXT("from", 0, HX_OPT_STRING, HX_GROUP_JOB, "UNIT", "the unit the values have",
                         "现在的单位"),
    [HX_OPT_UNIT] =
        TEXT("to", 0, HX_OPT_STRING, HX_GROUP_JOB, "UNIT", "the unit they get", "换算成的单位"),
    [HX_OPT_LEARN_TARGET] = TEXT("target", 't', HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                                 "the column that is to be learnt", "要学习的列"),
    [HX_OPT_LEARN_TASK] =
        TEXT("task", 0, HX_OPT_CHOICE, HX_GROUP_JOB, "auto,regression,classes,survival,outliers",
             "what is learnt (default: classes for text, true/false and few whole numbers)",
             "学习任务（默认：文本、真假值和取值很少的整数按类别）"),
    [HX_OPT_LEARN_TEXT] =
        TEXT("text", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
             "the column of texts or sequences that a network reads (default: the only one of texts)",
             "网络读取的文本列或序列列（默认为唯一的文本列）"),
    [HX_OPT_ITEMS] = TEXT("items", 0, HX_OPT_STRING, HX_GROUP_JOB, "MARK",
                          "--text holds items between such marks: --items '>' for home>list>cart",
                          "--text 列为以此标记分隔的项：首页>列表>购物车 用 --items '>'"),
    [HX_OPT_USE] = TEXT("use", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
                        "learn from these columns alone", "只用这些列学习"),
    [HX_OPT_DROP] = TEXT("drop", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
                         "do not learn from these columns", "不用这些列学习"),
    [HX_OPT_WEIGHT] = TEXT("weight", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                           "how much a row counts", "每行的权重列"),
    [HX_OPT_EVENT] = TEXT("event", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                          "survival: whether it ended at the time of --target",
                          "生存分析：是否在 --target 时结束"),
    [HX_OPT_PARAM] = TEXT("param", 'p', HX_OPT_LIST, HX_GROUP_TRAINING, "NAME=VALUE",
                          "a parameter of the model; may be given up to 16 times",
                          "模型参数，可给出多次，最多 16 次"),
    [HX_OPT_PARAMS] = TEXT("params", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "JSON",
                           "parameters as one JSON object", "以 JSON 对象给出参数"),
    [HX_OPT_SOLVER] =
        TEXT("solver", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "NAME",
             "linear: closed, or gd (gradient descent)", "linear：closed 或 gd（梯度下降）"),
    [HX_OPT_LEARNING_RATE] = {"learning-rate", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "A", 0, 1000000,
                              "step of gradient descent, as --param rate=A",
                              "梯度下降的学习率，同 --param rate=A"},
    [HX_OPT_COST] = TEXT("cost", 0, HX_OPT_STRING, HX_GROUP_JOB, "FP,FN",
                         "costs of a false alarm and of a miss: the cheapest threshold",
                         "误报与漏报的代价，求代价最小的阈值"),
    [HX_OPT_ALL] =
        FLAG("all", 0, HX_GROUP_OUTPUT, "the probability of every class", "给出每个类别的概率"),
    [HX_OPT_REPEATS] = {"repeats", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "R", 1, 100,
                        "cross-validate R times, each with other folds (default: 1)",
                        "重复交叉验证 R 次，每次折不同（默认 1）"},
    [HX_OPT_OUTER] = {"outer", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "K", 2, 100,
                      "nested: judge the whole search on K folds it never saw",
                      "嵌套：在从未见过的 K 折上评判整个搜索"},
    [HX_OPT_SINGLE] = FLAG("single", 0, HX_GROUP_TRAINING,
                           "keep the best setting alone, not those that are best together",
                           "只保留最佳的单个设置，不组合"),
    [HX_OPT_WAYS] = TEXT("method", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "NAME,...",
                         "voting, blending, stacking (default: all three)",
                         "voting、blending、stacking（默认三种都做）"),
    [HX_OPT_CALIBRATION] = TEXT("calibrate", 0, HX_OPT_CHOICE, HX_GROUP_TRAINING,
                                "platt,isotonic,temperature",
                                "make probabilities mean what they say, by rows out of fold",
                                "用折外预测校准概率"),
    [HX_OPT_CONFORMAL] = {"conformal", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "SHARE", 0, 1,
                          "keep this share of the rows for predict --coverage: 0.2",
                          "留出这一比例的行，供 predict --coverage 使用：0.2"},
    [HX_OPT_CERTAINTY] = {"coverage", 0, HX_OPT_REAL, HX_GROUP_OUTPUT, "C", 0, 1,
                          "intervals or sets that hold the truth so often: 0.9 (learn fit "
                          "--conformal)",
                          "给出以此概率包含真值的区间或集合：0.9（须用 learn fit --conformal）"},
    [HX_OPT_SETS] = TEXT("sets", 0, HX_OPT_CHOICE, HX_GROUP_OUTPUT, "lac,aps",
                         "lac: small sets; aps: sets that grow with doubt (default: lac)",
                         "lac：小集合；aps：越不确定集合越大（默认 lac）"),
    [HX_OPT_CURVE] = FLAG("curve", 0, HX_GROUP_TRAINING,
                          "learning curves: on 10, 25, 50, 75 and 100 % of the training rows",
                          "学习曲线：用 10、25、50、75、100 % 的训练行"),
    [HX_OPT_RANK_BY] = TEXT("rank-by", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                            "NDCG, MAP and recall of the rows ranked within each of its values",
                            "在该列各值的组内排序，给出 NDCG、MAP 和召回率"),
    [HX_OPT_RANK_AT] = {"at", 0, HX_OPT_NUMBER, HX_GROUP_JOB, "K", 1, 1000000,
                        "--rank-by: of the first K of a group (default: 10)",
                        "--rank-by：取每组前 K 名（默认 10）"},
    [HX_OPT_TUNE_SEARCH] =
        TEXT("search", 0, HX_OPT_CHOICE, HX_GROUP_TRAINING, "halving,random,grid,tpe",
             "halving: bad settings end early; random; grid: evenly; tpe: where good ones were "
             "(default: halving)",
             "halving：差的设置提前结束；random：随机；grid：网格；tpe：在好设置附近（默认 halving）"),
    [HX_OPT_DURATION] = TEXT("time", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                             "how long each row was seen", "每行被观察了多久"),
    [HX_OPT_ENDED] = TEXT("event", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                          "whether it ended then (true, 1) or was only seen so long (false, 0)",
                          "届时是否发生（true、1），或只观察到此时（false、0）"),
    [HX_OPT_CURVE_GROUP] = TEXT("group", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                                "a curve for each value, and whether they differ (log-rank)",
                                "每个值一条曲线，并检验是否有差异（对数秩检验）"),
    [HX_OPT_RISK_USE] = TEXT("use", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
                             "how these columns change the risk (Cox regression)",
                             "这些列如何影响风险（Cox 回归）"),
    [HX_OPT_TIES] = TEXT("ties", 0, HX_OPT_CHOICE, HX_GROUP_JOB, "efron,breslow",
                         "how rows that ended together count (default: efron)",
                         "同时发生的行如何计算（默认 efron）"),
    [HX_OPT_EXPLAIN_METHOD] =
        TEXT("method", 0, HX_OPT_STRING, HX_GROUP_JOB, "M,...",
             "coefficients, shap, kernel, permutation, partial, ice, counterfactual, surrogate "
             "(default: those that fit)",
             "coefficients、shap、kernel、permutation、partial、ice、counterfactual、surrogate（默认："
             "适用的方法）"),
    [HX_OPT_EXPLAIN_TOP] = {"top", 0, HX_OPT_NUMBER, HX_GROUP_JOB, "K", 1, 1000,
                            "columns that are shown in full (default: 10; partial: 6)",
                            "详细显示的列数（默认 10，partial 为 6）"},
    [HX_OPT_ROW] = {"row", 0, HX_OPT_NUMBER, HX_GROUP_JOB, "N", 1, 2000000000,
                    "explain row N alone (behind --where; default: all rows together)",
                    "只解释第 N 行（按 --where 之后计；默认：全部行）"},
    [HX_OPT_CLASS] = TEXT("class", 0, HX_OPT_STRING, HX_GROUP_JOB, "C",
                          "whose probability is explained (default: of two the second, of a row "
                          "its own)",
                          "解释哪个类别的概率（默认：两类取第二类，单行取其所属类别）"),
    [HX_OPT_WANT] = TEXT("want", 0, HX_OPT_STRING, HX_GROUP_JOB, "W",
                         "what a counterfactual is to reach: a class, 'above 0.8', 'below 20'",
                         "反事实要达到的结果：类别、“above 0.8”或“below 20”"),
    [HX_OPT_FIXED] = TEXT("fixed", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN,...",
                          "columns that a counterfactual may not change", "反事实不得改动的列"),
    [HX_OPT_BACKGROUND] = TEXT("background", 0, HX_OPT_FILE, HX_GROUP_JOB, "FILE",
                               "rows that kernel compares with (default: of the file itself)",
                               "kernel 用来比较的行（默认取自该文件）"),
    [HX_OPT_CLUSTER_METHOD] =
        TEXT("method", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "NAME",
             "kmeans, mini-batch, mixture, hierarchical, dbscan or hdbscan (default: kmeans)",
             "kmeans、mini-batch、mixture、hierarchical、dbscan 或 hdbscan（默认 kmeans）"),
    [HX_OPT_EXPORT_AS] =
        TEXT("as", 0, HX_OPT_CHOICE, HX_GROUP_JOB, "sql,c,xgboost",
             "in which words: one SELECT, one file in C, or XGBoost's JSON",
             "导出形式：一条 SELECT、一个 C 文件，或 XGBoost 的 JSON"),
    [HX_OPT_EXPORT_TABLE] =
        TEXT("table", 0, HX_OPT_STRING, HX_GROUP_JOB, "TABLE",
             "sql: where the rows are, SCHEMA.TABLE (default: data)",
             "sql：数据所在的表，可写作 模式.表（默认 data）"),
    [HX_OPT_EXPORT_NAME] = TEXT("name", 0, HX_OPT_STRING, HX_GROUP_JOB, "NAME",
                                "c: what its names begin with (default: model)",
                                "c：各名称的前缀（默认 model）"),
    [HX_OPT_CLUSTERS] =
        TEXT("k", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "N|auto",
             "how many clusters (default: auto)", "簇的个数（默认 auto，自动选择）"),
    [HX_OPT_SAVE_CLUSTERS] =
        TEXT("save", 0, HX_OPT_FILE, HX_GROUP_OUTPUT, "FILE", "keep the clusters, for --model",
             "保存聚类结果，供 --model 使用"),
    [HX_OPT_STRATIFY] = TEXT("stratify", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                             "share out each value of it alike", "使该列各值在各部分比例一致"),
    [HX_OPT_GROUP] = TEXT("group", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                          "keep the rows of each value together", "使该列同一值的行在同一部分"),
    [HX_OPT_TIME] = TEXT("time", 0, HX_OPT_STRING, HX_GROUP_JOB, "COLUMN",
                         "in order of this column, the test last", "按该列先后，测试集最晚"),
    [HX_OPT_FORCE] =
        FLAG("force", 0, HX_GROUP_JOB, "replace a store that is there", "覆盖已有的库"),
    [HX_OPT_YES] = FLAG("yes", 'y', HX_GROUP_JOB, "do not ask", "不再询问"),
    [HX_OPT_PRECISION] = TEXT("precision", 0, HX_OPT_CHOICE, HX_GROUP_MODEL, "fast,exact",
                              "fast: 8-bit integers; exact: 32-bit floats (default: fast)",
                              "fast：8 位整数；exact：32 位浮点（默认 fast）"),
    [HX_OPT_SPECIAL] =
        FLAG("special", 0, HX_GROUP_MODEL, "add the tokens that the model puts around a text",
             "加上模型在文本首尾使用的特殊词元"),
    [HX_OPT_MAX_LENGTH] = {"max-length", 0, HX_OPT_NUMBER, HX_GROUP_MODEL, "N", 1, 1 << 20,
                           "at most N tokens a text; more are cut off at its end",
                           "每条文本最多 N 个词元，超出部分从末尾截去"},
    [HX_OPT_PAD] =
        FLAG("pad", 0, HX_GROUP_MODEL, "fill up to --max-length; attention_mask says how",
             "补齐到 --max-length，attention_mask 标出补齐部分"),
    [HX_OPT_PIECES] =
        FLAG("pieces", 0, HX_GROUP_MODEL,
             "the text of each token, too; parts of a character as the model spells them",
             "同时给出每个词元的文本；不足一个字符的按模型的写法"),
    [HX_OPT_TASK] = TEXT("task", 0, HX_OPT_STRING, HX_GROUP_MODEL, "NAME,...",
                         "heads of the model by the names of their tasks (default: all that fit)",
                         "按任务名选用模型的任务头（默认：所有适用的）"),
    [HX_OPT_THRESHOLD] = {"threshold", 0, HX_OPT_REAL, HX_GROUP_MODEL, "P", 0, 1,
                          "of several labels those with a probability of P or more (default: 0.5)",
                          "多标签时取概率不低于 P 的标签（默认 0.5）"},
    [HX_OPT_WORDS] =
        FLAG("words", 0, HX_GROUP_MODEL, "words are what stands between blanks, as in training",
             "词以空白分隔，与训练时相同"),
    [HX_OPT_POOLING] = TEXT("pooling", 0, HX_OPT_CHOICE, HX_GROUP_MODEL, "last,mean",
                            "the vector of the last token, or the mean of all (default: last; of a model that train "
                            "makes: mean)",
                            "取最后一个词元的向量，或全部的均值（默认 last；train 新建模型时为 mean）"),
    [HX_OPT_NORMALIZE] =
        FLAG("normalize", 0, HX_GROUP_MODEL, "vectors of length 1", "把向量归一化为长度 1"),
    [HX_OPT_BIDIRECTIONAL] = FLAG("bidirectional", 0, HX_GROUP_MODEL,
                                  "every token sees the whole text, not only before it",
                                  "每个词元都能看到全文，而不只是前文"),
    [HX_OPT_INSTRUCTION] = TEXT("instruction", 0, HX_OPT_STRING, HX_GROUP_MODEL, "TEXT",
                                "what to ask about each text (default: which label fits)",
                                "对每条文本提出的问题（默认：哪个标签合适）"),
    [HX_OPT_DATA] = TEXT("data", 'd', HX_OPT_FILE, HX_GROUP_READING, "FILE",
                         "once for each row of FILE", "对 FILE 的每一行各做一次"),
    [HX_OPT_GRAMMAR] = TEXT("grammar", 0, HX_OPT_FILE, HX_GROUP_MODEL, "FILE",
                            "the text must fit this GBNF grammar", "文本必须符合该 GBNF 语法"),
    [HX_OPT_JSON_SCHEMA] =
        TEXT("json-schema", 0, HX_OPT_FILE, HX_GROUP_MODEL, "FILE",
             "the text must be JSON of this schema", "文本必须是符合该 JSON Schema 的 JSON"),
    [HX_OPT_MAX_TOKENS] =
        {"max-tokens", 0, HX_OPT_NUMBER, HX_GROUP_MODEL, "N", 1, 1 << 20,
         "end after N tokens; with a grammar or schema that is a failure (default: 256)",
         "最多生成 N 个词元；若语法或 Schema 尚未完成则算失败（默认 256）"},
    [HX_OPT_TEMPERATURE] =
        {"temperature", 0, HX_OPT_REAL, HX_GROUP_MODEL, "T", 0, 100,
         "0: always the likeliest token; more: more variety (default: 0); train: of the "
         "teacher's logits (default: 1)",
         "0：总取最可能的词元；越大越多样（默认 0）；train：教师 logits 的温度（默认 1）"},
    [HX_OPT_TOP_K] = {"top-k", 0, HX_OPT_NUMBER, HX_GROUP_MODEL, "N", 0, 1 << 20,
                      "only among the N likeliest tokens (0: all)",
                      "只在最可能的 N 个词元中选（0 为全部）"},
    [HX_OPT_TOP_P] = {"top-p", 0, HX_OPT_REAL, HX_GROUP_MODEL, "P", 0, 1,
                      "only among the likeliest that make up P (1: all)",
                      "只在累计概率达到 P 的最可能词元中选（1 为全部）"},
    [HX_OPT_MIN_P] = {"min-p", 0, HX_OPT_REAL, HX_GROUP_MODEL, "P", 0, 1,
                      "only tokens at least P times as likely as the likeliest",
                      "只选概率不低于最可能词元 P 倍的词元"},
    [HX_OPT_REPETITION_PENALTY] = {"repetition-penalty", 0, HX_OPT_REAL, HX_GROUP_MODEL, "R", 0,
                                   100, "above 1: less of what was just said",
                                   "大于 1：减少重复刚说过的内容"},
    [HX_OPT_STOP] = TEXT("stop", 0, HX_OPT_LIST, HX_GROUP_MODEL, "TEXT",
                         "end before this text; may be given up to 16 times (\\n, \\t and \\\\ are "
                         "understood)",
                         "遇到这段文字即止；可给出多次，最多 16 次（可写 \\n、\\t 和 \\\\）"),
    [HX_OPT_SYSTEM] =
        TEXT("system", 0, HX_OPT_STRING, HX_GROUP_MODEL, "TEXT",
             "what the model is told about its task beforehand", "事先告诉模型的任务说明"),
    [HX_OPT_RAW] =
        FLAG("raw", 0, HX_GROUP_MODEL, "go on with the prompt as it is: no chat template",
             "直接续写提示，不套用对话模板"),
    [HX_OPT_LOG_PROBS] = FLAG("log-probs", 0, HX_GROUP_MODEL, "the log-probability of each token",
                              "给出每个词元的对数概率"),
    [HX_OPT_CONTEXT] = {"context", 0, HX_OPT_NUMBER, HX_GROUP_MODEL, "N", 8, 1 << 20,
                        "tokens that prompt and answer may have together (default: 4096)",
                        "提示和回答合计的词元上限（默认 4096）"},
    [HX_OPT_PART] = {"context", 0, HX_OPT_NUMBER, HX_GROUP_MODEL, "N", 8, 1 << 20,
                     "tokens of a part (default: 512)", "每段的词元数（默认 512）"},
    [HX_OPT_FORETOLD] =
        TEXT("data", 'd', HX_OPT_FILE, HX_GROUP_READING, "FILE",
             "the labelled rows; of perplexity: the text to be foretold, all of FILE",
             "带标签的数据；perplexity：要预测的文本，即 FILE 的全部内容"),
    [HX_OPT_AGAINST] =
        TEXT("against", 0, HX_OPT_STRING, HX_GROUP_JOB, "MODEL",
             "another model on the same rows: rules, a file or a name; with McNemar's test",
             "用同样的数据比较另一个模型：rules、文件或名称；附 McNemar 检验"),
    [HX_OPT_CALIBRATE] = TEXT("calibrate", 0, HX_OPT_FILE, HX_GROUP_JOB, "FILE",
                              "fit a temperature on the rows of FILE first (not those of --data)",
                              "先用 FILE 的各行拟合温度（不得与 --data 相同）"),
    [HX_OPT_TARGET] = TEXT("out", 'o', HX_OPT_FILE, HX_GROUP_JOB, "PATH",
                           "the file or folder to write", "要写入的文件或目录"),
    [HX_OPT_TO] = TEXT("to", 0, HX_OPT_CHOICE, HX_GROUP_JOB, "gguf,hf",
                       "a GGUF file, or a Hugging Face folder", "GGUF 文件，或 Hugging Face 目录"),
    [HX_OPT_TYPE] =
        TEXT("type", 0, HX_OPT_CHOICE, HX_GROUP_JOB, "q4_k,q4_0,q4_1,q6_k,q8_0,bf16,f16,f32",
             "type of the weights", "权重的类型"),
    [HX_OPT_ADAPTER] = TEXT("adapter", 0, HX_OPT_FILE, HX_GROUP_JOB, "FOLDER",
                            "merge this LoRA adapter of PEFT", "并入 PEFT 的 LoRA 适配器目录"),
    [HX_OPT_KEEP_LAYERS] = TEXT("layers", 0, HX_OPT_STRING, HX_GROUP_JOB, "LIST",
                                "only these blocks: 0-7,10", "只保留这些层：0-7,10"),
    [HX_OPT_VOCAB_FROM] = TEXT("vocab-from", 0, HX_OPT_FILE, HX_GROUP_JOB, "FILE",
                               "only the tokens that the texts of FILE need, bytes and specials",
                               "只保留该文件文本所需的词元，以及字节和特殊词元"),
    [HX_OPT_LABELLED] = TEXT("data", 'd', HX_OPT_FILE, HX_GROUP_READING, "FILE",
                             "labelled texts to measure by", "用来衡量的带标签文本"),
    [HX_OPT_TRY] =
        TEXT("try", 0, HX_OPT_STRING, HX_GROUP_JOB, "WAY,...",
             "int8, q4, q4:plain, q6_k, vocab, drop:4, ffn:0.75, heads:0.75, tune:1, qat:8, "
             "qat:4; A+B: one after the other",
             "int8、q4、q4:plain、q6_k、vocab、drop:4、ffn:0.75、heads:0.75、tune:1、qat:8、"
             "qat:4；A+B 依次进行"),
    [HX_OPT_WEIGHTS] = FLAG("tensors", 0, HX_GROUP_OUTPUT, "every tensor with its type and shape",
                            "列出每个张量及其类型和形状"),
    [HX_OPT_TRAIN_DATA] =
        TEXT("data", 'd', HX_OPT_LIST, HX_GROUP_READING, "FILE",
             "what to learn from: one file of labels; of plain text up to 16, each with its --data",
             "训练数据：带标签的为一个文件；纯文本最多 16 个，各用一个 --data"),
    [HX_OPT_TOKENIZER] = TEXT("tokenizer", 0, HX_OPT_FILE, HX_GROUP_TRAINING, "FILE",
                              "the tokenizer: tokenizer.model or a model's folder",
                              "分词器：tokenizer.model 或模型目录"),
    [HX_OPT_CONFIG] =
        TEXT("config", 0, HX_OPT_FILE, HX_GROUP_TRAINING, "FILE",
             "JSON with any of the sizes and options below", "JSON 文件，可含下列各项大小与选项"),
    [HX_OPT_LAYERS] =
        TEXT("layers", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "N",
             "blocks of the model (of --model: its first N, or those of a list: 0-5,7)",
             "模型层数（有 --model 时取前 N 层，或列出各层：0-5,7）"),
    [HX_OPT_WIDTH] = {"width", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 8, 65536,
                      "width of its hidden states", "隐藏状态宽度"},
    [HX_OPT_HEADS] = {"heads", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1, 1024,
                      "heads of its attention", "注意力头数"},
    [HX_OPT_KV_HEADS] = {"kv-heads", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1, 1024,
                         "heads of keys and values (default: --heads)",
                         "键值头数（默认同 --heads）"},
    [HX_OPT_FF] = {"ff", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 8, 262144,
                   "width of its feed-forward part", "前馈层宽度"},
    [HX_OPT_VOCAB] = {"vocab", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 512, 262144,
                      "pieces of the vocabulary", "词表大小"},
    [HX_OPT_OBJECTIVE] = TEXT(
        "objective", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "NAME",
        "causal, masked, mixed[:SHARE] (of masked sequences), replaced or spelling (default: "
        "causal)",
        "causal、masked、mixed[:比例]（双向遮盖序列的比例）、replaced 或 spelling（默认 causal）"),
    [HX_OPT_BATCH_TOKENS] = {"batch-tokens", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 8, 1 << 22,
                             "tokens of a batch", "每批词元数"},
    [HX_OPT_BATCH] = {"batch", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1, 1 << 20,
                      "at most N texts a batch", "每批最多 N 条文本"},
    [HX_OPT_LENGTH] = {"length", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 8, 1 << 16,
                       "tokens of a sequence (default: 256)", "每个序列的词元数（默认 256）"},
    [HX_OPT_RATE] = {"rate", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "R", 0, 10, "learning rate",
                     "学习率"},
    [HX_OPT_SCHEDULE] =
        TEXT("schedule", 0, HX_OPT_CHOICE, HX_GROUP_TRAINING, "wsd,cosine,linear,constant",
             "how the rate goes down", "学习率如何下降"),
    [HX_OPT_STEPS] = {"steps", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1, 1 << 30, "steps in all",
                      "总步数"},
    [HX_OPT_EPOCHS] = {"epochs", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "N", 0, 100000,
                       "times through the data", "数据遍数"},
    [HX_OPT_MINUTES] = {"minutes", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "M", 0, 1000000,
                        "end after M minutes; the rate goes down in time",
                        "训练 M 分钟后结束，学习率按时间下降"},
    [HX_OPT_WARMUP] = {"warmup", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "N", 0, 1 << 30,
                       "steps in which the rate rises; below 1 a share of all: 0.1",
                       "学习率上升的步数；小于 1 则为占总步数的比例：0.1"},
    [HX_OPT_ACCUMULATE] = {"accumulate", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1, 65536,
                           "batches of a step", "每步累积的批数"},
    [HX_OPT_CHECKPOINT_MINUTES] = {"checkpoint-minutes", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "M", 0,
                                   100000, "time between checkpoints (default: 5)",
                                   "检查点间隔分钟数（默认 5）"},
    [HX_OPT_EVALUATE_EVERY] = {"evaluate-every", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1,
                               1 << 30, "steps between evaluations", "评估间隔步数"},
    [HX_OPT_INIT] =
        TEXT("init", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "MODEL|RUN",
             "start from the weights of this model or run", "从该模型或训练目录的权重开始"),
    [HX_OPT_OPTIMIZER] = TEXT("optimizer", 0, HX_OPT_CHOICE, HX_GROUP_TRAINING,
                              "adamw,sgd,muon,adafactor", "default: adamw", "默认 adamw"),
    [HX_OPT_WEIGHT_DECAY] = {"weight-decay", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "W", 0, 10,
                             "decay of matrices", "矩阵的权重衰减"},
    [HX_OPT_LABEL] = TEXT("label", 0, HX_OPT_STRING, HX_GROUP_READING, "COLUMN",
                          "the column that holds the label (default: recognised by name)",
                          "标签所在的列（默认按列名识别）"),
    [HX_OPT_TARGET_KIND] = TEXT(
        "target", 0, HX_OPT_CHOICE, HX_GROUP_TRAINING, "label,labels,number,tag,crf,parse,segment",
        "classify: one label a text, several separated by |, a number (default: label); tag: "
        "tags, tags that depend on each other, trees, where words begin (default: tag)",
        "classify：每条文本一个标签、以 | 分隔的多个标签或一个数（默认 "
        "label）；tag：标记、相互依赖的标记、句法树或分词（默认 tag）"),
    [HX_OPT_TEST_SIZE] = {"test-size", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "P", 0, 1,
                          "share that is kept for testing (default: 0.2)",
                          "留作测试的比例（默认 0.2）"},
    [HX_OPT_SPLIT] = TEXT("split", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "A,B,C",
                          "shares of training, validation and test: 70,15,15",
                          "训练、验证、测试的比例：70,15,15"),
    [HX_OPT_VALIDATION_FILE] = TEXT("validation", 0, HX_OPT_FILE, HX_GROUP_TRAINING, "FILE",
                                    "a file for validation", "验证集文件"),
    [HX_OPT_TEST_FILE] = TEXT("test", 0, HX_OPT_FILE, HX_GROUP_TRAINING, "FILE",
                              "a file for the test", "测试集文件"),
    [HX_OPT_LORA] = {"lora", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "R", 1, 4096,
                     "train adapters of rank R, not the weights",
                     "只训练秩为 R 的适配器，不训练原权重"},
    [HX_OPT_LORA_ALPHA] = {"lora-alpha", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "A", 0, 100000,
                           "their scale times R (default: 2 R)", "适配器缩放乘以 R（默认 2 R）"},
    [HX_OPT_FREEZE] = FLAG("freeze", 0, HX_GROUP_TRAINING, "train the head alone", "只训练分类头"),
    [HX_OPT_LAYER_RATE] = {"layer-rate", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "F", 0, 1,
                           "each block learns F times as fast as the one above",
                           "每层学习率为上一层的 F 倍"},
    [HX_OPT_EARLY_STOPPING] = {"early-stopping", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1,
                               1000000, "end after N evaluations without a better one",
                               "连续 N 次评估没有更好时结束"},
    [HX_OPT_AUGMENT] =
        TEXT("augment", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "KIND,...:RATE",
             "change texts: swap,delete,insert,keyboard,homophone,shape,synonym,join:0.1",
             "变化文本：swap,delete,insert,keyboard,homophone,shape,synonym,join:0.1"),
    [HX_OPT_CLASS_WEIGHTS] =
        TEXT("class-weights", 0, HX_OPT_CHOICE, HX_GROUP_TRAINING, "none,balanced",
             "balanced: rare labels count more", "balanced：少见的标签权重更大"),
    [HX_OPT_SMOOTHING] = {"smoothing", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "E", 0, 1,
                          "label smoothing", "标签平滑"},
    [HX_OPT_FOCAL] = {"focal", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "G", 0, 10,
                      "focal loss with this gamma", "focal 损失的 gamma"},
    [HX_OPT_EMA] = {"ema", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "K", 0, 1,
                    "evaluate and keep the exponential average of weights: 0.999",
                    "评估并保存权重的指数平均：0.999"},
    [HX_OPT_DROPOUT] = {"dropout", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "P", 0, 1,
                        "share of activations dropped", "激活值丢弃比例"},
    [HX_OPT_TEACHER] = TEXT("teacher", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "MODEL|FILE",
                            "learn from this model, or from a JSON Lines file of probabilities",
                            "向该模型（或概率的 JSON Lines 文件）学习"),
    [HX_OPT_TEACHER_SHARE] = {"teacher-share", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "P", 0, 1,
                              "weight of the teacher's loss (default: 0.5)",
                              "教师损失的权重（默认 0.5）"},
    [HX_OPT_HIDDEN_SHARE] = {"hidden-share", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "P", 0, 1,
                             "weight of the teacher's hidden states (default: 0)",
                             "教师隐藏状态的权重（默认 0）"},
    [HX_OPT_FOLDS] = {"folds", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "K", 2, 100,
                      "cross-validation in K parts", "K 折交叉验证"},
    [HX_OPT_LEARNER] = TEXT(
        "learner", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "NAME,...",
        "llama, or svm, logistic, nb, nbsvm, mlp, cnn, rnn, gru, lstm, cnn-gru, transformer, "
        "bert (of --model, read in both directions; else transformer); several: compared",
        "llama，或 svm、logistic、nb、nbsvm、mlp、cnn、rnn、gru、lstm、cnn-gru、transformer、"
        "bert（双向读取 --model；无模型时同 transformer）；多个则比较"),
    [HX_OPT_SEARCH] = TEXT("search", 0, HX_OPT_CHOICE, HX_GROUP_TRAINING, "halving,random",
                           "tune: the better third of all goes on; or all to the end",
                           "tune：较好的三分之一继续，或全部训练到底"),
    [HX_OPT_TRIALS] = {"trials", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1, 256,
                       "tune: settings that are tried (default: 9)",
                       "tune：试验的设置数（默认 9）"},
    [HX_OPT_DROP_LEAKS] = FLAG("drop-leaks", 0, HX_GROUP_TRAINING,
                               "texts that also stand in validation or test leave training",
                               "把也出现在验证集或测试集中的文本移出训练集"),
    [HX_OPT_RECOMPUTE] = FLAG("recompute", 0, HX_GROUP_TRAINING, "less memory, a third more time",
                              "少用内存，多用三分之一时间"),
    [HX_OPT_LOWER] = FLAG("lower", 0, HX_GROUP_TRAINING, "lower case", "转为小写"),
    [HX_OPT_SYNONYMS] =
        TEXT("synonyms", 0, HX_OPT_FILE, HX_GROUP_TRAINING, "FILE",
             "for --augment synonym: words of one sense on a line, tabs between them",
             "--augment synonym 所用：每行一组同义词，以制表符分隔"),
    [HX_OPT_HOMOPHONES] = TEXT(
        "homophones", 0, HX_OPT_FILE, HX_GROUP_TRAINING, "FILE",
        "for --augment homophone and --objective spelling: a character, a tab, those that sound "
        "like it",
        "--augment homophone 和 --objective spelling 所用：每行一个字、制表符、同音字"),
    [HX_OPT_SHAPES] =
        TEXT("shapes", 0, HX_OPT_FILE, HX_GROUP_TRAINING, "FILE",
             "the same of characters that look alike, for --augment shape and --objective spelling",
             "--augment shape 和 --objective spelling 所用的形近字，格式相同"),
    [HX_OPT_MIXUP] = {"mixup", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "A", 0, 1,
                      "mix the embeddings of two texts, by Beta(A, A)",
                      "按 Beta(A, A) 混合两条文本的向量"},
    [HX_OPT_LORA_TARGETS] =
        TEXT("lora-targets", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "M,...",
             "matrices with adapters: q,k,v,o,gate,up,down or all (default: q,v)",
             "带适配器的矩阵：q,k,v,o,gate,up,down 或 all（默认 q,v）"),
    [HX_OPT_LORA_DROPOUT] = {"lora-dropout", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "P", 0, 1,
                             "share of the adapters' input dropped", "适配器输入的丢弃比例"},
    [HX_OPT_FREEZE_LAYERS] = {"freeze-layers", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1, 1024,
                              "the first N blocks and the embedding stay as they are",
                              "前 N 层和词向量保持不变"},
    [HX_OPT_BETA2] = {"beta2", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "B", 0, 1,
                      "of AdamW: how long squares of gradients are remembered (default: 0.999; "
                      "pretrain 0.95)",
                      "AdamW 二阶矩的衰减（默认 0.999，pretrain 为 0.95）"},
    [HX_OPT_CLIP] = {"clip", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "N", 0, 1000000000,
                     "greatest norm of the gradient (default: 1; 0: any)",
                     "梯度范数上限（默认 1；0 为不限）"},
    [HX_OPT_SWA_FROM] = {"swa-from", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 1, 1 << 30,
                         "from step N on evaluate and keep the plain average of weights",
                         "从第 N 步起评估并保存权重的算术平均"},
    [HX_OPT_QUANTISE_BITS] = {"quantise-bits", 0, HX_OPT_NUMBER, HX_GROUP_TRAINING, "N", 4, 8,
                              "train with weights rounded to 4 or 8 bits, for quantize",
                              "训练时把权重舍入到 4 或 8 位，供 quantize 使用"},
    [HX_OPT_COVERAGE] = {"coverage", 0, HX_OPT_REAL, HX_GROUP_TRAINING, "X", 0, 1,
                         "share of characters with a piece of their own (default: 0.9995)",
                         "有独立词片的字符所占比例（默认 0.9995）"},
    [HX_OPT_HAN_ALONE] = FLAG("han-alone", 0, HX_GROUP_TRAINING,
                              "each Han character is a piece by itself", "每个汉字单独成一个词片"),
    [HX_OPT_DIGITS] = FLAG("digits", 0, HX_GROUP_TRAINING, "each digit is a piece by itself",
                           "每个数字单独成一个词片"),
    [HX_OPT_SYMBOLS] =
        TEXT("symbols", 0, HX_OPT_STRING, HX_GROUP_TRAINING, "S,S",
             "pieces that are never cut: <mask>,<sep>", "不切开的符号：<mask>,<sep>"),
};

static size_t choice_len(const char *choices) {
    return strcspn(choices, ",");
}

int hx_cli_choice(const char *choices, const char *word) {
    size_t n = strlen(word);
    for (int i = 0;; i++) {
        size_t len = choice_len(choices);
        if (len == n && memcmp(choices, word, n) == 0) return i;
        if (choices[len] == '\0') return -1;
        choices += len + 1;
    }
}

hx_cli_option_set hx_cli_option_globals(void) {
    return (hx_cli_option_set){.has = {[HX_OPT_HELP] = true,
                                       [HX_OPT_VERSION] = true,
                                       [HX_OPT_LANG] = true,
                                       [HX_OPT_QUIET] = true,
                                       [HX_OPT_SEED] = true,
                                       [HX_OPT_MODEL] = true}};
}

void hx_cli_option_names(const hx_cli_option_set *allowed, char *out, size_t size) {
    size_t at = 0;
    out[0] = '\0';
    for (int id = 0; id < HX_OPT_N; id++) {
        if (!allowed->has[id]) continue;
        int n = snprintf(out + at, size - at, "%s--%s", at ? "," : "", hx_cli_options[id].name);
        if (n < 0 || (size_t)n >= size - at) return;
        at += (size_t)n;
    }
}

/* ------------------------------------------------------------------ values */
static bool parse_number(const char *s, int64_t *out) {
    int64_t v = 0;
    if (*s == '\0') return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || v > (INT64_MAX - 9) / 10) return false;
        v = v * 10 + (*s - '0');
    }
    *out = v;
    return true;
}

/* "-3" or "3" behind an e, at most two digits. */
static bool parse_exponent(const char *s, int *out) {
    bool negative = *s == '-';
    int64_t n = 0;
    if (*s == '-' || *s == '+') s++;
    if (strlen(s) > 2 || !parse_number(s, &n)) return false;
    *out = negative ? -(int)n : (int)n;
    return true;
}

/* A decimal number: digits, perhaps a point with digits, perhaps an exponent: 0.001, 1e-3. */
bool hx_cli_parse_real(const char *s, double *out) {
    double value = 0, place = 1;
    bool point = false, digits = false;
    int exponent = 0;
    for (; *s && *s != 'e' && *s != 'E'; s++) {
        if (*s == '.' && !point) {
            point = true;
            continue;
        }
        if (*s < '0' || *s > '9') return false;
        digits = true;
        if (point) place *= 10;
        value = value * 10 + (*s - '0');
    }
    if (*s && !parse_exponent(s + 1, &exponent)) return false;
    for (; exponent < 0; exponent++)
        place *= 10;
    for (; exponent > 0; exponent--)
        value *= 10;
    *out = value / place;
    return digits && value <= 1e15;
}

static bool parse_char(const char *s, int64_t *out) {
    bool tab = strcmp(s, "tab") == 0 || strcmp(s, "\\t") == 0;
    *out = tab ? '\t' : s[0];
    return tab || (s[0] > ' ' && s[0] < 127 && s[1] == '\0') || (s[0] == '\t' && s[1] == '\0');
}

static hx_cli_args_fault set_value(hx_cli_values *values, int id, const char *value) {
    const hx_cli_option *o = &hx_cli_options[id];
    values->text[id] = value;
    if (o->kind == HX_OPT_LIST) {
        if (values->n_list == HX_OPT_LIST_MAX) return HX_ARGS_TOO_MANY;
        values->list[values->n_list++] = value;
    } else if (o->kind == HX_OPT_NUMBER) {
        if (!parse_number(value, &values->number[id])) return HX_ARGS_NOT_NUMBER;
        if (values->number[id] < o->min || values->number[id] > o->max) return HX_ARGS_OUT_OF_RANGE;
    } else if (o->kind == HX_OPT_REAL) {
        if (!hx_cli_parse_real(value, &values->real[id]) || values->real[id] < (double)o->min ||
            values->real[id] > (double)o->max)
            return HX_ARGS_NOT_REAL;
    } else if (o->kind == HX_OPT_CHOICE) {
        values->number[id] = hx_cli_choice(o->value, value);
        if (values->number[id] < 0) return HX_ARGS_NOT_CHOICE;
    } else if (o->kind == HX_OPT_CHAR) {
        if (!parse_char(value, &values->number[id])) return HX_ARGS_NOT_CHAR;
    }
    return HX_ARGS_OK;
}

/* ------------------------------------------------------------------ arguments */
typedef struct {
    char **argv;
    int n, at;
    const hx_cli_option_set *allowed;
    hx_cli_values *values;
    hx_cli_args_problem *problem;
} cursor;

static bool fault(cursor *c, hx_cli_args_fault f, int id, const char *word, const char *value) {
    *c->problem = (hx_cli_args_problem){f, word, id < HX_OPT_N ? &hx_cli_options[id] : NULL, value};
    return false;
}

static int find_name(const hx_cli_option_set *allowed, const char *name, size_t n) {
    int id = 0;
    while (id < HX_OPT_N && !(allowed->has[id] && strlen(hx_cli_options[id].name) == n &&
                              memcmp(hx_cli_options[id].name, name, n) == 0))
        id++;
    return id;
}

static int find_letter(const hx_cli_option_set *allowed, char letter) {
    int id = 0;
    while (id < HX_OPT_N && !(allowed->has[id] && hx_cli_options[id].letter == letter))
        id++;
    return id;
}

/* `inside` = the value that is part of the same argument, or NULL. */
static bool take(cursor *c, int id, const char *word, const char *inside) {
    if (hx_cli_options[id].kind == HX_OPT_FLAG) {
        c->values->text[id] = "";
        return inside ? fault(c, HX_ARGS_SURPLUS_VALUE, id, word, inside) : true;
    }
    if (!inside && c->at + 1 >= c->n) return fault(c, HX_ARGS_NO_VALUE, id, word, NULL);
    const char *value = inside ? inside : c->argv[++c->at];
    hx_cli_args_fault f = set_value(c->values, id, value);
    return f == HX_ARGS_OK || fault(c, f, id, word, value);
}

static bool take_long(cursor *c, const char *word) {
    size_t n = strcspn(word + 2, "=");
    int id = find_name(c->allowed, word + 2, n);
    if (id == HX_OPT_N) return fault(c, HX_ARGS_UNKNOWN, id, word, NULL);
    return take(c, id, word, word[2 + n] == '=' ? word + 3 + n : NULL);
}

static bool take_short(cursor *c, const char *word) {
    for (const char *p = word + 1; *p; p++) {
        int id = find_letter(c->allowed, *p);
        if (id == HX_OPT_N) return fault(c, HX_ARGS_UNKNOWN, id, word, NULL);
        bool flag = hx_cli_options[id].kind == HX_OPT_FLAG;
        if (!take(c, id, word, !flag && p[1] ? p + 1 : NULL)) return false;
        if (!flag) break;
    }
    return true;
}

bool hx_cli_args_parse(char **argv, int n, const hx_cli_option_set *allowed, bool stop_at_word,
                       hx_cli_values *values, int *n_rest, hx_cli_args_problem *problem) {
    cursor c = {argv, n, 0, allowed, values, problem};
    int rest = 0;
    for (; c.at < n; c.at++) {
        char *word = argv[c.at];
        bool is_option = word[0] == '-' && word[1] != '\0';
        if (!is_option && stop_at_word) break;
        if (!is_option) {
            argv[rest++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            c.at++;
            break;
        }
        if (!(word[1] == '-' ? take_long(&c, word) : take_short(&c, word))) return false;
    }
    while (c.at < n)
        argv[rest++] = argv[c.at++];
    *n_rest = rest;
    return true;
}
