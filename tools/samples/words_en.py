"""Phrases of English reviews, the same shape as words_zh: clauses without end mark."""
from .use_en import USE  # noqa: F401  (part of this bank)

ASPECTS = {
    "物流": {
        "p": """[delivery|shipping] was [really |super |]fast
[arrived|it came] [a day early|the next day|in two days]
the courier [was polite|called ahead|carried it upstairs]
[dispatched|shipped] within hours of my order
tracking was accurate the whole way""",
        "n": """[delivery|shipping] took [forever|over a week|ten days]
the parcel was stuck [in transit|at the depot] for [five days|a week]
it was marked as delivered but [I never got it|nobody had rung the bell]
they promised 48-hour dispatch and [shipped on day five|that was simply not true]
the courier [dumped it at the door|refused to come upstairs]
no tracking updates for days""",
        "m": """delivery was [average|nothing special|okay]
shipping took [three or four days|about what you'd expect]"""},
    "服务": {
        "p": """customer service [was very helpful|replied in minutes|sorted it out at once]
[support|the seller] sent a replacement [without any fuss|the same day]
the chat agent [was patient|explained everything clearly]
I got my refund [the same day|within hours]
great [service|after-sales support]""",
        "n": """customer service [never replied|was useless|just sends canned answers]
I asked [three|four] times and [got no answer|nobody could help]
they [refused|keep delaying] my refund
[support|the chat bot] kept sending me [in circles|to someone else]
[rude|terrible|awful] service
they wanted me to pay for return shipping on a faulty item""",
        "m": """support was [slow but got there in the end|so-so]
service is [average|nothing to write home about]"""},
    "价格": {
        "p": """[great|excellent|good] value for money
[cheaper than|half the price of] [the mall|other shops|the supermarket]
[the price was fair|very reasonably priced]
I got it [on sale|with a coupon] and it's [a steal|a bargain]""",
        "n": """[overpriced|way too expensive] for what it is
the price dropped [the day after I bought it|a week later] and they wouldn't refund the difference
the coupon [didn't work|only applies if you spend more]
[not worth the money|a waste of money]
you can get a better one for less""",
        "m": """price is [okay|average|a bit high but acceptable]
wait for a sale"""},
    "质量": {
        "p": """[great|solid|excellent] quality
{durable}[well made|feels sturdy|very well built]
{durable}[still like new after two months|has held up well with daily use]
better than I expected
{durable,stationery}it feels [premium|far more expensive than it is]""",
        "n": """[poor|terrible|awful] quality
{durable}it [broke|stopped working|fell apart] after [two days|a week|the second use]
{durable}[cheaply made|flimsy|feels like a toy]
{durable}it smells [of plastic|strongly of glue]
{durable}mine arrived [broken|scratched|already used]
[nothing like the photos|not as described]
quality has [gone downhill|dropped since my last order]""",
        "m": """quality is [okay|average|fine for the price]
does the job [but nothing more|]"""},
    "包装": {
        "p": """[well|nicely|carefully] packaged
the box is lovely, [perfect as a gift|too nice to throw away]
they even included [a free sample|a handwritten card]""",
        "n": """the box was [crushed|torn|soaking wet]
{consumable}it had leaked [all over the box|everywhere]
packaging was [a single plastic bag|terrible]""",
        "m": """packaging is [plain|basic]
a bit too much packaging"""},
    "外观": {
        "p": """it looks [great|lovely|even better than in the pictures]
love the [colour|design]
everyone at the office asked where I got it""",
        "n": """the colour is [completely different|way off]
it looks [cheap|ugly in person]""",
        "m": """the colour is slightly [darker|paler] than shown
looks are nothing special"""},
}

OPENERS = {"p": "[second|third] time buying\nbought this for my [mum|husband|girlfriend|kids]\nread a lot of reviews before buying\na friend recommended it",
           "n": "very disappointed\nI wanted to like this\nwhere do I start\nbought it because of the reviews\nhonestly",
           "m": "it's [okay|alright]\nused it for a few days\nto be fair"}
CLOSERS = {"p": "[highly recommend|would recommend]\n[will buy again|would definitely buy again]\nvery happy with it\nfive stars\nworth every penny",
           "n": "[avoid|stay away|don't buy this]\n[never again|won't buy again]\nI want my money back\nreturning it\none star is too generous",
           "m": "you get what you pay for\nit's fine, I guess\nthree stars for now\ncould be better"}
SHORT = {"p": "[great|love it|perfect|excellent|very good|nice]\n[works great|exactly as described|good <n>]\n[not bad at all|can't complain]\nbest <n> I've had",
         "n": "[terrible|awful|useless|junk|bad]\n[don't buy|avoid|not good]\n<n> [never worked|arrived broken|went straight in the bin]\n[not worth it|waste of money|disappointed]",
         "m": "[okay|average|so-so|it's fine]\n[okay|average|alright] <n>, nothing special\n[meh|neither good nor bad]"}
AND = [", ", " and ", ". ", ", ", "; "]
BUT_BAD = [", but ", ". However, ", ", although ", ". My only complaint: ", ", but "]
BUT_GOOD = [", but ", ". On the plus side, ", ", though ", ". At least "]
ENDS = {"p": [".", "!", "", "!!", "."], "n": [".", "!", "", ".", "!!!"], "m": [".", "", "...", "."]}
EMOJI = {"p": [" 👍", " 😊", " ❤️", " 😍"], "n": [" 👎", " 😡", " 😤", " 💔"], "m": [" 😐", " 🤷"]}
SARCASM = "[Great|Wonderful|Well done], [it lasted a whole two days|another broken <n>]\nThanks for nothing, [nine days for a broken <n>|the chat bot was a delight]"
FOLLOW_UP = {"p": ["Update: [still going strong after a month|bought another one]"],
             "n": ["Update: [it died|still no reply from the seller]"]}
TYPOS = [("quality", "qualty"), ("really", "realy"), ("delivery", "delivary"), ("recommend", "recomend"), ("service", "servise"),
         ("definitely", "definately"), ("received", "recieved"), ("their", "thier"), ("the ", "teh "), ("you", "u"), ("disappointed", "dissapointed")]
