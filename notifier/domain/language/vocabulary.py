"""The words people use, as data: what holds in any text, whatever it is about.

All are written as ``normalise`` leaves a text: half-width, simplified, lower case.
"""

_PAIRS = (
    "崗岗達达簽签實实屬属請请離离幫帮語语確确認认銷销沒没來来無无別别還还點点錯错謝谢轉转車车"
    "遲迟鐘钟時时間间個个項项條条單单細细復复訂订發发給给讓让誰谁騙骗嗎吗麼么這这裡里裏里兒儿"
    "聽听買买藥药飯饭著着暈晕傷伤煙烟災灾報报東东陽阳國国歐欧張张劉刘陳陈楊杨黃黄趙赵吳吴孫孙"
    "馬马許许韓韩馮冯鄧邓蕭萧葉叶蘇苏呂吕盧卢譚谭陸陆範范韋韦賈贾鄒邹龍龙賀贺顧顾龔龚萬万錢钱"
    "嚴严湯汤處处決决辦办領领導导們们對对過过後后幾几說说話话為为從从開开關关緊紧誤误調调頂顶"
    "見见師师媽妈婦妇親亲總总餘余齊齐歸归職职員员務务號号趕赶會会現现剛刚經经將将終终於于應应"
    "該该氣气絕绝種种樣样歡欢記记證证標标義义異异議议換换敗败長长雲云網网錄录賬账壞坏隊队樓楼"
    "兩两雙双體体況况狀状問问題题簡简漢汉臺台灣湾傳传訊讯資资爲为佈布甦苏係系囉啰喲哟嘍喽啟启"
    "貳二瑣琐撥拨搶抢殺杀燒烧醫医護护電电禍祸掛挂線线寫写試试補补聯联絡络當当鎮镇鄉乡縣县戶户"
    "質质鬧闹嚇吓佔占週周鐵铁銀银區区書书與与東东"
    "華华麗丽偉伟傑杰軍军強强鳳凤蘭兰紅红慶庆寶宝榮荣賢贤衛卫學学勝胜誠诚濤涛鵬鹏飛飞順顺愛爱蓮莲鋒锋輝辉瓊琼憲宪壽寿豐丰貴贵財财興兴"
    # Of surnames, then of given names.
    "鄭郑羅罗鍾钟龐庞蔣蒋閻阎閆闫喬乔賴赖藍蓝寧宁婁娄畢毕聶聂莊庄倉仓顏颜錫锡鮑鲍連连邊边費费滿满饒饶紀纪駱骆閔闵嶽岳遊游鄔邬鄺邝譙谯鄖郧鮮鲜燭烛樂乐談谈魯鲁習习塗涂祿禄諸诸軒轩轅辕門门農农陰阴"
    "儲储繆缪鞏巩勞劳厲厉闕阙竇窦鬱郁薊蓟麥麦黨党倫伦聞闻貢贡賓宾"
    "錦锦鈞钧鋼钢鐸铎銘铭鎖锁鈴铃釗钊錚铮鑄铸銳锐録录靜静頌颂顥颢顯显風风馳驰駿骏驥骥鴻鸿鶴鹤齡龄儉俭側侧備备優优億亿儀仪劍剑勁劲勛勋動动勵励協协嘯啸園园圓圆堅坚堯尧壯壮奮奋嫻娴嬋婵嬌娇孌娈審审"
    "寬宽專专尋寻嶺岭巖岩帥帅廣广廬庐彥彦徹彻恆恒悅悦懷怀戀恋揚扬撫抚擇择擁拥攜携數数晉晋晝昼暉晖暢畅曉晓曄晔棟栋業业極极樺桦樹树橋桥機机檸柠權权歲岁漣涟潔洁潤润澤泽濱滨瀾澜煉炼煥焕熒荧熾炽燁烨"
    "燈灯燦灿營营爾尔獻献瑋玮瑩莹環环瑤瑶畫画盡尽監监盤盘碩硕禮礼穎颖積积穩稳競竞筆笔節节籌筹純纯紹绍紋纹級级結结絢绚統统絲丝綠绿維维綱纲緒绪綺绮綸纶綿绵緣缘縈萦縝缜縱纵績绩繡绣織织繼继續续纓缨"
    "聖圣聲声聰聪肅肃腦脑臨临舉举艦舰艷艳藝艺萊莱蕓芸蘆芦蘊蕴裝装覺觉觀观訓训訪访設设詠咏評评詞词詩诗詮诠詳详誦诵誼谊課课諒谅論论諾诺謀谋謙谦講讲識识譯译譽誉讀读變变貞贞責责賜赐賞赏贊赞輔辅輕轻"
    "輪轮適适遷迁選选遜逊邁迈運运遠远進进郵邮釋释鈺钰銅铜鋭锐鍵键鎧铠鏡镜鑒鉴鑑鉴閃闪閣阁闊阔闖闯陣阵階阶際际隨随隱隐隴陇雛雏難难霧雾靈灵韌韧韻韵響响須须預预頓顿額额願愿養养驕骄驗验驊骅騰腾騫骞"
    "鯤鲲鵑鹃鶯莺溫温淩凌宮宫蓋盖欒栾計计蓀荪"
)
TRADITIONAL = str.maketrans(dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)))
"""Traditional to simplified, for the characters of this vocabulary and of common names."""

