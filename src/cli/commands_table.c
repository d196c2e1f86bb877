/* commands_table.c - the table of actions that are commands of their own: `table describe`, `table group`, ...
 *
 * An action has its own row where its options are its own: the same name may mean another list of choices for another action. A row's
 * name is COMMAND ACTION; the command's row in commands.c names the actions and holds no options. One row and one function an action.
 *
 * Completion offers the options of all actions behind their command; help and parsing take the action's own. */
#include "cli/commands.h"
#include "cli/commands_lists.h"

#include <stdio.h>
#include <string.h>

/* What hx_table_io_read() takes. */
#define TABLE_IN                                                                                   \
    READING, HX_OPT_MAP, HX_OPT_DATE_ORDER, HX_OPT_TIMEZONE, HX_OPT_WHERE, HX_OPT_MISSING,         \
        HX_OPT_AS_TEXT, HX_OPT_THREADS, HX_OPT_STORE
/* What hx_table_recipe_run() takes beside it. */
#define TABLE_STEPS HX_OPT_FIT_ON, HX_OPT_SAVE, HX_OPT_RECIPE, HX_OPT_HEAD

/* What hx_learn_options_of() takes. */
#define LEARN                                                                                      \
    HX_OPT_LEARN_TARGET, HX_OPT_LEARN_TASK, HX_OPT_USE, HX_OPT_DROP, HX_OPT_WEIGHT, HX_OPT_EVENT,  \
        HX_OPT_LEARN_TEXT, HX_OPT_LEARN_TRUNK, HX_OPT_ITEMS, HX_OPT_RECIPE

