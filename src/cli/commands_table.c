/* commands_table.c - the table of actions that are commands of their own: `table describe`, `table group`, ...
 *
 * An action has its own row where its options are its own: the same name may mean another list of choices for another action. A row's
 * name is COMMAND ACTION; the command's row in commands.c names the actions and holds no options. One row and one function an action. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#define LIST(...)                                                                                  \
    (const unsigned char[]) {                                                                      \
        __VA_ARGS__, HX_OPT_N                                                                      \
    }
#define READING HX_OPT_FORMAT_IN, HX_OPT_DELIMITER, HX_OPT_QUOTE, HX_OPT_NO_HEADER, HX_OPT_SHEET
#define RECORDS HX_OPT_FORMAT, HX_OPT_OUT
/* What hx_table_io_read() takes. */
#define TABLE_IN                                                                                   \
    READING, HX_OPT_MAP, HX_OPT_DATE_ORDER, HX_OPT_TIMEZONE, HX_OPT_WHERE, HX_OPT_MISSING,         \
        HX_OPT_AS_TEXT, HX_OPT_THREADS
/* What hx_table_recipe_run() takes beside it. */
#define TABLE_STEPS HX_OPT_FIT_ON, HX_OPT_SAVE, HX_OPT_RECIPE, HX_OPT_HEAD

const hx_cli_command hx_cli_actions[] = {
    {"table apply",
     HX_PART_TEXT,
     "[FILE] --recipe RECIPE.json",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, TABLE_STEPS),
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
    {"table describe",
     HX_PART_TEXT,
     "[FILE]",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, HX_OPT_COLUMNS, HX_OPT_HTML),
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
    {"table group",
     HX_PART_TEXT,
     "[FILE] --by C --agg A",
     NULL,
     0,
     1,
     LIST(READING, RECORDS, HX_OPT_HEAD, HX_OPT_THREADS, HX_OPT_BY, HX_OPT_AGG, HX_OPT_MAP),
     "group the rows of a file",
     "对文件的行分组汇总",
     "Sums are exact. Rows come in the order of their keys.",
     "求和是精确的；结果按分组键排序。",
     {{"huaxiang table group samples/shop/orders.csv --by category --agg "
       "'count,sum(amount),distinct(customer_id)' --format table",
       "sales by category", "按类目汇总销售"}},
     hx_cmd_table_group,
     HX_MODEL_RULES},
    {"table split",
     HX_PART_TEXT,
     "[FILE] --split A,B,C",
     NULL,
     0,
     1,
     LIST(TABLE_IN, RECORDS, HX_OPT_SPLIT, HX_OPT_PREFIX, HX_OPT_STRATIFY, HX_OPT_GROUP,
          HX_OPT_TIME),
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
