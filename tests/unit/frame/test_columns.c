/* test_columns.c - roles of the columns of the usual exports, --map, types, the order of day and month, habits of cells. */
#include "unit/frame/frame_test.h"

#include "frame/column_names.h"

#define L(s) HX_STR_LIT(s)

static const struct {
    const char *bytes, *roles;
} tables[] = {
    /* the contract's own names */
    {"用户,时间,商品,订单号,单价,数量,金额,评分,标签,评论\nu1,2026-03-05,耳机,o1,5,1,5,5,好,很好\n",
     "用户=customer,时间=time,商品=item,订单号=order,单价=unit_price,数量=quantity,金额=amount,"
     "评分=rating,标签=label,评论=text"},
    {"customer_id,datetime,stock_code,invoice,unit_price,quantity,country\n1,2026-03-05,s,o,5,1,"
     "UK\n",
     "customer_id=customer,datetime=time,stock_code=item,invoice=order,unit_price=unit_price,"
     "quantity=quantity,country=country"},
    {"Customer ID,Order Date,SKU,Order No.,Unit Price (USD),Qty,Amount\n1,2026-03-05,s,o,5,1,5\n",
     "Customer ID=customer,Order Date=time,SKU=item,Order No.=order,Unit Price "
     "(USD)=unit_price,Qty=quantity,Amount=amount"},
    /* a customers file */
    {"姓名,性别,年龄,生日,城市,职业,会员等级,收入（元/"
     "月）,手机号,爱好\n张三,男,30,1990-01-02,上海,教师,金卡,9000,13800000000,羽毛球\n",
     "姓名=name,性别=gender,年龄=age,生日=birthday,城市=city,职业=occupation,会员等级=level,"
     "收入（元/月）=income,手机号=phone,爱好=other"},
    /* reviews: the longest of several texts wins; of two names of the customer the id does */
    {"评论ID,买家昵称,商品名称,评价,评价内容,评价时间,评分\n1,小王,耳机,好评,质量不错物流很快,2026-"
     "03-05,5\n",
     "评论ID=message_id,买家昵称=customer,商品名称=item_name,评价=other,评价内容=text,评价时间="
     "time,评分=rating"},
    {"会员ID,昵称,评论\n1,小王,很好\n", "会员ID=customer,昵称=name,评论=text"},
    /* a nickname never joins where there is an id; where there is none it is all there is */
    {"openid,nickname,消息内容,消息时间\no1,小王,你好,2026-01-20 10:00\n",
     "openid=account,nickname=name,消息内容=chat,消息时间=time"},
    {"unionid,openid,昵称,评论\nw,o1,小王,很好\n",
     "unionid=customer,openid=account,昵称=name,评论=text"},
    {"姓名,昵称,评论\n王,小王,很好\n", "姓名=name,昵称=customer,评论=text"},
    /* times by the end of their name, if they hold times */
    {"用户,回访时间,评论\nu,2026-01-20,很好\n", "用户=customer,回访时间=time,评论=text"},
    {"user,shipped_at,seen_at,comment\nu,soon,2026-01-20T08:00:00Z,x\n",
     "user=customer,shipped_at=other,seen_at=time,comment=text"},
    {"会员号,姓名,入会日期\n1,王,2026年1月20日\n", "会员号=customer,姓名=name,入会日期=time"},
    {"用户,搜索词,时间\n1,跑鞋,2026-03-05\n", "用户=customer,搜索词=query,时间=time"},
    {"用户,咨询内容,客服聊天,工单内容\n1,a,b,c\n",
     "用户=customer,咨询内容=question,客服聊天=chat,工单内容=ticket"},
    {"问答,用户\n1,a\n", "问答=question,用户=customer"},
    /* Taobao, JD, Youzan, WeChat shop */
    {"订单编号,买家会员名,买家支付宝账号,买家应付货款,买家实际支付金额,订单状态,收货人姓名,"
     "收货地址,联系手机,订单创建时间,订单付款时间,宝贝标题,宝贝总数量,退款金额\n"
     "1,u,a,5,5,交易成功,王,上海,138,2026-03-05,2026-03-05,耳机,1,0\n",
     "订单编号=order,买家会员名=customer,买家支付宝账号=account,买家应付货款=other,"
     "买家实际支付金额=amount,订单状态=status,收货人姓名=name,收货地址=address,"
     "联系手机=phone,订单创建时间=time,订单付款时间=other,宝贝标题=item_name,宝贝总数量=quantity,"
     "退款金额=refund"},
    {"订单号,商品ID,商品名称,订购数量,京东价,订单金额,下单时间,下单帐号,客户姓名,联系电话\n1,2,x,1,"
     "5,5,2026-03-05,u,王,138\n",
     "订单号=order,商品ID=item,商品名称=item_name,订购数量=quantity,京东价=unit_price,订单金额="
     "amount,下单时间=time,下单帐号=customer,客户姓名=name,联系电话=phone"},
    {"订单号,买家昵称,商品名称,商品数量,订单实付金额,买家手机号,订单创建时间\n1,u,x,1,5,138,2026-"
     "03-05\n",
     "订单号=order,买家昵称=name,商品名称=item_name,商品数量=quantity,订单实付金额=amount,"
     "买家手机号=phone,订单创建时间=time"},
    /* Shopify, Amazon, WooCommerce, Stripe */
    {"Name,Email,Financial Status,Currency,Subtotal,Total,Discount Amount,Created at,Lineitem "
     "quantity,Lineitem name,Lineitem price,Lineitem sku,Id\n"
     "#1,a@b.c,paid,USD,5,5,0,2026-03-05 10:00:00 +0800,1,x,5,s,9\n",
     "Name=order,Email=email,Financial "
     "Status=status,Currency=currency,Subtotal=other,Total=amount,Discount Amount=discount,Created "
     "at=time,"
     "Lineitem quantity=quantity,Lineitem name=item_name,Lineitem price=unit_price,Lineitem "
     "sku=item,Id=message_id"},
    {"amazon-order-id\tpurchase-date\torder-status\tsku\tasin\tproduct-"
     "name\tquantity\tcurrency\titem-price\tship-city\tship-country\tbuyer-email\n"
     "1\t2026-03-05T10:00:00+00:00\tShipped\ts\ta\tx\t1\tUSD\t5\tParis\tFR\ta@b.c\n",
     "amazon-order-id=order,purchase-date=time,order-status=status,sku=item,asin=other,product-"
     "name=item_name,quantity=quantity,currency=currency,"
     "item-price=unit_price,ship-city=city,ship-country=country,buyer-email=email"},
    {"Order Number,Order Status,Order Date,Billing Email Address,Item Name,Item "
     "Cost,Quantity,Order Total Amount\n1,ok,2026-03-05,a@b.c,x,5,1,5\n",
     "Order Number=order,Order Status=status,Order Date=time,Billing Email Address=email,Item "
     "Name=item_name,Item Cost=unit_price,Quantity=quantity,"
     "Order Total Amount=amount"},
    {"id,Created (UTC),Amount,Amount Refunded,Currency,Customer ID,Customer "
     "Email,Status\nch_1,2026-03-05,5,0,usd,cus_1,a@b.c,Paid\n",
     "id=message_id,Created (UTC)=time,Amount=amount,Amount "
     "Refunded=refund,Currency=currency,Customer ID=customer,Customer Email=email,Status=status"},
    /* names that mean one thing in one file, another in the next */
    {"stock_code,description\n1,a lantern\n", "stock_code=item,description=item_name"},
    {"id,description\n1,a complaint\n", "id=message_id,description=text"},
    {"id,age,gender\n1,30,F\n", "id=customer,age=age,gender=gender"},
    {"item,title,genres\n1,Toy Story,Comedy\n", "item=item,title=item_name,genres=category"},
    {"user,price,quantity,amount\n1,5,1,5\n",
     "user=customer,price=unit_price,quantity=quantity,amount=amount"},
    {"user,price,quantity\n1,5,1\n", "user=customer,price=amount,quantity=quantity"},
    {"ＵＳＥＲ＿ＩＤ,价格（元）,Date\n1,5,2026-03-05\n",
     "ＵＳＥＲ＿ＩＤ=customer,价格（元）=amount,Date=time"},
    /* a date beside a time of day */
    {"user,date,time\n1,2026-03-05,14:20\n2,2026-03-05,15:20\n",
     "user=customer,date=date,time=time"},
    {"user,date,time\n1,2026-03-05,2026-03-05 14:20\n", "user=customer,date=other,time=time"},
    /* nothing known: all other, and still open */
    {"foo,bar\n1,2\n", "foo=other,bar=other"},
};

