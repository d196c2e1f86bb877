"""English clauses about using an item; tags as in use_zh."""

USE = {
    "digital": {
        "p": """{耳机,鼠标,键盘,手环,小音箱}connects instantly and never drops
{耳机,充电宝,手环,阅读器}battery lasts [for days|much longer than I expected]
{耳机,小音箱}sound is [clear|surprisingly good]
{充电宝,充电器,数据线}charges really fast
{键盘,鼠标}[lovely|very comfortable] to type and work with
works with all my devices
exactly what I needed for [work|travel|the office]""",
        "n": """{耳机,鼠标,键盘,手环,小音箱}keeps disconnecting
{耳机,充电宝,手环,阅读器,小音箱}battery [dies after two hours|is nowhere near the advertised life]
{充电宝,充电器,数据线}it gets scarily hot while charging
{耳机}one side has no sound
{键盘,鼠标}keys stopped responding
{摄像头}the picture is a blurry mess
it worked for a week and then [just died|nothing]""",
        "m": """{耳机,充电宝,手环}battery life is average
fine for everyday use"""},
    "appliance": {
        "p": """easy to [use|clean]
{加湿器,小风扇,养生壶,空气炸锅}very quiet
{榨汁杯,三明治机,咖啡机,养生壶}saves me so much time in the morning
{吸尘器}great suction for its size
{吹风机}dries my hair in three minutes
{按摩仪}exactly what my stiff neck needed
my parents use it every day""",
        "n": """{榨汁杯,吸尘器,吹风机,加湿器,咖啡机}it sounds like a tractor
{榨汁杯,加湿器,养生壶,水壶,咖啡机}it leaks from the bottom
{榨汁杯,空气炸锅,咖啡机,三明治机}impossible to clean properly
{空气炸锅,水壶,吹风机,电饭煲}there is a burning smell
it won't turn on any more""",
        "m": "a little noisy but bearable\nbasic, but works"},
    "food": {
        "p": """tastes [great|amazing|delicious]
very fresh
{坚果,饼干,软糖,巧克力,牛肉干}the kids finished it in two days
{咖啡,咖啡豆}rich aroma, [my morning cup is sorted|better than the café downstairs]
{软糖,饼干,巧克力,乌龙茶}not too sweet
generous portion""",
        "n": """tastes [awful|stale|like cardboard]
it was close to its expiry date
{坚果,牛肉干,鸭脖,小米}found a hair in it
{坚果,饼干,软糖,牛肉干}half the bag is air
{咖啡,咖啡豆}bitter and burnt
it made me sick""",
        "m": "taste is okay\na bit too [sweet|salty|bland] for me"},
    "beauty": {
        "p": """{面膜,精华,身体乳,护手霜,洗面奶}my skin feels [soft|so hydrated]
{防晒霜,身体乳,精华}light and non-greasy
{面膜,精华,洗面奶,防晒霜}no irritation even on sensitive skin
smells lovely
{口红,散粉,眉笔}stays on all day
{洗发水,护发素}my hair feels [silky|so light]""",
        "n": """{面膜,精华,洗面奶,防晒霜,身体乳}[gave me a rash|it burned my skin]
the scent is overpowering
{面膜,精华,洗发水,泡脚包,身体乳}no effect whatsoever
{防晒霜,身体乳,护手霜}greasy and it pills
{口红,散粉,眉笔}it smudges within an hour
{洗发水,护发素}my hair is drier than ever""",
        "m": "results are not that visible\nscent is a bit strong"},
    "clothes": {
        "p": """{T恤,牛仔裤,羽绒服,毛衣,衬衫,连衣裙,运动裤}fits perfectly
{T恤,毛衣,睡衣,衬衫,连衣裙}the fabric is [soft|so comfortable]
{T恤,牛仔裤,小白鞋,衬衫,连衣裙,羽绒服}true to size
{T恤,睡衣,牛仔裤,袜子}washed it three times and it still looks new
{羽绒服,毛衣,睡衣}warm without being bulky
{双肩包}holds my laptop and then some
goes with everything""",
        "n": """{T恤,毛衣,睡衣,衬衫}shrank after the first wash
{T恤,牛仔裤,羽绒服,毛衣,衬衫,连衣裙,小白鞋}the sizing is [way off|two sizes too small]
{T恤,衬衫,连衣裙,打底裤}the fabric is [thin and see-through|itchy]
the seams came apart
{羽绒服,牛仔裤,双肩包}the zipper broke on day one""",
        "m": "{T恤,牛仔裤,羽绒服,毛衣,衬衫,连衣裙,小白鞋}runs a little [small|large]\nmaterial is so-so"},
    "baby": {
        "p": """my [son|daughter|baby] loves it
{奶瓶,咬胶,积木,研磨碗}no chemical smell, feels safe
{纸尿裤,连体衣,湿巾,润肤霜}soft on the skin, no rash
{纸尿裤}no leaks overnight
{推车}folds with one hand
makes life with a toddler easier""",
        "n": """{积木,咬胶,推车,研磨碗}sharp edges, [not safe for kids|dangerous]
{纸尿裤}it leaked all night
{纸尿裤,湿巾,润肤霜}gave my baby a rash
{积木,推车}parts were missing
{保温杯,奶瓶}leaks in the bag every time
not something I'd let my child near""",
        "m": "{积木,咬胶}my kid got bored quickly\nit's fine, nothing special"},
    "home": {
        "p": """so [practical|useful]
{枕头}no more neck pain
{置物架,台灯}easy to install
{收纳箱,保鲜盒}holds a lot more than it looks
{香薰,洗衣凝珠}smells fresh, not too strong
{毛毯,四件套}so soft and warm
{炒锅}nothing sticks to it""",
        "n": """{炒锅}the coating came off
{置物架}it fell off the wall [at night|after two days]
{枕头}woke up with a sore neck
{收纳箱,保鲜盒,毛毯,坐垫}much smaller than described
{保鲜盒}the lids don't close
{毛毯,四件套}it sheds everywhere
not fit for daily use""",
        "m": "smaller than I thought but usable\nit's okay for daily use"},
    "books": {
        "p": """{小说}couldn't put it down
{书,菜谱,单词书}clear explanations and good examples
{reading}print and paper are lovely
{绘本}my daughter wants it every night
{小说}the ending surprised me
{中性笔,颜料}smooth and vivid
{手账本,台历}thick paper, no bleeding
makes a lovely gift""",
        "n": """{reading}full of typos
{reading}pages were missing
{小说,书}boring and repetitive
{reading}the print is blurry
{中性笔,颜料}half of them are dried out
corners were all bent""",
        "m": "{小说}good start, weak ending\n{reading}a bit shallow\nnothing special"},
    "outdoor": {
        "p": """{帐篷,露营椅,登山杖,野餐垫}light and packs small
{帐篷,冲锋衣}kept us dry in heavy rain
{瑜伽垫}great grip
{帐篷}set up in ten minutes
{跑鞋}comfortable on long runs
{头灯}bright enough for night hikes
has survived a whole season""",
        "n": """{帐篷,冲锋衣}leaked in the first rain
{登山杖,露营椅,球拍,跳绳}it snapped on the first trip
{帐篷,冲锋衣}the zipper burst
{帐篷,露营椅}far too heavy to carry
{跑鞋}the sole came off
{瑜伽垫}slippery and it stinks
it let me down halfway through the trip""",
        "m": "a bit heavy\nfine for beginners"},
    "pet": {
        "p": """{猫粮,冻干,猫条}my cat [loves it|licked the bowl clean]
{猫砂}no more smell in the flat
{狗粮,冻干}the dog is obsessed with it
{猫粮,狗粮}his coat looks shinier
{猫抓板,猫窝,逗猫棒}my cats can't leave it alone
{喂食器,饮水机}I can travel without worrying now
{牵引绳,航空箱}sturdy and the size is right
{沐浴露}leaves the fur soft and fresh""",
        "n": """{猫粮,冻干,猫条}my cat won't touch it
{猫粮,狗粮,冻干}made my pet sick
{猫砂}dusty and it doesn't clump
{喂食器}the feeder jams
{饮水机}the pump died in three days
{牵引绳,航空箱}the clip snapped, dangerous
{猫抓板,猫窝,逗猫棒}fell apart in two days
{沐浴露}the poor dog kept scratching""",
        "m": "{猫粮,狗粮,猫条,冻干}not a favourite with my pets\nit's average"},
}
