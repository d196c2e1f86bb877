/* commands.c - the table of commands; see commands.h.
 *
 * A command that is in this table works; what is planned is not. Every example runs as it stands in the folder that holds samples/,
 * in the order of the table (tests/cli/examples.sh does that).
 *
 * A list of ids says which options a command takes; what they mean stands once, in options.c. */
#include "cli/commands.h"
#include "cli/commands_lists.h"

const hx_cli_command hx_cli_commands[] = {
    {"profile",
     HX_PART_MAIN,
     "[FILE...] --store STORE",
     NULL,
     0,
     -1,
     LIST(READING, RECORDS, HX_OPT_STORE, HX_OPT_REPORT, HX_OPT_AS_OF, HX_OPT_TIMEZONE,
          HX_OPT_CURRENCY, HX_OPT_MAP, HX_OPT_MAP_FILE, HX_OPT_TEXT, HX_OPT_DATE_ORDER,
          HX_OPT_REJECTS, HX_OPT_RESUME, HX_OPT_DRY_RUN, HX_OPT_THREADS, HX_OPT_NO_TEXT,
          HX_OPT_ENGINE, HX_OPT_ADAPT, HX_OPT_MEMORY, HX_OPT_TASK, HX_OPT_PRECISION,
          HX_OPT_USER_WORDS, HX_OPT_STOP_FILE, HX_OPT_CORRECT, HX_OPT_FALSE_ALARMS, HX_OPT_PROTECT),
     "files of texts, orders and events in; profiles, segments and a report out",
     "读入评论、订单和事件文件，得到画像、分群和报告",
     "Reads CSV, TSV, JSON Lines, Excel and text files, also .gz and .zst, in any usual Chinese or "
     "Unicode encoding.\n"
     "Columns are recognised by their names; --dry-run shows what was understood. Reading a file "
     "again counts nothing\n"
     "twice. A run that was broken off goes on with --resume. Without files, --report makes the "
     "report of a store.\n"
     "--model RUN labels every text with a model that was trained (train classify, train compare): "
     "its label, of any set,\n"
     "becomes the trait label.RUN and makes segments, beside what the rules say.\n"
     "--correct apply reads texts with their misspellings put right; the texts themselves, and all "
     "quotes, stay as given.",
     "读取 CSV、TSV、JSON Lines、Excel 和文本文件（含 .gz 和 .zst），自动识别常见中文及 Unicode "
     "编码。\n"
     "各列按列名识别，--dry-run 显示识别结果。同一文件读两次不会重复计数；中断后加 --resume "
     "继续。\n"
     "不给文件而给 --report 时，为已有的库生成报告。\n"
     "--model RUN 用训练好的模型（train classify、train compare）给每条文本打标签：标签成为资料项 "
     "label.RUN，\n"
     "可用于分群；规则的标注照旧保留。\n"
     "--correct apply 先改正错别字再读文本；文本本身和所有引文保持原样。",
     {{"huaxiang profile samples/shop/reviews.csv --dry-run", "what would be understood of a file",
       "先看看文件会被怎样理解"},
      {"huaxiang profile samples/shop/customers.csv samples/shop/orders.csv "
       "samples/shop/reviews.csv --timezone Asia/Shanghai --store shop.db "
       "--report shop.html",
       "customers, orders and reviews of a shop, and its report",
       "一家商店的客户、订单和评论，以及报告"},
      {"huaxiang profile samples/shop/tickets.csv --store shop.db", "add another file to the store",
       "再加入一个文件"}},
     hx_cmd_profile,
     HX_MODEL_MAY},
    {"show",
     HX_PART_LOOK,
     "CUSTOMER --store STORE",
     NULL,
     1,
     1,
     LIST(VIEW, HX_OPT_DRIFT, HX_OPT_HALF_LIFE, HX_OPT_HOUSEHOLD, HX_OPT_PROSE),
     "one customer's profile",
     "一位客户的画像",
     "CUSTOMER is any id of that person: a customer number, an e-mail address, a phone number, a "
     "profile id (c_...).\n"
     "With --as-of nothing counts that happened later. Interests, mood and habits fade by "
     "--half-life; each has its interval\n"
     "and the events behind it (docs/dynamic.md).",
     "CUSTOMER 可以是该客户的任何标识：客户编号、邮箱、手机号或画像编号（c_…）。\n"
     "使用 --as-of 时，其后发生的一切都不计入。兴趣、情绪与习惯按 --half-life 衰减；\n"
     "每项都给出区间和所依据的事件（docs/dynamic.md）。",
     {{"huaxiang show C00325 --store shop.db", "a card on a terminal, JSON in a pipe",
       "终端上是卡片，管道中是 JSON"},
      {"huaxiang show C00325 --store shop.db --as-of 2026-06-30 --format table",
       "as it was known at the end of June", "六月底时的画像"},
      {"huaxiang show C00325 --store shop.db --drift 2026-03-01 --format table",
       "what changed since March", "三月以来的变化"}},
     hx_cmd_show,
     HX_MODEL_RULES},
    {"timeline",
     HX_PART_LOOK,
     "CUSTOMER --store STORE",
     NULL,
     1,
     1,
     LIST(VIEW, HX_OPT_HEAD),
     "one customer's events with what was read in each text",
     "一位客户的事件及文本依据",
     "Oldest first; --head N gives the last N events.",
     "从早到晚；--head N 给出最近的 N 条。",
     {{"huaxiang timeline C00325 --store shop.db --head 5", "the last five events",
       "最近五条事件"}},
     hx_cmd_timeline,
     HX_MODEL_RULES},
#include "cli/commands_segment.inc"
#include "cli/commands_ask.inc"
    {"why",
     HX_PART_LOOK,
     "CUSTOMER CLAIM --store STORE",
     NULL,
     2,
     2,
     LIST(VIEW, HX_OPT_USER_WORDS, HX_OPT_STOP_FILE),
     "the receipt of a claim: what it came from",
     "一条结论的凭据：它从何而来",
     "CLAIM is label:EVENT/TASK, trait:NAME, score:NAME, interest:NAME or segment:NAME (in or "
     "out).\n"
     "EVENT is the id of an event as timeline shows it, TASK is sentiment, intent or label.SET "
     "(what a trained model said).",
     "CLAIM 为 label:事件/任务、trait:名称、score:名称、interest:名称 或 "
     "segment:名称（在或不在其中）。\n"
     "事件编号见 timeline，任务为 sentiment、intent 或 label.名称（模型打的标签）。",
     {{"huaxiang why C00325 score:rfm --store shop.db --out receipt.json", "keep a receipt",
       "保存一份凭据"},
      {"huaxiang why C00325 segment:high_value --store shop.db", "why in, or why not",
       "为什么在或不在其中"}},
     hx_cmd_why,
     HX_MODEL_RULES},
    {"verify",
     HX_PART_LOOK,
     "RECEIPT.json --store STORE",
     NULL,
     1,
     1,
     LIST(HX_OPT_STORE, HX_OPT_TIMEZONE, RECORDS, HX_OPT_USER_WORDS, HX_OPT_STOP_FILE,
          HX_OPT_PROTECT, HX_OPT_THREADS, HX_OPT_TASK, HX_OPT_PRECISION),
     "replay a receipt and compare",
     "重演一份凭据并比对",
     "Exit status 0 where all is as the receipt says, 1 where it is not. --model RUN reads texts "
     "behind a model's labels again.",
     "与凭据一致时退出状态为 0，否则为 1。--model RUN 用该模型重读其标签所依据的文本。",
     {{"huaxiang verify receipt.json --store shop.db", "does it still hold?", "它现在还成立吗？"}},
     hx_cmd_verify,
     HX_MODEL_MAY},
#include "cli/commands_keep.inc"
    {"clean",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(FILTER, HX_OPT_KEEP_TRADITIONAL, HX_OPT_KEEP_CASE, HX_OPT_KEEP_URLS),
     "texts without tags, links, noise and odd forms",
     "清洗文本：去标签、链接、噪声，统一字形",
     NULL,
     NULL,
     {{"echo '<b>這個商品</b>很好！！！！ https://t.cn/x' | huaxiang clean", "one text a line",
       "每行一条文本"}},
     hx_cmd_filter,
     HX_MODEL_RULES},
    {"redact",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(READING, RECORDS, HX_OPT_HEAD, HX_OPT_THREADS, HX_OPT_TEXT, HX_OPT_MAP, HX_OPT_REJECTS),
     "mask phone, ID-card and bank-card numbers and e-mail addresses",
     "遮盖手机号、身份证号、银行卡号和邮箱",
     "Only the text column is masked.",
     "只遮盖文本列。",
     {{"echo '我的电话是13812345678' | huaxiang redact", "with the place of each find",
       "并给出每处的位置"}},
     hx_cmd_filter,
     HX_MODEL_RULES},
    {"words",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(FILTER, HX_OPT_MEMORY, HX_OPT_NO_STOP, HX_OPT_STOP_FILE, HX_OPT_STANDARD),
     "the words of texts, Chinese and English",
     "中英文分词",
     NULL,
     NULL,
     {{"huaxiang words samples/comments.csv --head 3", "all words", "全部词"},
      {"huaxiang words samples/comments.csv --no-stop --format table", "without stop words",
       "去掉停用词"}},
     hx_cmd_filter,
     HX_MODEL_RULES},
    {"parse",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(READING, HX_OPT_FORMAT_TREES, HX_OPT_OUT, HX_OPT_HEAD, HX_OPT_THREADS, HX_OPT_TEXT,
          HX_OPT_MAP, HX_OPT_REJECTS, HX_OPT_ENGINE, HX_OPT_USER_WORDS, HX_OPT_MEMORY,
          HX_OPT_STANDARD, HX_OPT_FROM_TREES, HX_OPT_TRIPLES),
     "words, parts of speech and trees of texts, and who does what to whom",
     "词、词性、依存树，以及主谓宾三元组",
     "Universal Dependencies by huaxiang-small. JSON: each word with its sentence, id, head, "
     "deprel, start and end (bytes of\n"
     "the text as given); table: a tree to look at; conllu: for other programs.\n"
     "FILE.conllu (or --from conllu, also of standard input): trees of its own words; sentences, "
     "comments, lemmas and MISC\n"
     "stay. --from conllu-text: its '# text' lines are cut and parsed anew.",
     "由 huaxiang-small 给出的通用依存关系。JSON 中每个词有句号、id、head、deprel、start 和 "
     "end（原文的字节位置）；\n"
     "table 为树形图；conllu 供其他程序使用。\n"
     "文件.conllu（或 --from "
     "conllu，也可来自标准输入）：为其中已有的词标注依存树，句子、注释、词元和 MISC "
     "保持不变；\n"
     "--from conllu-text 则重新切分并分析其“# text”原文。",
     {{"huaxiang parse samples/comments.csv --format table", "trees to look at", "树形图"},
      {"huaxiang parse samples/comments.csv --triples --format csv", "who does what to whom",
       "主谓宾三元组"}},
     hx_cmd_filter,
     HX_MODEL_RULES},
    {"entities",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(FILTER),
     "persons, places, organisations, products, times and amounts",
     "人名、地名、机构、产品、时间和金额",
     "Times and amounts by rules; names by huaxiang-small, or, where it is not installed, by their "
     "forms (张先生, 某某公司,\n"
     "Mr. Smith, Acme Ltd.): few, but seldom wrong. start and end are bytes of the text as given.",
     "时间和金额按规则识别；名称由 huaxiang-small 识别，未安装时按形式识别（张先生、某某公司、Mr. "
     "Smith、Acme Ltd.）：\n"
     "找到的少，但很少出错。start 和 end 为原文的字节位置。",
     {{"printf '昨天花199元买了华为Mate60\\n' | huaxiang entities --engine rules", "one line",
       "一行文本"},
      {"huaxiang entities samples/comments.csv --engine rules --format table", "five comments",
       "五条评论"}},
     hx_cmd_filter,
     HX_MODEL_RULES},
    {"sentiment",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(FILTER, HX_OPT_ADAPT, HX_OPT_MEMORY, HX_OPT_LABELS, HX_OPT_ABOUT, HX_OPT_ABSTAIN,
          HX_OPT_PRECISION, HX_OPT_INSTRUCTION, HX_OPT_EXPLAIN),
     "positive, neutral, negative or mixed",
     "情感：正面、中性、负面、褒贬不一",
     NULL,
     NULL,
     {{"huaxiang sentiment samples/comments.csv --format table", "five comments", "五条评论"},
      {"huaxiang sentiment samples/labelled.csv --labels positive,negative --format csv --head 5",
       "two labels, all columns kept", "只用两个标签，保留全部列"},
      {"printf '手机很好，但是耳机很差\\n' | huaxiang sentiment --target 耳机",
       "what is said of one thing", "只看对某一对象的评价"}},
     hx_cmd_filter,
     HX_MODEL_MAY},
    {"keywords",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(FILTER, HX_OPT_MEMORY, HX_OPT_TOP, HX_OPT_METHOD, HX_OPT_SENTENCES, HX_OPT_STOP_FILE),
     "what each text is about",
     "每条文本的关键词",
     NULL,
     NULL,
     {{"huaxiang keywords samples/labelled.csv --top 3 --head 5 --format table", "three a text",
       "每条三个"},
      {"echo 'The battery life of this laptop is short, but the screen resolution is great' | "
       "huaxiang keywords --engine learn",
       "phrases, by the engine learn", "用引擎 learn 给出多词短语"}},
     hx_cmd_filter,
     HX_MODEL_RULES},
    {"aspects",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(FILTER, HX_OPT_ASPECTS),
     "price, delivery, taste, ...: which are spoken of, and how",
     "方面：价格、物流、味道等，及其褒贬",
     NULL,
     NULL,
     {{"huaxiang aspects samples/shop/reviews.csv --head 5 --format table", "of reviews",
       "评论中的方面"},
      {"printf '物流很快，就是太贵了\\n' | huaxiang aspects", "one line", "一行文本"}},
     hx_cmd_filter,
     HX_MODEL_RULES},
    {"correct",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(FILTER, HX_OPT_PRECISION, HX_OPT_CORRECT_THRESHOLD, HX_OPT_FALSE_ALARMS, HX_OPT_PROTECT),
     "spelling and grammar, Chinese and English: what should be changed, and how sure",
     "纠正中英文的错别字和语法错误，并给出把握",
     "Each edit has its place in the text as given (bytes), what stands there, what should, the "
     "probability that the change is\n"
     "right, and alternatives. Correcting a corrected text changes nothing. Names of --protect and "
     "--user-words, links,\n"
     "addresses, numbers, codes, 《titles》 and emoji stay.",
     "每处改动给出原文字节位置、原词、改为、正确的概率和其他可能；对纠正后的文本再纠正不会有变化。"
     "\n"
     "--protect 和 --user-words 中的名称、链接、地址、数字、编号、《书名》和表情保持不变。",
     {{"printf '我门的房间非常干静\\n' | huaxiang correct --engine rules", "one line", "一行文本"},
      {"printf 'I recieve the parcel yesterday\\n' | huaxiang correct --engine rules --format "
       "table",
       "changes marked in the text", "在文本中标出改动"}},
     hx_cmd_filter,
     HX_MODEL_MAY},
    {"intent",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(FILTER, HX_OPT_LABELS, HX_OPT_ABSTAIN, HX_OPT_PRECISION, HX_OPT_INSTRUCTION,
          HX_OPT_EXPLAIN, HX_OPT_SET),
     "what the writer wants: refund, complaint, buy, ...",
     "写的人想要什么：退款、投诉、购买等",
     "\"intents\" has each that holds with its clause. A set of your own: see train classify.",
     "“intents”列出各意图及其分句。自建意图集见 train classify。",
     {{"huaxiang intent samples/shop/tickets.csv --head 5 --format table", "of tickets",
       "工单的意图"},
      {"printf 'my card has not arrived yet\\n' | huaxiang intent --set banking77 --format table",
       "of a bank's customers", "银行客户的意图"}},
     hx_cmd_intent,
     HX_MODEL_MAY},
    {"emotions",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(FILTER, HX_OPT_ABSTAIN),
     "happy, angry, sad, fear, surprise or neutral",
     "情绪：高兴、愤怒、悲伤、恐惧、惊讶、中性",
     "By words, exclamations and faces with negation and degree (lexicons/emotions.tsv), Chinese "
     "and "
     "English, and by the\n"
     "sentiment. JSON has all six probabilities and the places that speak for the label.",
     "依据词语、感叹和表情（含否定和程度，见 lexicons/emotions.tsv，中英文）以及情感判断；\n"
     "JSON 中有六种概率和依据在原文中的位置。",
     {{"huaxiang emotions samples/comments.csv --format table", "five comments", "五条评论"},
      {"printf '吓死我了，客服还骂人\\n' | huaxiang emotions", "one line", "一行文本"}},
     hx_cmd_filter,
     HX_MODEL_RULES},
    {"label",
     HX_PART_TEXT,
     "FILE [--out LABELLED.csv]",
     NULL,
     1,
     1,
     LIST(READING, HX_OPT_OUT, HX_OPT_HEAD, HX_OPT_TEXT, HX_OPT_MAP, HX_OPT_LABEL_TASK,
          HX_OPT_LABELS, HX_OPT_SURE, HX_OPT_INSTRUCTION, HX_OPT_PRECISION, HX_OPT_THREADS),
     "labels for raw comments: proposed, asked about, ready for training",
     "为原始评论提出标签，询问拿不准的，写出训练文件",
     "Ratings (a column of that meaning), the rules, the engine learn and a model (--model) each "
     "say "
     "what they take a text for;\n"
     "what they say together is weighed by how well they agree. Adverts, default praise and other "
     "noise are left out.\n"
     "Columns of the result: text, label, score, source, ask. Texts below --threshold stand first, "
     "without a label, the\n"
     "proposal under ask: fill in label, or leave it empty; 'train classify' takes the file as it "
     "is. "
     "On a terminal with\n"
     "--out they are asked one by one (y, a number, s to skip, q to stop). Answers are kept in "
     "LABELLED.csv.answers.jsonl:\n"
     "run it again and it goes on where it was.",
     "评分（按含义识别的列）、规则、learn "
     "引擎和模型（--model）各自判断每条文本，再按彼此的一致程度加权合并。\n"
     "广告、默认好评等噪声不计。结果的列：text、label、score、source、ask。概率低于 --threshold "
     "的文本排在最前，\n"
     "label 为空，建议写在 ask 列：填上 label，或留空；train classify 可直接读取。在终端上给出 "
     "--out "
     "时会逐条询问\n"
     "（y、数字、s 跳过、q 结束）。回答保存在 LABELLED.csv.answers.jsonl，再次运行即可接着做。",
     {{"huaxiang label samples/shop/reviews.csv --head 200 --out labelled.csv --quiet",
       "a training file from reviews with ratings", "从带评分的评论得到训练文件"},
      {"huaxiang label samples/shop/tickets.csv --task intent --threshold 0.8 --head 50 --out "
       "wishes.csv --quiet",
       "what customers want", "客户的意图"}},
     hx_cmd_label,
     HX_MODEL_MAY},
    {"teach",
     HX_PART_TEXT,
     "add TEXT LABEL|words TEXT WORDS|list|undo N --memory FILE",
     "add,words,list,undo",
     0,
     2,
     LIST(HX_OPT_MEMORY, HX_OPT_STORE, HX_OPT_ENGINE, HX_OPT_ADAPT, RECORDS),
     "corrections of single texts, at once in force, taken back one by one",
     "更正单条文本的情感或分词，立即生效，可逐条撤回",
     "add: TEXT is positive, negative, neutral or mixed. From then on sentiment, annotate, "
     "evaluate and "
     "profile --memory FILE\n"
     "answer so for the same words and nearly equal texts, and lean that way for texts like it. "
     "With "
     "--store STORE the file is\n"
     "STORE.memory.jsonl, which profile reads by itself. undo N gives exactly the answers that "
     "were "
     "before.\n"
     "words: WORDS are those of TEXT, blanks between them, or | where a word has a blank. words, "
     "tag, parse and annotate\n"
     "--memory FILE cut TEXT so from then on, with every engine and standard, and other texts by "
     "what was learned.",
     "add：TEXT 的情感是 positive、negative、neutral 或 mixed。此后 sentiment、annotate、evaluate "
     "和 profile "
     "加 --memory\n"
     "FILE 时，词语相同和几乎相同的文本按此回答，相似的文本也向此倾斜。用 --store STORE 时文件为 "
     "STORE.memory.jsonl，\n"
     "profile 会自动读取。undo N 撤回一条，回答恢复如前。\n"
     "words：WORDS 是 TEXT 的词，以空格分隔；词内有空格时以 | 分隔。此后 "
     "words、tag、parse、annotate 加 "
     "--memory FILE 时，\n"
     "各引擎和各标准都这样切分 TEXT，其他文本按学到的词切分。",
     {{"huaxiang teach add '这价格绝了，吃不起' negative --memory taught.jsonl", "one correction",
       "更正一条"},
      {"huaxiang teach words 我爱云南白药牙膏 '我 爱 云南白药牙膏' --memory taught.jsonl",
       "the words of a text", "一条文本的词"},
      {"huaxiang teach list --memory taught.jsonl --format table", "what was taught", "已教的更正"},
      {"huaxiang teach undo 1 --memory taught.jsonl", "taken back", "撤回"}},
     hx_cmd_teach,
     HX_MODEL_RULES},
    {"annotate",
     HX_PART_TEXT,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(FILTER, HX_OPT_ADAPT, HX_OPT_MEMORY, HX_OPT_ASPECTS, HX_OPT_STOP_FILE, HX_OPT_EXPLAIN,
          HX_OPT_CORRECT, HX_OPT_FALSE_ALARMS, HX_OPT_PROTECT),
     "all of it in one pass",
     "以上全部，一次得到",
     NULL,
     NULL,
     {{"huaxiang annotate samples/comments.csv --head 1", "everything about one text",
       "一条文本的全部结果"},
      {"huaxiang annotate samples/comments.csv --explain html --out why.html",
       "a page: each word by what it adds to the score", "网页：每个词对得分的作用"}},
     hx_cmd_filter,
     HX_MODEL_RULES},
    {"table",
     HX_PART_TEXT,
     "apply|check|convert|dedupe|describe|embed|encode|features|group|impute|interpolate|monitor|"
     "outliers|"
     "reconcile|repair|scale|select|split [FILE]",
     "apply,check,convert,dedupe,describe,embed,encode,features,group,impute,interpolate,monitor,"
     "outliers,"
     "reconcile,repair,scale,select,split",
     0,
     1,
     NULL,
     "work on the rows and columns of a file",
     "处理文件的行和列",
     "'huaxiang table ACTION --help' has the options of an action and examples.",
     "“huaxiang table 动作 --help”给出该动作的选项和示例。",
     {{NULL, NULL, NULL}},
     NULL,
     HX_MODEL_RULES},
    {"score",
     HX_PART_LOOK,
     "churn|campaign|uplift|clv|credit|next|satisfaction [FILE...]",
     "churn,campaign,uplift,clv,credit,next,satisfaction",
     0,
     -1,
     NULL,
     "who leaves, whom a contact changes, customers' worth and satisfaction, whom to lend",
     "谁会流失、联系对谁有效、客户价值与满意度、信用评分",
     "'huaxiang score ACTION --help' has the options of an action and examples.",
     "“huaxiang score 动作 --help”给出该动作的选项和示例。",
     {{NULL, NULL, NULL}},
     NULL,
     HX_MODEL_MAY},
    {"learn",
     HX_PART_TEXT,
     "words|fit|predict|evaluate|export|import|cross-validate|tune|ensemble|cluster|survival|"
     "explain "
     "[FILE]",
     "words,fit,predict,evaluate,export,import,cross-validate,tune,ensemble,cluster,survival,"
     "explain",
     0,
     1,
     NULL,
     "models of tables: learn a column from the others",
     "表格模型：由其他列学习某一列",
     "'huaxiang learn ACTION --help' has the options of an action and examples; that of fit lists "
     "the models.",
     "“huaxiang learn 动作 --help”给出该动作的选项和示例；fit 的帮助列出全部模型。",
     {{NULL, NULL, NULL}},
     NULL,
     HX_MODEL_MAY},
    {"topics",
     HX_PART_TEXT,
     "[FILE | --store STORE]",
     NULL,
     0,
     1,
     LIST(READING, RECORDS, HX_OPT_HEAD, HX_OPT_THREADS, HX_OPT_TEXT, HX_OPT_MAP, HX_OPT_TOPICS,
          HX_OPT_WHEN, HX_OPT_PERIOD, HX_OPT_TIMEZONE, HX_OPT_USER_WORDS, HX_OPT_STOP_FILE,
          HX_OPT_SEED, HX_OPT_STORE, HX_OPT_AS_OF),
     "what a collection of texts speaks of, how that changes, and what is new",
     "一批文本在谈什么、如何变化、有什么新话题",
     "Names are the words that set a topic apart; quotes stand in the texts as they are. With "
     "times: the texts of each\n"
     "day, week or month, whether a topic's share rises or falls (p of the Cochran-Armitage test, "
     "times the number of\n"
     "topics, below 5 %), and words of the last period that were not there before.",
     "名称是最能区分该主题的词，引文均为原文。有时间列时：给出每天、每周或每月的文本数，占比的升降"
     "\n"
     "（Cochran-Armitage 检验的 p 乘以主题数小于 5 %），以及最近一段新出现的词。",
     {{"huaxiang topics samples/shop/reviews.csv --topics 8 --format table", "of a shop's reviews",
       "一家商店的评论"}},
     hx_cmd_topics,
     HX_MODEL_RULES},
#include "cli/commands_recommend.inc"
    {"similar",
     HX_PART_TEXT,
     "CUSTOMER --store STORE | --word WORD --model VECTORS",
     NULL,
     0,
     1,
     LIST(VIEW, HX_OPT_WORD, HX_OPT_PLUS, HX_OPT_MINUS, HX_OPT_SIMILAR_TOP),
     "customers who are like a customer, or words that are used like a word",
     "与某位客户相似的客户，或用法相近的词",
     "Customers: likeness (0 to 1) of interests and of what was bought, looked at and said, with "
     "its parts; "
     "age, sex and\n"
     "place take no part.\n"
     "Words: VECTORS is a file of word2vec (text or binary) or of GloVe. With --minus and --plus "
     "it "
     "answers "
     "analogies: --word king\n"
     "--minus man --plus woman. Likeness is the cosine of the vectors.",
     "客户：按兴趣及购买、浏览、言论计算相似度（0 到 "
     "1），并列出各组成部分；不使用年龄、性别和地区。\n"
     "词：词向量文件为 word2vec（文本或二进制）或 GloVe 格式。加上 --minus 和 --plus 可做类比：\n"
     "--word 国王 --minus 男人 --plus 女人。相似度为向量夹角的余弦。",
     {{"huaxiang similar C00325 --store shop.db --top 5 --format table",
       "five customers who are most like one", "与一位客户最相似的五位"},
      {"huaxiang learn words samples/labelled.csv --min-count 2 --dimension 20 --epochs 20 --out "
       "words.bin; huaxiang similar --word 快递 --model words.bin --top 5 --format table",
       "vectors of a small file, and what stands near a word", "由小文件学习词向量，并查相近的词"}},
     hx_cmd_similar,
     HX_MODEL_MAY},
    {"models",
     HX_PART_MODEL,
     "list|get|verify [NAME...]",
     "list,get,verify",
     0,
     -1,
     LIST(RECORDS),
     "which models are known and here; get one, check one",
     "已知和已有的模型；获取、校验",
     "Models are kept in $HUAXIANG_MODELS, else ~/.cache/huaxiang/models, as NAME.gguf. get goes "
     "on "
     "where it broke off and\n"
     "checks the SHA-256; it is the only command that reads from the network. verify without names "
     "checks all that are here.",
     "模型保存在 $HUAXIANG_MODELS，默认 ~/.cache/huaxiang/models，文件名为 名称.gguf。get "
     "可断点续传并校验 SHA-256，\n"
     "也是唯一访问网络的命令。verify 不给名称时校验本机全部模型。",
     {{"huaxiang models list", "names, sizes, licences", "名称、大小、许可证"},
      {"huaxiang models get smollm2-135m", "the smallest one", "获取最小的模型"},
      {"huaxiang models verify", "are they whole?", "它们完好吗？"}},
     hx_cmd_models,
     HX_MODEL_RULES},
    {"inspect",
     HX_PART_MODEL,
     "FILE|NAME",
     NULL,
     1,
     1,
     LIST(RECORDS, HX_OPT_WEIGHTS),
     "what a model file or folder holds",
     "查看模型文件或目录的内容",
     "Architecture, sizes, types, memory, metadata; every tensor with --tensors. For .gguf, "
     ".safetensors and Hugging Face\n"
     "folders, also of kinds that can't be run.",
     "架构、大小、类型、内存、元数据；--tensors 列出每个张量。支持 .gguf、.safetensors 和 Hugging "
     "Face 目录，\n"
     "包括无法运行的种类。",
     {{"huaxiang inspect smollm2-135m --format table", "a page about it", "一页概览"}},
     hx_cmd_inspect,
     HX_MODEL_RULES},
    {"convert",
     HX_PART_MODEL,
     "FILE|FOLDER --to gguf|hf --out PATH",
     NULL,
     1,
     1,
     LIST(HX_OPT_TO, HX_OPT_TARGET, HX_OPT_TYPE, HX_OPT_ADAPTER, HX_OPT_KEEP_LAYERS,
          HX_OPT_VOCAB_FROM, HX_OPT_TEXT, HX_OPT_THREADS),
     "a Hugging Face folder to a GGUF file, or back",
     "Hugging Face 目录与 GGUF 文件互转",
     "Weights that are F32, F16 or BF16 go there and back bit for bit; --type f32, f16 or bf16 "
     "changes them.\n"
     "With --adapter, --layers or --vocab-from the model is written with a LoRA adapter merged, "
     "with fewer blocks, with fewer\n"
     "tokens: a small model to start training from.",
     "F32、F16、BF16 权重往返转换逐位不变；--type f32、f16、bf16 可改变类型。\n"
     "--adapter 并入 LoRA 适配器，--layers 只留部分层，--vocab-from "
     "只留部分词元，得到可继续训练的小模型。",
     {{"huaxiang convert smollm2-135m --to hf --out smollm2", "a folder that transformers opens",
       "transformers 可打开的目录"},
      {"huaxiang convert smollm2 --to gguf --out smollm2.gguf", "and back", "再转回来"}},
     hx_cmd_convert,
     HX_MODEL_RULES},
    {"quantize",
     HX_PART_MODEL,
     "FILE|FOLDER --type TYPE --out FILE",
     NULL,
     1,
     1,
     LIST(HX_OPT_TYPE, HX_OPT_TARGET, HX_OPT_THREADS),
     "a GGUF file with smaller weights",
     "把权重量化为更小的 GGUF 文件",
     "Norms, biases and heads stay F32. For the 4-bit types the output matrix is Q6_K; q4_k also "
     "keeps more of half of the\n"
     "value and down matrices, as llama.cpp's Q4_K_M.",
     "归一化、偏置和分类头保持 F32。4 位类型的输出矩阵用 Q6_K；q4_k 还像 llama.cpp 的 Q4_K_M "
     "一样，\n"
     "对一半的 value 和 down 矩阵保留更高精度。",
     {{"huaxiang quantize smollm2.gguf --type q8_0 --out smollm2-q8.gguf", "8 bits a weight",
       "每个权重 8 位"}},
     hx_cmd_quantize,
     HX_MODEL_RULES},
    {"train",
     HX_PART_MODEL,
     "tokenizer|pretrain|classify|tag|multitask|compare|tune [FILE...] --out RUN",
     "tokenizer,pretrain,classify,tag,multitask,compare,tune",
     0,
     -1,
     LIST(TRAINING, HX_OPT_TRAIN_DATA, HX_OPT_TARGET, HX_OPT_FORMAT, HX_OPT_TEXT, HX_OPT_TEXT2,
          HX_OPT_LABEL, HX_OPT_RESUME, HX_OPT_THREADS, HX_OPT_MAX_LENGTH, HX_OPT_POOLING,
          HX_OPT_BIDIRECTIONAL, HX_OPT_FORCE, HX_OPT_COVERAGE, HX_OPT_HAN_ALONE, HX_OPT_DIGITS,
          HX_OPT_SYMBOLS),
     "teach a model: pre-training from plain text, labels of texts",
     "训练模型：用纯文本预训练，或学习文本的标签",
     "pretrain learns from plain text, classify from texts with labels, tag from words with tags "
     "or trees (--target tag, crf,\n"
     "parse), multitask all that a CONFIG.json describes, on one model; compare chooses among "
     "learners, tune among settings.\n"
     "RUN is a folder: config.json, log.jsonl, report.html, last/ and best/, a model's folder "
     "which every command takes\n"
     "(--model RUN). Ctrl-C saves; --resume goes on and gives the same bytes.\n"
     "classify --model learn fits the installed engine learn to 10 to 20,000 positive and negative "
     "texts in a second: RUN is then\n"
     "a small file for --adapt of sentiment, annotate, profile and evaluate.",
     "pretrain 从纯文本学习，classify 从带标签的文本学习，tag 从带标记的词或句法树学习（--target "
     "tag、crf、parse），\n"
     "multitask 按 CONFIG.json 用同一模型学习多个任务；compare 比较多个学习器，tune "
     "试验多组设置。\n"
     "RUN 是目录：config.json、log.jsonl、report.html、last/ 和 best/；best "
     "是模型目录，所有命令都可使用（--model RUN）。\n"
     "Ctrl-C 会先保存；--resume 接着训练，结果逐字节相同。\n"
     "classify --model learn 用 10 到 20,000 条正面和负面文本，在一秒左右调整已安装的 learn "
     "引擎：此时 RUN "
     "是一个小文件，\n"
     "供 sentiment、annotate、profile 和 evaluate 的 --adapt 使用。",
     {{"huaxiang train tokenizer --data samples/labelled.csv --text comment --vocab 2048 --out "
       "tokenizer.model",
       "a vocabulary", "词表"},
      {"huaxiang train pretrain --data samples/labelled.csv --text comment --tokenizer "
       "tokenizer.model --layers 2 --width 64 --heads 2 --length 64 --steps 20 --out lm",
       "a small language model", "小语言模型"},
      {"huaxiang train classify samples/labelled.csv --text comment --label label --model lm "
       "--epochs 1 --split 70,15,15 --out mood",
       "which learns labels", "学习标签"},
      {"huaxiang train tag samples/tagged.csv --text words --label tags --model lm --epochs 1 "
       "--out "
       "tagger",
       "tags of words", "词性标注"},
      {"huaxiang train classify --data samples/labelled.csv --text comment --label label "
       "--max-length 512 --test-size 0.2 --epochs 3 --out run",
       "labels from nothing: a small model of its own", "从零开始学习标签"},
      {"huaxiang train compare samples/labelled.csv --text comment --label label --learner nb,svm "
       "--out rivals",
       "several learners, chosen on validation", "多个学习器，按验证集选出"}},
     hx_cmd_train,
     HX_MODEL_MAY},
    {"compress",
     HX_PART_MODEL,
     "MODEL --data FILE --out FOLDER",
     NULL,
     1,
     1,
     LIST(HX_OPT_FORMAT, HX_OPT_LABELLED, HX_OPT_TEXT, HX_OPT_LABEL, HX_OPT_TEST_FILE,
          HX_OPT_TEST_SIZE, HX_OPT_TRY, HX_OPT_RATE, HX_OPT_TARGET, HX_OPT_THREADS),
     "a classifier made smaller, in several ways, and what each costs",
     "用多种方式压缩分类模型，并比较代价",
     "Each way of --try is measured on the same test texts: size, speed, accuracy. Rounding is "
     "weighed by what matters on the\n"
     "other texts; layers, feed-forward channels, heads and tokens that matter least there go. "
     "tune trains what is left; qat\n"
     "trains with rounded weights. For instance: --try int8,q4,vocab+int8,ffn:0.75+tune:1,qat:8.",
     "--try 的每种方式都在同一测试集上衡量大小、速度和准确率。量化按其余文本上的重要性加权；\n"
     "最不重要的层、前馈通道、注意力头和词元被去掉。tune 对剩余部分再训练，qat 以量化权重训练。\n"
     "例如：--try int8,q4,vocab+int8,ffn:0.75+tune:1,qat:8。",
     {{"huaxiang compress mood --data samples/labelled.csv --text comment --label label --try "
       "int8,q4 --out small",
       "size, speed and accuracy of each way", "各方式的大小、速度与准确率"}},
     hx_cmd_compress,
     HX_MODEL_RULES},
    {"tokenize",
     HX_PART_MODEL,
     "[FILE...] --model M",
     NULL,
     0,
     -1,
     LIST(TEXTS, HX_OPT_SPECIAL, HX_OPT_MAX_LENGTH, HX_OPT_PAD, HX_OPT_PIECES),
     "texts as a model reads them: token ids",
     "把文本转换为模型的词元编号",
     "Ids and attention_mask are those of the model's own tokenizer in transformers. What looks "
     "like "
     "a special token in a\n"
     "text is text.",
     "编号和 attention_mask 与该模型在 transformers 中的分词器一致。文本中形似特殊词元的内容按普通"
     "文本处理。",
     {{"huaxiang tokenize samples/comments.csv --model smollm2-135m --head 2 --pieces",
       "ids and the text of each", "编号及其文本"},
      {"huaxiang tokenize samples/labelled.csv --model smollm2-135m --special --max-length 16 "
       "--pad "
       "--head 2",
       "all of one length, for training", "统一长度，供训练使用"}},
     hx_cmd_filter,
     HX_MODEL_MUST},
    {"embed",
     HX_PART_MODEL,
     "[FILE...] --model M",
     NULL,
     0,
     -1,
     LIST(TEXTS, HX_OPT_POOLING, HX_OPT_NORMALIZE, HX_OPT_BIDIRECTIONAL, HX_OPT_MAX_LENGTH,
          HX_OPT_PRECISION),
     "texts to vectors by a model's forward pass",
     "用模型前向计算把文本转为向量",
     "Texts are packed into one batch without padding; a text's vector does not depend on the "
     "others.\n"
     "Without --model: huaxiang-small, the mean of what it sees in both directions.",
     "多条文本打包成一批，不加填充；每条文本的向量与其他文本无关。\n"
     "不给 --model 时用 huaxiang-small，取双向各词元的均值。",
     {{"huaxiang embed samples/comments.csv --normalize --out vectors.jsonl", "one vector a text",
       "每条文本一个向量"},
      {"huaxiang embed samples/comments.csv --model smollm2-135m --pooling mean --normalize --out "
       "vectors.jsonl",
       "by a larger model", "用较大的模型"}},
     hx_cmd_filter,
     HX_MODEL_MUST},
    {"classify",
     HX_PART_MODEL,
     "[FILE...] --model M",
     NULL,
     0,
     -1,
     LIST(TEXTS, HX_OPT_TEXT2, HX_OPT_LABELS, HX_OPT_ABSTAIN, HX_OPT_INSTRUCTION, HX_OPT_TASK,
          HX_OPT_THRESHOLD, HX_OPT_MAX_LENGTH, HX_OPT_PRECISION),
     "labels or numbers by a model's heads, or your own labels without training",
     "用模型的任务头给出标签或数值，或不经训练使用自己的标签",
     "With --labels any instruct model chooses among them, by the likelihood of each label behind "
     "the text.\n"
     "--instruction says what to ask. Without --labels the model needs a head: one label gives "
     "label, "
     "score and scores,\n"
     "several labels give labels and scores, a number gives value. Several heads are read in one "
     "pass "
     "and give a member each.\n"
     "Without --model and --labels: huaxiang-small, whose heads --task names (banking77, clinc150, "
     "topic, iflytek, ...).",
     "给出 --labels 时，任何指令模型都可按各标签在文本之后的可能性作出选择；--instruction "
     "说明问题。\n"
     "不给 --labels 时模型须带任务头：单标签给出 label、score 和 scores，多标签给出 labels 和 "
     "scores，数值给出 value。\n"
     "多个任务头一次读完，各占一个成员。\n"
     "不给 --model 和 --labels 时用 huaxiang-small，用 --task "
     "指定任务头（banking77、clinc150、topic、iflytek 等）。",
     {{"huaxiang classify samples/comments.csv --task topic --format table", "topics of news",
       "新闻主题"},
      {"huaxiang classify samples/comments.csv --model qwen2.5-coder-0.5b --labels food,film,book "
       "--format table",
       "own labels", "自己的标签"}},
     hx_cmd_filter,
     HX_MODEL_MUST},
    {"tag",
     HX_PART_MODEL,
     "[FILE...]",
     NULL,
     0,
     -1,
     LIST(TEXTS, HX_OPT_STANDARD, HX_OPT_FROM_TREES, HX_OPT_MEMORY, HX_OPT_TASK, HX_OPT_WORDS,
          HX_OPT_PIECES, HX_OPT_MAX_LENGTH, HX_OPT_PRECISION),
     "parts of speech; names, phrases and the like by a model's head for words",
     "词性标注；也可用模型的词标注头标出名称、短语等",
     "Words and their parts of speech (UPOS) by huaxiang-small; --standard says which words. With "
     "--model or --task another head speaks.\n"
     "Each tag has its label, score, and start and end: bytes of the text as given. Labels B-X, "
     "I-X make spans, others\n"
     "stand for a word each; --pieces gives a tag for each token. FILE.conllu: parts of speech of "
     "its own words. A head that makes trees gives "
     "id, "
     "form, head and deprel of\n"
     "each word, as CoNLL-U has them. The model needs a head for words; --task says which.",
     "由 huaxiang-small 给出词和词性（UPOS），--standard 选择分词标准；给出 --model 或 --task "
     "时改用其他任务头。\n"
     "每个标注有标签、得分、start 和 end（原文的字节位置）。B-X、I-X 形式的标签合成片段，其他标签"
     "每词一个；\n"
     "--pieces 给出每个词元的标注。文件.conllu：标注其中已有的词。产生依存树的任务头给出每个词的 "
     "id、form、head 和 deprel（同 "
     "CoNLL-U）。\n"
     "模型须带词标注头；用 --task 指定哪一个。",
     {{"huaxiang tag samples/comments.csv --format table", "words and parts of speech", "词和词性"},
      {"huaxiang tag samples/comments.csv --task keywords", "key phrases", "关键短语"},
      {"huaxiang tag samples/comments.csv --model tagger", "spans of a model of your own",
       "用自己的模型标出片段"}},
     hx_cmd_filter,
     HX_MODEL_MAY},
    {"generate",
     HX_PART_MODEL,
     "[PROMPT...] --model M",
     NULL,
     0,
     -1,
     LIST(READING, RECORDS, HX_OPT_HEAD, HX_OPT_THREADS, HX_OPT_TEXT, HX_OPT_MAP, HX_OPT_REJECTS,
          HX_OPT_DATA, HX_OPT_SYSTEM, HX_OPT_RAW, HX_OPT_MAX_TOKENS, HX_OPT_TEMPERATURE,
          HX_OPT_TOP_K, HX_OPT_TOP_P, HX_OPT_MIN_P, HX_OPT_REPETITION_PENALTY, HX_OPT_STOP,
          HX_OPT_GRAMMAR, HX_OPT_JSON_SCHEMA, HX_OPT_LOG_PROBS, HX_OPT_CONTEXT, HX_OPT_PRECISION),
     "text from a model, held to a grammar or schema if you like",
     "让模型生成文本，可用语法或 JSON Schema 约束",
     "Without PROMPT it is read from standard input. With --data FILE, PROMPT and each row's text "
     "are given together, and\n"
     "\"generated\" is added to the row. A grammar or schema is held token by token, whatever the "
     "model says. Where\n"
     "--max-tokens (or --context) ends the answer before it is whole, the record says "
     "\"end\":\"length\", a sentence says so,\n"
     "and the exit status is 1.",
     "不给提示时从标准输入读取。给出 --data 文件时，对每一行把提示和该行文本一起交给模型，\n"
     "并在该行加上 generated。无论模型怎样回答，每个词元都受语法或 Schema 约束。若 "
     "--max-tokens（或 "
     "--context）使回答\n"
     "在完成之前结束，记录中为 \"end\":\"length\"，并给出提示，退出状态为 1。",
     {{"huaxiang generate 'Write one sentence about a good shop.' --model qwen2.5-coder-0.5b "
       "--max-tokens 40",
       "an answer", "一个回答"},
      {"huaxiang generate 'Name the goods in this review:' --data samples/comments.csv --head 2 "
       "--model qwen2.5-coder-0.5b --max-tokens 16",
       "once a row", "每行一次"}},
     hx_cmd_generate,
     HX_MODEL_MUST},
    {"evaluate",
     HX_PART_MODEL,
     "sentiment|intent|emotions|keywords|classify|tag|words|parse|correct|perplexity|recommend|"
     "prefer --data FILE [--model M]",
     "sentiment,intent,emotions,keywords,classify,tag,words,parse,correct,perplexity,recommend,"
     "prefer",
     0,
     0,
     LIST(READING, RECORDS, HX_OPT_FORETOLD, HX_OPT_TEXT, HX_OPT_TEXT2, HX_OPT_LABEL, HX_OPT_ENGINE,
          HX_OPT_ADAPT, HX_OPT_MEMORY, HX_OPT_AGAINST, HX_OPT_CALIBRATE, HX_OPT_OUT_OF_SCOPE,
          HX_OPT_SCOPE_LOSS, HX_OPT_HEAD, HX_OPT_USER_WORDS, HX_OPT_INSTRUCTION, HX_OPT_TASK,
          HX_OPT_THRESHOLD, HX_OPT_FALSE_ALARMS, HX_OPT_PROTECT, HX_OPT_MAX_LENGTH, HX_OPT_PART,
          HX_OPT_PRECISION, HX_OPT_THREADS, HX_OPT_STANDARD, HX_OPT_FROM_TREES, HX_OPT_VOCABULARY,
          HX_OPT_RECOMMEND_USER, HX_OPT_RECOMMEND_ITEM, HX_OPT_RECOMMEND_RATING, HX_OPT_TIME,
          HX_OPT_TEST_FILE, TASTES),
     "how often labels are right, or how well a text is foretold",
     "评估标签的准确率，或对文本的预测能力",
     "FILE has a column of texts and one of labels. M is rules, a learner's file, a run or a "
     "language model.\n"
     "sentiment, intent, emotions: --engine rules, learn, llama (huaxiang-small), "
     "or "
     "all (one record each); a table shows\n"
     "all unless one is named. keywords: F1 of the first 5 and 10, where a column has the keywords "
     "that people chose, ';' between "
     "them.\n"
     "Precision, recall and F1 are those of the second label where there are two, else means over "
     "all labels (macro).\n"
     "A run's heads for several labels ('|' between them), numbers, words (tag: words and tags "
     "with "
     "blanks between them,\n"
     "or CoNLL-U) and trees have figures of their own; --task says which head.\n"
     "--out-of-scope LABEL: a threshold, fitted on the rows of --calibrate, tells texts that no "
     "other "
     "label fits; figures of one label a text.\n"
     "words: Chinese lines that people cut, blanks between words, against each engine's; "
     "--standard "
     "says which convention;\n"
     "--vocabulary tells the recall of words outside it (OOV), as the SIGHAN bakeoffs.\n"
     "parse: words, parts of speech and trees of raw text against a treebank in CoNLL-U, as the "
     "CoNLL 2018 shared task.\n"
     "perplexity, as llama.cpp does it: parts of --context tokens (512), the second half of each "
     "foretold; lower\n"
     "is better, and figures of different tokenizers can't be compared.",
     "FILE 含文本列和标签列。M 可以是 rules、学习器文件、训练目录或语言模型。\n"
     "sentiment、intent、emotions：--engine 可为 rules、learn、"
     "llama（huaxiang-small）或 "
     "all（每个引擎一条记录）；表格默认列出全部引擎。\n"
     "keywords：标签列是人工选定的关键词（以“;”分隔），给出前 5 个和前 10 个的 F1。\n"
     "只有两个标签时，精确率、召回率和 F1 是第二个标签的；否则是各标签的平均（宏平均）。\n"
     "训练目录中的多标签（以“|”分隔）、数值、词（tag：词和标签均以空格分隔，或 "
     "CoNLL-U）和依存树任务头"
     "各有自己的指标；\n用 --task 指定任务头。\n"
     "--out-of-scope 标签：用 --calibrate 的数据拟合阈值，识别其他标签都不适用的文本"
     "（每条文本一个标签）。\n"
     "words：用人工分词（空格分隔）的中文行评估各引擎的分词；--standard 选择分词标准；\n"
     "--vocabulary 另给出词表之外的词（未登录词）的召回率，同 SIGHAN 评测。\n"
     "parse：原始文本的词、词性和依存树与 CoNLL-U 树库比较，指标同 CoNLL 2018 评测。\n"
     "perplexity 与 llama.cpp 相同：按 --context（默认 "
     "512）个词元分段，预测每段的后一半；越低越好，\n"
     "不同分词器的结果不可比较。",
     {{"huaxiang evaluate sentiment --data samples/labelled.csv --format table",
       "the engines on labelled texts", "各引擎在带标签文本上的表现"},
      {"huaxiang evaluate perplexity --data samples/comments.csv --context 32 --model smollm2-135m",
       "of a file's text", "一个文件的文本"}},
     hx_cmd_evaluate,
     HX_MODEL_MAY},
    {"bench",
     HX_PART_MODEL,
     "--model M",
     NULL,
     0,
     0,
     LIST(RECORDS, HX_OPT_PRECISION, HX_OPT_THREADS),
     "how fast a model runs on this machine",
     "模型在本机的运行速度",
     "Short texts to vectors, one long text, an answer token by token; the fastest of three.",
     "短文本转向量、一段长文本、逐词元续写；取三次中最快的一次。",
     {{"huaxiang bench --model smollm2-135m --format table", "tokens a second", "每秒词元数"}},
     hx_cmd_bench,
     HX_MODEL_MUST},
    {"doctor",
     HX_PART_PROGRAM,
     "[--store STORE]",
     NULL,
     0,
     0,
     LIST(HX_OPT_STORE, RECORDS),
     "what this machine can do, and whether all is in place",
     "检查本机能力和安装情况",
     "With --store, the store is checked too.",
     "给出 --store 时也检查该库。",
     {{"huaxiang doctor --store shop.db", "the program, the machine and a store",
       "程序、机器和一个库"}},
     hx_cmd_doctor,
     HX_MODEL_RULES},
    {"completion",
     HX_PART_PROGRAM,
     "bash|zsh|fish",
     "bash,zsh,fish",
     0,
     0,
     LIST(HX_OPT_OUT),
     "completion for your shell",
     "命令行补全脚本",
     NULL,
     NULL,
     {{"huaxiang completion bash > huaxiang.bash", "then: source huaxiang.bash",
       "然后：source huaxiang.bash"}},
     hx_cmd_completion,
     HX_MODEL_RULES},
    {"man",
     HX_PART_PROGRAM,
     "",
     NULL,
     0,
     0,
     LIST(HX_OPT_OUT),
     "the manual page",
     "手册页",
     "Read it with: huaxiang man | man -l -",
     "阅读：huaxiang man | man -l -",
     {{NULL, NULL, NULL}},
     hx_cmd_man,
     HX_MODEL_RULES},
    {"help",
     HX_PART_PROGRAM,
     "[COMMAND]",
     NULL,
     0,
     1,
     NULL,
     "this list, or the help of a command",
     "本列表，或某个命令的帮助",
     NULL,
     NULL,
     {{NULL, NULL, NULL}},
     hx_cmd_help,
     HX_MODEL_RULES},
    {"version",
     HX_PART_PROGRAM,
     "",
     NULL,
     0,
     0,
     NULL,
     "print the version",
     "显示版本",
     NULL,
     NULL,
     {{NULL, NULL, NULL}},
     hx_cmd_version,
     HX_MODEL_RULES},
};
const size_t hx_cli_commands_n = sizeof hx_cli_commands / sizeof *hx_cli_commands;