static void test_roles(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        test_file f = test_file_new(strchr(tables[i].bytes, '\t') ? "a.tsv" : "a.csv",
                                    hx_str_of(tables[i].bytes));
        hx_reader *r = test_open(&f, NULL);
        assert_roles(r, tables[i].roles);
        hx_reader_close(r);
        test_file_remove(&f);
    }
}

/* The data sets the project is judged by. */
static void test_shared_data(void **state) {
    (void)state;
    static const struct {
        const char *file, *roles;
    } sets[] = {
        {"online_retail/train.csv.gz",
         "invoice=order,customer_id=customer,datetime=time,country=country,stock_code=item,"
         "quantity=quantity,unit_price=unit_price"},
        {"clothing_reviews/train.tsv.gz", "recommended=label,rating=rating,age=age,item=item,"
                                          "department=other,class=category,title=title,text=text"},
        {"online_shopping/train.tsv.gz", "label=label,category=category,text=text"},
        {"amazon_reviews/train.tsv", "category=category,user=customer,item=item,rating=rating,time="
                                     "time,verified=other,summary=title,text=text"}};
    const char *base = getenv("HX_SHARED_DATA");
    for (size_t i = 0; i < 4; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", base ? base : HX_SOURCE_DIR "/../shared/data",
                 sets[i].file);
        if (access(path, R_OK) != 0) {
            print_message("skipped: %s is not here\n", path);
            skip();
        }
        hx_reader *r = NULL;
        assert_int_equal(hx_reader_open(&r, path, NULL, NULL), HX_OK);
        assert_roles(r, sets[i].roles);
        hx_reader_close(r);
    }
}