const hx_cli_command hx_cli_actions[] = {
    {"table apply",
     HX_PART_TEXT,
     "[FILE] --recipe RECIPE.json",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, TABLE_STEPS, HX_OPT_UNDO),
     "apply a recipe: steps that were fitted on other rows",
     "应用配方：在别的数据上拟合好的步骤",
     "A recipe is what --save of another action kept, or a list of steps to be fitted here (or on "
     "--fit-on):\n"
     "[{\"step\":\"where\",\"condition\":\"discount > "
     "0\"},{\"step\":\"keep\",\"columns\":[\"order_id\"]}]",
     "配方由其他动作的 --save 保存，或者是一列尚未拟合的步骤（在此文件或 --fit-on 上拟合）：\n"
     "[{\"step\":\"where\",\"condition\":\"discount > "
     "0\"},{\"step\":\"keep\",\"columns\":[\"order_id\"]}]",
     {{"echo '[{\"step\":\"where\",\"condition\":\"discount > 0\"}]' > sale.json; huaxiang table "
       "apply samples/shop/orders.csv --recipe sale.json --head 3",
       "a list of steps", "一列步骤"}},
     hx_cmd_table_apply,
     HX_MODEL_RULES},
    {"table check",
     HX_PART_TEXT,
     "[FILE] --rules RULES.json",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, HX_OPT_RULES, HX_OPT_PROPOSE, HX_OPT_AS_OF, HX_OPT_HTML),
     "check a file by rules: not missing, unique, ranges, patterns, sets, keys, freshness",
     "按规则检查文件：非空、唯一、范围、格式、取值、外键、时效",
     "A rule: {\"rule\":\"range\",\"column\":\"age\",\"min\":0,\"max\":120,\"severity\":\"warn\"}. "
     "Kinds: not_null, "
     "unique, range,\n"
     "pattern, in_set, foreign_key, freshness, row_count, distribution. The exit status is 1 where "
     "a "
     "rule of severity error\n"
     "is broken. --propose writes rules that this file keeps.",
     "规则例：{\"rule\":\"range\",\"column\":\"age\",\"min\":0,\"max\":120,\"severity\":\"warn\"}"
     "。种类：not_null、unique、"
     "range、\n"
     "pattern、in_set、foreign_key、freshness、row_count、distribution。有 error "
     "级规则不符合时退出码为 "
     "1。\n"
     "--propose 生成此文件符合的规则。",
     {{"huaxiang table check samples/shop/orders.csv --propose rules.json", "rules to start from",
       "生成一份初始规则"},
      {"huaxiang table check samples/shop/orders.csv --propose rules.json; huaxiang table check "
       "samples/shop/orders.csv --rules rules.json --format table",
       "check by them", "按规则检查"}},
     hx_cmd_table_check,
     HX_MODEL_RULES},
    {"table convert",
     HX_PART_TEXT,
     "[FILE] --columns C --from UNIT --to UNIT",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, TABLE_STEPS, HX_OPT_STEP_SET, HX_OPT_COLUMNS, HX_OPT_FROM,
          HX_OPT_UNIT),
     "numbers from one unit to another",
     "数值的单位换算",
     "Lengths mm cm m km in ft yd mi, weights mg g kg t oz lb 斤 两, temperatures C F K, amounts 1 "
     "万 亿 thousand million billion;\ncurrencies by --set rate=7.2. In a column of texts each "
     "value may bring its unit: 180cm, 1.8 m, 3.5万.",
     "长度 mm cm m km in ft yd mi，重量 mg g kg t oz lb 斤 两，温度 C F K，数额 1 万 亿 thousand "
     "million billion；\n货币用 --set rate=7.2 给出汇率。文本列中每个值可自带单位：180cm、1.8 "
     "m、3.5万。",
     {{"huaxiang table convert samples/shop/orders.csv --columns amount,unit_price,quantity --from "
       "元 --to 元 --format csv --out numbers.csv; head -2 numbers.csv",
       "1.2万, ￥99.00 and １２ as numbers", "把 1.2万、￥99.00、１２ 变为数值"}},
     hx_cmd_table_convert,
     HX_MODEL_RULES},
    {"table dedupe",
     HX_PART_TEXT,
     "[FILE] [--keys C] [--near T]",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, HX_OPT_HEAD, HX_OPT_KEYS, HX_OPT_NEAR, HX_OPT_KEEP, HX_OPT_MAPPING),
     "leave one row of each thing: equal rows, equal keys, alike texts",
     "去重：相同的行、相同的键、相似的文本",
     "Texts are compared without case, width, blanks and signs; texts whose digits differ are "
     "never "
     "alike. --mapping writes\n"
     "the groups, with the row that stays and its similarity.",
     "比较文本时忽略大小写、全半角、空格和标点；数字不同的文本不算相似。--mapping "
     "写出各组、保留的行及相似度。",
     {{"huaxiang table dedupe samples/shop/orders.csv --keys customer_id --keep complete "
       "--head 3",
       "the most complete row of each customer", "每位客户最完整的一行"}},
     hx_cmd_table_dedupe,
     HX_MODEL_RULES},
    {"table describe",
     HX_PART_TEXT,
     "[FILE]",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, RECORDS, HX_OPT_COLUMNS, HX_OPT_HTML),
     "count, mean, quartiles, commonest values and a histogram of each column",
     "每列的个数、均值、四分位数、最多的值和分布",
     "As pandas' describe(include='all'): the standard deviation is of a sample, quartiles are "
     "interpolated. A column holds\n"
     "numbers, times, true/false or texts as all of its values do; empty cells, NA, NULL, NaN and "
     "what --missing names are missing.",
     "与 pandas 的 describe(include='all') "
     "一致：标准差为样本标准差，四分位数按线性插值。一列是数值、时间、真假值还是文本\n"
     "由其全部值决定；空单元格、NA、NULL、NaN 和 --missing 所列的值算缺失。",
     {{"huaxiang table describe samples/shop/orders.csv", "every column of a file",
       "一个文件的全部列"},
      {"huaxiang table describe samples/shop/orders.csv --where 'discount > 0 and channel = app' "
       "--columns category,discount --format table",
       "of some rows and columns", "只看部分行和列"},
      {"huaxiang table describe samples/shop/orders.csv --html orders.html", "and a page of it",
       "并生成网页"}},
     hx_cmd_table_describe,
     HX_MODEL_RULES},
    {"table encode",
     HX_PART_TEXT,
     "[FILE] --method METHOD",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, TABLE_STEPS, HX_OPT_STEP_SET, HX_OPT_COLUMNS, HX_OPT_ENCODE_METHOD,
          HX_OPT_LEARN_TARGET),
     "categories as columns of numbers",
     "类别变为数值列",
     "onehot: a 0/1 column a value (--set least=20: rarer ones share one; --set drop_first=true); "
     "ordinal: --set order=low,mid,high; target: smoothed\nmeans of --target, for the rows it "
     "learns from always of the other rows (--set smoothing=10); hash: --set width=16.",
     "onehot：每个值一个 0/1 列（--set least=20：更少见的合为一列；--set "
     "drop_first=true）；ordinal：--set order=低,中,高；target：--target "
     "的平滑均值，\n学习所用的行只取其他行的均值（--set smoothing=10）；hash：--set width=16。",
     {{"huaxiang table encode samples/shop/orders.csv --columns channel --head 2",
       "a column a channel", "每个渠道一列"},
      {"huaxiang table encode numbers.csv --columns category --method target --target "
       "amount --head 2",
       "mean amount of the category", "类目的平均金额"}},
     hx_cmd_table_encode,
     HX_MODEL_RULES},
    {"table embed",
     HX_PART_TEXT,
     "[FILE] --text C --model M",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, HX_OPT_HEAD, HX_OPT_TEXT, HX_OPT_POOLING, HX_OPT_NORMALIZE,
          HX_OPT_BIDIRECTIONAL, HX_OPT_MAX_LENGTH, HX_OPT_PRECISION),
     "a column of texts as numbers of a language model, beside the others",
     "用语言模型把文本列变为数值列",
     "Columns C~1, C~2, ... are the vector of the text, one column a dimension. Any model of learn "
     "fit on them is a head on the\n"
     "language model, which itself stays as it is; train classify fine-tunes it.",
     "C~1、C~2、…… 为文本的向量，每维一列。在这些列上用 learn fit "
     "学习的任何模型都是语言模型之上的分类头，语言模型本身不变；\n"
     "要微调它请用 train classify。",
     {{"huaxiang table embed samples/labelled.csv --text comment --model smollm2-135m --pooling "
       "mean "
       "--format csv --out vectors.csv; huaxiang learn fit vectors.csv --target label --drop "
       "customer,time,product,comment --model logistic --split 80,20",
       "a logistic head on vectors of comments", "在评论向量上学习逻辑回归"}},
     hx_cmd_table_embed,
     HX_MODEL_MUST},
    {"table features",
     HX_PART_TEXT,
     "[FILE] --time C --parts P",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, TABLE_STEPS, HX_OPT_FEATURE_TIME, HX_OPT_PARTS, HX_OPT_STEP_BY,
          HX_OPT_COLUMNS, HX_OPT_WINDOW, HX_OPT_GAP, HX_OPT_PAGE, HX_OPT_INTERACT, HX_OPT_JOIN,
          HX_OPT_JOIN_KEY, HX_OPT_JOIN_AS_OF, HX_OPT_JOIN_TIME, HX_OPT_JOIN_TOLERANCE,
          HX_OPT_LEAK_CHECK, HX_OPT_SEQUENCE, HX_OPT_TEXT, HX_OPT_TFIDF, HX_OPT_HASHED,
          HX_OPT_VECTORS, HX_OPT_CHARACTERS, HX_OPT_WORD_GRAMS),
     "columns derived from events, as they could be known at each row's time",
     "由事件派生的特征列，只用每行当时已知的信息",
     "Windows count what lies strictly before the row; joins take the latest row at or before "
     "--as-of. "
     "Times are of --timezone.\nWith --leak-check it exits 1 where a feature knows the future.",
     "窗口只统计严格早于该行的内容；连接取不晚于 --as-of 的最近一行。时间按 "
     "--timezone。\n--leak-check "
     "发现特征用到未来信息时退出码为 1。",
     {{"huaxiang table features samples/shop/orders.csv --time order_time --parts "
       "hour,weekday,holiday_cn --head 2",
       "parts of the time", "时间的各部分"},
      {"huaxiang table features numbers.csv --time order_time --by customer_id "
       "--window "
       "30,90 --columns amount --head 3",
       "what the customer had bought before", "客户此前的购买"},
      {"huaxiang table features samples/shop/orders.csv --time order_time --by customer_id --page "
       "category --sequence 2 --head 1",
       "which category has followed which so far", "至此各类目之间的转移次数"},
      {"huaxiang table features samples/labelled.csv --text comment --tfidf 20 --characters 2 "
       "--save text.json --head 1",
       "texts as columns: the 20 commonest n-grams", "把文本变为列：最常见的 20 个 n 元组"}},
     hx_cmd_table_features,
     HX_MODEL_RULES},
    {"table group",
     HX_PART_TEXT,
     "[FILE] --by C --agg A",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, HX_OPT_HEAD, HX_OPT_BY, HX_OPT_AGG),
     "group the rows of a file",
     "对文件的行分组汇总",
     "Sums are exact. Rows come in the order of their keys. count, distinct (nunique), sum, mean, "
     "min, max, first and last are reckoned as the file is read; with std, var, median, q25 (any "
     "quantile) or mode, or with --where, it is read into memory first.",
     "求和是精确的；结果按分组键排序。count、distinct（nunique）、sum、mean、min、max、first、last "
     "边读边算；含 std、var、median、q25（任意分位数）、mode 或使用 --where 时先读入内存。",
     {{"huaxiang table group samples/shop/orders.csv --by category --agg "
       "'count,sum(amount),distinct(customer_id)' --format table",
       "sales by category", "按类目汇总销售"},
      {"huaxiang table group samples/shop/orders.csv --where 'category is not missing' --by "
       "category --agg 'count,mode(channel)' --head 2",
       "the usual channel of a category", "各类目最常见的渠道"}},
     hx_cmd_table_group,
     HX_MODEL_RULES},
    {"table impute",
     HX_PART_TEXT,
     "[FILE] --method METHOD",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, TABLE_STEPS, HX_OPT_STEP_SET, HX_OPT_COLUMNS, HX_OPT_IMPUTE_METHOD,
          HX_OPT_STEP_BY, HX_OPT_ORDER_BY, HX_OPT_VALUE, HX_OPT_LIMIT, HX_OPT_MASK),
     "fill missing values, or remove them",
     "填补或删除缺失值",
     "Learnt from the file, or from --fit-on, and kept by --save. Without --columns: all columns "
     "the method can fill.\nknn: --set neighbours=5 --set weights=distance; iterative: --set "
     "rounds=10; drop-rows: --set how=all; drop-columns: --set share=0.5.",
     "从输入文件（或 --fit-on）学习，--save 保存。不给 --columns "
     "时处理该方法适用的全部列。\nknn：--set neighbours=5 --set weights=distance；iterative：--set "
     "rounds=10；drop-rows：--set how=all；drop-columns：--set share=0.5。",
     {{"printf 'city,age\\nA,30\\nA,\\nB,50\\nB,40\\nC,\\n' | huaxiang table impute --method "
       "median --columns age --by city --mask --format csv",
       "by city, with a mark", "按城市，并作标记"}},
     hx_cmd_table_impute,
     HX_MODEL_RULES},
    {"table interpolate",
     HX_PART_TEXT,
     "[FILE] --method METHOD",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, TABLE_STEPS, HX_OPT_STEP_SET, HX_OPT_COLUMNS,
          HX_OPT_INTERPOLATE_METHOD, HX_OPT_STEP_BY, HX_OPT_ORDER_BY, HX_OPT_LIMIT,
          HX_OPT_EXTRAPOLATE),
     "fill missing numbers from the curve through the others",
     "用曲线插值填补缺失的数值",
     "Over time with --order-by COLUMN, else over the rows as they stand; a curve for each group "
     "of --by.",
     "用 --order-by 列 按时间插值，否则按行的顺序；--by 的每组各有一条曲线。",
     {{"printf 'day,sales\\n2026-01-01,1\\n2026-01-02,\\n2026-01-05,9\\n' | huaxiang table "
       "interpolate "
       "--columns sales --order-by day --format csv",
       "over time", "按时间"}},
     hx_cmd_table_interpolate,
     HX_MODEL_RULES},
    {"table monitor",
     HX_PART_TEXT,
     "[FILE] --profile-store FOLDER",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, HX_OPT_PROFILE_STORE, HX_OPT_NAME, HX_OPT_BASELINE, HX_OPT_ALPHA,
          HX_OPT_HTML),
     "keep the profile of each run, raise an alarm where the data have changed",
     "保存每次运行的档案，数据变化时告警",
     "Each column is compared with an earlier run: PSI, Jensen-Shannon, Kolmogorov-Smirnov, share "
     "of "
     "missing, new values.\n"
     "An alarm (exit status 1, for cron) lies beyond a floor that matters and beyond what chance "
     "does "
     "at this number of rows.",
     "逐列与此前的运行比较：PSI、JS、KS、缺失比例、新值。告警（退出码 "
     "1，便于定时任务）须同时超过\n有意义的下限和该行数下随机波动的范围。",
     {{"huaxiang table monitor samples/shop/orders.csv --profile-store profiles --format table",
       "the first run is kept", "保存第一次运行"},
      {"huaxiang table monitor samples/shop/orders.csv --profile-store profiles --name shop "
       "--html orders.html",
       "with a page", "并生成网页"}},
     hx_cmd_table_monitor,
     HX_MODEL_RULES},
    {"table outliers",
     HX_PART_TEXT,
     "[FILE] --action ACTION",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, TABLE_STEPS, HX_OPT_STEP_SET, HX_OPT_COLUMNS, HX_OPT_OUTLIERS_METHOD,
          HX_OPT_STEP_BY, HX_OPT_ACTION, HX_OPT_FACTOR, HX_OPT_SEED),
     "find values far from the rest: flag, clip or remove them",
     "找出离群值：标记、截断或删除",
     "iqr: 1.5 interquartile ranges beyond the quartiles; z: 3 standard deviations from the mean; "
     "mad: 3.5 scaled median deviations from the median; isolation: rows that a forest of random "
     "splits "
     "tells from the others (score above 0.6; flag or remove).",
     "iqr：四分位数之外 1.5 倍四分位距；z：离均值 3 个标准差；mad：离中位数 3.5 "
     "倍（换算后的）中位绝对差；isolation：随机划分的森林易与其他行分开的行（得分高于 "
     "0.6；标记或删除）"
     "。",
     {{"huaxiang table outliers numbers.csv --columns amount --by category --action "
       "clip --head 2",
       "amounts within their category", "类目之内的金额"},
      {"huaxiang table outliers numbers.csv --columns amount,quantity --method isolation --set "
       "share=0.02 --head 2",
       "orders unlike the others", "与其他订单不同的订单"}},
     hx_cmd_table_outliers,
     HX_MODEL_RULES},
    {"table reconcile",
     HX_PART_TEXT,
     "A B [C ...] --key K",
     NULL,
     2,
     16,
     LIST(TABLE_IN, RECORDS, HX_OPT_HEAD, HX_OPT_KEY, HX_OPT_COMPARE, HX_OPT_TOLERANCE,
          HX_OPT_SURVIVE, HX_OPT_MERGED),
     "check files against each other: rows that are missing, fields that differ",
     "多个来源互相核对：缺少的行、不一致的字段",
     "A row a conflict, with the value of each file and which is kept. --merged writes a row a "
     "key, "
     "conflicts settled.",
     "每处冲突一行，列出各文件的值及保留哪个。--merged 写出合并后的表，每个键一行。",
     {{"head -50 samples/shop/orders.csv > a.csv; head -60 samples/shop/orders.csv > b.csv; "
       "huaxiang table reconcile a.csv b.csv --key order_id --merged all.csv --head 3 --format "
       "table",
       "two exports of one shop", "同一店铺的两份导出"}},
     hx_cmd_table_reconcile,
     HX_MODEL_RULES},
    {"table repair",
     HX_PART_TEXT,
     "[FILE] [--columns C]",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, TABLE_STEPS, HX_OPT_COLUMNS, HX_OPT_PROPOSE, HX_OPT_MAPPING),
     "replace values that are spelt in several ways, by a mapping that somebody has read",
     "统一同一取值的多种写法，按核对过的映射替换",
     "--propose writes the mapping (column, from, to, with rows, reason and similarity); read it, "
     "then "
     "give it with --mapping.\n"
     "Without both the proposal is applied at once.",
     "--propose 写出映射（列、原值、新值，附行数、理由和相似度）；核对后用 --mapping 应用。\n"
     "两者都不给时直接应用建议。",
     {{"huaxiang table repair samples/shop/orders.csv --columns category --propose mapping.csv; "
       "huaxiang table repair samples/shop/orders.csv --mapping mapping.csv --head 3",
       "propose, read, apply", "建议、核对、应用"}},
     hx_cmd_table_repair,
     HX_MODEL_RULES},
    {"table scale",
     HX_PART_TEXT,
     "[FILE] --method METHOD",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, TABLE_STEPS, HX_OPT_STEP_SET, HX_OPT_COLUMNS, HX_OPT_SCALE_METHOD),
     "bring numbers to one measure",
     "把数值缩放到同一尺度",
     "Learnt from finite values. minmax: --set low=0 --set high=1; quantile: --set output=normal; "
     "'table apply --recipe KEPT --undo' takes it back.",
     "从有限的数值学习。minmax：--set low=0 --set high=1；quantile：--set output=normal；“table "
     "apply --recipe 配方 --undo”可还原。",
     {{"huaxiang table scale numbers.csv --columns amount,quantity --method z --save "
       "scaled.json --head 2",
       "mean 0, standard deviation 1, kept", "均值 0、标准差 1，并保存"},
      {"huaxiang table apply numbers.csv --recipe scaled.json --head 2", "the same of other rows",
       "用于别的行"}},
     hx_cmd_table_scale,
     HX_MODEL_RULES},
    {"table select",
     HX_PART_TEXT,
     "[FILE] --target C",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, RECORDS, HX_OPT_WIDE, HX_OPT_LEARN_TARGET, HX_OPT_LEARN_TASK,
          HX_OPT_USE, HX_OPT_DROP, HX_OPT_SELECT_METHODS, HX_OPT_SELECT_BY, HX_OPT_SELECT_TOP,
          HX_OPT_SELECT_LIMIT, HX_OPT_MUST_KEEP, HX_OPT_MUST_NOT, HX_OPT_RULES, HX_OPT_PROPOSE,
          HX_OPT_SPLIT, HX_OPT_STRATIFY, HX_OPT_GROUP, HX_OPT_TIME, HX_OPT_SAVE, HX_OPT_REPORT),
     "rank the columns for a target in many ways side by side, and choose among them",
     "用多种方法并列评价各列对目标的作用，并作选择",
     "Rankings: pearson, spearman, kendall, mutual, gain, gain-ratio, iv, chi2, anova, l1, "
     "elimination, forest, boosting,\n"
     "permutation, boruta, variance, vif. Give it training rows alone: a choice that has seen the "
     "test rows flatters every model\n"
     "after it; with --split 80,20 it learns from the first part and is judged on the other. Rules "
     "{\"must_keep\":[...],\n"
     "\"must_not\":[{\"column\":\"gender\",\"reason\":\"...\"}]} come first; --propose writes "
     "some for names that look like protected\n"
     "attributes, which are never left out unasked. --save keeps a recipe that drops the rest, "
     "with the reasons.",
     "排名：pearson、spearman、kendall、mutual、gain、gain-ratio、iv、chi2、anova、l1、"
     "elimination、forest、boosting、\n"
     "permutation、boruta、variance、vif。只应给它训练行：看过测试行的选择会使其后的模型显得更好；"
     "--split 80,20 用前一部分选择，\n"
     "在另一部分上评判。规则 {\"must_keep\":[...],\"must_not\":[{\"column\":\"gender\","
     "\"reason\":\"...\"}]} 优先；\n"
     "--propose 为疑似受保护属性的列写出规则草案，未经要求不会排除。--save "
     "保存去掉其余列的配方及理由。",
     {{"huaxiang table select samples/shop/customers.csv --where '会员等级 is not missing' "
       "--target "
       "会员等级 --method gain,chi2,forest --top 3 --seed 1 --format table",
       "three rankings, the best three columns", "三种排名，选出三列"},
      {"huaxiang table select samples/shop/customers.csv --propose rules.json; huaxiang table "
       "select samples/shop/customers.csv --where '会员等级 is not missing' --target 会员等级 "
       "--rules "
       "rules.json --split 80,20 --seed 1 --save chosen.json --report select.html --format table",
       "rules proposed, then all rankings, a recipe and a page",
       "先提出规则，再做全部排名，生成配方和报告"}},
     hx_cmd_table_select,
     HX_MODEL_RULES},
    {"table split",
     HX_PART_TEXT,
     "[FILE] --split A,B,C",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, RECORDS, HX_OPT_SPLIT, HX_OPT_PREFIX, HX_OPT_STRATIFY,
          HX_OPT_GROUP, HX_OPT_TIME),
     "files for training, validation and test",
     "分成训练、验证、测试文件",
     "By chance (--seed), or with each value of a column shared out alike (--stratify), or with "
     "the rows of a value kept\n"
     "together (--group: no customer in two parts), or in order of time (--time: the test is the "
     "latest).",
     "默认随机（--seed）；--stratify 使某列的各个值在各部分比例一致；--group "
     "使同一值的行在同一部分（同一客户不会跨部分）；\n"
     "--time 按时间先后划分（测试集最晚）。",
     {{"huaxiang table split samples/labelled.csv --split 80,20 --stratify label --prefix reviews",
       "reviews-train.csv and reviews-test.csv", "得到 reviews-train.csv 和 reviews-test.csv"},
      {"huaxiang table split samples/shop/orders.csv --group customer_id --prefix orders",
       "no customer in two parts", "同一客户不跨部分"}},
     hx_cmd_table_split,
     HX_MODEL_RULES},
    {"learn fit",
     HX_PART_TEXT,
     "[FILE] --target C --model M --out MODEL.json",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, HX_OPT_FORMAT, HX_OPT_TARGET, LEARN, HX_OPT_PARAM, HX_OPT_PARAMS,
          HX_OPT_SOLVER, HX_OPT_LEARNING_RATE, HX_OPT_EPOCHS, HX_OPT_SPLIT, HX_OPT_STRATIFY,
          HX_OPT_GROUP, HX_OPT_TIME, HX_OPT_VALIDATION_FILE, HX_OPT_COST, HX_OPT_CALIBRATION,
          HX_OPT_CONFORMAL, HX_OPT_REPORT),
     "learn one column from the others",
     "由其他列学习某一列",
     "Shows coefficients with intervals, or what counts most, and how the loss went down; --out "
     "keeps the model. With --split\n"
     "80,20 it learns from the first part and is judged on the other. --recipe FILE holds steps "
     "that "
     "are fitted on the training\n"
     "rows alone and kept in the model. --model names one of the models below (default: boosting).",
     "显示系数及区间或各特征的重要性，以及损失如何下降；--out 保存模型。--split 80,20 "
     "在前一部分上学习，在后一部分上评估。\n"
     "--recipe 文件中的步骤只在训练行上拟合，并随模型保存。--model 为下列模型之一（默认 "
     "boosting）。",
     {{"huaxiang learn fit samples/shop/orders.csv --target discount --task regression --use "
       "channel,category --model linear --format table",
       "coefficients with intervals", "系数及其区间"},
      {"echo '[{\"step\":\"hour\",\"column\":\"time\"},{\"step\":\"drop\",\"columns\":"
       "[\"time\",\"user\"]}]' > hour.json; huaxiang learn fit samples/browsing.csv --where 'page "
       "is "
       "not missing' --target page --recipe hour.json --model forest --split 80,20 --seed 1 --out "
       "page.json --format table",
       "the page by the hour of the visit, judged on a fifth of the rows",
       "由访问的小时预测页面，在五分之一的行上评估"},
      {"huaxiang learn fit samples/labelled.csv --target label --text comment --use comment "
       "--model "
       "textcnn --param width=32 --param epochs=3 --split 80,20 --seed 1 --format table",
       "a network that reads the comments", "读取评论的网络"}},
     hx_cmd_learn_fit,
     HX_MODEL_MAY},
    {"learn predict",
     HX_PART_TEXT,
     "[FILE] --model MODEL.json",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, RECORDS, HX_OPT_HEAD, HX_OPT_ALL, HX_OPT_CERTAINTY, HX_OPT_SETS),
     "what a model says of rows: prediction and probability beside their columns",
     "模型对各行的预测：在原有各列之后加上 prediction 和 probability",
     "probability is that of the second class where there are two, else that of the class that is "
     "predicted; --all gives every\n"
     "class a column. --model is the file that learn fit --out kept.",
     "两个类别时 probability 为第二类的概率，否则为所预测类别的概率；--all 每个类别一列。--model "
     "为 "
     "learn fit --out 保存的文件。",
     {{"huaxiang learn predict samples/browsing.csv --model page.json --head 3", "three rows",
       "三行"}},
     hx_cmd_learn_predict,
     HX_MODEL_MAY},
    {"learn evaluate",
     HX_PART_TEXT,
     "[FILE] --model MODEL.json",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, RECORDS, HX_OPT_COST, HX_OPT_RANK_BY, HX_OPT_RANK_AT,
          HX_OPT_REPORT),
     "how good a model is on rows whose target is known",
     "在已知目标的行上评估模型",
     "Classes: accuracy, precision, recall, F1, ROC-AUC, PR-AUC, log loss, Brier, KS, Gini, "
     "calibration, lift and gain by decile.\n"
     "Numbers: R2, RMSE, MAE, median error, MAPE. Intervals are of 95 %, by bootstrap.",
     "类别：准确率、精确率、召回率、F1、ROC-AUC、PR-"
     "AUC、对数损失、Brier、KS、基尼、校准误差、十分位提升与累计召回。\n"
     "数值：R2、RMSE、MAE、误差中位数、MAPE。区间为 95 %，由自助法得到。",
     {{"huaxiang learn evaluate samples/browsing.csv --where 'page is not missing' --model "
       "page.json "
       "--format table",
       "on the rows it knows, for once", "在它见过的行上"}},
     hx_cmd_learn_evaluate,
     HX_MODEL_MAY},
    {"learn cross-validate",
     HX_PART_TEXT,
     "[FILE] --target C --model A,B",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, HX_OPT_FORMAT, HX_OPT_TARGET, LEARN, HX_OPT_PARAM, HX_OPT_PARAMS,
          HX_OPT_FOLDS, HX_OPT_REPEATS, HX_OPT_GROUP, HX_OPT_TIME, HX_OPT_CALIBRATION, HX_OPT_CURVE,
          HX_OPT_COST, HX_OPT_REPORT),
     "models judged on the same folds, and whether they differ",
     "在相同的折上评估多个模型，并检验差异",
     "Every fold is predicted by models that learnt from the others (5 folds). Two models are "
     "compared by the corrected resampled\n"
     "t-test (Nadeau, Bengio 2003) and by McNemar's. --param MODEL.NAME=VALUE where there are "
     "several models.",
     "每折由在其余各折上学习的模型预测（默认 5 折）。两个模型用校正的重抽样 t 检验（Nadeau、Bengio "
     "2003）和 McNemar 检验比较。\n"
     "多个模型时写 --param 模型.参数=值。",
     {{"huaxiang learn cross-validate samples/browsing.csv --where 'page is not missing' --target "
       "page "
       "--recipe hour.json --model logistic,tree,forest --param forest.trees=50 --format table",
       "three models on five folds", "三个模型，五折"}},
     hx_cmd_learn_cross_validate,
     HX_MODEL_MAY},
    {"learn tune",
     HX_PART_TEXT,
     "[FILE] --target C --model A,B --minutes M",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, HX_OPT_FORMAT, HX_OPT_TARGET, LEARN, HX_OPT_FOLDS, HX_OPT_GROUP,
          HX_OPT_TIME, HX_OPT_TRIALS, HX_OPT_MINUTES, HX_OPT_OUTER, HX_OPT_TUNE_SEARCH,
          HX_OPT_SINGLE, HX_OPT_REPORT),
     "find good parameters: random search with successive halving",
     "寻找好的参数：随机搜索加逐次减半",
     "Settings are judged fold by fold and the better third goes on. It ends after --trials "
     "settings (default: 27) or behind\n"
     "--minutes. Without --model: boosting, logistic or elastic, up to 5,000 rows forest. Those "
     "that are best "
     "together are fitted on all rows and\n"
     "kept as one model (--out); --single keeps the best alone. --outer K also judges the whole "
     "search on rows it never saw.",
     "各设置逐折评估，较好的三分之一继续。试完 --trials 个设置（默认 27）或超过 --minutes "
     "后结束。\n"
     "未给出 --model 时试 boosting、logistic 或 "
     "elastic，5000 行以内再加 forest。组合起来最好的设置在全部行上拟合，"
     "存为一个模型（--out）；--single 只留最佳的一个。\n"
     "--outer K 再在从未见过的行上评判整个搜索。",
     {{"huaxiang learn tune samples/browsing.csv --where 'page is not missing' --target page "
       "--recipe "
       "hour.json --model tree,logistic --trials 12 --folds 3 --format table --out tuned.json",
       "twelve settings", "十二个设置"}},
     hx_cmd_learn_tune,
     HX_MODEL_MAY},
    {"learn ensemble",
     HX_PART_TEXT,
     "[FILE] --target C --model A,B,C",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, HX_OPT_FORMAT, HX_OPT_TARGET, LEARN, HX_OPT_FOLDS, HX_OPT_REPEATS,
          HX_OPT_GROUP, HX_OPT_TIME, HX_OPT_WAYS),
     "several models together, and what that gains over the best of them",
     "多个模型的组合，以及相对最佳单一模型的增益",
     "voting is their mean, blending a weighted mean, stacking a model on top of them. All are "
     "judged on the same folds; the best way\n"
     "is fitted on all rows (--out). They are models of learn fit, too: --model stacking.",
     "voting 为平均，blending 为加权平均，stacking "
     "在其上再学一个模型。全部在相同的折上评估，最佳方式在全部行上拟合（--out）。\n"
     "它们也可用于 learn fit：--model stacking。",
     {{"huaxiang learn ensemble samples/browsing.csv --where 'page is not missing' --target page "
       "--recipe hour.json --model logistic,tree,forest --folds 3 --format table --out "
       "together.json",
       "three ways beside three models", "三种方式与三个模型"}},
     hx_cmd_learn_ensemble,
     HX_MODEL_MAY},
    {"score churn",
     HX_PART_LOOK,
     "--store S [--definition RULE] | [FILE] --target C",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_CHURN_TABLE, HX_OPT_AS_OF, RECORDS, HX_OPT_HEAD, HX_OPT_CHURN_DEFINITION,
          HX_OPT_CHURN_CUTS, HX_OPT_LEARN_TARGET, HX_OPT_CHURN_VALUE, HX_OPT_CHURN_CUSTOMER,
          HX_OPT_USE, HX_OPT_DROP, HX_OPT_CHURN_RECEIPTS, HX_OPT_CHURN_GONE, HX_OPT_CHURN_SAVE,
          HX_OPT_CHURN_VERIFY, HX_OPT_CHURN_LIST, HX_OPT_CHURN_COST, HX_OPT_CHURN_WORTH,
          HX_OPT_CHURN_SUCCESS, HX_OPT_CHURN_BUDGET, HX_OPT_CHURN_HOLD_OUT),
     "who leaves, how sure, why: from a store's events, or from a table with its outcome",
     "谁会流失、概率多大、为什么：由库中的事件或带结果的表得出",
     "Of a store: customers at several cut-offs in the past, with nothing known from behind them, "
     "teach the model; the latest is held out\n"
     "to judge it. Of a table: rows with an outcome teach it, judged by folds, and all are scored. "
     "Boosted trees and a logistic\n"
     "regression, calibrated on folds. --reasons has each column's contribution: with the base "
     "they sum to the score (log-odds).\n"
     "--list has whom to contact: chance x --success x --value is above --cost; a share is held "
     "out "
     "by the hash of the id.",
     "对库：以过去若干截止时刻的客户为样本，特征不含截止之后的信息；最近一个截止时刻留作检验。"
     "对表：有结果的行用于学习，以分折检验，并为全部行评分。\n"
     "模型为提升树加逻辑回归，概率在分折上校准。--reasons 给出每列的贡献，与基数之和恰为得分（"
     "对数几率）。\n"
     "--list 给出联系名单：流失概率 × --success × --value 大于 --cost "
     "者，其中一部分按编号的散列留作对照。",
     {{"huaxiang profile samples/shop/orders.csv --store shop.db --engine rules --quiet; huaxiang "
       "score churn --store shop.db --cuts 3 --head 5 --format table",
       "who will not buy within 90 days", "谁在 90 天内不会购买"},
      {"huaxiang score churn samples/loans.csv --target outcome --churned bad --customer loan_id "
       "--reasons --head 1",
       "a table with its outcome: one row and why", "带结果的表：一行及其原因"}},
     hx_cmd_score_churn,
     HX_MODEL_MAY},
    {"score campaign",
     HX_PART_LOOK,
     "LIST.campaign --store S | --table FILE --target C --customer ID",
     NULL,
     1,
     1,
     LIST(TABLE_IN, HX_OPT_CHURN_TABLE, HX_OPT_AS_OF, RECORDS, HX_OPT_LEARN_TARGET,
          HX_OPT_CHURN_VALUE, HX_OPT_CHURN_CUSTOMER),
     "what a campaign did: those contacted against those held out",
     "一次活动的效果：被联系者与对照者之比",
     "The campaign is what score churn --list kept: who was contacted, who was held out by seed "
     "and share, by which definition. A store\n"
     "says what became of them since; a table says it in --target. The interval of the effect is "
     "Newcombe's (95 %); where it holds 0, no effect\n"
     "has been shown.",
     "活动由 score churn --list 保存：联系了谁、按种子和比例留作对照的是谁、按何种定义。"
     "库给出他们此后的情况，表则由 --target 说明。\n"
     "效果的区间为 Newcombe 法（95 %）；区间含 0 表示尚未显示出效果。",
     {{"huaxiang profile samples/shop/orders.csv --store shop.db --engine rules --quiet; huaxiang "
       "score churn --store shop.db --as-of 2026-08-22 --cuts 3 --list list.csv --cost 5 --success "
       "0.2 --quiet > scores.jsonl; huaxiang score campaign list.csv.campaign --store shop.db "
       "--format table",
       "a list as of August, measured in November (nobody was contacted: no effect)",
       "按八月的情况列出名单，十一月检验（实际无人被联系：没有效果）"}},
     hx_cmd_score_campaign,
     HX_MODEL_RULES},
    {"score uplift",
     HX_PART_LOOK,
     "[FILE] --treatment T --outcome Y [--data NEW]",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_CHURN_TABLE, HX_OPT_AS_OF, RECORDS, HX_OPT_HEAD, HX_OPT_UPLIFT_TREATMENT,
          HX_OPT_UPLIFT_TREATED, HX_OPT_UPLIFT_OUTCOME, HX_OPT_UPLIFT_HAPPENED,
          HX_OPT_UPLIFT_METHOD, HX_OPT_UPLIFT_FRESH, HX_OPT_CHURN_CUSTOMER, HX_OPT_USE,
          HX_OPT_DROP),
     "whom a contact changes: from rows that were treated, or not, by chance",
     "联系对谁有效：由随机干预与未干预的行得出",
     "two-model: a model of each side, their difference. transformed: one model of the transformed "
     "outcome. tree: many trees that split where\n"
     "treated and untreated differ most. All are judged on five folds by Qini and AUUC (0 = as by "
     "chance, 1 = the best order); the best\n"
     "scores the rows, each by a model that did not see it, or those of --data by models of all.",
     "two-model：两侧各一个模型，取其差。transformed：对变换后的结果建一个模型。tree："
     "按两侧差异最大处分裂的多棵树。\n"
     "全部在五折上以 Qini 和 AUUC 检验（0 = 与随机相同，1 = "
     "最佳次序），最佳者为各行评分（各行由未见过它的模型），或为 --data 的行评分。",
     {{"huaxiang score uplift samples/campaign.csv --treatment contacted --outcome stayed "
       "--customer customer --head 5 --format table",
       "whom the contact keeps", "联系能留住谁"}},
     hx_cmd_score_uplift,
     HX_MODEL_RULES},
    {"score clv",
     HX_PART_LOOK,
     "[FILE...|--store STORE] [--model bg-nbd|mbg-nbd|pareto-nbd] [--calibrate-to DATE]",
     NULL,
     0,
     -1,
     LIST(READING, HX_OPT_MAP, HX_OPT_DATE_ORDER, HX_OPT_DATA, RECORDS, HX_OPT_HEAD, HX_OPT_THREADS,
          HX_OPT_CALIBRATE_TO, HX_OPT_TIME_UNIT, HX_OPT_HORIZON, HX_OPT_DISCOUNT, HX_OPT_STORE,
          HX_OPT_AS_OF, HX_OPT_CLV_RECEIPTS, HX_OPT_CLV_VERIFY),
     "who buys again, how often, for how much: lifetime value from transactions",
     "谁会再次购买、多少次、多少金额：由交易记录得出客户生命周期价值",
     "Columns of customer, time and amount are found by name, or named with --map. What a customer "
     "buys on one day is one purchase. Each\n"
     "customer's record says how likely he still buys, how often within --horizon, and the "
     "discounted amount with an 80 % interval of\n"
     "chance; the last record is the fit (default model: mbg-nbd), and with --calibrate-to how "
     "well "
     "it foretold what came.",
     "按列名识别客户、时间和金额列，也可用 --map "
     "指定。同一客户同一天的购买算一次。每位客户的记录给出仍会购买的概率、--horizon "
     "内的预期次数、\n"
     "折现金额及 80 % "
     "区间；最后一条记录是拟合结果（默认模型 mbg-nbd），给出 --calibrate-to "
     "时还有对其后购买的检验。",
     {{"huaxiang score clv samples/shop/orders.csv --head 5 --format table", "the most valuable",
       "最有价值的客户"},
      {"huaxiang score clv samples/shop/orders.csv --calibrate-to 2025-12-31 --model bg-nbd --head "
       "3 --format table",
       "held against what came later", "以之后的购买检验"},
      {"huaxiang score clv --store shop.db --receipts --head 2 --out receipts.jsonl; huaxiang "
       "score clv "
       "--store shop.db --verify receipts.jsonl --format table",
       "of a store, with receipts that are replayed", "由库得出，凭据可重演"}},
     hx_cmd_score_clv,
     HX_MODEL_MAY},