YES_EMOJI = frozenset("👍👌✅☑✔🆗🫡💪👏")
NO_EMOJI = frozenset("👎❌❎✖🙅🚫⛔")
THANKS_EMOJI = frozenset("🙏🤝🌹")

NEGATION = (
    r"[不没未无别甭冇唔勿莫否毋]"
    r"|\b(?:no|not|never|none|nor|nobody|nothing|without|cannot|nope)\b|n't\b"
    r"|\b(?:dont|cant|wont|isnt|didnt|havent|aint|arent|wasnt|couldnt|doesnt|hasnt)\b"
)
"""What turns a text round, or may: no such text ever puts anybody on post, signs or verifies."""

EXCEPT = r"除|\bexcept\b"

QUESTION = (
    r"\?|吗|么\Z|谁|哪|几点|什么|啥|怎么|怎样|多少|是否|能否|可否|(?P<twice>[\u4e00-\u9fff])[不没](?P=twice)|有没有|为何"
    r"|\A(?:who|what|where|when is|when do|why|how|which|is (?:it|this)|are you|do i|should i|can i)\b"
)

ASKING = (
    r"谁|骗|诈|几点|哪|什么时候|啥时候|什么事|啥事|啥意思|什么意思|什么班|什么情况|真的|假的|真假|多久|联系人|地点"
    r"|\b(?:who|when|where|what|scam|fraud|real|fake|which|how long)\b"
)
"""In a question: it asks what this is about, and can be answered by what is on record."""

SUSPICION = (
    r"骗子|诈骗|骗人(?:的|吧)?|是骗子|真的假的|你?是?谁|info|scam|is this a scam|who(?: is this| are you)?"
)
"""The same without a question mark; the whole clause."""

DANGER = (
    r"晕倒|昏倒|昏迷|晕过去|倒地|着火|起火|失火|火灾|大火|冒烟|救命|救人|受伤|流血|大出血|触电|溺水|落水|掉河"
    r"|车祸|撞车|撞人|中毒|爆炸|塌方|塌了|坍塌|心脏病|心梗|中风|没气了|没呼吸|断气|快不行|要生了|抽搐|打人|打架"
    r"|持刀|动刀|杀人|抢劫|自杀|跳楼|跳河|救护车|急救|(?:打|叫|拨|报)(?:110|119|120|122)"
    r"|\b(?:collapsed|fainted|unconscious|fire|ambulance|emergency|bleeding|injured|drowning|explosion|stabbed"
    r"|heart attack|stroke|not breathing|send help|save me|car crash|suicide)\b"
)
"""Anywhere in a text, and whatever else it says: a false alarm costs one fixed answer."""