static void check_map(const char *map, const char *roles) {
    test_file f = test_file_new("a.csv", L("买家,备注,\"a,b\",评论\n1,2,3,4\n"));
    hx_reader_options o = {.map = map};
    hx_reader *r = test_open(&f, &o);
    assert_roles(r, roles);
    hx_reader_close(r);
    test_file_remove(&f);
}

static void check_map_fails(const char *map, hx_status code, const char *sentence) {
    test_file f = test_file_new("a.csv", L("买家,备注,\"a,b\",评论\n1,2,3,4\n"));
    hx_reader *r = test_open(&f, NULL);
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(hx_reader_map(r, map, &err), code);
    if (!strstr(err.message, sentence)) fail_msg("%s", err.message);
    assert_roles(r, "买家=customer,备注=other,a,b=other,评论=text");
    hx_reader_close(r);
    test_file_remove(&f);
}

static void test_map(void **state) {
    (void)state;
    check_map("", "买家=customer,备注=other,a,b=other,评论=text");
    check_map("text=备注", "买家=customer,备注=text,a,b=other,评论=other");
    check_map(" text = 备注 , customer=\"a,b\"", "买家=other,备注=text,a,b=customer,评论=other");
    check_map("other=买家", "买家=other,备注=other,a,b=other,评论=text");
    check_map("trait:hobby=备注,amount=\"a,b\"", "买家=customer,hobby=other,a,b=amount,评论=text");
    check_map_fails("text=内容", HX_ENOTFOUND,
                    ": has no column '内容' (it has 买家, 备注, a,b, 评论)");
    check_map_fails("cusomer=买家", HX_EINVAL,
                    "there is no role 'cusomer'; did you mean 'customer'? A trait of your own is "
                    "trait:NAME=COLUMN; the roles: other, customer, ");
    check_map_fails("cusomer=买家", HX_EINVAL, ", income, address, message_id");
    check_map_fails("zzzzzzzzzzzz=买家", HX_EINVAL, "there is no role 'zzzzzzzzzzzz'. A trait");
    check_map_fails("customer=买家,customer=备注", HX_EINVAL, "the role 'customer' is given twice");
    check_map_fails("customer=备注,text=备注", HX_EINVAL, "the column '备注' is given two roles");
    check_map_fails("text", HX_EINVAL, "--map 'text' is not of the form role=column,role=column");
    check_map_fails("text=\"备注", HX_EINVAL, "is not of the form");
    check_map_fails("=备注", HX_EINVAL, "is not of the form");
    check_map_fails("text=", HX_EINVAL, "is not of the form");
}