#include "cli/commands_score.inc"
    {"score credit",
     HX_PART_LOOK,
     "fit [FILE] --target T | edit|apply|show CARD [FILE] | export CARD --as sql|c",
     NULL,
     0,
     3,
     LIST(TABLE_IN, RECORDS, HX_OPT_HEAD, HX_OPT_LEARN_TARGET, HX_OPT_BAD, HX_OPT_USE, HX_OPT_DROP,
          HX_OPT_BINS, HX_OPT_TREND, HX_OPT_MAX_BINS, HX_OPT_MIN_SHARE, HX_OPT_BIN_P, HX_OPT_MIN_IV,
          HX_OPT_MAX_P, HX_OPT_POINTS, HX_OPT_PLACES, HX_OPT_REJECTED, HX_OPT_CUT_OFF,
          HX_OPT_PROFIT, HX_OPT_PSI_BY, HX_OPT_FAIR_GROUP, HX_OPT_REASONS, HX_OPT_HTML,
          HX_OPT_CARD_AS, HX_OPT_EXPORT_TABLE, HX_OPT_EXPORT_NAME),
     "scorecards: bins, points, reasons, cut-offs, fairness, the same points in SQL and C",
     "评分卡：分箱、分值、原因、准入线、公平性，并导出结果一致的 SQL 和 C",
     "fit makes a card (JSON, to --out): bins of the greatest information value under a monotone "
     "trend, a logistic regression on their\n"
     "weights of evidence, whole points. edit fits it again with bins made by hand. apply adds "
     "score and p_bad to rows; with --reasons it\n"
     "says why. show has the bins, or with FILE how well the card does: KS, Gini, lift, cut-offs "
     "with profit, stability, fairness.",
     "fit 生成评分卡（JSON，写入 "
     "--out）：在单调趋势下求信息值最大的分箱，对证据权重做逻辑回归，得到整数分值。"
     "edit 用手工分箱重新拟合。\n"
     "apply 为每行加上 score 和 p_bad，--reasons 给出原因。show 显示分箱；给出 FILE 时显示 "
     "KS、基尼系数、提升度、准入线与利润、稳定性和公平性。",
     {{"huaxiang score credit fit samples/loans.csv --target outcome --drop loan_id,gender --out "
       "card.json",
       "a card", "生成评分卡"},
      {"huaxiang score credit fit samples/loans.csv --target outcome --drop loan_id,gender | "
       "huaxiang score credit show - --format table",
       "its bins", "查看分箱"},
      {"huaxiang score credit fit samples/loans.csv --target outcome --drop loan_id,gender | "
       "huaxiang score credit apply - samples/loans.csv --reasons best --cut-off 580 --head 1",
       "why, and what would make the first one pass", "原因及达标所需的改变"},
      {"huaxiang score credit fit samples/loans.csv --target outcome --use savings,months | "
       "huaxiang score credit export - --as sql --table loans",
       "the same points in SQL", "导出结果一致的 SQL"}},
     hx_cmd_score_credit,
     HX_MODEL_RULES},
    {"learn survival",
     HX_PART_TEXT,
     "[FILE] --time T --event E [--group G] [--use A,B]",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, HX_OPT_FORMAT, HX_OPT_DURATION, HX_OPT_ENDED, HX_OPT_CURVE_GROUP,
          HX_OPT_RISK_USE, HX_OPT_TIES, HX_OPT_REPORT),
     "how long until something happens, where some rows were only seen so long",
     "事件发生前经过多久，其中一些行只观察到某时",
     "Kaplan-Meier curves with 95 % intervals (Greenwood, log-log) and medians; --group compares "
     "them by the log-rank test, --use\n"
     "estimates by Cox regression how columns multiply the risk. --report draws the curves.",
     "Kaplan-Meier 曲线及 95 % 区间（Greenwood，双对数）和中位数；--group "
     "用对数秩检验比较，--use 用 Cox 回归估计各列使风险成为多少倍。\n"
     "--report 画出曲线。",
     {{"awk 'BEGIN { print \"days,left,plan\"; for (i = 1; i < 41; i++) print 5 + i * 37 % 90 "
       "\",\" (i "
       "% 4 > 0) \",\" (i % 2 ? \"month\" : \"year\") }' > left.csv; huaxiang learn survival "
       "left.csv "
       "--time days --event left --group plan --format table",
       "who stays how long, by plan", "按套餐看客户留存多久"}},
     hx_cmd_learn_survival,
     HX_MODEL_RULES},
    {"learn explain",
     HX_PART_TEXT,
     "[FILE] --model MODEL.json [--row N]",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, HX_OPT_FORMAT, HX_OPT_OUT, HX_OPT_EXPLAIN_METHOD,
          HX_OPT_EXPLAIN_TOP, HX_OPT_ROW, HX_OPT_CLASS, HX_OPT_WANT, HX_OPT_FIXED,
          HX_OPT_BACKGROUND, HX_OPT_REPORT),
     "why a model says what it says: of one row, or of all",
     "模型为何如此回答：单独一行或全部行",
     "All rows: what counts (Shapley values), what the model needs (permutation), how a column "
     "matters (partial dependence),\n"
     "coefficients with intervals, a small tree that says nearly the same. --row N: what each "
     "column "
     "adds to its answer, and the\n"
     "smallest changes with which the model would decide otherwise. kernel asks any model about "
     "mixed rows; others are exact.\n"
     "Texts and columns with missing values are shown as one. --report draws all of it.",
     "全部行：什么最重要（Shapley "
     "值）、模型依赖什么（打乱）、各列如何起作用（部分依赖）、系数及区间、"
     "近似的小树。\n"
     "--row N：每一列对该行回答的贡献，以及使模型改变判断的最小改动。kernel "
     "适用于任何模型；其余为精确"
     "值。\n"
     "文本列和有缺失值的列合为一列显示。--report 写出图形页面。",
     {{"huaxiang learn explain samples/browsing.csv --where 'page is not missing' --model "
       "page.json "
       "--method shap,permutation --format table",
       "what counts for the page of a visit", "访问页面取决于什么"},
      {"huaxiang learn explain samples/browsing.csv --where 'page is not missing' --model "
       "page.json "
       "--row 3 --format table",
       "the third row, and what would change it", "第三行，以及怎样才会不同"}},
     hx_cmd_learn_explain,
     HX_MODEL_MAY},
    {"learn export",
     HX_PART_TEXT,
     "MODEL.json --as sql|c|xgboost",
     NULL,
     1,
     1,
     LIST(HX_OPT_TARGET, HX_OPT_EXPORT_AS, HX_OPT_EXPORT_TABLE, HX_OPT_EXPORT_NAME),
     "a model as one SELECT, as one file in C, or for XGBoost",
     "把模型写成一条 SELECT、一个 C 文件，或供 XGBoost 使用",
     "sql and c take linear, ridge, lasso, elastic, logistic, tree, forest and boosting, with the "
     "steps scale, impute and encode\n"
     "of their recipe; scores are those of learn predict. The SELECT runs in SQLite 3.35 and "
     "PostgreSQL 12; the file in C needs\n"
     "the C library alone. xgboost takes boosting; its features are in the order of learn fit's "
     "table.",
     "sql 和 c 支持 linear、ridge、lasso、elastic、logistic、tree、forest 和 "
     "boosting，以及配方中的 "
     "scale、impute、encode；\n"
     "得分与 learn predict 一致。SELECT 可在 SQLite 3.35 和 PostgreSQL 12 运行；C 文件只需 C "
     "标准库。\n"
     "xgboost 只用于 boosting，特征顺序与 learn fit 显示的一致。",
     {{"huaxiang learn fit samples/shop/orders.csv --target discount --task regression --use "
       "channel,category --model ridge --out discount.json; huaxiang learn export discount.json "
       "--as sql --table orders",
       "one SELECT over the table orders", "对表 orders 的一条 SELECT"},
      {"huaxiang learn export discount.json --as c --name discount --out discount.c",
       "discount_predict() in a file", "文件中的 discount_predict()"}},
     hx_cmd_learn_export,
     HX_MODEL_RULES},
    {"learn import",
     HX_PART_TEXT,
     "XGBOOST.json --target C --out MODEL.json",
     NULL,
     1,
     1,
     LIST(HX_OPT_FORMAT, HX_OPT_TARGET, HX_OPT_LEARN_TARGET),
     "a model that XGBoost saved, for predict, evaluate and export",
     "读取 XGBoost 保存的模型，用于 predict、evaluate 和 export",
     "What save_model('FILE.json') wrote: gbtree with reg:squarederror, binary:logistic or "
     "multi:softprob. Columns are numbers under\n"
     "the names of its features (f0, f1, ... where it has none); classes are 0, 1, ...",
     "由 save_model('文件.json') 写出：gbtree，目标为 reg:squarederror、binary:logistic 或 "
     "multi:softprob。\n"
     "各列为数值，名称与其特征相同（没有名称时为 f0、f1……）；类别为 0、1……",
     {{"huaxiang learn fit samples/shop/orders.csv --target discount --task regression --use "
       "quantity,channel --param rounds=5 --out boosted.json; huaxiang learn export boosted.json "
       "--as xgboost --out xgboost.json; huaxiang learn import xgboost.json --target discount "
       "--out again.json --format table",
       "there and back", "导出再导入"}},
     hx_cmd_learn_import,
     HX_MODEL_RULES},
    {"learn cluster",
     HX_PART_TEXT,
     "[FILE] --method M --k N",
     NULL,
     0,
     1,
     LIST(TABLE_IN, HX_OPT_AS_OF, HX_OPT_FORMAT, HX_OPT_TARGET, HX_OPT_USE, HX_OPT_DROP,
          HX_OPT_PARAM, HX_OPT_PARAMS, HX_OPT_CLUSTER_METHOD, HX_OPT_CLUSTERS, HX_OPT_SAVE_CLUSTERS,
          HX_OPT_HEAD),
     "put rows into clusters, and say what sets each apart",
     "对行聚类，并说明每个簇的特点",
     "--out writes the rows with a column cluster, counted from 1, the largest first (0 = noise of "
     "dbscan, hdbscan); --save keeps the\n"
     "clusters and --model puts other rows into them. --k auto goes by the silhouette, mixtures by "
     "BIC (--param choose=gap).\n"
     "Parameters: k_max, choose, restarts, batch, covariance, linkage, radius, min_rows, "
     "min_cluster, stability.",
     "--out 写出带 cluster 列的行，从 1 起按大小编号（dbscan、hdbscan 的噪声为 0）；--save "
     "保存聚类，--model 将其用于其他行。\n"
     "--k auto 按轮廓系数选择，mixture 按 BIC（也可 --param choose=gap）。\n"
     "参数：k_max、choose、restarts、batch、covariance、linkage、radius、min_rows、min_"
     "cluster、stability。",
     {{"huaxiang learn cluster samples/browsing.csv --drop user --k 3 --save clusters.json "
       "--format table",
       "three clusters and their names, kept", "三个簇及其名称，并保存"},
      {"huaxiang learn cluster samples/browsing.csv --model clusters.json --head 2",
       "the same clusters for other rows", "把同样的簇用于其他行"}},
     hx_cmd_learn_cluster,
     HX_MODEL_MAY},
    {"learn words",
     HX_PART_TEXT,
     "[FILE...] --text C --out VECTORS",
     NULL,
     0,
     -1,
     LIST(READING, HX_OPT_TEXT, HX_OPT_MAP, HX_OPT_THREADS, HX_OPT_FORMAT, HX_OPT_TARGET,
          HX_OPT_WORD_METHOD, HX_OPT_DIMENSION, HX_OPT_WORD_WINDOW, HX_OPT_NEGATIVE,
          HX_OPT_MIN_COUNT, HX_OPT_SAMPLE, HX_OPT_EPOCHS, HX_OPT_LEARNING_RATE, HX_OPT_NO_STOP,
          HX_OPT_USER_WORDS, HX_OPT_STOP_FILE),
     "vectors of words from texts: word2vec (skip-gram, CBOW) and GloVe",
     "由文本学习词向量：word2vec（skip-gram、CBOW）和 GloVe",
     "Words are those of 'huaxiang words', without punctuation. --out is word2vec's binary format, "
     "or "
     "its text format where the\n"
     "name ends in .txt or .vec; gensim reads both. The same --seed gives the same bytes with any "
     "number of threads.",
     "分词与“huaxiang words”相同，不含标点。--out 为 word2vec 的二进制格式；文件名以 .txt 或 .vec "
     "结尾时为文本格式，\n"
     "gensim 均可读取。同样的 --seed 在任意线程数下结果逐字节相同。",
     {{"huaxiang learn words samples/labelled.csv --min-count 2 --dimension 20 --epochs 20 --out "
       "words.bin",
       "skip-gram on a small file", "对小文件做 skip-gram"},
      {"huaxiang learn words samples/comments.csv samples/labelled.csv --method glove --min-count "
       "2 "
       "--dimension 20 --out words.txt",
       "GloVe on two files, as text", "对两个文件做 GloVe，保存为文本"}},
     hx_cmd_learn_words,
     HX_MODEL_RULES},
};
const size_t hx_cli_actions_n = sizeof hx_cli_actions / sizeof *hx_cli_actions;

const hx_cli_command *hx_cli_action_find(const char *command, const char *action) {
    const size_t n = strlen(command);
    for (size_t i = 0; i < hx_cli_actions_n; i++) {
        const char *name = hx_cli_actions[i].name;
        if (strncmp(name, command, n) == 0 && name[n] == ' ' && strcmp(name + n + 1, action) == 0)
            return &hx_cli_actions[i];
    }
    return NULL;
}
