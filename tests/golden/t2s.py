#!/usr/bin/env python3
"""Writes t2s.tsv: text TAB simplified, by the installed program `opencc -c t2s.json` (OpenCC 1.1.6). python3 t2s.py > t2s.tsv"""
import subprocess

TEXTS = """
這家餐廳很棒！服務員態度非常好，下次還會再來。
電視機、計算機、滑鼠、鍵盤與印表機
頭髮發財髮型發現乾隆乾燥乾杯幹部干擾
皇后後天前後太后
乾坤大挪移，扭轉乾坤，旋乾轉坤，康乾盛世
蕭乾與張法乾在乾清宮見面
乾清宫 萧乾 於伦 於倫 於是
著名作家穿著著作說著
答覆反覆覆蓋覆沒重覆回覆函覆
瞭解瞭望一目瞭然明瞭
藉口藉由慰藉狼藉憑藉
麼些族什麼幺麼么麼小丑
薴苧衹要神祇阪神牴觸彷彿彷徨
畢昇發明活字印刷，昇華上昇
徵求特徵宮商角徵羽變徵之聲
裏面裡頭鄰里公里
臺灣台灣颱風檯燈
鐘錶鍾情表格手錶
麵粉面對麵條當面
鬥爭漏斗北斗戰鬥
製造制度複製限制
闢謠復辟開闢
纔不會人才剛纔
𣎴是𠀾之龍龘靐
ABC 123 mixed 中文 text，テスト 한국어
沈默沈船瀋陽審查
捨得宿舍老闆木板
慾望食慾葉公好龍
游泳遊戲旅遊
于小姐於先生樊於期
""".strip().split("\n")


def main():
    print("# By tests/golden/t2s.py with `opencc -c t2s.json`.")
    out = subprocess.run(["opencc", "-c", "t2s.json"], input="\n".join(TEXTS) + "\n", capture_output=True, text=True, check=True).stdout
    for text, simplified in zip(TEXTS, out.split("\n"), strict=False):
        print(text + "\t" + simplified)


main()