static void test_names(void **state) {
    (void)state;
    for (int i = 0; i < HX_ROLE_N; i++) {
        assert_int_equal(hx_role_of_name(hx_str_of(hx_role_name((hx_role)i))), i);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(hx_role_name((hx_role)i), hx_role_name((hx_role)k));
    }
    assert_int_equal(hx_role_of_name(L("nonsense")), HX_ROLE_N);
    char form[HX_COLUMN_NAME_MAX];
    size_t n = hx_column_name_normal(L(" Ｕnit_Price（元）"), false, form);
    assert_true(hx_str_equal((hx_str){form, n}, L("unitprice")));
    n = hx_column_name_normal(L("金额(元)"), true, form);
    assert_true(hx_str_equal((hx_str){form, n}, L("金额元")));
    assert_int_equal(hx_column_name_normal(L("\xFF"), true, form), 0);
    /* Every alias is its own normal form, or it could never match. */
    size_t n_aliases = 0;
    const hx_column_alias *alias = hx_column_aliases(&n_aliases);
    assert_in_range(n_aliases, 500, 5000);
    for (size_t i = 0; i < n_aliases; i++) {
        n = hx_column_name_normal(hx_str_of(alias[i].name), true, form);
        if (!hx_str_equal((hx_str){form, n}, hx_str_of(alias[i].name)))
            fail_msg("%s", alias[i].name);
        for (size_t k = 0; k < i; k++)
            if (alias[k].role == alias[i].role && strcmp(alias[k].name, alias[i].name) == 0)
                fail_msg("twice: %s", alias[i].name);
    }
}

static void test_header_names(void **state) {
    (void)state;
    test_file f = test_file_new("a.csv", L(" id ,,id,\xEF\xBF\xBD\xFF\n1,2,3,4\n"));
    hx_reader *r = test_open(&f, NULL);
    assert_true(
        hx_str_equal(hx_reader_header(r), L("id\x1F"
                                            "column_2\x1Fid_3\x1F\xEF\xBF\xBD\xEF\xBF\xBD")));
    hx_reader_close(r);
    hx_reader_options o = {.no_header = true};
    r = test_open(&f, &o);
    assert_true(hx_str_equal(hx_reader_header(r), L("column_1\x1F"
                                                    "column_2\x1F"
                                                    "column_3\x1F"
                                                    "column_4")));
    hx_reader_close(r);
    test_file_remove(&f);
}

static const hx_column *column_of(hx_reader **r, test_file *f, const char *bytes,
                                  const hx_reader_options *o) {
    *f = test_file_new("a.csv", hx_str_of(bytes));
    *r = test_open(f, o);
    const hx_column *columns = NULL;
    assert_true(hx_reader_columns(*r, &columns) >= 1);
    return columns;
}