NEED = (
    r"买药|要药|缺药|断药|药没|没药|送药|配药|买菜|送菜|没吃的|没菜|没米|缺粮|送饭|奶粉|尿布|尿不湿|要看病|去医院"
    r"|\b(?:need|want|out of|no) (?:some |any |my |more )?(?:medicine|medication|food|milk|water"
    r"|a doctor|insulin)\b"
)

STOP_WORDS = frozenset(
    [
        "退订",
        "td",
        "t",
        "stop",
        "stopall",
        "unsubscribe",
        "end",
        "quit",
        "cancel",
        "optout",
        "revoke",
        "停止",
        "取消订阅",
    ]
)
"""Opt-out words, as the whole message only. Twilio acts on the English ones by itself, so we must too."""
START_WORDS = frozenset(["恢复", "start", "unstop", "恢复发送", "恢复短信", "重新订阅"])

HELP_WORDS = frozenset(
    [
        "?",
        "帮助",
        "help",
        "帮忙",
        "怎么回",
        "怎么回?",
        "怎么用",
        "怎么用?",
        "看不懂",
        "没看懂",
        "不会回",
        "不会用",
        "功能",
        "菜单",
        "menu",
    ]
)

LANGUAGES = {
    "en": "en",
    "english": "en",
    "英文": "en",
    "英语": "en",
    "zh": "zh",
    "cn": "zh",
    "chinese": "zh",
    "中文": "zh",
    "汉语": "zh",
}

COURTESY = (
    r"谢谢|谢了|多谢|(?:非常|十分)?感谢|谢谢(?:您|你|大家|领导|书记|同志|通知|提醒|关心)+|(?:您|你|大家|领导|书记|同志们?)?辛苦了?"
    r"|麻烦(?:您|你|了)*|拜托了?|thanks|thank you|many thanks|thx|please|cheers"
)
"""At the end of any text it means nothing; it is left only where nothing else was said."""

PARTICLES = "啊呀哦噢喔哈呢嘛啦哟咯嘞呗您"

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫段雷龙史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤欧章包施季翁屠虞柯倪项祝"
    "黎易乔赖文庞樊兰殷申詹左池南卓池盛牟瞿缪应干连牛颜鲍齐梅庄柳温华上司诸葛"
)

RANG = (
    r"(?<![没未不别])(?:我|已经?|刚|都|给他|给她|跟他|跟她){0,3}"
    r"(?:打(?:过|了|通了?)电话|电话(?:联系|打|问|通知)(?:过|了|上了|好了|通了))(?:了|过了)?"
    r"|(?<![没未不别])(?:我|已经?|刚){1,3}电话(?:联系|通知)"
    r"|\b(?:i )?(?:have )?(?:rang|phoned|called) (?:him|her|them)\b"
)
"""What was done by telephone: a note, which neither says nor changes what else is said."""
SMALL_TALK = (
    rf"{COURTESY}|不好意思|对不起|抱歉|不客气|不用谢|别客气|请?(?:您|你|领导|大家)?放心|请知悉|报告|报告(?:领导|书记|主任|组织)"
    r"|(?:领导|书记|主任|同志们?|您|你|大家|各位)好?|早上好|晚上好|上午好|下午好|早|一切正常|正常|以上|加油|祝好|为人民服务"
    r"|在\w{1,14}(?:卡口|岗亭|岗位上?|路口|门口|国道)"
    r"|hello|hi|hey|sorry|dear sir|sir|good (?:morning|evening|night)"
)
"""A clause of this kind beside another changes nothing (but its negation still counts)."""

COUNTED = "人|名|个|位|分|min|小时|h|项|条|户|国道|省道|县道|乡道|号楼|室|元|米|公里|村|月|日|年|份"
"""After a number: then it counts or measures something and names no matter."""