static void test_types(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *type;
    } cases[] = {{"x\n1\n-2\n", "integer"},
                 {"x\n1.5\n2\n", "number"},
                 {"x\n￥1,299\n1.2万\n", "amount"},
                 {"x\n2026-03-05\n5/3/26\n", "time"},
                 {"x\n是\n否\n", "boolean"},
                 {"x\n00012\n00013\n", "code"},
                 {"x\nA-1\nB-2\n", "code"},
                 {"x\n很好\n不错\n", "text"},
                 {"x,y\n,1\n,2\n", "empty"},
                 {"x\n1\nhello world\n", "text"},
                 {"time\n1472688000\n1384387200\n", "time"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_reader *r = NULL;
        test_file f;
        const hx_column *c = column_of(&r, &f, cases[i].bytes, NULL);
        if (strcmp(hx_type_name(c->type), cases[i].type) != 0)
            fail_msg("%s: %s", cases[i].bytes, hx_type_name(c->type));
        hx_reader_close(r);
        test_file_remove(&f);
    }
}

static void test_date_order(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        hx_date_order asked, order;
        bool guessed, excel;
    } cases[] = {
        {"time\n5/3/26\n13/3/26\n", 0, HX_DATE_ORDER_DMY, false, false},
        {"time\n5/3/26\n3/13/26\n", 0, HX_DATE_ORDER_MDY, false, false},
        {"time\n5/3/26\n3/4/26\n", 0, HX_DATE_ORDER_DMY, true, false},
        {"time\n5/3/26\n3/4/26\n", HX_DATE_ORDER_MDY, HX_DATE_ORDER_MDY, false, false},
        {"time\n5/3/26\n13/4/26\n", HX_DATE_ORDER_MDY, HX_DATE_ORDER_DMY, false, false},
        {"time\n2026/3/5\n2026/4/6\n", 0, HX_DATE_ORDER_YMD, false, false},
        {"time\n2026年1月20日\n2026年2月3日 9:00\n", 0, HX_DATE_ORDER_AUTO, false, false},
        {"time\n2026-01-20\n2026年1月20日\n5/3/26\n2026/1/3 10:00\n", 0, HX_DATE_ORDER_DMY, true,
         false},
        {"time\n5/3/26\n1/4/26\n2/4/26\n3/4/26\n4/4/26\n5/4/26\n6/4/26\n7/4/26\n8/4/26\n13月5日\n",
         0, HX_DATE_ORDER_DMY, true, false},
        {"time\n46086\n46087.5\n", 0, HX_DATE_ORDER_AUTO, false, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_reader *r = NULL;
        test_file f;
        hx_reader_options o = {.date_order = cases[i].asked};
        const hx_column *c = column_of(&r, &f, cases[i].bytes, &o);
        assert_int_equal(c->role, HX_ROLE_TIME);
        assert_int_equal(c->type, HX_TYPE_TIME);
        assert_int_equal(c->date_order, cases[i].order);
        assert_int_equal(c->date_order_guessed, cases[i].guessed);
        assert_int_equal(c->excel_serial, cases[i].excel);
        hx_reader_close(r);
        test_file_remove(&f);
    }
}

/* How shops keep Excel from eating digits is undone, in all rows. */
static void test_habits(void **state) {
    (void)state;
    assert_rows("a.csv",
                L("订单号,用户,评论\n=\"0012\",u1\t,  很好\n=\"0013\",u2\t,不错\n0014,u3\t,x\n"),
                NULL, "1|0012|u1|  很好\n2|0013|u2|不错\n3|0014|u3|x\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles),        cmocka_unit_test(test_shared_data),
        cmocka_unit_test(test_map),          cmocka_unit_test(test_names),
        cmocka_unit_test(test_header_names), cmocka_unit_test(test_types),
        cmocka_unit_test(test_date_order),   cmocka_unit_test(test_habits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
